"""Keeps the register as the tables are: all of it at first, then what is new."""

import asyncio
import time
from collections.abc import Callable
from functools import partial
from typing import Final

from clickhouse_driver import Client

from sinks.resolver.asker import Asker
from sinks.resolver.events import Events
from sinks.resolver.polling import NOW, every
from sinks.resolver.register import Minted, Register, Voided

_POLL_SECONDS: Final = 1.0
_BEHIND_SECONDS: Final = 60
"""Rows may be seen so long after the time that they bear: servers' clocks, replicas, long inserts."""
_ALL_SECONDS: Final = 600.0
"""From time to time everything is read again, for rows that came later still."""
_FRESH_SECONDS: Final = 30.0
"""What was read so long ago is told as such: codes may have been voided."""
_MINTED: Final = """
SELECT product, first, last, toUnixTimestamp64Milli(ts), key FROM headrace_store.code_ranges
WHERE topology = %(topology)s AND stored_at >= %(since)s ORDER BY product, first
"""
_VOIDED: Final = """
SELECT product, first, last, toUnixTimestamp64Milli(ts), reason FROM headrace_store.code_voids
WHERE topology = %(topology)s AND stored_at >= %(since)s ORDER BY product, first, ts
"""
_ONE: Final = """
SELECT product, first, last, toUnixTimestamp64Milli(ts), key FROM headrace_store.code_ranges
WHERE topology = %(topology)s AND product = %(product)s AND first <= %(serial)s AND last >= %(serial)s LIMIT 1
"""


class Reading:
    """Reads the tables for a register."""

    def __init__(self, register: Register, connect: Callable[[], Client], topology: str, events: Events) -> None:
        self._register = register
        self._asker = Asker(connect)
        self._topology = topology
        self._events = events
        self._since = 0
        """From which time of storing on rows are to be read, in seconds."""
        self._all_due = self._fresh_until = 0.0
        self.known = False
        """Whether everything was read once."""

    @property
    def is_fresh(self) -> bool:
        """Whether the tables were read lately."""
        return time.monotonic() < self._fresh_until

    async def run(self) -> None:
        """Read until cancelled; where ClickHouse is away, try again."""
        try:
            await every(_POLL_SECONDS, self.poll, partial(self._events.asked_in_vain, "ranges"))
        finally:
            await self._asker.close()

    async def poll(self) -> None:
        """Read what is new. SinkError where ClickHouse does not answer, or refuses."""
        now = time.monotonic()
        since = self._since
        if now >= self._all_due:  # once: where that is too much, what is new is read all the same
            since, self._all_due = 0, now + _ALL_SECONDS
        asked = {"topology": self._topology, "since": since}
        minted, voided, self._since = await self._asker.ask(lambda client: _read(client, asked))
        for index, row in enumerate(minted):
            self._register.take_minted(row)
            if index % 1000 == 999:
                await asyncio.sleep(0)  # answers go on meanwhile
        for index, void in enumerate(voided):
            self._register.take_voided(void)
            if index % 1000 == 999:
                await asyncio.sleep(0)
        self._fresh_until = now + _FRESH_SECONDS
        self.known = True
        self._events.register_read(len(self._register))

    async def minted(self, product: str, serial: int) -> tuple[int, str] | None:
        """As `Register.minted`, asked for where it is not known yet. SinkError as `poll`."""
        if (known := self._register.minted(product, serial)) is not None:
            return known
        asked = {"topology": self._topology, "product": product, "serial": serial}
        for row in await self._asker.ask(lambda client: client.execute(_ONE, asked)):
            self._register.take_minted(Minted(*row))
        return self._register.minted(product, serial)


def _read(client: Client, asked: dict[str, object]) -> tuple[list[Minted], list[Voided], int]:
    """What is new, and from when on the next reading has to look."""
    [(now,)] = client.execute(NOW)
    minted = [Minted(*row) for row in client.execute(_MINTED, asked)]
    return minted, [Voided(*row) for row in client.execute(_VOIDED, asked)], now - _BEHIND_SECONDS
