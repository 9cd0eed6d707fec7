"""What happened to items: their own events, and those of what they were in while they were in it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final

from sinks.archive.containment import MOVES, Stay, stays
from sinks.archive.rows import Joined, Rows
from sinks.archive.spans import FIRST, LAST, Key, Span, Spans

# `context` stands for all other columns that are needed, and is as quick to read as one of them: reading is most of the
# work of a recall. It begins with role and enterprise, by which rows of an event are grouped: what declares an event
# wrong may have its place in other words, and a lot may be named twice.
_EVENTS: Final = """
WITH splitByChar('\t', context) AS parts, parts[3] AS wrong, toFloat64OrZero(parts[11]) AS amount
SELECT item, toUnixTimestamp64Milli(ts), event, argMax(context, (wrong, amount))
FROM headrace_store.trace_items
PREWHERE topology = %(topology)s AND item IN (SELECT key FROM wanted)
WHERE (%(enterprise)s = '' OR enterprise = %(enterprise)s)
GROUP BY item, ts, event, substringIndex(context, '\t', 2)
"""


class Event(Joined, frozen=True, gc=False):
    """An event that names an item."""

    type: str
    disposition: str
    read_point: str
    error: bool


class History:
    """The events of items and of what they were in. Each item is read once, by whoever needs it first."""

    def __init__(self, rows: Rows) -> None:
        self._rows = rows
        self._known: set[str] = set()
        self._events: dict[str, list[Event]] = defaultdict(list)
        self._stays: dict[str, list[Stay]] = defaultdict(list)
        self._emptied: dict[str, set[Key]] = {}

    def read(self, items: Iterable[str]) -> None:
        """Read the events of items, and where they were."""
        new = set(items) - self._known
        self._known |= new
        moves = []
        for row in self._rows.ask_of(_EVENTS, new):
            event = _event(*row)
            self._events[event.item].append(event)
            if event.role == "child" and event.action in MOVES and not event.error:
                moves.append(event)
        for item in new & self._events.keys():
            self._events[item].sort(key=in_order)
        where = stays(self._rows, moves)
        self._emptied |= where.emptied
        for stay in where.found:
            self._stays[stay.item].append(stay)

    def read_around(self, items: Iterable[str]) -> None:
        """Read the events of items and of all that they were in, a few queries for each depth of packing."""
        passed: set[str] = set()
        frontier = set(items)
        while frontier:
            self.read(frontier)
            passed |= frontier
            frontier = {stay.parent for item in frontier for stay in self.stays(item)} - passed

    def own(self, item: str) -> list[Event]:
        """The events that name an item, in order."""
        return self._events.get(item, [])

    def stays(self, item: str) -> list[Stay]:
        """What it was in, in order."""
        return self._stays.get(item, [])

    def shared(self, item: str, until: Key = LAST) -> Iterator[Event]:
        """The events before a moment of what an item was in while it was in it; of the innermost first."""
        seen: dict[str, Spans] = defaultdict(Spans)
        frontier: list[tuple[str, Span]] = [(item, (FIRST, until))]
        while frontier:
            outer: list[tuple[str, Span]] = []
            for inner, span in frontier:
                for stay in self.stays(inner):
                    common = max(span[0], stay.span[0]), min(span[1], stay.span[1])
                    if common[0] < common[1] and stay.parent != item and seen[stay.parent].add(common):
                        outer.append((stay.parent, common))
            for container, span in outer:
                yield from (one for one in self.own(container)
                            if span[0] <= one.key < span[1] and self.is_shared(one))  # fmt: skip
            frontier = outer

    def is_shared(self, event: Event) -> bool:
        """Whether an event of a container concerns what is in it: not where something else is put in or taken out."""
        if event.role != "parent" or event.type == "TransactionEvent":
            return True
        return event.key in self._emptied.get(event.item, ()) and not event.error


def in_order(event: Event) -> tuple[Key, bool, str, str]:
    """For sorting: what comes out of the event that it went into is not used up, so it went in before."""
    return event.key, event.role != "input", event.enterprise, event.role


def _event(item: str, ts: int, event: str, context: str) -> Event:
    (
        role, enterprise, error, type_, action, biz_step, disposition, read_point, site, asset, quantity, uom, link
    ) = context.split("\t", 12)  # fmt: skip
    return Event(
        item, role, ts, event, enterprise, link, action, biz_step, site, asset, float(quantity) if quantity else None,
        uom, type_, disposition, read_point, error == "1",
    )  # fmt: skip
