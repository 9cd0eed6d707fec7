"""Emitted mass, hour by hour, with what stands in for hours that were not measured (HJ 75-2017).

Only the mass is filled in; a concentration never is. A gap ends with the next measured hour, with the quarter, or when
the stack goes out of service. An hour that was not measured gets the largest mass of the last
measured hours before the gap; how many those are depends on the length of the gap and on the capture rate, the share of
the quarter's hours in which the plant ran that were measured, counted from its begin to the end of the gap.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np

from streams.compute.compliance import calendar
from streams.compute.compliance.minutes import NEVER
from streams.compute.compliance.packs import Substitution
from streams.compute.compliance.periods import Measured
from streams.compute.events import Floats

MEASURED: Final = "measured"
STOPPED: Final = "stopped"
NONE: Final = "none"
"""No substitution fits: too little was captured, or nothing measured before."""

_MINUTES: Final = 60
_KG_PER_MG: Final = 1e-6


class Mass(NamedTuple):
    """What one stack emitted in one hour."""

    rule: int
    """Position of the rule in the topology."""
    series: int
    """The series of the pollutant."""
    start: int
    """Epoch milliseconds."""
    kg: float
    """NaN where it cannot be said."""
    method: str
    """`measured`, `stopped`, `none`, or `max_180` and the like: the largest of so many measured hours."""
    capture: float
    """Share of the quarter's hours that were measured up to now, 0 to 1; NaN before the plant ran."""
    valid_minutes: int
    """Minutes in which concentration and flow were measured."""
    stopped_minutes: int
    gap_hours: int
    """Length of the gap that the hour is in; 0 for an hour that was measured."""


class _Stack:
    """State of one stack."""

    def __init__(self) -> None:
        self.measured = 0
        """Hours measured so far."""
        self.largest: list[tuple[int, float]] = []
        """Number and mass of measured hours, of which none is followed by one as large: the largest of the last k hours
        is the first whose number is above `measured - k` (a monotonic queue)."""
        self.gap: list[tuple[int, int, int]] = []
        """Hours that were not measured, since the last that was: start, valid minutes, stopped minutes."""
        self.quarter = NEVER
        self.ran = 0
        """Hours of the quarter in which the plant ran."""
        self.captured = 0
        """Those of them that were measured."""


class Masses:
    """Hourly masses of one rule's stacks."""

    def __init__(self, index: int, substitutions: Sequence[Substitution], minutes: int, utc_offset: int) -> None:
        """An hour is measured where so many of its minutes are; `utc_offset` in ms."""
        self._index = index
        self._substitutions = substitutions
        self._minutes = minutes
        self._most = max(one.hours for one in substitutions)
        self._utc_offset = utc_offset
        self._stacks: list[_Stack] = []
        self._valid, self._stopped = np.zeros(0, np.int64), np.zeros(0, np.int64)
        self._rate = np.zeros(0)

    def grow(self, stacks: int) -> None:
        """Take in more stacks."""
        self._stacks += [_Stack() for _ in range(stacks)]
        more = np.zeros(stacks, np.int64)
        self._valid, self._stopped = np.concatenate((self._valid, more)), np.concatenate((self._stopped, more))
        self._rate = np.concatenate((self._rate, np.zeros(stacks)))

    def add(self, minute: Measured, flow: Floats) -> None:
        """Add a minute of all stacks; `flow` in m3/h, NaN where it was not measured, concentrations in mg/m3."""
        rate = minute.raw * flow
        valid = ~np.isnan(rate)
        self._valid += valid
        self._stopped += ~valid & minute.stopped
        self._rate += np.where(valid, rate, 0.0)

    def close(self, stack: int, series: int, start: int) -> list[Mass]:
        """End the hour of a stack: its mass, and those of the gap before it that ends with it."""
        state, valid, stopped = self._stacks[stack], int(self._valid[stack]), int(self._stopped[stack])
        found: list[Mass] = []
        quarter = calendar.quarter_of(start, self._utc_offset)
        if quarter != state.quarter:
            found += self._fill(state, series)
            state.quarter, state.ran, state.captured = quarter, 0, 0
        if stopped and stopped == _MINUTES:
            return [*found, Mass(self._index, series, start, 0.0, STOPPED, _capture(state), 0, stopped, 0)]
        if valid < self._minutes:
            state.ran += 1
            state.gap.append((start, valid, stopped))
            return found
        found += self._fill(state, series)
        state.ran += 1
        state.captured += 1
        kg = float(self._rate[stack]) / valid * _KG_PER_MG * (_MINUTES - stopped) / _MINUTES
        self._remember(state, kg)
        return [*found, Mass(self._index, series, start, kg, MEASURED, _capture(state), valid, stopped, 0)]

    def leave(self, stack: int, series: int) -> list[Mass]:
        """A stack goes out of service: the masses of the gap that will not end."""
        return self._fill(self._stacks[stack], series)

    def begin_hour(self) -> None:
        """All stacks have been closed."""
        self._valid[:], self._stopped[:], self._rate[:] = 0, 0, 0.0

    def snapshot(self) -> dict[str, Any]:
        """The state."""
        return {
            "valid": self._valid.copy(),
            "stopped": self._stopped.copy(),
            "rate": self._rate.copy(),
            "stacks": [
                [one.measured, list(one.largest), list(one.gap), one.quarter, one.ran, one.captured]
                for one in self._stacks
            ],
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over a snapshot of as many stacks."""
        self._valid, self._stopped = np.array(state["valid"], np.int64), np.array(state["stopped"], np.int64)
        self._rate = np.array(state["rate"], np.float64)
        for stack, (measured, largest, gap, quarter, ran, captured) in zip(self._stacks, state["stacks"], strict=True):
            stack.measured, stack.quarter, stack.ran, stack.captured = measured, quarter, ran, captured
            stack.largest = [(number, kg) for number, kg in largest]
            stack.gap = [(start, valid, stopped) for start, valid, stopped in gap]

    def _remember(self, state: _Stack, kg: float) -> None:
        while state.largest and state.largest[-1][1] <= kg:
            state.largest.pop()
        state.largest.append((state.measured, kg))
        state.measured += 1
        if state.largest[0][0] < state.measured - self._most:
            del state.largest[0]

    def _fill(self, state: _Stack, series: int) -> list[Mass]:
        """End a gap: its hours get what stands in for them."""
        gap, state.gap = state.gap, []
        if not gap:
            return []
        capture, length = _capture(state), len(gap)
        kg, method = self._substitute(state, capture, length)
        return [
            Mass(self._index, series, start, kg, method, capture, valid, stopped, length)
            for start, valid, stopped in gap
        ]

    def _substitute(self, state: _Stack, capture: float, length: int) -> tuple[float, str]:
        for one in self._substitutions:
            if capture >= one.capture and length <= (one.longest_gap or length):
                for number, kg in state.largest:
                    if number >= state.measured - one.hours:
                        return kg, f"max_{one.hours}"
        return math.nan, NONE


def _capture(state: _Stack) -> float:
    return state.captured / state.ran if state.ran else math.nan
