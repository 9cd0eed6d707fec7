"""Headroom: how the running period will end if it goes on so, and what the rest of it may be at most.

A verdict comes when the hour is over; whoever runs the plant has to know while it can still be saved.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np

from streams.compute.events import Bools, Floats

RECENT: Final = 5
"""Valid minutes whose mean the rest of the period is taken to have, and with fewer of which nothing is foretold."""


class Headroom(NamedTuple):
    """Where a stack stands at the end of a minute; concentrations at the reference oxygen, in the metric's unit."""

    rule: int
    """Position of the rule in the topology."""
    series: int
    """The series of the pollutant."""
    ts: int
    """End of the minute, epoch milliseconds."""
    start: int
    """Of the period, epoch milliseconds, as `end`, which is exclusive."""
    end: int
    valid_minutes: int
    remaining_minutes: int
    mean: float
    """Of the period so far."""
    projected: float
    """Of the whole period, if the rest is as the last `RECENT` valid minutes were."""
    allowed: float
    """The highest mean of the rest with which the period still complies; below 0 where it is lost."""
    limit: float
    """The highest mean of the period that complies, the confidence interval included."""
    warns: bool
    """The first time in the period that `projected` is above `limit`."""


class Recent:
    """The last valid minutes of a rule's stacks, and who has been warned in the running period."""

    def __init__(self) -> None:
        self._last = np.zeros((0, RECENT))
        self._warned = np.zeros(0, np.bool_)

    def grow(self, stacks: int) -> None:
        """Make room for more stacks."""
        self._last = np.concatenate((self._last, np.full((stacks, RECENT), np.nan)))
        self._warned = np.concatenate((self._warned, np.zeros(stacks, np.bool_)))

    def add(self, valid: Bools, corrected: Floats) -> None:
        """Add a minute of all stacks, those that are valid."""
        self._last[valid] = np.column_stack((self._last[valid, 1:], corrected[valid]))

    def begin_period(self) -> None:
        """A period begins: who was warned may be warned again."""
        self._warned[:] = False

    def project(
        self, stack: int, valid: int, remaining: int, mean: float, limit: float
    ) -> tuple[float, float, bool] | None:
        """Projected mean, allowed mean and whether to warn; None where there are too few minutes to say.

        `mean` of the `valid` minutes so far; `remaining` minutes, more than 0, are taken to be valid.
        """
        recent = self._last[stack].mean()
        if valid < RECENT or np.isnan(recent):
            return None
        projected = float((mean * valid + recent * remaining) / (valid + remaining))
        allowed = (limit * (valid + remaining) - mean * valid) / remaining
        warns = projected > limit and not self._warned[stack]
        if warns:
            self._warned[stack] = True
        return projected, allowed, warns

    def snapshot(self) -> dict[str, Any]:
        """The state."""
        return {"last": self._last.copy(), "warned": self._warned.copy()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over a snapshot of as many stacks."""
        self._last, self._warned = np.array(state["last"], np.float64), np.array(state["warned"], np.bool_)
