"""What the archive knows of an item, by look-ups that are shared.

A look-up costs ClickHouse about the same for one item as for several. So whatever is asked for while one is under way
waits and goes into the next one together. Nothing that was looked up is kept. Most items need no look-up: see
`sinks.resolver.untouched`.
"""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, NamedTuple

from clickhouse_driver import Client

from schemas.errors import SinkError, SinkUnavailable
from sinks.resolver.asker import Asker
from sinks.resolver.events import Events

_TOGETHER: Final = 64
"""Items in one look-up, at most."""
_GATHER_SECONDS: Final = 0.001
"""Where several asked together they come again together: the first of them is not to go alone."""
_MOST_ROWS: Final = 5_000
"""Events of the items of a look-up, and scans of them, that are fetched one by one."""
_PATIENCE_SECONDS: Final = 5.0
"""Long, for without the archive a recall is not told."""
RECALLED: Final = "recalled"
"""The disposition of what was called back."""
_PASSING: Final = ("", "in_progress", "in_transit", "returned", "container_open", "container_closed")
"""Dispositions that say where an item is on its way, and hence do not end a recall."""

# Hashes of events are left out: reading them is most of the work. Nor is anything summed up, which would take as long
# again. The last row is there because an empty answer costs the local endpoint a second query.
_ROWS: Final = """
SELECT item, toUnixTimestamp64Milli(ts), role, biz_step, disposition, error FROM headrace_store.trace_items
PREWHERE topology = %(topology)s AND item IN %(items)s
LIMIT %(most)s
UNION ALL
SELECT item, toUnixTimestamp64Milli(ts), 'scan', '', '', 0 FROM headrace_store.code_scans
PREWHERE topology = %(topology)s AND item IN %(items)s
WHERE found = 'genuine'
LIMIT %(most)s
UNION ALL
SELECT '', 0, '', '', '', 0
SETTINGS max_threads = 1, max_threads_for_indexes = 1
"""
_SUMS: Final = """
SELECT
    item,
    minIf(time, step = 'commissioning' OR made),
    argMaxIf(condition, (time, condition), condition != ''),
    argMaxIf((condition, time), (time, condition), condition NOT IN %(passing)s),
    minIf(time, step = 'retail_selling')
FROM
(
    SELECT
        item, event, enterprise, any(toUnixTimestamp64Milli(ts)) AS time, any(biz_step) AS step,
        max(role = 'output') AS made,
        if(startsWith(item, '01/'), startsWith(substring(item, 5), enterprise),
            startsWith(item, concat(enterprise, '/'))) AS own,
        anyIf(disposition, role != 'input' AND (disposition != 'recalled' OR own)) AS condition
    FROM headrace_store.trace_items
    PREWHERE topology = %(topology)s AND item IN %(items)s
    GROUP BY item, event, enterprise
    HAVING max(error) = 0
)
GROUP BY item
"""
"""Of events that whoever captured them has not declared wrong: those have a second event with the same hash. Only the
enterprise whose code it is can call an item back (see `schemas.codes.belongs_to`)."""
_SCANNED: Final = """
SELECT item, min(toUnixTimestamp64Milli(ts)) FROM headrace_store.code_scans
PREWHERE topology = %(topology)s AND item IN %(items)s
WHERE found = 'genuine'
GROUP BY item
"""


class Facts(NamedTuple):
    """What the archive knows of an item; times in epoch ms."""

    made_at: int | None = None
    disposition: str | None = None
    recalled_at: int | None = None
    sold_at: int | None = None
    scanned_at: int | None = None
    """When it was first scanned."""

    @property
    def warranty_since(self) -> int | None:
        """The first sale or scan, whichever was earlier."""
        return min((time for time in (self.sold_at, self.scanned_at) if time is not None), default=None)


class _Row(NamedTuple):
    """An event of an item, or a scan."""

    item: str
    ts: int
    role: str
    biz_step: str
    disposition: str
    error: int


