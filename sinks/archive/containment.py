"""What was in what, and when.

An item is in at most one other: to be put elsewhere ends that, as does being taken out, by name or with all the rest.
Amounts of a lot are in as many as they were put into, each until as much has been taken out of it as was put in.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Final, Literal, NamedTuple

import msgspec

from sinks.archive.rows import Joined, Rows
from sinks.archive.spans import LAST, Key, Span, at

MOVES: Final = ("ADD", "DELETE")
_NOTHING: Final = 1e-9
"""What is left of an amount when as much was taken out as had been put in."""


class Stay(msgspec.Struct, frozen=True, gc=False):
    """That an item was in another, from an event to another."""

    item: str
    parent: str
    span: Span
    """From being put in; the event that takes out all that is inside belongs to it, any other that ends it does not."""
    added: Joined
    """How it was put in; of an amount that was put in by and by, the first time."""
    quantity: float | None
    """Of an amount, all that was put in; None for a single item, or if that was not said."""

    @property
    def until(self) -> int | None:
        """When it was taken out, epoch ms; None while it is inside."""
        return None if self.span[1] == LAST else self.span[1][0]


class Stays(NamedTuple):
    """Where items were, in order of time for each, and the events that took all out of something, by its name."""

    found: list[Stay]
    emptied: dict[str, set[Key]]


class _Move(msgspec.Struct, frozen=True, gc=False):
    key: Key
    action: Literal["ADD", "DELETE", "EMPTY"]
    parent: str
    row: Joined | None
    """The item in it; None where nothing is named."""

    @property
    def end(self) -> Key:
        """The end of a stay that it ends."""
        return at(self.key)[1] if self.action == "EMPTY" else self.key


def stays_of(rows: Rows, items: Collection[str]) -> Stays:
    """Where items were."""
    return stays(rows, rows.of_items(items, ["child"], MOVES))


def stays_in(rows: Rows, parents: Collection[str]) -> list[Stay]:
    """What was in items."""
    added = {row.link for row in rows.of_items(parents, ["parent"], ["ADD"])}
    children = {child for _, child in rows.members(added, "child")}
    wanted = set(parents)
    return [stay for stay in stays_of(rows, children).found if stay.parent in wanted]


def stays(rows: Rows, as_child: Iterable[Joined]) -> Stays:
    """Where items were, of the rows in which they are put in or taken out."""
    of_items: dict[str, list[Joined]] = defaultdict(list)
    for row in as_child:
        of_items[row.item].append(row)
    parent_of = dict(rows.members({row.link for some in of_items.values() for row in some}, "parent"))
    emptied = _emptied(rows, set(parent_of.values()))
    found: list[Stay] = []
    for item, some in of_items.items():
        moves = [
            _Move(row.key, "ADD" if row.action == "ADD" else "DELETE", parent_of[row.link], row)
            for row in some
            if row.link in parent_of  # that row may not have been written yet
        ]
        for parent in {move.parent for move in moves}:
            moves += [_Move(key, "EMPTY", parent, None) for key in emptied.get(parent, ())]
        moves.sort(key=lambda move: move.key)
        found += _amounts(item, moves) if is_amount(item, some) else _single(item, moves)
    return Stays(found, emptied)


def is_amount(item: str, rows: Iterable[Joined]) -> bool:
    """Whether it is a class of items, of which there can be some here and some there: a GTIN, or a lot of it."""
    of_class = item.startswith("01/") and (item.count("/") == 1 or "/10/" in item)
    return of_class or any(row.quantity is not None for row in rows)


def _emptied(rows: Rows, parents: Collection[str]) -> dict[str, set[Key]]:
    """By parent, the events that take everything out of it: those that name nothing to be taken out."""
    deletions = rows.of_items(parents, ["parent"], ["DELETE"])
    naming = {link for link, _ in rows.members({row.link for row in deletions}, "child")}
    found: dict[str, set[Key]] = defaultdict(set)
    for row in deletions:
        if row.link not in naming:
            found[row.item].add(row.key)
    return found


def _single(item: str, moves: Iterable[_Move]) -> Iterator[Stay]:
    """Stays of one item, of moves in order."""
    added: tuple[_Move, Joined] | None = None
    for move in moves:
        inside = added is not None and added[0].parent == move.parent
        if added is not None and (inside if move.action != "ADD" else not inside):
            yield Stay(item, added[0].parent, (added[0].key, move.end), added[1], None)
            added = None
        if move.action == "ADD" and added is None and move.row is not None:
            added = move, move.row
    if added is not None:
        yield Stay(item, added[0].parent, (added[0].key, LAST), added[1], None)


def _amounts(item: str, moves: Iterable[_Move]) -> Iterator[Stay]:
    """Stays of amounts of a lot, of moves in order."""
    inside: dict[str, tuple[Joined, float | None, float | None]] = {}
    """By parent: how it was put in first, all that was put in, and what is left of it; None where that is not known."""
    for move in moves:
        row, parent = move.row, move.parent
        if row is not None and move.action == "ADD":
            added, put, left = inside.get(parent, (row, 0.0, 0.0))
            amount = row.quantity if row.uom == added.uom else None
            inside[parent] = added, _sum(put, amount), _sum(left, amount)
        elif parent in inside:
            added, put, left = inside.pop(parent)
            if row is not None and row.quantity is not None:
                left = _sum(left, -row.quantity if row.uom == added.uom else None)
                if left is None or left > _NOTHING:
                    inside[parent] = added, put, left
                    continue
            yield Stay(item, parent, (added.key, move.end), added, put)
    for parent, (added, put, _) in inside.items():
        yield Stay(item, parent, (added.key, LAST), added, put)


def _sum(one: float | None, other: float | None) -> float | None:
    """Of amounts, None where one is not known."""
    return None if one is None or other is None else one + other
