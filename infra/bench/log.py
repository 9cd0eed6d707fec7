"""The benchmarks' own Kafka client: fills topics and looks at what systems have written, without holding them up."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from schemas.errors import UserError

_BATCH_BYTES = 256 << 10
_IN_FLIGHT = 64
_READ_SECONDS = 300.0
_LOOK_SECONDS = 0.05

Offsets = dict[int, int]
"""Partition to offset."""


class Message(NamedTuple):
    """One record of a topic."""

    partition: int
    ms: int
    """The broker's timestamp."""
    key: bytes
    value: bytes


def fill(kafka: str, topic: str, messages: Iterable[tuple[int, bytes, bytes]]) -> float:
    """Append (partition, key, value), in order; returns the seconds it took."""
    begin = time.monotonic()
    asyncio.run(_fill(kafka, topic, messages))
    return time.monotonic() - begin


def ends(kafka: str, topic: str) -> Offsets:
    """Where the partitions of a topic end."""
    return asyncio.run(_ends(kafka, topic))


def committed(kafka: str, group: str, topic: str) -> int:
    """The offsets that a group has committed, added up over the partitions."""
    return asyncio.run(_committed(kafka, group, topic))


def times_of_commits(
    kafka: str, group: str, topic: str, marks: Sequence[Offsets], seconds: float, check: Callable[[], None]
) -> list[float]:
    """When a group had committed up to each of some marks, which are in order; seconds since the epoch. `check` raises
    what ends the wait; UserError where a mark is not reached within so many seconds."""
    return asyncio.run(_times_of_commits(kafka, group, topic, marks, seconds, check))


def read(kafka: str, topic: str, begin: Offsets) -> list[Message]:
    """All committed messages of a topic from `begin` on."""
    return asyncio.run(asyncio.wait_for(_read(kafka, topic, begin), _READ_SECONDS))


class Quiet:
    """Tells when a system has written all it is going to write: enough, and then nothing for a while.

    Only ends of partitions are asked for, so that looking takes no time from whoever is measured.
    """

    def __init__(self, kafka: str, topic: str, begin: Offsets, least: int, quiet_seconds: float = 3.0) -> None:
        """`least` is the smallest number of records, transaction markers included, that can be all."""
        self._kafka, self._topic, self._begin = kafka, topic, begin
        self._least, self._quiet_seconds = least, quiet_seconds
        self._last = -1
        self._since = time.monotonic()

    def __call__(self) -> bool:
        """Look once."""
        now = sum(end - self._begin.get(p, 0) for p, end in ends(self._kafka, self._topic).items())
        if now != self._last:
            self._last, self._since = now, time.monotonic()
        return now >= self._least and time.monotonic() - self._since >= self._quiet_seconds


async def _fill(kafka: str, topic: str, messages: Iterable[tuple[int, bytes, bytes]]) -> None:
    producer = AIOKafkaProducer(
        bootstrap_servers=kafka, compression_type="lz4", linger_ms=0, max_batch_size=_BATCH_BYTES, acks=1,
        max_request_size=16 << 20, request_timeout_ms=60_000,
    )  # fmt: skip
    await producer.start()
    waiting: set[asyncio.Future[Any]] = set()

    async def send(partition: int, batch: Any) -> None:
        batch.close()
        waiting.add(await producer.send_batch(batch, topic, partition=partition))
        if len(waiting) >= _IN_FLIGHT:
            done, _ = await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
            for future in done:
                future.result()
            waiting.difference_update(done)

    try:
        batches: dict[int, Any] = {}
        for partition, key, value in messages:
            batch = batches.get(partition) or batches.setdefault(partition, producer.create_batch())
            if batch.append(key=key, value=value, timestamp=None) is None:
                await send(partition, batch)
                batch = batches[partition] = producer.create_batch()
                batch.append(key=key, value=value, timestamp=None)
        for partition, batch in batches.items():
            await send(partition, batch)
        await asyncio.gather(*waiting)
    finally:
        await producer.stop()


async def _ends(kafka: str, topic: str) -> Offsets:
    async with _reader(kafka, topic) as (consumer, places):
        found = await consumer.end_offsets(places)
        return {place.partition: int(offset) for place, offset in found.items()}


async def _committed(kafka: str, group: str, topic: str) -> int:
    async with _reader(kafka, topic, group) as (consumer, places):
        return sum([await consumer.committed(place) or 0 for place in places])


async def _times_of_commits(
    kafka: str, group: str, topic: str, marks: Sequence[Offsets], seconds: float, check: Callable[[], None]
) -> list[float]:
    times: list[float] = []
    begin = time.monotonic()
    async with _reader(kafka, topic, group) as (consumer, places):
        while len(times) < len(marks):
            done = {place.partition: await consumer.committed(place) or 0 for place in places}
            while len(times) < len(marks) and all(done[p] >= end for p, end in marks[len(times)].items()):
                times.append(time.time())
            check()
            if time.monotonic() - begin > seconds:
                raise UserError(f"{topic} was not processed within {seconds:g} s")
            await asyncio.sleep(_LOOK_SECONDS)
    return times


async def _read(kafka: str, topic: str, begin: Offsets) -> list[Message]:
    async with _reader(kafka, topic) as (consumer, places):
        for place in places:
            consumer.seek(place, begin.get(place.partition, 0))
        end = await consumer.end_offsets(places)
        found: list[Message] = []
        while any([await consumer.position(place) < end[place] for place in places]):
            for place, records in (await consumer.getmany(timeout_ms=200)).items():
                found += [Message(place.partition, r.timestamp, r.key or b"", r.value or b"") for r in records]
        return found


@asynccontextmanager
async def _reader(kafka: str, topic: str, group: str | None = None) -> AsyncIterator[tuple[Any, list[TopicPartition]]]:
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka, group_id=group, isolation_level="read_committed", enable_auto_commit=False,
        auto_offset_reset="earliest", max_partition_fetch_bytes=4 << 20,
    )  # fmt: skip
    await consumer.start()
    try:
        await consumer._client.force_metadata_update()
        places = [TopicPartition(topic, p) for p in sorted(consumer.partitions_for_topic(topic) or ())]
        consumer.assign(places)
        yield consumer, places
    finally:
        await consumer.stop()