class FactsOfItems:
    """Looks items up. `run` has to be under way."""

    def __init__(self, connect: Callable[[], Client], topology: str, events: Events) -> None:
        self._asker = Asker(connect)
        self._topology = topology
        self._events = events
        self._waiting: dict[str, asyncio.Future[Facts]] = {}
        self._come = asyncio.Event()

    async def of(self, item: str) -> Facts:
        """What is known of an item. SinkError where ClickHouse does not answer in time, or refuses."""
        future = self._waiting.get(item)
        if future is None:
            future = self._waiting[item] = asyncio.get_running_loop().create_future()
            future.add_done_callback(_seen)
            self._come.set()
        done, _ = await asyncio.wait((future,), timeout=_PATIENCE_SECONDS)  # not cancelled with one of those who wait
        if not done:
            raise SinkUnavailable("ClickHouse does not answer in time", _PATIENCE_SECONDS)
        return future.result()

    async def run(self) -> None:
        """Look up what is asked for, until cancelled."""
        gathered = 0
        try:
            while True:
                await self._come.wait()
                await asyncio.sleep(_GATHER_SECONDS if gathered > 1 else 0)
                items = list(self._waiting)[:_TOGETHER]
                together = {item: self._waiting.pop(item) for item in items}
                if not self._waiting:
                    self._come.clear()
                gathered = len(together)
                await self._look_up(together)
        finally:
            await self._asker.close()

    async def _look_up(self, together: dict[str, "asyncio.Future[Facts]"]) -> None:
        begin = time.perf_counter()
        try:
            found = await self._asker.ask(lambda client: ask(client, self._topology, tuple(together)))
        except SinkError as error:
            self._events.asked_in_vain("items", error)
            for future in together.values():
                future.set_exception(error)
            return
        self._events.looked_up(len(together), time.perf_counter() - begin)
        for item, future in together.items():
            future.set_result(found.get(item, Facts()))


def ask(client: Client, topology: str, items: Sequence[str]) -> dict[str, Facts]:
    """What is known of items; those that the archive has never heard of are missing."""
    asked: dict[str, Any] = {"topology": topology, "items": tuple(items), "passing": _PASSING, "most": _MOST_ROWS}
    rows = client.execute(_ROWS, asked)
    if len(rows) > _MOST_ROWS:
        return _sums(client, asked)
    by_item: dict[str, list[_Row]] = {}
    for row in rows:
        by_item.setdefault(row[0], []).append(_Row(*row))
    del by_item[""]
    doubtful = tuple(
        item for item, of_item in by_item.items() if any(row.error or row.disposition == RECALLED for row in of_item)
    )
    found = {item: _of_rows(of_item) for item, of_item in by_item.items() if item not in doubtful}
    return {**found, **_sums(client, {**asked, "items": doubtful})} if doubtful else found


def _of_rows(rows: Sequence[_Row]) -> Facts:
    """Of an item without errors and recalls."""

    def first(*times: int) -> int | None:
        return min(times, default=None)

    told = [(row.ts, row.disposition) for row in rows if row.disposition and row.role != "input"]
    return Facts(
        made_at=first(*(row.ts for row in rows if row.biz_step == "commissioning" or row.role == "output")),
        disposition=max(told)[1] if told else None,
        sold_at=first(*(row.ts for row in rows if row.biz_step == "retail_selling")),
        scanned_at=first(*(row.ts for row in rows if row.role == "scan")),
    )


def _sums(client: Client, asked: Mapping[str, Any]) -> dict[str, Facts]:
    """The same by the server: of items with errors or recalls, or with very many events or scans."""
    scanned = dict(client.execute(_SCANNED, asked))
    found = {item: Facts(scanned_at=first) for item, first in scanned.items()}
    for item, made, disposition, (condition, since), sold in client.execute(_SUMS, asked):
        found[item] = Facts(
            made_at=made or None,
            disposition=disposition or None,
            recalled_at=since if condition == RECALLED else None,
            sold_at=sold or None,
            scanned_at=scanned.get(item),
        )
    return found


def _seen(future: "asyncio.Future[Facts]") -> None:
    """Whoever asked may have gone: that is no error that nobody has looked at."""
    if not future.cancelled():
        future.exception()
