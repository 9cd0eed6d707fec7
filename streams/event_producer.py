"""Events into Kafka, many at a time: what `replay` and `simulate` send with.

aiokafka's `send` costs a future and 20 µs per message; this fills record batches itself and submits each as one.
"""

import asyncio
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.partitioner import DefaultPartitioner

from schemas.errors import UserError
from sinks import producers
from streams import login

Record = tuple[bytes, bytes]
"""Key (`site/asset`) and value of one message."""

_BATCH_BYTES: Final = 256 * 1024
_BATCHES_IN_FLIGHT: Final = 64


class EventProducer:
    """Sends events, each exactly once and in order within its key; an async context manager.

    Idempotent, `acks=all`, lz4. A key goes to the partition that Java's producer would choose (murmur2). Leaving the
    context waits for every acknowledgement. aiokafka's idempotent producer repeats a batch for ever, so the patience
    with a broker that is away is `timeout` seconds without any acknowledgement.

    Every method raises UserError where Kafka cannot be reached, refuses events or stays silent for too long.
    """

    def __init__(self, options: Mapping[str, Any], timeout: float = 30.0) -> None:
        """`options` are `Settings.client_options()`. To be called with the event loop running."""
        self._options = dict(options)
        self._servers = ",".join(options["bootstrap_servers"])
        self._timeout = timeout
        self._producer = AIOKafkaProducer(
            **options,
            enable_idempotence=True,
            acks="all",
            compression_type="lz4",
            max_batch_size=_BATCH_BYTES,
            request_timeout_ms=int(timeout * 1000),
            retry_backoff_ms=500,  # at the default of 100 ms aiokafka floods the log while a broker is away
        )
        self._partitions: dict[str, _Partitions] = {}
        self._pending: set[asyncio.Future[Any]] = set()
        self._failure: BaseException | None = None
        self.sent = 0
        """Events handed over so far."""
        self.acknowledged = 0
        """Events that the brokers hold for certain."""

    async def __aenter__(self) -> Self:
        try:
            async with asyncio.timeout(self._timeout):
                await self._producer.start()
        except (KafkaError, TimeoutError) as error:
            await producers.stop(self._producer)
            await login.answering(self._options)  # says why, where it can be told
            raise UserError(f"cannot reach Kafka at {self._servers}: {_first_line(error)}") from None
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if error is None or isinstance(error, asyncio.CancelledError):
                await self.flush()
        finally:
            await producers.stop(self._producer)

    async def send(self, topic: str, records: Sequence[Record]) -> None:
        """Hand `records` over in their order; waits only where the brokers do not keep up."""
        partitions = self._partitions.get(topic) or await self._look_up(topic)
        batches: dict[int, Any] = {}
        for key, value in records:
            partition = partitions[key]
            batch = batches.get(partition)
            if batch is not None and batch.append(timestamp=None, key=key, value=value) is not None:
                continue
            if batch is not None:
                await self._submit(topic, partition, batch)
            batch = batches[partition] = self._producer.create_batch()
            batch.append(timestamp=None, key=key, value=value)  # the first of a batch fits, whatever its size
        for partition, batch in batches.items():
            await self._submit(topic, partition, batch)

    async def flush(self) -> None:
        """Wait until every event is acknowledged."""
        await self._wait_while_more_than(0)
        self._check()

    async def _submit(self, topic: str, partition: int, batch: Any) -> None:
        self._check()
        try:
            future = await self._producer.send_batch(batch, topic, partition=partition)
        except KafkaError as error:
            raise self._refused(error) from None
        count = batch.record_count()
        self.sent += count
        self._pending.add(future)
        future.add_done_callback(lambda done: self._finish(done, count))
        await self._wait_while_more_than(_BATCHES_IN_FLIGHT)

    def _finish(self, future: asyncio.Future[Any], count: int) -> None:
        self._pending.discard(future)
        error = asyncio.CancelledError() if future.cancelled() else future.exception()
        if error is None:
            self.acknowledged += count
        else:
            self._failure = self._failure or error

    async def _wait_while_more_than(self, most: int) -> None:
        while len(self._pending) > most and self._failure is None:
            done, _ = await asyncio.wait(self._pending, timeout=self._timeout, return_when=asyncio.FIRST_COMPLETED)
            if not done:
                raise self._refused(TimeoutError(f"no acknowledgement for {self._timeout:.0f} s"))

    async def _look_up(self, topic: str) -> "_Partitions":
        try:
            cluster = await self._producer.client.fetch_all_metadata()
        except KafkaError as error:
            raise self._refused(error) from None
        numbers = cluster.partitions_for_topic(topic)
        if not numbers:
            raise UserError(f"Kafka at {self._servers} has no topic {topic}: run `headrace topology apply`")
        self._partitions[topic] = _Partitions(sorted(numbers))
        return self._partitions[topic]

    def _check(self) -> None:
        if self._failure is not None:
            raise self._refused(self._failure)

    def _refused(self, error: BaseException) -> UserError:
        return UserError(
            f"Kafka at {self._servers} does not take the events: {_first_line(error)} "
            f"({self.acknowledged} of {self.sent} sent are acknowledged)"
        )


class _Partitions(dict[bytes, int]):
    """The partition of each key of one topic, computed once: murmur2 in Python is slow."""

    def __init__(self, numbers: list[int]) -> None:
        super().__init__()
        self._numbers = numbers

    def __missing__(self, key: bytes) -> int:
        partition: int = DefaultPartitioner()(key, self._numbers, self._numbers)
        self[key] = partition
        return partition


def _first_line(error: BaseException) -> str:
    return (str(error) or type(error).__name__).splitlines()[0]
