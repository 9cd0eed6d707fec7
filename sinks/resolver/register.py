"""Which serials are minted and which are void, of all enterprises, in memory: 32 bytes for each range."""

from typing import NamedTuple

from sinks.resolver.ranges import Ranges


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


class Register:
    """What was read of `code_ranges` and `code_voids`."""

    def __init__(self) -> None:
        self._minted: dict[str, Ranges] = {}
        self._voided: dict[str, Ranges] = {}
        self._texts: dict[str, str] = {}
        """Each key and reason once, however many ranges have it."""

    def take_minted(self, row: Minted) -> None:
        """Know a range from now on; one that is known already changes nothing."""
        ranges = self._minted.setdefault(row.product, Ranges())
        ranges.add(row.first, row.last, row.ts, self._once(row.key))

    def take_voided(self, row: Voided) -> None:
        """Know a void from now on. The first that is known of a serial stays."""
        ranges = self._voided.setdefault(row.product, Ranges())
        ranges.add(row.first, row.last, row.ts, self._once(row.reason))

    def minted(self, product: str, serial: int) -> tuple[int, str] | None:
        """When a code was minted, epoch ms, and with which key; None if that is not known."""
        ranges = self._minted.get(product)
        return ranges.find(serial) if ranges else None

    def voided(self, product: str, serial: int) -> tuple[int, str] | None:
        """Since when a code is void, epoch ms, and why; None if it is not."""
        ranges = self._voided.get(product)
        return ranges.find(serial) if ranges else None

    def __len__(self) -> int:
        return sum(map(len, self._minted.values())) + sum(map(len, self._voided.values()))

    def _once(self, text: str) -> str:
        return self._texts.setdefault(text, text)
