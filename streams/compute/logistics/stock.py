"""The model of what lies in the bins of a store."""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from schemas.errors import EventError
from schemas.events import Reason
from streams.compute.logistics.kind import Kind, count

MOST_BINS: Final = 20_000
"""Of a store. The one that has been empty for longest is forgotten for a new one."""


class Bin(NamedTuple):
    """A bin: pieces of one kind, or none."""

    kind: Kind
    pieces: int
    changed: int
    """Event time of its newest change, epoch ms."""


class Stock:
    """Bins by name. Pieces are added up in the order of the log, and are never fewer than none."""

    def __init__(self, bins: Iterable[Any] = ()) -> None:
        self._full: dict[str, Bin] = {}
        self._empty: dict[str, Bin] = {}
        """In the order in which they were emptied, or counted as empty."""
        for name, kind, pieces, changed in bins:
            self._set(name, Bin(Kind(*kind), pieces, changed))

    def __getitem__(self, name: str) -> Bin | None:
        return self._full.get(name) or self._empty.get(name)

    def check_arrival(self, name: str, kind: Kind, tolerance_mm: int) -> None:
        """EventError where pieces of a kind cannot be put into a bin."""
        bin_ = self[name]
        if bin_ is None:
            if len(self._full) >= MOST_BINS:
                raise EventError(Reason.TOO_MANY_BINS, f"{name!r} would be one more than {MOST_BINS} bins with pieces")
        elif bin_.pieces and bin_.kind.differences(kind, tolerance_mm):
            raise EventError(
                Reason.BIN_TAKEN,
                f"{name} holds {count(bin_.pieces)} of {bin_.kind}, no {kind} can be put there: if it is empty, send a "
                "stock take of 0 first",
            )

    def put(self, name: str, kind: Kind, pieces: int, time: int) -> Bin:
        """Add pieces that have been checked; the bin as it is then. A bin that was empty takes on their kind."""
        bin_ = self[name]
        if bin_ is None:
            if len(self._full) + len(self._empty) >= MOST_BINS:
                del self._empty[next(iter(self._empty))]
            bin_ = Bin(kind, 0, time)
        return self._set(name, Bin(bin_.kind if bin_.pieces else kind, bin_.pieces + pieces, max(bin_.changed, time)))

    def take(self, name: str, pieces: int, time: int) -> Bin | None:
        """Take as many of so many pieces as there are; the bin as it is then, None if it is not known."""
        bin_ = self[name]
        if bin_ is None:
            return None
        return self._set(name, Bin(bin_.kind, max(0, bin_.pieces - pieces), max(bin_.changed, time)))

    def counted(self, name: str, pieces: int, time: int) -> Bin:
        """So many have been counted in a bin that is known; the bin as it is then."""
        bin_ = self._full.get(name) or self._empty[name]
        return self._set(name, bin_._replace(pieces=pieces, changed=time))

    def snapshot(self) -> list[Any]:
        """Plain values, to build it from again."""
        return [
            (name, tuple(bin_.kind), bin_.pieces, bin_.changed)
            for bins in (self._full, self._empty)
            for name, bin_ in bins.items()
        ]

    def _set(self, name: str, bin_: Bin) -> Bin:
        self._full.pop(name, None)
        self._empty.pop(name, None)
        (self._full if bin_.pieces else self._empty)[name] = bin_
        return bin_
