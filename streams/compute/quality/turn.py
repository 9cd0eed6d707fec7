"""Whose turn it is: charts are drawn in the order in which things were made."""

from typing import Final

import msgspec

from streams.compute.events import LONG_AGO
from streams.compute.shop_floor import Outcome

_REMEMBERED: Final = 16
"""Newest events of a series among which a repeat is looked for: producers send the last few again."""


class Turn(msgspec.Struct):
    """The state of a series: its newest event time, epoch milliseconds, and what came last."""

    newest: int = LONG_AGO
    recent: list[str] = []

    def take(self, ts: int, content: str) -> Outcome:
        """What becomes of the next event, whose whole content is `content`.

        A duplicate repeats one of the newest. An event that is older than the newest is late; of several at one time
        the order of the log counts.
        """
        if content in self.recent:
            return "duplicate"
        self.recent = [*self.recent[1 - _REMEMBERED :], content]
        if ts < self.newest:
            return "late"
        self.newest = ts
        return "accepted"
