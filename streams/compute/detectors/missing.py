"""`missing`: a series from which nothing comes any more."""

from datetime import UTC, datetime
from typing import Final, NamedTuple

import numpy as np

from schemas.durations import Duration
from streams.compute.detectors.base import IntArray, SlotArray, Spec
from streams.compute.detectors.segments import Segments
from streams.compute.detectors.slots import SlotState

NEVER: Final = np.iinfo(np.int64).max // 2
"""Newest event time of a series that has not begun: so far ahead that nothing of it is ever due."""


class Missing(Spec, kw_only=True, frozen=True, forbid_unknown_fields=True, tag="missing"):
    """No point newer than the series' newest for `timeout`, measured by the partition's stream time.

    A series is watched from its first point on. Its next point is due at newest event time + timeout. A gap is flagged
    once, at the first record of any series at which stream time has come to the due time, and also where that is the
    record with which the series returns; the flag's time is the due time. The gap ends with a point that is not itself
    overdue: a series whose points arrive ever later than the timeout is one long gap. Where time passes without any
    record, the bank's `tick` notices. `report` makes no difference.

    Score: 1, since absence has no degrees. No value, nothing expected, no bounds.

    Source: gap test of the QARTOD manuals (U.S. Integrated Ocean Observing System, Manual for Real-Time Quality Control
    of In-situ Temperature and Salinity Data, test 1, doi 10.7289/V5V40SD4), in event time.
    """

    timeout: Duration
    """Longest time between two points, in event time."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.timeout <= 0:
            raise ValueError("timeout must be longer than 0")
        if self.reset_after:
            raise ValueError("reset_after is not for missing: it learns nothing, and silence has no state")
        if self.budget is not None:
            raise ValueError("budget is not for missing: there is no threshold to be raised; use a longer timeout")


class Gaps(NamedTuple):
    """Gaps that have just been noticed."""

    slot: SlotArray
    at: SlotArray
    """Position in the chunk of the record that brought stream time to the due time."""
    due: IntArray


class MissingDetector(SlotState):
    """State: the newest event time of a series, and whether the present gap has been flagged."""

    def __init__(self, spec: Missing) -> None:
        super().__init__(newest=NEVER, flagged=False)
        self._spec = spec

    def gaps(self, slot: SlotArray, segments: Segments, newest: IntArray, stream_time: IntArray) -> Gaps:
        """The gaps that a chunk of the partition brings to light.

        `segments` are the chunk's points of watched series, `slot` intp[s] their slots, `newest` int64[m] as
        `Segments.newest` gives it; `stream_time` int64[n] at every point of the partition, watched or not.

        At each record the gaps are looked for first and its own point is taken in then. So the silence after a point at
        position p is looked for at p + 1 up to and with the series' next position.
        """
        size, last = self._slots.size, len(stream_time) - 1
        known, flagged = self._slots["newest"][:size], self._slots["flagged"][:size]

        # Silences that began before this chunk, of all watched series, up to their first point in it.
        carried = (~flagged & (known <= stream_time[last] - self._spec.timeout)).nonzero()[0]
        if carried.size:
            until = np.full(size, last)
            until[slot] = segments.at[segments.start]
            carried = carried[known[carried] + self._spec.timeout <= stream_time[until[carried]]]
        carried_due = known[carried] + self._spec.timeout
        found = Gaps(carried, np.searchsorted(stream_time, carried_due), carried_due)
        flagged[carried] = True
        if not len(segments):
            return found

        # Silences that begin in this chunk, each with a point.
        at, due = segments.at, newest + self._spec.timeout
        until = np.empty_like(at)
        until[:-1] = at[1:]
        until[segments.end] = last
        # The gap goes on after a point that is overdue itself, unless that is the very first of its series, and after a
        # point that is not newer where `tick` was ahead of stream time.
        ongoing = stream_time[at] >= due
        ongoing[segments.start] &= known[slot] != NEVER
        if flagged[slot].any():
            ongoing |= np.repeat(flagged[slot], segments.count) & (newest == np.repeat(known[slot], segments.count))
        begun = (~ongoing & (due <= stream_time[until]) & (until > at)).nonzero()[0]
        known[slot], flagged[slot] = newest[segments.end], ongoing[segments.end]
        if not begun.size:
            return found
        begun_slot = np.repeat(slot, segments.count)[begun]
        noticed = np.maximum(np.searchsorted(stream_time, due[begun]), at[begun] + 1)
        flagged[begun_slot[np.isin(begun, segments.end)]] = True
        begun_here = Gaps(begun_slot, noticed, due[begun])
        return Gaps(*(np.concatenate(pair) for pair in zip(found, begun_here, strict=True)))

    def tick(self, now: int) -> Gaps:
        """The gaps that are due when event time has come to `now` without a record; their position is 0."""
        size = self._slots.size
        due, flagged = self._slots["newest"][:size] + self._spec.timeout, self._slots["flagged"][:size]
        slot = (~flagged & (due <= now)).nonzero()[0]
        flagged[slot] = True
        return Gaps(slot, np.zeros(len(slot), np.intp), due[slot])

    def next_due(self) -> int | None:
        """Event time at which `tick` would next find a gap; None if every series is in one, or none has begun."""
        size = self._slots.size
        waiting = self._slots["newest"][:size][~self._slots["flagged"][:size]]
        newest = int(waiting.min(initial=NEVER))
        return None if newest == NEVER else newest + self._spec.timeout

    def reason(self, due: int) -> str:
        """One sentence for people about a gap that became one at `due`."""
        since = datetime.fromtimestamp((due - self._spec.timeout) / 1000, UTC)
        return f"no newer value for {self._spec.timeout} since {since.isoformat(timespec='milliseconds')}"
