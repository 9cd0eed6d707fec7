"""Reading chunks from a real broker."""

import asyncio
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
from aiokafka import ConsumerRebalanceListener
from kafka import KafkaAdminClient
from kafka.admin import NewTopic

from infra.bench import log
from infra.local.stack import Stack
from schemas.topics import TRACE_EVENTS
from streams.chunk import Chunk
from streams.compute.engine import untimed
from streams.log_reader import LogReader
from tests.end_to_end.plant import delete_topics


class _FromTheBeginning(ConsumerRebalanceListener):  # type: ignore[misc]
    """Reads what is assigned from offset 0 on."""

    reader: LogReader

    async def on_partitions_revoked(self, revoked: Any) -> None:
        pass

    async def on_partitions_assigned(self, assigned: Any) -> None:
        for where in assigned:
            self.reader.read_from(where.topic, where.partition, 0)


@pytest.fixture
def trace_events(stack: Stack) -> Iterator[str]:
    """The topic, new; gone afterwards."""
    delete_topics(stack.kafka)
    topic = NewTopic(TRACE_EVENTS.name, 1, 1, topic_configs={"message.timestamp.type": "LogAppendTime"})
    with closing(KafkaAdminClient(bootstrap_servers=stack.kafka)) as admin:
        admin.create_topics([topic])
    yield topic.name
    delete_topics(stack.kafka)


def read(stack: Stack, topic: str, size: int, count: int) -> list[Chunk]:
    """The chunks of a topic that gets so many values of a size."""
    log.fill(stack.kafka, topic, ((0, b"k", b"%08d" % number * (size // 8)) for number in range(count)))

    async def run() -> list[Chunk]:
        listener = _FromTheBeginning()
        options = {"bootstrap_servers": [stack.kafka]}
        listener.reader = LogReader(options, f"log-reader-{topic}", None, 10_000, untimed)
        await listener.reader.start([topic], listener)
        found: list[Chunk] = []
        while sum(len(chunk.values) for chunk in found) < count:
            found += (await listener.reader.next_chunks())[0]
        await listener.reader.stop()
        return found

    return asyncio.run(asyncio.wait_for(run(), 120))


def test_what_takes_long_to_process_comes_in_small_chunks_without_gaps(stack: Stack, trace_events: str) -> None:
    chunks = read(stack, trace_events, 16_000, 500)
    assert [chunk.values[0][:8] for chunk in chunks] == [b"%08d" % chunk.begin for chunk in chunks]
    assert [chunk.begin for chunk in chunks] == [0, *(chunk.end for chunk in chunks[:-1])]
    assert chunks[-1].end == 500
    # A chunk ends with the batch that fills it, which has 256 KiB here, too.
    assert max(sum(map(len, chunk.values)) for chunk in chunks) <= 2 * (256 << 10)
    assert len(chunks) > 15
