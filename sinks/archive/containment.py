"""What was in what, and when.

An item is in at most one other: to be put elsewhere ends that, and so does it to be taken out, by name or with all else.
Amounts of a lot are in as many as they were put into, each until as much has been taken out of it as was put in.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Final, Literal, NamedTuple

from sinks.archive.rows import Joined, Rows
from sinks.archive.spans import LAST, Key, Span

_MOVES: Final = ("ADD", "DELETE")
_NOTHING: Final = 1e-9
"""What is left of an amount when as much was taken out as had been put in."""


class Stay(NamedTuple):
    """That an item was in another, from an event to another."""

    item: str
    parent: str
    since: Key
    until: Key
    added: Joined
    """How it was put in; of an amount that was put in by and by, the first time."""
    quantity: float | None
    """Of an amount, all that was put in; None for a single item, or if that was not said."""

    @property
    def span(self) -> Span:
        """From being put in until being taken out."""
        return self.since, self.until


class _Move(NamedTuple):
    key: Key
    action: Literal["ADD", "DELETE", "EMPTY"]
    parent: str
    row: Joined


def stays_of(rows: Rows, items: Collection[str]) -> list[Stay]:
    """Where items were, in order of time for each."""
    return stays(rows, rows.of_items(items, ["child"], _MOVES))


def stays_in(rows: Rows, parents: Collection[str]) -> list[Stay]:
    """What was in items."""
    links = {row.link for row in rows.of_items(parents, ["parent"], ["ADD"])}
    children = {row.item for row in rows.of_links(links, "child")}
    wanted = set(parents)
    return [stay for stay in stays_of(rows, children) if stay.parent in wanted]


def stays(rows: Rows, as_child: Iterable[Joined]) -> list[Stay]:
    """Where items were, of the rows in which they are put in or taken out."""
    of_items: dict[str, list[Joined]] = defaultdict(list)
    for row in as_child:
        of_items[row.item].append(row)
    links = {row.link for some in of_items.values() for row in some}
    parent_of = {row.link: row.item for row in rows.of_links(links, "parent")}
    emptied = _emptied(rows, set(parent_of.values()))
    found: list[Stay] = []
    for item, some in of_items.items():
        moves = [
            _Move(row.key, "ADD" if row.action == "ADD" else "DELETE", parent_of[row.link], row)
            for row in some
            if row.link in parent_of  # that row may not have been written yet
        ]
        for parent in {move.parent for move in moves}:
            moves += emptied.get(parent, ())
        moves.sort(key=lambda move: move.key)
        found += _amounts(item, moves) if is_amount(item, some) else _single(item, moves)
    return found


def is_amount(item: str, rows: Iterable[Joined]) -> bool:
    """Whether it is a class of items, of which there can be some here and some there: a GTIN, or a lot of it."""
    of_class = item.startswith("01/") and (item.count("/") == 1 or "/10/" in item)
    return of_class or any(row.quantity is not None for row in rows)


def _emptied(rows: Rows, parents: Collection[str]) -> dict[str, list[_Move]]:
    """By parent, the events that take everything out of it: those that name nothing to be taken out."""
    deletions = rows.of_items(parents, ["parent"], ["DELETE"])
    naming = {row.link for row in rows.of_links({row.link for row in deletions}, "child")}
    found: dict[str, list[_Move]] = defaultdict(list)
    for row in deletions:
        if row.link not in naming:
            found[row.item].append(_Move(row.key, "EMPTY", row.item, row))
    return found


def _single(item: str, moves: Iterable[_Move]) -> Iterator[Stay]:
    """Stays of one item, of moves in order."""
    added: _Move | None = None
    for move in moves:
        inside = added is not None and added.parent == move.parent
        if added is not None and (inside if move.action != "ADD" else not inside):
            yield Stay(item, added.parent, added.key, move.key, added.row, None)
            added = None
        if move.action == "ADD" and added is None:
            added = move
    if added is not None:
        yield Stay(item, added.parent, added.key, LAST, added.row, None)


def _amounts(item: str, moves: Iterable[_Move]) -> Iterator[Stay]:
    """Stays of amounts of a lot, of moves in order."""
    inside: dict[str, tuple[_Move, float | None, float | None]] = {}
    """By parent: how it was put in first, all that was put in, and what is left of it; None where that is not known."""
    for move in moves:
        amount = move.row.quantity
        added, put, left = inside.get(move.parent, (move, 0.0, 0.0))
        if added.row.uom != move.row.uom:
            amount = None
        if move.action == "ADD":
            inside[move.parent] = added, _sum(put, amount), _sum(left, amount)
        elif move.parent in inside:
            if move.action == "DELETE" and move.row.quantity is not None:
                left = _sum(left, None if amount is None else -amount)
                if left is None or left > _NOTHING:
                    inside[move.parent] = added, put, left
                    continue
            del inside[move.parent]
            yield Stay(item, move.parent, added.key, move.key, added.row, put)
    for parent, (added, put, _) in inside.items():
        yield Stay(item, parent, added.key, LAST, added.row, put)


def _sum(one: float | None, other: float | None) -> float | None:
    """Of amounts, None where one is not known."""
    return None if one is None or other is None else one + other
