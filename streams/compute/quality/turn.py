"""Whose turn it is: charts are drawn in the order in which things were made."""

from bisect import bisect_right
from typing import Final

import msgspec

from streams.compute.events import LONG_AGO
from streams.compute.shop_floor import Outcome

_REMEMBERED: Final = 32
"""Events of a series among which a repeat is looked for, the newest by event time: producers send the last few again,
and what comes late in between must not push those out that a chart would draw a second time."""
_DIGITS: Final = 16
"""Of the hash of an event's content that is remembered: 64 bits."""


class Turn(msgspec.Struct):
    """The state of a series: its newest event time, epoch milliseconds, and the newest events."""

    newest: int = LONG_AGO
    recent: list[str] = []
    """Oldest first; of several at one time in the order of the log."""
    times: list[int] = []
    """Event time of each."""

    def __post_init__(self) -> None:
        if len(self.times) < len(self.recent):  # a checkpoint from before event times were remembered
            self.recent = [hashed[:_DIGITS] for hashed in self.recent]
            self.times = [self.newest] * len(self.recent)

    def take(self, ts: int, content: str) -> Outcome:
        """What becomes of the next event, whose whole content has the hash `content`.

        A duplicate repeats one of the newest. An event that is older than the newest is late; of several at one time
        the order of the log counts.
        """
        hashed = content[:_DIGITS]
        if hashed in self.recent:
            return "duplicate"
        at = bisect_right(self.times, ts)
        self.times.insert(at, ts)
        self.recent.insert(at, hashed)
        del self.times[:-_REMEMBERED], self.recent[:-_REMEMBERED]
        if ts < self.newest:
            return "late"
        self.newest = ts
        return "accepted"
