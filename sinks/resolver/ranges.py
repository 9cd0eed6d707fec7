"""Ranges of serials in memory, 32 bytes each."""

from array import array
from bisect import bisect_right


class Ranges:
    """Ranges of one product that do not overlap, in order, each with a time and a text.

    What is there already stays as it was: rows may be read again, and come in any order.
    """

    __slots__ = ("_firsts", "_lasts", "_texts", "_times")

    def __init__(self) -> None:
        self._firsts, self._lasts, self._times = array("q"), array("q"), array("q")
        self._texts: list[str] = []

    def __len__(self) -> int:
        return len(self._firsts)

    def add(self, first: int, last: int, ts: int, text: str) -> list[tuple[int, int]]:
        """Take up those of [first, last] that are not there yet. Gives the runs of others that say something else."""
        others = []
        while first <= last:
            place = bisect_right(self._firsts, first)
            if place and first <= self._lasts[place - 1]:
                if (self._times[place - 1], self._texts[place - 1]) != (ts, text):
                    others.append((first, min(last, self._lasts[place - 1])))
                first = self._lasts[place - 1] + 1
                continue
            end = min(last, self._firsts[place] - 1) if place < len(self._firsts) else last
            self._firsts.insert(place, first)
            self._lasts.insert(place, end)
            self._times.insert(place, ts)
            self._texts.insert(place, text)
            first = end + 1
        return others

    def find(self, serial: int) -> tuple[int, str] | None:
        """Time and text of the range that a serial is in."""
        place = bisect_right(self._firsts, serial) - 1
        if place < 0 or serial > self._lasts[place]:
            return None
        return self._times[place], self._texts[place]
