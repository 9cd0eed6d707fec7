"""What the archive knows of an item, by look-ups that are shared.

A look-up costs ClickHouse about the same for one item as for several. So whatever is asked for while one is under way
waits and goes into the next one together. Nothing is cached: a recall has to show at once.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from clickhouse_driver import Client

from schemas.errors import SinkError, SinkUnavailable
from sinks.resolver.asker import Asker
from sinks.resolver.events import Events

_TOGETHER: Final = 64
"""Items in one look-up, at most."""
_PATIENCE_SECONDS: Final = 2.0
_PASSING: Final = ("", "in_progress", "in_transit", "returned", "container_open", "container_closed")
"""Dispositions that say where an item is on its way, and hence do not end a recall."""

# Columns of hashes and the like are left out where they are not needed: reading them is most of the work.
_FACTS: Final = """
SELECT
    item,
    minIf(toUnixTimestamp64Milli(ts), biz_step = 'commissioning' OR role = 'output'),
    argMaxIf(disposition, (ts, disposition), role != 'input' AND disposition != ''),
    argMaxIf((disposition, toUnixTimestamp64Milli(ts)), (ts, disposition),
             role != 'input' AND disposition NOT IN %(passing)s),
    minIf(toUnixTimestamp64Milli(ts), biz_step = 'retail_selling'),
    max(error)
FROM headrace_store.trace_items
PREWHERE topology = %(topology)s AND item IN %(items)s
GROUP BY item
SETTINGS max_threads = 1
"""
_SCANNED: Final = """
SELECT item, min(toUnixTimestamp64Milli(ts)) FROM headrace_store.code_scans
PREWHERE topology = %(topology)s AND item IN %(items)s WHERE found = 'genuine'
GROUP BY item
SETTINGS max_threads = 1
"""
_WITHOUT_ERRORS: Final = """
SELECT
    item,
    minIf(time, step = 'commissioning' OR made),
    argMaxIf(condition, (time, condition), condition != ''),
    argMaxIf((condition, time), (time, condition), condition NOT IN %(passing)s),
    minIf(time, step = 'retail_selling'),
    0
FROM
(
    SELECT
        item, event, any(toUnixTimestamp64Milli(ts)) AS time, any(biz_step) AS step, max(role = 'output') AS made,
        anyIf(disposition, role != 'input') AS condition
    FROM headrace_store.trace_items
    PREWHERE topology = %(topology)s AND item IN %(items)s
    GROUP BY item, event
    HAVING max(error) = 0
)
GROUP BY item
SETTINGS max_threads = 1
"""
"""The same of events that nobody has declared wrong: those have a second event with the same hash."""


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


class Archive:
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
        try:
            while True:
                await self._come.wait()
                items = list(self._waiting)[:_TOGETHER]
                together = {item: self._waiting.pop(item) for item in items}
                if not self._waiting:
                    self._come.clear()
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
    asked: dict[str, Any] = {"topology": topology, "items": tuple(items), "passing": _PASSING}
    rows = client.execute(_FACTS, asked)
    doubtful = tuple(row[0] for row in rows if row[-1])
    if doubtful:
        rows = [row for row in rows if not row[-1]]
        rows += client.execute(_WITHOUT_ERRORS, {**asked, "items": doubtful})
    scanned = dict(client.execute(_SCANNED, asked))
    found = {item: Facts(scanned_at=first) for item, first in scanned.items()}
    for item, made, disposition, (condition, since), sold, _ in rows:
        found[item] = Facts(
            made_at=made or None,
            disposition=disposition or None,
            recalled_at=since if condition == "recalled" else None,
            sold_at=sold or None,
            scanned_at=scanned.get(item),
        )
    return found


def _seen(future: "asyncio.Future[Facts]") -> None:
    """Whoever asked may have gone: that is no error that nobody has looked at."""
    if not future.cancelled():
        future.exception()
