"""The pick lists of a store, and what a pick is by them."""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from schemas.errors import EventError
from schemas.events import Reason
from schemas.logistics import Pick, PickList
from schemas.logistics_rows import Verdict
from streams.compute.logistics.kind import Kind, count, kind_of

MOST_BINS: Final = 10_000
"""That all lists of a store together take from; a cancelled list counts as one. Beyond, lists are forgotten: those done
or cancelled first, then the oldest of the others."""
_WRONG: Final[dict[str, Verdict]] = {
    "section": "wrong_section", "grade": "wrong_grade", "length_mm": "wrong_length", "heat": "wrong_heat",
}  # fmt: skip


class Wanted(NamedTuple):
    """What a list still wants from one bin."""

    kind: Kind
    pieces: int


class Judgement(NamedTuple):
    """What a pick is."""

    verdict: Verdict
    counted: int
    """Pieces of it that the list wanted."""
    reason: str
    """Empty if it was right."""
    bin: str = ""
    """Of the nearest line of the list, if there is one, with what it wanted before the pick."""
    wanted: Wanted | None = None


class _List(NamedTuple):
    """Without bins it is cancelled; it is kept so that an older list of its order is known to be late."""

    time: int
    bins: dict[str, Wanted]

    @property
    def weight(self) -> int:
        return max(1, len(self.bins))

    @property
    def is_done(self) -> bool:
        return not any(wanted.pieces for wanted in self.bins.values())


def check(event: PickList) -> None:
    """EventError for a list that contradicts itself."""
    kinds: dict[str, Kind] = {}
    for number, line in enumerate(event.lines):
        kind = kind_of(line)
        if kinds.setdefault(line.bin, kind) != kind:
            raise EventError(Reason.BAD_PICK_LIST, f"lines[{number}]: {line.bin} holds {kinds[line.bin]}, not {kind}")
        if (total := sum(line.cuts_mm)) > line.length_mm:
            raise EventError(Reason.BAD_PICK_LIST, f"lines[{number}]: cuts of {total} mm from {line.length_mm} mm")


class PickLists:
    """The newest pick list of each cutting order, and what is still to be taken."""

    def __init__(self, lists: Iterable[Any] = ()) -> None:
        self._open: dict[str, _List] = {}
        self._done: dict[str, _List] = {}
        self._weight = 0
        """Of all of them."""
        for order, time, bins in lists:
            self._add(order, _List(time, {name: Wanted(Kind(*kind), pieces) for name, kind, pieces in bins}))

    def is_outdated(self, order: str, time: int) -> bool:
        """Whether a list of the order that was made at `time` is older than the one that is known."""
        known = self._list(order)
        return known is not None and time < known.time

    def put(self, event: PickList, time: int) -> None:
        """Take a list that has been checked instead of the one of its order."""
        self._forget(event.order)
        bins: dict[str, Wanted] = {}
        for line in event.lines:
            before = bins[line.bin].pieces if line.bin in bins else 0
            bins[line.bin] = Wanted(kind_of(line), before + line.pieces)
        new = _List(time, bins)
        while self._weight and self._weight + new.weight > MOST_BINS:
            self._forget(next(iter(self._done or self._open)))
        self._add(event.order, new)

    def judge(self, pick: Pick, tolerance_mm: int) -> Judgement:
        """What a pick is, and count off what it was right to take."""
        known = self._list(pick.order)
        if known is None or not known.bins:
            return Judgement("no_list", 0, f"{_told(pick)}, which has no pick list")
        taken, wanted = kind_of(pick), known.bins.get(pick.bin)
        if wanted is None:
            return _elsewhere(known.bins, pick, taken, tolerance_mm)
        if differences := wanted.kind.differences(taken, tolerance_mm):
            said = ", ".join(f"{name.removesuffix('_mm')} {getattr(wanted.kind, name)}" for name in differences)
            return Judgement(_WRONG[differences[0]], 0, f"{_told(pick)}; wanted was {said}", pick.bin, wanted)
        counted = min(pick.pieces, wanted.pieces)
        known.bins[pick.bin] = Wanted(wanted.kind, wanted.pieces - counted)
        if counted and known.is_done:
            self._done[pick.order] = self._open.pop(pick.order)
        if counted == pick.pieces:
            return Judgement("right", counted, "", pick.bin, wanted)
        reason = f"{_told(pick)}; {count(wanted.pieces)} more had been wanted"
        return Judgement("too_many", counted, reason, pick.bin, wanted)

    def snapshot(self) -> list[Any]:
        """Plain values, to build it from again."""
        return [
            (order, known.time, [(name, tuple(wanted.kind), wanted.pieces) for name, wanted in known.bins.items()])
            for lists in (self._done, self._open)
            for order, known in lists.items()
        ]

    def _list(self, order: str) -> _List | None:
        return self._open.get(order) or self._done.get(order)

    def _add(self, order: str, known: _List) -> None:
        (self._done if known.is_done else self._open)[order] = known
        self._weight += known.weight

    def _forget(self, order: str) -> None:
        known = self._open.pop(order, None) or self._done.pop(order, None)
        self._weight -= known.weight if known else 0


def _elsewhere(bins: dict[str, Wanted], pick: Pick, taken: Kind, tolerance_mm: int) -> Judgement:
    """A pick from a bin that the list does not name: the right kind, or nothing that it wants."""
    alike = [(name, one) for name, one in bins.items() if not one.kind.differences(taken, tolerance_mm)]
    if not alike:
        return Judgement("not_listed", 0, f"{_told(pick)}, whose pick list wants no such piece")
    name, wanted = next((pair for pair in alike if pair[1].pieces), alike[0])
    return Judgement("wrong_bin", 0, f"{_told(pick)}; wanted was bin {name}", name, wanted)


def _told(pick: Pick) -> str:
    return f"{pick.robot} took {count(pick.pieces)} of {kind_of(pick)} from {pick.bin} for {pick.order}"
