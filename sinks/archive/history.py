"""What happened to items: their own events, and those of what they were in while they were in it."""

from collections import defaultdict
from collections.abc import Collection, Iterator
from typing import Final, NamedTuple

from sinks.archive.containment import MOVES, Stay, stays
from sinks.archive.rows import Joined, Rows
from sinks.archive.spans import FIRST, LAST, Key, Span, Spans

_EVENTS: Final = """
SELECT
    item, role, toUnixTimestamp64Milli(ts), event, enterprise, any(link), any(action), any(biz_step), any(site),
    any(asset), max(quantity), any(uom), any(type), any(disposition), any(read_point), max(error) = 1
FROM headrace_store.trace_items
WHERE topology = %(topology)s AND item IN (SELECT key FROM wanted)
    AND (NOT %(containers)s OR role != 'parent' OR type = 'TransactionEvent' OR action = 'DELETE')
    AND (%(enterprise)s = '' OR enterprise = %(enterprise)s)
GROUP BY item, role, ts, event, enterprise
"""


class Event(NamedTuple):
    """An event that names an item."""

    joined: Joined
    type: str
    disposition: str
    read_point: str
    error: bool

    @property
    def key(self) -> Key:
        """Its place in the order of events."""
        return self.joined.key


class History:
    """The events of items and of all that they were in, read at once: a few queries for each depth of packing."""

    def __init__(self, rows: Rows, items: Collection[str]) -> None:
        self._events: dict[str, list[Event]] = defaultdict(list)
        self._stays: dict[str, list[Stay]] = defaultdict(list)
        self._emptied: dict[str, set[Key]] = {}
        known: set[str] = set()
        frontier = set(items)
        while frontier:
            outer = self._read(rows, frontier, containers=bool(known))
            known |= frontier
            frontier = outer - known
        for events in self._events.values():
            # What comes out of the event that it went into is not used up.
            events.sort(key=lambda one: (one.key, one.joined.role == "input"))

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
        if event.joined.role != "parent" or event.type == "TransactionEvent":
            return True
        return event.key in self._emptied.get(event.joined.item, ()) and not event.error

    def _read(self, rows: Rows, items: set[str], *, containers: bool) -> set[str]:
        """Read the events of items; gives what they were in."""
        moves = []
        for row in rows.ask_of(_EVENTS, items, containers=containers):
            event = Event(Joined(*row[:-4]), row[-4], row[-3], row[-2], bool(row[-1]))
            self._events[event.joined.item].append(event)
            if event.joined.role == "child" and event.joined.action in MOVES and not event.error:
                moves.append(event.joined)
        where = stays(rows, moves)
        self._emptied |= where.emptied
        for stay in where.found:
            self._stays[stay.item].append(stay)
        return {stay.parent for stay in where.found}
