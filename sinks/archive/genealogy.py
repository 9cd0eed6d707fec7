"""What an item was made of and what became of it: a walk, breadth first, a few queries a level whatever its width.

What was in a container when that was used up, or put into another, was so, too; what was in it before or after was not.
So with each item goes when it matters: of an item itself always, of what it is in while it is in it.
"""

from collections.abc import Iterable, Iterator

import msgspec

from sinks.archive.containment import Stay, stays_in
from sinks.archive.history import Event, History
from sinks.archive.results import Genealogy, Kind, Step
from sinks.archive.rows import Joined, Rows
from sinks.archive.spans import ALWAYS, Span, Spans, at


class _Edge(msgspec.Struct, frozen=True, gc=False):
    source: str
    target: str
    span: Span
    """When the target matters."""
    kind: Kind
    made: Joined
    """Where it was made, or put in."""
    quantity: float | None
    uom: str
    until: int | None


class Walk:
    """From origins as far as it leads, or up to a number of levels and of items."""

    def __init__(self, rows: Rows, origins: Iterable[str], *, up: bool) -> None:
        self._rows = rows
        self._edges = self._up if up else self._down
        self.history = History(rows)
        """Of all that was walked down."""
        self.seen: dict[str, Spans] = {}
        """Every item, origins too, and when it matters."""
        self.steps: list[Step] = []
        self.cut = 0
        self.deeper = 0
        self._links: set[tuple[str, str]] = set()
        for item in origins:
            self.seen.setdefault(item, Spans()).add(ALWAYS)
        self._frontier = set(self.seen)

    def go(self, levels: int, most: int) -> None:
        """Walk so many levels, and take at most so many items."""
        most += len(self.seen)
        for level in range(1, levels + 1):
            if not self._frontier or self.cut:
                return
            self._step(level, most)
        if self._frontier and not self.cut:
            self.deeper = len({edge.source for edge in self._edges(self._frontier) if self._is_new(edge)})

    def _step(self, level: int, most: int) -> None:
        edges = sorted(self._edges(self._frontier), key=lambda edge: (edge.target, edge.made.link, edge.source))
        grown: set[str] = set()
        left_out: set[str] = set()
        for edge in edges:
            if edge.target not in self.seen and len(self.seen) >= most:
                left_out.add(edge.target)
                continue
            if self.seen.setdefault(edge.target, Spans()).add(edge.span):
                grown.add(edge.target)
            if (edge.made.link, edge.target) not in self._links:
                self._links.add((edge.made.link, edge.target))
                self.steps.append(_told(level, edge))
        self._frontier, self.cut = grown, len(left_out)

    def _is_new(self, edge: _Edge) -> bool:
        return (edge.made.link, edge.target) not in self._links

    def _down(self, items: set[str]) -> Iterator[_Edge]:
        """What was made of items, and what they were put into."""
        self.history.read(items)
        events = (event for item in items for event in self.history.own(item))
        sources = _firsts(event for event in events if self._is_used(event))
        for made in self._rows.others(sources, "output"):
            yield _Edge(sources[made.link].item, made.item, ALWAYS, "made", made, made.quantity, made.uom, None)
        for stay in (stay for item in items for stay in self.history.stays(item)):
            for span in self.seen[stay.item].common(stay.span):
                yield _packed(stay, stay.item, stay.parent, span)

    def _is_used(self, event: Event) -> bool:
        return event.role == "input" and not event.error and event.key in self.seen[event.item]

    def _up(self, items: set[str]) -> Iterator[_Edge]:
        """What items were made of, and what was put into them."""
        sources = _firsts(self._rows.of_items(items, ["output"], [""]))
        for used in self._rows.others(sources, "input"):
            made = sources[used.link]
            yield _Edge(made.item, used.item, at(used.key), "made", made, used.quantity, used.uom, None)
        for stay in stays_in(self._rows, items):
            for span in self.seen[stay.parent].common(stay.span):
                yield _packed(stay, stay.parent, stay.item, span)


def genealogy(rows: Rows, item: str, levels: int, most: int, *, up: bool) -> Genealogy:
    """What an item was made of and contains (up), or what was made of it and what it was put into."""
    walk = Walk(rows, [item], up=up)
    walk.go(levels, most)
    return Genealogy(item=item, steps=tuple(walk.steps), cut=walk.cut, deeper=walk.deeper)


def _firsts(rows: Iterable[Joined]) -> dict[str, Joined]:
    """By link, the first row by name."""
    found: dict[str, Joined] = {}
    for row in rows:
        if row.link not in found or (row.item, row.key) < (found[row.link].item, found[row.link].key):
            found[row.link] = row
    return found


def _packed(stay: Stay, source: str, target: str, span: Span) -> _Edge:
    return _Edge(source, target, span, "packed", stay.added, stay.quantity, stay.added.uom, stay.until)


def _told(level: int, edge: _Edge) -> Step:
    made = edge.made
    return Step(
        level=level, item=edge.target, source=edge.source, kind=edge.kind, link=made.link, quantity=edge.quantity,
        uom=edge.uom, ts=made.ts, until=edge.until, enterprise=made.enterprise, biz_step=made.biz_step, site=made.site,
        asset=made.asset,
    )  # fmt: skip
