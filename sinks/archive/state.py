"""Where items are now and how: after their own events, and those of what they are in since they are in it."""

from collections.abc import Collection, Iterable, Mapping
from typing import Final, NamedTuple

from sinks.archive.containment import Stay, stays_of
from sinks.archive.results import State
from sinks.archive.rows import Rows
from sinks.archive.spans import FIRST, LAST, Key

_NEWEST: Final = """
SELECT
    item,
    max(place) AS last, argMax(enterprise, place), argMax(step, place), argMax(role, place) = 'input',
    maxIf(place, condition != '') AS told, argMaxIf(condition, place, condition != ''),
    maxIf(place, point != '') AS seen, argMaxIf(point, place, point != ''), argMaxIf(enterprise, place, point != '')
FROM
(
    SELECT
        item, role, (toUnixTimestamp64Milli(ts), event) AS place, enterprise, any(biz_step) AS step,
        any(disposition) AS condition, any(read_point) AS point
    FROM headrace_store.trace_items
    WHERE topology = %(topology)s AND item IN (SELECT key FROM wanted)
        AND (%(enterprise)s = '' OR enterprise = %(enterprise)s)
    GROUP BY item, role, place, enterprise
    HAVING max(error) = 0
)
GROUP BY item
"""
_LOCATIONS: Final = """
SELECT event, any(biz_location) FROM headrace_store.trace_events
WHERE topology = %(topology)s AND enterprise IN %(enterprises)s AND event IN (SELECT key FROM wanted)
    AND ts >= fromUnixTimestamp64Milli(%(since)s) AND ts <= fromUnixTimestamp64Milli(%(until)s) AND biz_location != ''
GROUP BY event
"""


class _Newest(NamedTuple):
    """The newest event of an item, the newest that tells its disposition, and the newest with a read point."""

    last: Key
    enterprise: str
    biz_step: str
    used: bool
    told: Key
    disposition: str
    seen: Key
    read_point: str
    seen_by: str


_NONE: Final = _Newest(FIRST, "", "", False, FIRST, "", FIRST, "", "")


def states(rows: Rows, items: Collection[str]) -> dict[str, State]:
    """The state of each item, also of those that nothing is known of."""
    inside = _containers(rows, items)
    known = set(items) | inside.keys() | {stay.parent for stay in inside.values()}
    own = {row[0]: _Newest(*row[1:]) for row in rows.ask_of(_NEWEST, known)}
    found = {item: _whole(item, inside, own) for item in items}
    locations = _locations(rows, [newest for newest, _ in found.values()])
    return {item: _told(item, pack, newest, locations) for item, (newest, pack) in found.items()}


def _containers(rows: Rows, items: Collection[str]) -> dict[str, Stay]:
    """What each item is in now, and what that is in, and so on. A lot that is in several is in none of them alone."""
    inside: dict[str, Stay] = {}
    frontier = set(items)
    while frontier:
        now = [stay for stay in stays_of(rows, frontier) if stay.until == LAST]
        by_item: dict[str, list[Stay]] = {}
        for stay in now:
            by_item.setdefault(stay.item, []).append(stay)
        new = {item: some[0] for item, some in by_item.items() if len(some) == 1}
        frontier = {stay.parent for stay in new.values()} - inside.keys() - new.keys() - frontier
        inside |= new
    return inside


def _whole(item: str, inside: Mapping[str, Stay], own: Mapping[str, _Newest]) -> tuple[_Newest, str]:
    """The newest of an item and of all that it is in, and the outermost of these."""
    newest, pack, since, passed = own.get(item, _NONE), "", FIRST, {item}
    stay = inside.get(item)
    while stay is not None and stay.parent not in passed:
        pack, since = stay.parent, max(since, stay.since)
        passed.add(pack)
        other = own.get(pack, _NONE)
        if other.last > max(newest.last, since):
            newest = newest._replace(last=other.last, enterprise=other.enterprise, biz_step=other.biz_step,
                                     used=other.used)  # fmt: skip
        if other.told > max(newest.told, since):
            newest = newest._replace(told=other.told, disposition=other.disposition)
        if other.seen > max(newest.seen, since):
            newest = newest._replace(seen=other.seen, read_point=other.read_point, seen_by=other.seen_by)
        stay = inside.get(pack)
    return newest, pack


def _locations(rows: Rows, newest: Iterable[_Newest]) -> dict[str, str]:
    """By event, where things are afterwards."""
    seen = [one for one in newest if one.seen != FIRST]
    if not seen:
        return {}
    times = [one.seen[0] for one in seen]
    of = {"enterprises": sorted({one.seen_by for one in seen}), "since": min(times), "until": max(times)}
    return dict(rows.ask_of(_LOCATIONS, {one.seen[1] for one in seen}, **of))


def _told(item: str, pack: str, newest: _Newest, locations: Mapping[str, str]) -> State:
    return State(
        item=item, pack=pack, ts=None if newest.last == FIRST else newest.last[0], enterprise=newest.enterprise,
        biz_step=newest.biz_step, disposition=newest.disposition, read_point=newest.read_point,
        biz_location=locations.get(newest.seen[1], ""), used=bool(newest.used),
    )  # fmt: skip
