"""The way into the log: events to `trace.events`, and how far the workers have come."""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any, Final, Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import KafkaError
from aiokafka.partitioner import DefaultPartitioner

from schemas.topics import TRACE_EVENTS, group_id
from sinks import producers
from sinks.epcis.jobs import Job
from sinks.epcis.problems import away

_PATIENCE_SECONDS: Final = 20.0
_BATCH_BYTES: Final = 1 << 20


class Log:
    """`trace.events`; an async context manager. Methods raise Problem 503 where Kafka does not answer."""

    def __init__(self, options: Mapping[str, Any], topology: str) -> None:
        """`options` are for aiokafka. To be called with the event loop running."""
        self._producer = AIOKafkaProducer(
            **options, enable_idempotence=True, acks="all", compression_type="lz4", max_batch_size=_BATCH_BYTES,
            retry_backoff_ms=500,
        )  # fmt: skip
        self._group = AIOKafkaConsumer(**options, group_id=group_id(topology), enable_auto_commit=False)
        """Only asked what the group has committed; it never joins."""

    async def __aenter__(self) -> Self:
        await self._producer.start()
        await self._group.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._group.stop()
        await producers.stop(self._producer)

    async def send(self, enterprise: str, values: Sequence[bytes], *, proceed: bool) -> Job:
        """Send the events of a request, in order. When this returns, the brokers hold them."""
        key, created = enterprise.encode(), int(time.time() * 1000)
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                partitions = sorted(await self._producer.partitions_for(TRACE_EVENTS.name))
                partition = DefaultPartitioner()(key, partitions, partitions)
                pending = []
                batch = self._producer.create_batch()
                for value in values:
                    if batch.append(timestamp=None, key=key, value=value) is None:
                        pending.append((batch, await self._submit(batch, partition)))
                        batch = self._producer.create_batch()
                        batch.append(timestamp=None, key=key, value=value)
                pending.append((batch, await self._submit(batch, partition)))
                stretches = [((await sent).offset, batch.record_count()) for batch, sent in pending]
        except (KafkaError, TimeoutError):
            raise away(
                "it is not certain that all events are in the log: send them again, a repeat counts once"
            ) from None
        if any(first < 0 for first, _ in stretches):  # a repeat within the producer, of which the broker tells no place
            raise away("the events are in the log, but nobody knows where: send them again, a repeat counts once")
        return Job(proceed, partition, created, tuple(stretches))

    async def is_archived(self, job: Job) -> bool:
        """Whether workers have committed all of a job's events: their rows are in ClickHouse before that."""
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                committed = await self._group.committed(TopicPartition(TRACE_EVENTS.name, job.partition))
        except (KafkaError, TimeoutError):
            raise away("Kafka does not say how far the workers are") from None
        return committed is not None and committed > max(job.offsets)

    async def _submit(self, batch: Any, partition: int) -> asyncio.Future[Any]:
        batch.close()
        future: asyncio.Future[Any] = await self._producer.send_batch(batch, TRACE_EVENTS.name, partition=partition)
        return future
