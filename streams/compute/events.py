"""Decoded events as columns: what the decoder hands to the engine."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from schemas.events import FLAGS, NOT_MEASURED, Verdict
from streams.compute.series import SeriesKey

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]
Index = NDArray[np.intp]
Codes = NDArray[np.int32]

LONG_AGO = -(1 << 62)
"""Before every event: stream time of a partition that has seen none."""

MEASURED = np.array([flag not in NOT_MEASURED for flag in FLAGS])
"""By flag code (position in `FLAGS`): whether the instrument measured the process."""


class Said(NamedTuple):
    """What people said of a flag, where it stands in the log."""

    record: int
    """Position of its record in the chunk."""
    element: int
    """Position within the record."""
    before: int
    """Position of the first event that comes after it; the readings of a frame come after all feedback in it."""
    topology: str
    key: SeriesKey
    detector: str
    verdict: Verdict


@dataclass(frozen=True, slots=True)
class Events:
    """The accepted events of a stretch of log, in log order.

    The first five arrays have one entry per event, the others one per point (a value of an event); `event` leads from
    a point to its event.
    """

    offset: Ints
    index: NDArray[np.uint32]
    """Position within the record; 0 unless the record is a frame."""
    ts: Ints
    clock: Ints
    """How far the event moves stream time: its own time, but at most the broker's timestamp."""
    state: Codes
    """Position in `states`; 0 where the event has none."""
    states: Sequence[str]
    """The machine states that occur; the first one stands for none."""
    event: Index
    series: Index
    x: Floats
    flag: NDArray[np.int8]
    """Position in `FLAGS`."""
    feedback: Sequence[Said] = ()
    """Is among none of the others: it has no part in stream time, and is neither late nor a duplicate."""

    def part(self, begin: int, end: int) -> "Events":
        """The events from position `begin` to before `end`, without feedback."""
        first, last = np.searchsorted(self.event, (begin, end))
        return Events(
            offset=self.offset[begin:end],
            index=self.index[begin:end],
            ts=self.ts[begin:end],
            clock=self.clock[begin:end],
            state=self.state[begin:end],
            states=self.states,
            event=self.event[first:last] - begin,
            series=self.series[first:last],
            x=self.x[first:last],
            flag=self.flag[first:last],
        )

    def without(self, points: Bools) -> "Events":
        """The same events without these of their points; themselves where that is none."""
        if not points.any():
            return self
        kept = ~points
        return replace(
            self, event=self.event[kept], series=self.series[kept], x=self.x[kept], flag=self.flag[kept]
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a record, an event or a field was not accepted."""

    record: int
    """Position of the record in the chunk."""
    index: int
    scope: str
    reason: str
    detail: str
    field: str = ""
    count: int = 1
    """How many refusals this one stands for."""
