"""Items of which nothing is known but that they were made: most items, most of the time.

They are commissioned a thousand in a row, and then ride in packs and on pallets until somebody scans one. So what the
archive would say of them is held in memory: 32 bytes for each run of them, and some bits for each item that more is
known of, for which the archive is asked. Items are told apart by product and serial: events are taken to name codes
as they were minted.
"""

from collections.abc import Iterable
from typing import Final, NamedTuple

from sinks.resolver.enterprises import Enterprises
from sinks.resolver.facts import RECALLED, Facts
from sinks.resolver.ranges import Ranges

_LEAST_RUN: Final = 64
"""Items in a row that are worth a place of their own: of fewer the archive is asked."""
_BLOCK_BITS: Final = 10
_BLOCK: Final = 1 << _BLOCK_BITS
"""Serials of a block of bits. Small, as serials may lie anywhere: those in an event are not looked up."""
_MOST_BLOCKS: Final = 4_000_000
"""About 1.2 GB; whoever may capture events can name serials that there are none of."""


class Happening(NamedTuple):
    """An event or a scan, and a run of the codes of a product that are in it."""

    product: str
    first: int
    last: int
    ts: int = 0
    """Of an event, epoch ms."""
    enterprise: str = ""
    """Who captured it."""
    made: bool = False
    """Whether it is that they were commissioned, and nothing that declares an error."""
    disposition: str = ""


class Untouched:
    """Follows happenings, which may come in any order, and again."""

    def __init__(self, enterprises: Enterprises) -> None:
        """`enterprises` are those whose items are asked for: nothing is kept of others."""
        self._enterprises = enterprises
        self._made: dict[str, Ranges] = {}
        self._touched: dict[str, _Bits] = {}
        self._dispositions: dict[str, str] = {}
        """Each once, however many runs have it."""
        self._blocks = 0
        self._given_up: set[str] = set()
        """Products of which too much is known: the archive is asked for all of their items."""

    def __len__(self) -> int:
        """Runs that are held."""
        return sum(map(len, self._made.values()))

    def take(self, one: Happening) -> None:
        """Know a happening from now on."""
        product, first, last = one.product, one.first, one.last
        maker = self._enterprises.of(product)
        if maker is None or product in self._given_up:
            return
        # Whoever is not the maker may have named items that there are none of.
        if (
            one.made
            and one.enterprise == maker.prefix
            and one.disposition != RECALLED
            and last - first >= _LEAST_RUN - 1
        ):
            ranges = self._made.setdefault(product, Ranges())
            disposition = self._dispositions.setdefault(one.disposition, one.disposition)
            touched: Iterable[tuple[int, int]] = ranges.add(first, last, one.ts, disposition)
        else:
            touched = [(first, last)]
        for run in touched:
            self._blocks += self._touched.setdefault(product, _Bits()).set(*run)
        if self._blocks > _MOST_BLOCKS:
            self._give_up(max(self._touched, key=lambda one: len(self._touched[one])))

    def facts(self, product: str, serial: int) -> Facts | None:
        """What the archive would say of an item; None where it has to be asked."""
        made, touched = self._made.get(product), self._touched.get(product)
        if made is None or (found := made.find(serial)) is None or (touched is not None and serial in touched):
            return None
        ts, disposition = found
        return Facts(made_at=ts, disposition=disposition or None)

    def _give_up(self, product: str) -> None:
        self._given_up.add(product)
        self._blocks -= len(self._touched.pop(product))
        self._made.pop(product, None)


class _Bits:
    """A set of serials: a bit each, in blocks where there are any."""

    def __init__(self) -> None:
        self._blocks: dict[int, bytearray] = {}

    def __len__(self) -> int:
        """Blocks."""
        return len(self._blocks)

    def set(self, first: int, last: int) -> int:
        """Put [first, last] into it; how many blocks are new."""
        before = len(self._blocks)
        for number in range(first >> _BLOCK_BITS, (last >> _BLOCK_BITS) + 1):
            begin = number << _BLOCK_BITS
            block = self._blocks.get(number)
            if block is None:
                block = self._blocks[number] = bytearray(_BLOCK >> 3)
            low, high = max(first - begin, 0), min(last - begin, _BLOCK - 1)
            if low >> 3 == high >> 3:
                block[low >> 3] |= (2 << (high & 7)) - (1 << (low & 7))
                continue
            block[low >> 3] |= 256 - (1 << (low & 7))
            block[high >> 3] |= (2 << (high & 7)) - 1
            block[(low >> 3) + 1 : high >> 3] = b"\xff" * ((high >> 3) - (low >> 3) - 1)
        return len(self._blocks) - before

    def __contains__(self, serial: int) -> bool:
        block = self._blocks.get(serial >> _BLOCK_BITS)
        place = serial & (_BLOCK - 1)
        return block is not None and bool(block[place >> 3] >> (place & 7) & 1)
