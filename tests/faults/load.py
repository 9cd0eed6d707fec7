"""A load that goes on whatever breaks: disordered events at a steady rate, from a thread of its own."""

import asyncio
import threading
import time
from typing import Any

from aiokafka import AIOKafkaProducer

from tests.end_to_end.test_exactly_once import endless

RATE = 6_000
"""Events per second that are meant to be sent; 5,000 is what has to be held."""
_TICK_SECONDS = 0.05


class Load:
    """Sends from `start` to `stop`. What it has sent is in the log, once: its producer is idempotent."""

    def __init__(self, kafka: str, topic: str, rate: int = RATE) -> None:
        self._kafka = kafka
        self._topic = topic
        self._rate = rate
        self._events = endless()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._run()), name="load")
        self._ending = threading.Event()
        self._error: BaseException | None = None
        self.sent = 0
        self.seconds = 0.0
        self._begin = time.monotonic()

    def start(self) -> "Load":
        """Begin to send; returns when the first events are in the log."""
        self._thread.start()
        while not self.sent and self._thread.is_alive():
            time.sleep(0.01)
        return self

    @property
    def behind(self) -> int:
        """Events that should have been sent by now, and could not."""
        return int((time.monotonic() - self._begin) * self._rate) - self.sent

    def stop(self) -> int:
        """Stop when what was sent is in the log; gives the rate held, events per second."""
        self._ending.set()
        self._thread.join()
        if self._error is not None:
            raise self._error
        return int(self.sent / self.seconds)

    async def _run(self) -> None:
        try:
            await self._send_all()
        except BaseException as error:
            self._error = error

    async def _send_all(self) -> None:
        producer = AIOKafkaProducer(
            bootstrap_servers=self._kafka, enable_idempotence=True, linger_ms=5, compression_type="lz4",
            request_timeout_ms=120_000, max_batch_size=64 << 10,
        )  # fmt: skip
        await producer.start()
        waiting: set[asyncio.Future[Any]] = set()
        self._begin = time.monotonic()
        while not self._ending.is_set():
            for _ in range(min(self.behind, self._rate)):
                for partition, value in next(self._events):
                    waiting.add(await producer.send(self._topic, value, key=b"s/a", partition=partition))
                    self.sent += 1
            waiting = {future for future in waiting if not future.done() or future.result() is None}
            await asyncio.sleep(_TICK_SECONDS)
        await asyncio.gather(*waiting)
        self.seconds = time.monotonic() - self._begin
        await producer.stop()
