"""Keeps what is known of untouched items as the archive is: all of it at first, then what is new."""

import asyncio
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import islice
from typing import Any, Final

import msgspec
from clickhouse_driver import Client

from schemas.codes import TAIL, serial_of
from schemas.errors import SinkRejected
from sinks.resolver.asker import Asker
from sinks.resolver.enterprises import Enterprises
from sinks.resolver.events import Events
from sinks.resolver.facts import Facts
from sinks.resolver.polling import NOW, every
from sinks.resolver.untouched import Happening, Untouched

_POLL_SECONDS: Final = 1.0
_BEHIND_SECONDS: Final = 5
"""Rows are seen so long after the time that they bear, as a rule; every minute what came later is looked for:"""
_FAR_BEHIND_SECONDS: Final = 120
_FAR_EVERY_SECONDS: Final = 60.0
_FRESH_SECONDS: Final = 5.0
"""What was read so long ago is not relied upon: there may have been a recall."""
_AT_ONCE: Final = 500
"""Happenings taken before answers go on; and rows of a block, for a block is unpacked in one go."""
_BREATH_SECONDS: Final = 0.02
"""Between pieces of what came later, which may be much and is not urgent."""

# An account that has columns alone is refused their subcolumns, which the engine would read in place of some.
_BLIND: Final = """
SELECT toUnixTimestamp64Milli(max(toDateTime64(stored_at, 3))) FROM headrace_store.trace_events
WHERE topology = %(topology)s AND runs = ''
SETTINGS optimize_functions_to_subcolumns = 0
"""
_EVENTS: Final = """
SELECT runs, toUnixTimestamp64Milli(ts), enterprise,
    type = 'ObjectEvent' AND biz_step = 'commissioning' AND isNull(error_at), disposition
FROM headrace_store.trace_events
WHERE topology = %(topology)s AND stored_at >= %(since)s AND runs NOT IN ('', '{}')
SETTINGS optimize_functions_to_subcolumns = 0, max_block_size = %(at_once)s
"""
_SCANS: Final = """
SELECT product, substring(item, -%(tail)s) FROM headrace_store.code_scans
WHERE topology = %(topology)s AND stored_at >= %(since)s AND found = 'genuine'
SETTINGS max_block_size = %(at_once)s
"""
_runs: Final = msgspec.json.Decoder(dict[str, list[int]])


class Following:
    """Reads the archive for `Untouched`. `run` has to be under way."""

    def __init__(self, connect: Callable[[], Client], topology: str, enterprises: Enterprises, events: Events) -> None:
        self._asker, self._late_asker = Asker(connect), Asker(connect)
        self._topology = topology
        self._events = events
        self._untouched = Untouched(enterprises)
        self._blind_until = 0
        """Events of a version that did not write runs were stored until then, epoch ms."""
        self._since = 0
        """Up to which time of storing rows were read, in seconds; 0 before all were read once."""
        self._late_since = 0
        """The same, for rows that are seen late."""
        self._fresh_until = 0.0

    def facts(self, product: str, serial: int) -> Facts | None:
        """As `Untouched.facts`; None, too, where the archive has not been read lately."""
        return self._untouched.facts(product, serial) if time.monotonic() < self._fresh_until else None

    async def run(self) -> None:
        """Read until cancelled; where ClickHouse is away, try again."""
        failed = partial(self._events.asked_in_vain, "events")
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(every(_POLL_SECONDS, self.poll, failed))
                group.create_task(every(_FAR_EVERY_SECONDS, self.look_back, failed))
        finally:
            await self.close()

    async def close(self) -> None:
        """Hang up."""
        await self._asker.close()
        await self._late_asker.close()

    async def poll(self) -> None:
        """Read what is new. SinkError where ClickHouse does not answer, or refuses."""
        if not self._since:
            self._blind_until = await self._ask(_BLIND)
            now = await self._ask(NOW)
            await self._read(self._asker, 0)
            self._since = self._late_since = now
        begin = time.monotonic()
        now = await self._ask(NOW)
        await self._read(self._asker, self._since - _BEHIND_SECONDS)
        self._since, self._fresh_until = now, begin + _FRESH_SECONDS
        self._events.untouched_read(len(self._untouched))

    async def look_back(self) -> None:
        """Read what was seen late. SinkError as `poll`."""
        if now := self._since:
            await self._read(self._late_asker, self._late_since - _FAR_BEHIND_SECONDS, _BREATH_SECONDS)
            self._late_since = now

    async def _ask(self, query: str) -> int:
        [(number,)] = await self._asker.ask(lambda client: client.execute(query, {"topology": self._topology}))
        return int(number)

    async def _read(self, asker: Asker, since: int, pause: float = 0) -> None:
        """Take what was stored since, a piece at a time."""
        found = await asker.ask(lambda client: self._happenings(client, since))
        while piece := await asker.ask(lambda _: list(islice(found, _AT_ONCE))):
            for one in piece:
                self._untouched.take(one)
            await asyncio.sleep(pause)

    def _happenings(self, client: Client, since: int) -> Iterator[Happening]:
        """SinkRejected for what no worker has written."""
        asked: dict[str, Any] = {"topology": self._topology, "since": since, "tail": TAIL, "at_once": _AT_ONCE}
        try:
            for runs, ts, enterprise, made, disposition in client.execute_iter(_EVENTS, asked):
                made = bool(made) and ts > self._blind_until
                for product, bounds in _runs.decode(runs).items():
                    for first, last in zip(bounds[::2], bounds[1::2], strict=True):
                        yield Happening(product, first, last, ts, enterprise, made, disposition)
            for product, tail in client.execute_iter(_SCANS, asked):
                serial = serial_of(tail)
                yield Happening(product, serial, serial)
        except ValueError as error:  # those of msgspec, too
            raise SinkRejected(f"codes in the archive cannot be read: {error}") from None
