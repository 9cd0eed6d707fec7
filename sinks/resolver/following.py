"""Keeps what is known of untouched items as the archive is: all of it at first, then what is new."""

import asyncio
import time
from collections.abc import Callable, Iterator
from typing import Any, Final

import msgspec
from clickhouse_driver import Client

from schemas.codes import parse
from schemas.errors import CodeError, SinkError
from sinks.resolver.asker import Asker
from sinks.resolver.events import Events
from sinks.resolver.facts import Facts
from sinks.resolver.untouched import Happening, Untouched

_POLL_SECONDS: Final = 1.0
_BEHIND_SECONDS: Final = 5
"""Rows are seen so long after the time that they bear, as a rule; now and then what came later is looked for:"""
_FAR_BEHIND_SECONDS: Final = 600
_FAR_EVERY_SECONDS: Final = 60.0
_FRESH_SECONDS: Final = 5.0
"""What was read so long ago is not relied upon: there may have been a recall."""
_AT_ONCE: Final = 1_000
"""Rows taken before answers go on."""

_NOW: Final = "SELECT toUnixTimestamp(now())"
_EVENTS: Final = """
SELECT runs, toUnixTimestamp64Milli(ts), enterprise, type = 'ObjectEvent' AND biz_step = 'commissioning'
    AND isNull(error_at), disposition
FROM headrace_store.trace_events
WHERE topology = %(topology)s AND stored_at >= %(since)s AND runs NOT IN ('', '{}')
"""
_SCANS: Final = """
SELECT item, toUnixTimestamp64Milli(ts) FROM headrace_store.code_scans
WHERE topology = %(topology)s AND stored_at >= %(since)s AND found = 'genuine'
"""
_runs: Final = msgspec.json.Decoder(dict[str, list[int]])


class Following:
    """Reads the archive for `Untouched`. `run` has to be under way."""

    def __init__(self, connect: Callable[[], Client], topology: str, events: Events) -> None:
        self._asker = Asker(connect)
        self._topology = topology
        self._events = events
        self._untouched = Untouched()
        self._since = 0
        """From which time of storing on rows are to be read, in seconds; 0 before all were read once."""
        self._far_due = 0.0
        self._fresh_until = 0.0

    def facts(self, product: str, serial: int) -> Facts | None:
        """As `Untouched.facts`; None, too, where the archive has not been read lately."""
        return self._untouched.facts(product, serial) if time.monotonic() < self._fresh_until else None

    async def run(self) -> None:
        """Read until cancelled; where ClickHouse is away, try again."""
        try:
            while True:
                try:
                    await self.poll()
                except SinkError as error:
                    self._events.asked_in_vain("events", error)
                await asyncio.sleep(_POLL_SECONDS)
        finally:
            await self._asker.close()

    async def poll(self) -> None:
        """Read what is new. SinkError where ClickHouse does not answer, or refuses."""
        begin = time.monotonic()
        if not self._since:
            self._since = await self._asker.ask(self._read_all)
        else:
            far = begin >= self._far_due
            since = self._since - (_FAR_BEHIND_SECONDS if far else _BEHIND_SECONDS)
            found, self._since = await self._asker.ask(lambda client: _new(client, self._topology, since))
            for index, one in enumerate(found):
                self._untouched.take(one)
                if index % _AT_ONCE == _AT_ONCE - 1:
                    await asyncio.sleep(0)  # answers go on meanwhile
            if far:
                self._far_due = begin + _FAR_EVERY_SECONDS
        self._fresh_until = begin + _FRESH_SECONDS
        self._events.untouched_read(len(self._untouched))

    def _read_all(self, client: Client) -> int:
        """In the thread of the connection, as nobody is told of them before all are there."""
        [(now,)] = client.execute(_NOW)
        for one in _happenings(client, self._topology, 0):
            self._untouched.take(one)
        return int(now)


def _new(client: Client, topology: str, since: int) -> tuple[list[Happening], int]:
    """What was stored since, and from when on the next reading has to look."""
    [(now,)] = client.execute(_NOW)
    return list(_happenings(client, topology, since)), now


def _happenings(client: Client, topology: str, since: int) -> Iterator[Happening]:
    asked: dict[str, Any] = {"topology": topology, "since": since}
    for runs, ts, enterprise, made, disposition in client.execute_iter(_EVENTS, asked):
        for product, bounds in _runs.decode(runs).items():
            for first, last in zip(bounds[::2], bounds[1::2], strict=True):
                yield Happening(product, first, last, ts, enterprise, bool(made), disposition)
    for item, ts in client.execute_iter(_SCANS, asked):
        try:
            code = parse(item)
        except CodeError:
            continue
        yield Happening(code.product, code.serial, code.serial, ts, "", False, "")
