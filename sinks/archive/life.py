"""The whole life of an item: its own events, and those of what it was in while it was in it."""

from collections.abc import Collection
from typing import Final, NamedTuple

from schemas.codes import Code, parse
from schemas.errors import CodeError
from sinks.archive.containment import stays
from sinks.archive.results import Life, LifeEvent, Minted, Scans, Voided
from sinks.archive.rows import Joined, Rows
from sinks.archive.spans import ALWAYS, FIRST, LAST, Key, Spans

_EVENTS: Final = """
SELECT
    item, role, toUnixTimestamp64Milli(ts), event, enterprise, any(link), any(action), any(biz_step), any(site),
    any(asset), max(quantity), any(uom), any(type), any(disposition), any(read_point), max(error)
FROM headrace_store.trace_items
WHERE topology = %(topology)s AND item IN (SELECT key FROM wanted)
    AND ts >= fromUnixTimestamp64Milli(%(since)s) AND ts <= fromUnixTimestamp64Milli(%(until)s)
    AND (NOT %(containers)s OR role != 'parent' OR type = 'TransactionEvent' OR action = 'DELETE')
    AND (%(enterprise)s = '' OR enterprise = %(enterprise)s)
GROUP BY item, role, ts, event, enterprise
"""
_EARLIEST: Final = -2_208_988_800_000
_LATEST: Final = 10_413_791_999_999
"""What DateTime64 holds: the years 1900 to 2299, epoch ms."""

_MINTS: Final = """
SELECT DISTINCT toUnixTimestamp64Milli(ts) AS at, enterprise, first, last, `key`
FROM headrace_store.code_ranges
WHERE topology = %(topology)s AND product = %(product)s AND first <= %(serial)s AND last >= %(serial)s
    AND (%(enterprise)s = '' OR enterprise = %(enterprise)s)
ORDER BY at LIMIT 1
"""
_VOIDS: Final = """
SELECT DISTINCT toUnixTimestamp64Milli(ts) AS at, enterprise, reason, `by`
FROM headrace_store.code_voids
WHERE topology = %(topology)s AND product = %(product)s AND first <= %(serial)s AND last >= %(serial)s
    AND (%(enterprise)s = '' OR enterprise = %(enterprise)s)
ORDER BY at
"""
_SCANS: Final = """
SELECT uniqExact(id), toUnixTimestamp64Milli(min(ts)), toUnixTimestamp64Milli(max(ts))
FROM headrace_store.code_scans
WHERE topology = %(topology)s AND item = %(item)s AND (%(enterprise)s = '' OR enterprise = %(enterprise)s)
"""


class _Event(NamedTuple):
    joined: Joined
    type: str
    disposition: str
    read_point: str
    error: bool


def life(rows: Rows, item: str) -> Life:
    """All that is known of an item."""
    code = code_of(item)
    of_code = {"product": code.product, "serial": code.serial} if code else None
    mints = [Minted(ts=row[0], enterprise=row[1], first=row[2], last=row[3], key=row[4])
             for row in (rows.ask(_MINTS, **of_code) if of_code else ())]  # fmt: skip
    voids = [Voided(ts=row[0], enterprise=row[1], reason=row[2], by=row[3])
             for row in (rows.ask(_VOIDS, **of_code) if of_code else ())]  # fmt: skip
    [(count, first, last)] = rows.ask(_SCANS, item=item)
    scans = Scans(count=count, first=first if count else None, last=last if count else None)
    return Life(item=item, events=_events(rows, item), mint=next(iter(mints), None), voids=tuple(voids), scans=scans)


def code_of(item: str) -> Code | None:
    """The code that an item is named by, if it is named by one."""
    try:
        return parse(item)
    except CodeError:
        return None


def _events(rows: Rows, item: str) -> tuple[LifeEvent, ...]:
    seen: dict[str, Spans] = {item: Spans()}
    seen[item].add(ALWAYS)
    found: dict[tuple[str, str, str], LifeEvent] = {}
    told: set[tuple[str, str]] = set()
    """Events of the levels before, which are not told again of what it was in."""
    ends: dict[str, set[Key]] = {}
    """By container, the events that took the item out of it."""
    frontier = {item}
    while frontier:
        events = _read(rows, frontier, seen, containers=item not in frontier)
        for event in sorted(events, key=lambda one: (one.joined.item, one.joined.role)):
            one = event.joined
            concerns = one.key in seen[one.item] and (one.role != "parent" or event.type == "TransactionEvent")
            emptied = one.role == "parent" and one.key in ends.get(one.item, ()) and not event.error
            name = (one.event, one.enterprise, one.role if one.item == item else "")
            if one.item == item or ((concerns or emptied) and name[:2] not in told):
                found.setdefault(name, _told(event, "" if one.item == item else one.item))
        told |= {name[:2] for name in found}
        frontier = set()
        for stay in stays(rows, [event.joined for event in events if _moves(event)]):
            for since, until in list(seen[stay.item].common(stay.span)):
                if until == stay.until:
                    ends.setdefault(stay.parent, set()).add(until)
                if seen.setdefault(stay.parent, Spans()).add((since, until)):
                    frontier.add(stay.parent)
    return tuple(sorted(found.values(), key=lambda one: (one.ts, one.event, one.enterprise, one.role)))


def _read(rows: Rows, items: Collection[str], seen: dict[str, Spans], *, containers: bool) -> list[_Event]:
    """The events of items, of those times that matter."""
    spans = [span for item in items for span in seen[item]]
    since, until = min(span[0] for span in spans), max(span[1] for span in spans)
    found = rows.ask_of(
        _EVENTS,
        items,
        since=_EARLIEST if since == FIRST else since[0],
        until=_LATEST if until == LAST else until[0],
        containers=containers,
    )
    return [_Event(Joined(*row[:-4]), row[-4], row[-3], row[-2], bool(row[-1])) for row in found]


def _moves(event: _Event) -> bool:
    """Whether it puts its item into something or takes it out."""
    return event.joined.role == "child" and event.joined.action in ("ADD", "DELETE") and not event.error


def _told(event: _Event, via: str) -> LifeEvent:
    one = event.joined
    return LifeEvent(
        ts=one.ts, event=one.event, type=event.type, action=one.action, biz_step=one.biz_step,
        disposition=event.disposition, read_point=event.read_point, site=one.site, asset=one.asset,
        enterprise=one.enterprise, role=one.role, via=via, error=event.error,
    )  # fmt: skip
