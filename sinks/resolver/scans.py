"""Tells the stream of every scan, and keeps nobody waiting for that."""

import asyncio
import hmac
import secrets
from collections.abc import Callable, Mapping
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from schemas.codec import encode
from schemas.topics import TRACE_EVENTS
from schemas.trace import Scan
from sinks import producers
from sinks.resolver.events import Events

_MOST_WAITING: Final = 10_000
_AGAIN_SECONDS: Final = 2.0
_DAY_SECONDS: Final = 86_400


class Scans:
    """A queue to `trace.events`. `run` has to be under way."""

    def __init__(self, options: Mapping[str, Any], events: Events) -> None:
        """`options` are for aiokafka."""
        self._options = options
        self._events = events
        self._waiting: asyncio.Queue[Scan] = asyncio.Queue(_MOST_WAITING)

    def publish(self, scan: Scan) -> None:
        """Send a scan when there is time; where Kafka has been away for too long it is dropped, and counted."""
        try:
            self._waiting.put_nowait(scan)
        except asyncio.QueueFull:
            self._events.scan("dropped")

    async def run(self) -> None:
        """Send until cancelled. What is waiting then, for a broker that is away, is dropped, and counted."""
        try:
            await self._send_all()
        finally:
            for _ in range(self._waiting.qsize()):
                self._waiting.get_nowait()
                self._events.scan("dropped")

    async def _send_all(self) -> None:
        while True:
            producer = AIOKafkaProducer(
                **self._options, enable_idempotence=True, acks="all", compression_type="lz4", linger_ms=50,
                retry_backoff_ms=500,  # at the default of 100 ms aiokafka floods the log while a broker is away
            )  # fmt: skip
            try:
                await producer.start()
                while True:
                    await self._send(producer, await self._waiting.get())
            except KafkaError as error:
                self._events.scans_held_up(error)
                await asyncio.sleep(_AGAIN_SECONDS)
            finally:
                await producers.stop(producer)

    async def _send(self, producer: AIOKafkaProducer, scan: Scan) -> None:
        try:
            sent = await producer.send(TRACE_EVENTS.name, encode(scan), key=scan.enterprise.encode())
        except (KafkaError, asyncio.CancelledError):
            self._events.scan("failed")
            raise
        sent.add_done_callback(self._sent)

    def _sent(self, future: "asyncio.Future[Any]") -> None:
        failed = future.cancelled() or future.exception() is not None
        self._events.scan("failed" if failed else "sent")


class Pseudonyms:
    """Names for those who ask that are the same within a day and mean nothing afterwards.

    The key of the day is in memory alone: after a restart the same address has another name.
    """

    def __init__(self, clock: Callable[[], float]) -> None:
        """`clock` gives seconds since the epoch."""
        self._clock = clock
        self._day = -1
        self._key = b""

    def of(self, client: str) -> str:
        """32 hexadecimal digits; empty for nobody."""
        if not client:
            return ""
        day = int(self._clock()) // _DAY_SECONDS
        if day != self._day:
            self._day, self._key = day, secrets.token_bytes(32)
        return hmac.digest(self._key, client.encode(), "sha256").hex()[:32]
