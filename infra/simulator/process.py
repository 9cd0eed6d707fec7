"""The process behind the two stacks: how their emissions follow set-points and what goes wrong.

A scrubber takes the acid fumes of the pickling line out of the gas of stack-2, a furnace burns gas below stack-1. The
model is small and invented, but of the right form:

- What passes an absorber is exp(-N), with N transfer units in proportion to reagent and clean packing and inversely to
  the load. Source: Treybal, Mass-Transfer Operations, 3rd ed., chapter 8.
- Nitrogen oxides of a flame grow exponentially with its temperature (Zeldovich). Source: Turns, An Introduction to
  Combustion, 3rd ed., chapter 5.
- Everything follows with a first-order lag: valves, load, liquor, packing and furnace. What goes wrong is faster than
  what counters it: an emission is near its height when it raises an alarm, so that a first step can be seen to help.

All of it is computed in steps of `STEP_SECONDS` and as factors of what is normal, so that without causes and commands
the plant is as it always was, but for the noise of two valves.
"""

import math
from collections import deque
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from infra.simulator.causes import Cause, CauseKind
from infra.simulator.kinds import KINDS

Floats = NDArray[np.float64]
Series = tuple[str, str]
"""Asset and metric."""

STEP_SECONDS: Final = 0.1

_UNITS: Final = 3.5
"""Transfer units of the clean scrubber at normal reagent and load: 3 % pass it."""
_LEAST: Final = 0.1
"""What no reagent takes out, as a share of the normal emission."""
_HEAT_KELVIN: Final = 300.0
"""How much hotter the furnace would be with twice the heat."""
_NOX_KELVIN: Final = 56.3
"""How much hotter a furnace makes e times the nitrogen oxides."""


class SetPoint(NamedTuple):
    """A set-point of the process, in the unit of its metric."""

    asset: str
    metric: str
    low: float
    high: float
    noise: float
    """Standard deviation of the flow about where its valve should have it."""


REAGENT: Final = SetPoint("scrubber-1", "reagent_flow", low=10, high=60, noise=0.15)
FUEL: Final = SetPoint("furnace-1", "fuel_flow", low=40, high=110, noise=0.3)
SETPOINTS: Final[dict[Series, SetPoint]] = {(point.asset, point.metric): point for point in (REAGENT, FUEL)}

MACHINES: Final = frozenset({"scrubber-1", "stack-2", "furnace-1", "stack-1"})
"""Those that the two processes are made of."""


def _normal(asset: str, metric: str) -> float:
    """The level of a signal of a machine that runs."""
    signals = KINDS[asset.partition("-")[0]].signals
    return next(signal.levels[0] for signal in signals if signal.metric == metric)


class Process:
    """The state of both processes, as a function of seed, causes and the history of the set-points.

    Neither how time is cut into calls nor when they are made changes it.
    """

    def __init__(self, seed: int, causes: Sequence[Cause] = ()) -> None:
        self.causes = tuple(causes)
        self._random = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(2,)))
        self._setpoint = {series: _normal(*series) for series in SETPOINTS}
        self._moves: deque[tuple[float, SetPoint, float]] = deque()
        self._valve = {point: _Valve(point) for point in SETPOINTS.values()}
        self._scrubber = _Scrubber()
        self._furnace = _Furnace()
        self._steps = 0
        self._before = self._after = self._step()
        """Signals at the ends of the step that was taken last, as factors of what is normal."""

    def setpoint(self, point: SetPoint) -> float:
        """Where a set-point stands, in its unit."""
        return self._setpoint[point.asset, point.metric]

    def move(self, point: SetPoint, value: float, seconds: float) -> None:
        """Move a set-point to `value` at plant time `seconds`, which must not go back.

        That is to be no earlier than any time of `shifts` so far: what has been read does not change any more.
        """
        self._setpoint[point.asset, point.metric] = value
        self._moves.append((seconds, point, value))

    def is_stuck(self, point: SetPoint, seconds: float) -> bool:
        """Whether the valve of a set-point does not follow it at plant time `seconds`."""
        return point is REAGENT and self._size("valve_sticks", "stack-2", seconds) is not None

    def shifts(self, t: Floats) -> dict[Series, Floats]:
        """How far each signal is from its normal level at times `t` (plant seconds), in its unit.

        Times must not go back, neither within `t` nor from one call to the next.
        """
        before, after, share = [], [], []
        for seconds in t.tolist():
            while self._steps * STEP_SECONDS <= seconds:
                self._before, self._after = self._after, self._step()
            before.append(self._before)
            after.append(self._after)
            share.append(seconds / STEP_SECONDS - (self._steps - 1))
        # Straight from step to step, a step behind: steps would look like jumps to who reads more often.
        found = {}
        for series in self._after:
            begin, end = (np.array([factors[series] for factors in rows]) for rows in (before, after))
            found[series] = _normal(*series) * (begin + (end - begin) * np.array(share) - 1)
        return found

    def _step(self) -> dict[Series, float]:
        """Go on by a step; signals as factors of what is normal."""
        now = self._steps * STEP_SECONDS
        self._steps += 1
        while self._moves and self._moves[0][0] < now:
            _, point, value = self._moves.popleft()
            self._valve[point].target = value / _normal(point.asset, point.metric)
        noise = self._random.standard_normal(len(SETPOINTS)).tolist()
        reagent = self._valve[REAGENT].step(noise[0], stuck_at=self._size("valve_sticks", "stack-2", now))
        fuel = self._valve[FUEL].step(noise[1], stuck_at=None)
        return {
            **self._scrubber.step(
                reagent,
                load=self._size("feed_surge", "stack-2", now) or 1.0,
                fouling=self._size("fouling", "stack-2", now) or 0.0,
            ),
            **self._furnace.step(fuel, load=self._size("feed_surge", "stack-1", now) or 1.0),
        }

    def _size(self, kind: CauseKind, stack: str, now: float) -> float | None:
        """Size of the cause of a kind that a stack suffers from, None if it does not."""
        for cause in self.causes:
            if cause.kind == kind and cause.asset == stack and cause.start <= now < cause.end:
                return cause.size
        return None


