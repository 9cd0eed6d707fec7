"""Which serials are minted and which are void, of all enterprises, in memory: 32 bytes for each range."""

from array import array
from bisect import bisect_right
from typing import NamedTuple


class Minted(NamedTuple):
    """A range of codes."""

    product: str
    first: int
    last: int
    ts: int
    """When, epoch ms."""
    key: str
    """Id of the key of its check parts."""


class Voided(NamedTuple):
    """A range that is worth nothing."""

    product: str
    first: int
    last: int
    ts: int
    """From when on, epoch ms."""
    reason: str


class Spans:
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
        """Take up those of [first, last] that are not there yet; those that are there with another time or text."""
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


class Register:
    """What was read of `code_ranges` and `code_voids`."""

    def __init__(self) -> None:
        self._minted: dict[str, Spans] = {}
        self._voided: dict[str, Spans] = {}
        self._texts: dict[str, str] = {}
        """Each key and reason once, however many ranges have it."""

    def take_minted(self, row: Minted) -> None:
        """Know a range from now on; one that is known already changes nothing."""
        spans = self._minted.setdefault(row.product, Spans())
        spans.add(row.first, row.last, row.ts, self._once(row.key))

    def take_voided(self, row: Voided) -> None:
        """Know a void from now on. The first that is known of a serial stays."""
        spans = self._voided.setdefault(row.product, Spans())
        spans.add(row.first, row.last, row.ts, self._once(row.reason))

    def minted(self, product: str, serial: int) -> tuple[int, str] | None:
        """When a code was minted, epoch ms, and with which key; None if that is not known."""
        spans = self._minted.get(product)
        return spans.find(serial) if spans else None

    def voided(self, product: str, serial: int) -> tuple[int, str] | None:
        """Since when a code is void, epoch ms, and why; None if it is not."""
        spans = self._voided.get(product)
        return spans.find(serial) if spans else None

    def __len__(self) -> int:
        return sum(map(len, self._minted.values())) + sum(map(len, self._voided.values()))

    def _once(self, text: str) -> str:
        return self._texts.setdefault(text, text)
