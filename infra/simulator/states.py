"""Duty cycles: when a machine runs, idles, is set up or stops, and how its levels follow."""

import math
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

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
_BEFORE: Final = 600.0
"""Seconds for which machines have cycled when the simulation begins, so that even a short run finds some at rest."""


class Stretch(NamedTuple):
    """A machine is in one state from `since` until before `until`, plant seconds."""

    state: str
    since: float
    until: float


def stretches(seed: np.random.SeedSequence, cycles: bool) -> Iterator[Stretch]:
    """What a machine does, one state after the other, from long before second 0; it runs for ever if not `cycles`."""
    if not cycles:
        yield Stretch(RUNNING, -math.inf, math.inf)
        return
    random = np.random.default_rng(seed)
    state, since, until = RUNNING, -math.inf, random.uniform(*_SECONDS[RUNNING]) - _BEFORE
    while True:
        yield Stretch(state, since, until)
        names, odds = zip(*_NEXT[state], strict=True)
        state, since = names[int(random.choice(len(names), p=odds))], until
        until += random.uniform(*_SECONDS[state])


def seed_of(seed: int, position: int) -> np.random.SeedSequence:
    """Of the duty cycle of the machine at a position in the plant."""
    return np.random.SeedSequence(seed, spawn_key=(1, position))


class DutyCycles:
    """The states of machines of one kind, and the levels of their signals, as a function of seed and time.

    `levels` is float64[state, signal]. Every machine has its own generator, so its cycle does not depend on how many
    others there are or on how time is cut into blocks.
    """

    def __init__(self, levels: Floats, seeds: Sequence[np.random.SeedSequence], cycles: bool) -> None:
        self._levels = levels
        self._stretches = [stretches(seed, cycles) for seed in seeds]
        machines = len(seeds)
        self._state = np.zeros(machines, np.intp)  # running
        self._since = np.full(machines, -np.inf)
        self._until = np.array([next(one).until for one in self._stretches])
        self._before = np.tile(levels[0], (machines, 1))

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
        stretch = next(self._stretches[machine])
        self._before[machine] = self._follow(machine, np.array(stretch.since))
        self._state[machine] = STATES.index(stretch.state)
        self._since[machine], self._until[machine] = stretch.since, stretch.until
