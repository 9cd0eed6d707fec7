"""Duty cycles: when a machine runs, idles, is set up or stops, and how its levels follow."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from infra.simulator.kinds import IDLE, RUNNING, SETUP, STATES, STOPPED

Floats = NDArray[np.float64]

_LAG_SECONDS: Final = 1.5
"""Time constant with which a machine's levels follow its state."""

_NEXT: Final[dict[str, tuple[tuple[str, float], ...]]] = {
    RUNNING: ((IDLE, 0.7), (SETUP, 0.2), (STOPPED, 0.1)),
    IDLE: ((RUNNING, 0.9), (SETUP, 0.1)),
    SETUP: ((RUNNING, 1.0),),
    STOPPED: ((RUNNING, 0.6), (SETUP, 0.4)),
}
_SECONDS: Final = {RUNNING: (30.0, 120.0), IDLE: (8.0, 25.0), SETUP: (10.0, 30.0), STOPPED: (10.0, 20.0)}


class DutyCycles:
    """The states of machines of one kind, and the levels of their signals, as a function of seed and time.

    `levels` is float64[state, signal]. Every machine has its own generator, so its cycle does not depend on how many
    others there are or on how time is cut into blocks.
    """

    def __init__(self, levels: Floats, seeds: Sequence[np.random.SeedSequence], cycles: bool) -> None:
        self._levels = levels
        self._random = [np.random.default_rng(seed) for seed in seeds]
        machines = len(seeds)
        self._state = np.zeros(machines, np.intp)  # running
        self._since = np.full(machines, -np.inf)
        self._until = np.full(machines, np.inf)
        self._before = np.tile(levels[0], (machines, 1))
        if cycles:
            for machine, random in enumerate(self._random):
                self._until[machine] = random.uniform(*_SECONDS[RUNNING])

    def at(self, t: Floats) -> tuple[NDArray[np.intp], Floats]:
        """States intp[round, machine], levels float64[round, machine, signal] at times `t` [round, machine], seconds.

        Times must not go back from one call to the next.
        """
        state = np.broadcast_to(self._state, t.shape).copy()
        levels = self._follow(slice(None), t)
        for machine in np.flatnonzero(t[-1] >= self._until).tolist():
            while t[-1, machine] >= self._until[machine]:
                self._turn(machine)
                later = t[:, machine] >= self._since[machine]
                state[later, machine] = self._state[machine]
                levels[later, machine] = self._follow(machine, t[later, machine])
        return state, levels

    def _follow(self, machine: slice | int, t: Floats) -> Floats:
        target = self._levels[self._state[machine]]
        share = np.exp(-np.maximum(t - self._since[machine], 0) / _LAG_SECONDS)[..., None]
        followed: Floats = target + (self._before[machine] - target) * share
        return followed

    def _turn(self, machine: int) -> None:
        """Bring a machine into its next state."""
        now = self._until[machine]
        self._before[machine] = self._follow(machine, np.array(now))
        random = self._random[machine]
        names, odds = zip(*_NEXT[STATES[self._state[machine]]], strict=True)
        state = names[int(random.choice(len(names), p=odds))]
        self._state[machine] = STATES.index(state)
        self._since[machine] = now
        self._until[machine] = now + random.uniform(*_SECONDS[state])