class _Lag:
    """A first-order lag, x' = (target - x) / seconds, exact for a target that holds for a step."""

    def __init__(self, value: float, seconds: float) -> None:
        self._value = value
        self._share = -math.expm1(-STEP_SECONDS / seconds)

    def follow(self, target: float) -> float:
        self._value += (target - self._value) * self._share
        return self._value


class _Valve:
    """Has a flow follow its set-point; flows as shares of the normal one."""

    _SECONDS: Final = 2.0

    def __init__(self, point: SetPoint) -> None:
        self.target = 1.0
        self._flow = _Lag(1.0, self._SECONDS)
        self._jitter = _Lag(0.0, self._SECONDS)
        # The lag makes an autoregressive process of white noise; this gives it the standard deviation asked for.
        kept = math.exp(-STEP_SECONDS / self._SECONDS)
        self._noise = point.noise / _normal(point.asset, point.metric) * math.sqrt((1 + kept) / (1 - kept))

    def step(self, noise: float, stuck_at: float | None) -> float:
        jitter = self._jitter.follow(noise * self._noise)
        if stuck_at is not None:
            return self._flow.follow(stuck_at)
        return self._flow.follow(self.target) + jitter


class _Scrubber:
    """Reagent against the acid fumes of the pickling line."""

    def __init__(self) -> None:
        self._liquor = _Lag(1.0, 10.0)
        self._load = _Lag(1.0, 4.0)
        self._fouling = _Lag(0.0, 3.0)

    def step(self, reagent: float, load: float, fouling: float) -> dict[Series, float]:
        """`reagent` flow and acid `load` as shares of what is normal, `fouling` as the share of the packing lost."""
        liquor, load, fouling = self._liquor.follow(reagent), self._load.follow(load), self._fouling.follow(fouling)
        strength = liquor / load
        passed = max(_LEAST, load * math.exp(_UNITS * (1 - strength * (1 - fouling))))
        return {
            ("scrubber-1", "reagent_flow"): reagent,
            ("scrubber-1", "ph"): 1 + 0.18 * (strength - 1),
            ("scrubber-1", "pressure_drop"): 1 + 0.6 * fouling,
            ("stack-2", "so2"): passed,
            ("stack-2", "hcl"): passed,
            ("stack-2", "pm"): 1 + 2.5 * fouling,
        }


class _Furnace:
    """Fuel gas that dries and heats; a surge brings gas of a higher heating value."""

    _KELVIN: Final = _normal("furnace-1", "furnace_temperature")

    def __init__(self) -> None:
        self._load = _Lag(1.0, 4.0)
        self._heat = _Lag(1.0, 5.0)

    def step(self, fuel: float, load: float) -> dict[Series, float]:
        """`fuel` flow and its heating value (`load`) as shares of what is normal."""
        hotter = _HEAT_KELVIN * (self._heat.follow(fuel * self._load.follow(load)) - 1)
        return {
            ("furnace-1", "fuel_flow"): fuel,
            ("furnace-1", "furnace_temperature"): 1 + hotter / self._KELVIN,
            ("stack-1", "nox"): max(_LEAST, math.exp(hotter / _NOX_KELVIN)),
        }
