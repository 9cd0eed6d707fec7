"""The whole life of an item: its own events, and those of what it was in while it was in it."""

from typing import Final

from schemas.codes import Code, parse
from schemas.errors import CodeError
from sinks.archive.history import Event, History
from sinks.archive.results import Life, LifeEvent, Minted, Scans, Voided
from sinks.archive.rows import Rows

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
    history = History(rows)
    history.read_around([item])
    found = [_told(one, "") for one in history.own(item)]
    told = {(one.event, one.enterprise) for one in found}
    for shared in history.shared(item):
        one = _told(shared, shared.item)
        if (one.event, one.enterprise) not in told:
            told.add((one.event, one.enterprise))
            found.append(one)
    return tuple(sorted(found, key=lambda one: (one.ts, one.event, one.enterprise, one.role)))


def _told(event: Event, via: str) -> LifeEvent:
    return LifeEvent(
        ts=event.ts, event=event.event, type=event.type, action=event.action, biz_step=event.biz_step,
        disposition=event.disposition, read_point=event.read_point, site=event.site, asset=event.asset,
        enterprise=event.enterprise, role=event.role, via=via, error=event.error,
    )  # fmt: skip
