"""Reading chunks from a real broker."""

import asyncio
import gc
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, ConsumerRebalanceListener
from aiokafka.consumer.fetcher import PartitionRecords
from kafka import KafkaAdminClient
from kafka.admin import NewTopic

from infra.bench import log
from infra.local.stack import Stack
from schemas.topics import TRACE_EVENTS
from streams.chunk import Chunk
from streams.compute.engine import untimed
from streams.log_reader import LogReader
from tests.end_to_end.plant import delete_topics


class _From(ConsumerRebalanceListener):  # type: ignore[misc]
    """Reads what is assigned from an offset on."""

    reader: LogReader

    def __init__(self, offset: int) -> None:
        self._offset = offset

    async def on_partitions_revoked(self, revoked: Any) -> None:
        pass

    async def on_partitions_assigned(self, assigned: Any) -> None:
        for where in assigned:
            self.reader.read_from(where.topic, where.partition, self._offset)


@pytest.fixture
def trace_events(stack: Stack) -> Iterator[str]:
    """The topic, new; gone afterwards."""
    delete_topics(stack.kafka)
    topic = NewTopic(TRACE_EVENTS.name, 1, 1, topic_configs={"message.timestamp.type": "LogAppendTime"})
    with closing(KafkaAdminClient(bootstrap_servers=stack.kafka)) as admin:
        admin.create_topics([topic])
    yield topic.name
    delete_topics(stack.kafka)


def read(stack: Stack, topic: str, begin: int, end: int) -> list[Chunk]:
    """The chunks of a topic between two offsets."""

    async def run() -> list[Chunk]:
        listener = _From(begin)
        options = {"bootstrap_servers": [stack.kafka]}
        listener.reader = LogReader(options, f"log-reader-{topic}", None, 10_000, untimed)
        await listener.reader.start([topic], listener)
        found: list[Chunk] = []
        while not found or found[-1].end < end:
            found += (await listener.reader.next_chunks())[0]
        await listener.reader.stop()
        return found

    return asyncio.run(asyncio.wait_for(run(), 120))


def test_what_takes_long_to_process_comes_in_small_chunks_without_gaps(stack: Stack, trace_events: str) -> None:
    log.fill(stack.kafka, trace_events, ((0, b"k", b"%08d" % number * 2_000) for number in range(500)))
    chunks = read(stack, trace_events, 0, 500)
    assert [chunk.values[0][:8] for chunk in chunks] == [b"%08d" % chunk.begin for chunk in chunks]
    assert [chunk.begin for chunk in chunks] == [0, *(chunk.end for chunk in chunks[:-1])]
    assert chunks[-1].end == 500
    # A chunk ends with the batch that fills it, which has 256 KiB here, too.
    assert max(sum(map(len, chunk.values)) for chunk in chunks) <= 2 * (256 << 10)
    assert len(chunks) > 15


def test_what_was_fetched_goes_when_it_has_been_read_and_does_not_wait_for_the_garbage_collector(
    stack: Stack, trace_events: str
) -> None:
    log.fill(stack.kafka, trace_events, ((0, b"k", b"%08d" % number * 2_000) for number in range(500)))
    gc.collect()
    gc.disable()
    try:
        read(stack, trace_events, 0, 500)
        assert not [kept for kept in gc.get_objects() if isinstance(kept, PartitionRecords)]
    finally:
        gc.enable()


def test_what_was_aborted_and_what_comes_before_the_offset_is_not_read(stack: Stack, trace_events: str) -> None:
    """Offsets 0 to 4, a marker, 6 to 10 aborted, a marker, 12 to 16, a marker."""

    async def send() -> None:
        async with AIOKafkaProducer(bootstrap_servers=stack.kafka, transactional_id="log-reader") as producer:
            for first in (0, 6, 12):
                await producer.begin_transaction()
                sent = [await producer.send(trace_events, b"%d" % (first + n), None, 0) for n in range(4)]
                sent.append(await producer.send(trace_events, None, b"k", 0))
                await asyncio.gather(*sent)
                await (producer.abort_transaction() if first == 6 else producer.commit_transaction())

    asyncio.run(send())
    for begin in (0, 3, 12, 14):
        chunks = read(stack, trace_events, begin, 18)
        offsets = [offset for chunk in chunks for offset in chunk.offsets.tolist()]
        assert offsets == [offset for offset in (*range(5), *range(12, 17)) if offset >= begin]
        assert [chunk.begin for chunk in chunks] == [begin, *(chunk.end for chunk in chunks[:-1])]
        values = [value for chunk in chunks for value in chunk.values]
        keys = [key for chunk in chunks for key in chunk.keys]
        assert values == [b"" if offset in (4, 16) else b"%d" % offset for offset in offsets]
        assert keys == [b"k" if offset in (4, 16) else b"" for offset in offsets]
