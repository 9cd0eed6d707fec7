"""The pick lists of a store, and what a pick is by them."""

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from schemas.errors import EventError
from schemas.events import Reason
from schemas.logistics import Pick, PickList
from schemas.logistics_rows import Verdict
from streams.compute.logistics.kind import Kind, count, kind_of

MOST_BINS: Final = 20_000
"""That all lists of a store together take from. Beyond, lists are forgotten: the oldest that are done, then the oldest
of the others."""
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
    time: int
    bins: dict[str, Wanted]


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
        self._lists = {
            order: _List(time, {name: Wanted(Kind(*kind), pieces) for name, kind, pieces in bins})
            for order, time, bins in lists
        }

    def is_outdated(self, order: str, time: int) -> bool:
        """Whether a list of the order that was made at `time` is older than the one that is known."""
        known = self._lists.get(order)
        return known is not None and time < known.time

    def put(self, event: PickList, time: int) -> None:
        """Take a list that has been checked instead of the one of its order; without lines, none."""
        self._lists.pop(event.order, None)
        bins: dict[str, Wanted] = {}
        for line in event.lines:
            before = bins[line.bin].pieces if line.bin in bins else 0
            bins[line.bin] = Wanted(kind_of(line), before + line.pieces)
        if bins:
            self._make_room(MOST_BINS - len(bins))
            self._lists[event.order] = _List(time, bins)

    def judge(self, pick: Pick, tolerance_mm: int) -> Judgement:
        """What a pick is, and count off what it was right to take."""
        taken = kind_of(pick)
        what = f"{pick.robot} took {count(pick.pieces)} of {taken} from {pick.bin} for {pick.order}"
        known = self._lists.get(pick.order)
        if known is None:
            return Judgement("no_list", 0, f"{what}, which has no pick list")
        wanted = known.bins.get(pick.bin)
        if wanted is None:
            return _elsewhere(known.bins, taken, tolerance_mm, what)
        if differences := wanted.kind.differences(taken, tolerance_mm):
            said = ", ".join(f"{name.removesuffix('_mm')} {getattr(wanted.kind, name)}" for name in differences)
            return Judgement(_WRONG[differences[0]], 0, f"{what}; wanted was {said}", pick.bin, wanted)
        counted = min(pick.pieces, wanted.pieces)
        known.bins[pick.bin] = wanted._replace(pieces=wanted.pieces - counted)
        if counted < pick.pieces:
            return Judgement(
                "too_many", counted, f"{what}; {count(wanted.pieces)} more had been wanted", pick.bin, wanted
            )
        return Judgement("right", counted, "", pick.bin, wanted)

    def snapshot(self) -> list[Any]:
        """Plain values, to build it from again."""
        return [
            (order, known.time, [(name, tuple(wanted.kind), wanted.pieces) for name, wanted in known.bins.items()])
            for order, known in self._lists.items()
        ]

    def _make_room(self, most: int) -> None:
        """Forget lists until the others take from at most so many bins."""
        bins = sum(len(known.bins) for known in self._lists.values())
        if bins <= most:
            return
        for order in sorted(self._lists, key=self._is_open):  # a stable sort: each kind as old as they come
            if bins <= most:
                return
            bins -= len(self._lists.pop(order).bins)

    def _is_open(self, order: str) -> bool:
        return any(wanted.pieces for wanted in self._lists[order].bins.values())


def _elsewhere(bins: dict[str, Wanted], taken: Kind, tolerance_mm: int, what: str) -> Judgement:
    """A pick from a bin that the list does not name: the right kind, or nothing that it wants."""
    alike = [(name, one) for name, one in bins.items() if not one.kind.differences(taken, tolerance_mm)]
    if not alike:
        return Judgement("not_listed", 0, f"{what}, whose pick list wants no such piece")
    name, wanted = next((pair for pair in alike if pair[1].pieces), alike[0])
    return Judgement("wrong_bin", 0, f"{what}; wanted was bin {name}", name, wanted)
