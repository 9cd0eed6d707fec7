"""Whose turn it is: charts are drawn in the order in which things were made."""

from bisect import bisect_right
from typing import Final

import msgspec

from streams.compute.events import LONG_AGO
from streams.compute.shop_floor import Outcome

_REMEMBERED: Final = 32
"""Newest events of a series, by event time, among which a repeat is looked for: producers send the last few again."""


class Turn(msgspec.Struct):
    """The state of a series: its newest event time, epoch milliseconds, and its newest events."""

    newest: int = LONG_AGO
    recent: list[str] = []
    times: list[int] = []
    """Event times of `recent`, in order."""

    def __post_init__(self) -> None:
        if len(self.times) < len(self.recent):  # state of before had none
            self.times = [LONG_AGO] * len(self.recent)

    def take(self, ts: int, content: str) -> Outcome:
        """What becomes of the next event, whose whole content is `content`.

        A duplicate repeats one of the newest. An event that is older than the newest is late; of several at one time
        the order of the log counts.
        """
        if content in self.recent:
            return "duplicate"
        place = bisect_right(self.times, ts)
        self.times.insert(place, ts)
        self.recent.insert(place, content)
        del self.times[:-_REMEMBERED], self.recent[:-_REMEMBERED]
        if ts < self.newest:
            return "late"
        self.newest = ts
        return "accepted"
