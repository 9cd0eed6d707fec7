"""Where items are and how: after their own events, and those of what they were in while they were in it."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

import msgspec

from sinks.archive.history import Event, History, in_order
from sinks.archive.results import State
from sinks.archive.rows import Rows
from sinks.archive.spans import FIRST, LAST, Key

_LOCATIONS: Final = """
SELECT event, any(biz_location) FROM headrace_store.trace_events
WHERE topology = %(topology)s AND enterprise IN %(enterprises)s AND event IN (SELECT key FROM wanted)
    AND ts >= fromUnixTimestamp64Milli(%(since)s) AND ts <= fromUnixTimestamp64Milli(%(until)s) AND biz_location != ''
GROUP BY event
"""


class _Newest(msgspec.Struct, frozen=True, gc=False):
    """The newest event, the newest that tells a disposition, and the newest that has a read point."""

    last: Event | None = None
    told: Event | None = None
    seen: Event | None = None


def states(rows: Rows, history: History, items: Collection[str]) -> dict[str, State]:
    """The state of each item, also of those that nothing is known of. `history` is read as far as it has not been."""
    history.read_around(items)
    outside = _Outside(history)
    found = {}
    for item in items:
        newest = _newest_of(history.own(item))
        for stay in history.stays(item):
            since, until = stay.span
            newest = _newer(newest, outside[stay.parent, until], since)
        found[item] = newest
    locations = _locations(rows, [newest.seen for newest in found.values() if newest.seen])
    return {item: _told(item, _outermost(history, item), newest, locations) for item, newest in found.items()}


class _Outside(dict[tuple[str, Key], _Newest]):
    """The newest before a moment that concerns what is in a container: worked out once for all that is in it."""

    def __init__(self, history: History) -> None:
        self._history = history

    def __missing__(self, place: tuple[str, Key]) -> _Newest:
        container, until = place
        own = [one for one in self._history.own(container) if one.key < until and self._history.is_shared(one)]
        shared = sorted(self._history.shared(container, until), key=in_order)
        self[place] = _newer(_newest_of(own), _newest_of(shared), FIRST)
        return self[place]


def _newest_of(events: Sequence[Event]) -> _Newest:
    """Of events in order."""
    last = told = seen = None
    for event in reversed(events):
        if event.error:
            continue
        last = last or event
        if told is None and event.disposition:
            told = event
        if seen is None and event.read_point:
            seen = event
        if told and seen:
            break
    return _Newest(last, told, seen)


def _newer(own: _Newest, other: _Newest, since: Key) -> _Newest:
    """The newer of each two; of the other's those since a moment."""

    def newer(one: Event | None, two: Event | None) -> Event | None:
        is_newer = two is not None and two.key >= since and (one is None or two.key > one.key)
        return two if is_newer else one

    return _Newest(newer(own.last, other.last), newer(own.told, other.told), newer(own.seen, other.seen))


def _outermost(history: History, item: str) -> str:
    """What an item is in, or that is in, and so on; a lot that is in several is in none of them alone."""
    passed = [item]
    while True:
        now = [stay.parent for stay in history.stays(passed[-1]) if stay.span[1] == LAST]
        if len(now) != 1 or now[0] in passed:
            return passed[-1] if len(passed) > 1 else ""
        passed.append(now[0])


def _locations(rows: Rows, seen: Iterable[Event]) -> dict[str, str]:
    """By event, where things are afterwards."""
    events = {one.event: one for one in seen}
    if not events:
        return {}
    times = [one.ts for one in events.values()]
    enterprises = sorted({one.enterprise for one in events.values()})
    of = {"enterprises": enterprises, "since": min(times), "until": max(times)}
    return dict(rows.ask_of(_LOCATIONS, events, **of))


def _told(item: str, pack: str, newest: _Newest, locations: Mapping[str, str]) -> State:
    last, told, seen = newest.last, newest.told, newest.seen
    return State(
        item=item,
        pack=pack,
        ts=last.ts if last else None,
        enterprise=last.enterprise if last else "",
        biz_step=last.biz_step if last else "",
        disposition=told.disposition if told else "",
        read_point=seen.read_point if seen else "",
        biz_location=locations.get(seen.event, "") if seen else "",
        used=last.role == "input" if last else False,
    )
