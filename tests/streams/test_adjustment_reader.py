"""Reading commands from a real broker."""

import asyncio
import time
from collections.abc import Iterator

import pytest
from aiokafka import AIOKafkaProducer
from kafka import KafkaAdminClient
from kafka.admin import NewTopic

from infra.local.ports import free_ports
from infra.local.stack import Stack
from schemas.errors import UserError
from schemas.topics import PROCESS_ACKS, PROCESS_ADJUSTMENTS
from streams.adjustment_reader import AdjustmentReader
from tests.end_to_end.plant import delete_topics

TOPIC = PROCESS_ADJUSTMENTS.name


@pytest.fixture
def kafka(stack: Stack) -> Iterator[str]:
    """A broker that has the topics of the process."""
    delete_topics(stack.kafka)
    create(stack.kafka, TOPIC, PROCESS_ACKS.name)
    yield stack.kafka
    delete_topics(stack.kafka)


def create(kafka: str, *names: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    admin.create_topics([NewTopic(name, 2, 1) for name in names])
    admin.close()


def reader(kafka: str) -> AdjustmentReader:
    return AdjustmentReader({"bootstrap_servers": [kafka]})


async def read(reader: AdjustmentReader, number: int) -> list[bytes]:
    """As many messages as asked for."""
    found: list[bytes] = []
    deadline = time.monotonic() + 30
    while len(found) < number and time.monotonic() < deadline:
        found += await reader.newest()
        await asyncio.sleep(0.02)
    return found


def test_it_reads_what_is_committed_from_now_on_and_each_message_once(kafka: str) -> None:
    async def run() -> tuple[list[bytes], list[bytes]]:
        async with AIOKafkaProducer(bootstrap_servers=kafka, acks="all") as producer:
            for partition in (0, 1):
                await producer.send_and_wait(TOPIC, b"before", partition=partition)
        async with AIOKafkaProducer(bootstrap_servers=kafka, transactional_id="controller") as producer:
            return await command(producer)

    async def command(producer: AIOKafkaProducer) -> tuple[list[bytes], list[bytes]]:
        async with reader(kafka) as now:
            await producer.begin_transaction()
            await producer.send_and_wait(TOPIC, b"taken back", partition=0)
            await producer.abort_transaction()
            async with producer.transaction():
                await producer.send_and_wait(TOPIC, b"one", partition=0)
                await producer.send_and_wait(TOPIC, None, b"a tombstone", partition=1)
                await producer.send_and_wait(TOPIC, b"two", partition=1)
            found = await read(now, 3)
            async with producer.transaction():
                await producer.send_and_wait(TOPIC, b"three", partition=0)
            later = await read(now, 1)
        return found, later

    found, later = asyncio.run(run())
    assert sorted(found) == [b"", b"one", b"two"]
    assert later == [b"three"]


@pytest.mark.parametrize("there", [[], [TOPIC], [PROCESS_ACKS.name]])
def test_a_topic_that_is_missing_is_named(stack: Stack, there: list[str]) -> None:
    delete_topics(stack.kafka)
    if there:
        create(stack.kafka, *there)

    async def run() -> None:
        async with reader(stack.kafka):
            pass

    missing = ", ".join(name for name in (TOPIC, PROCESS_ACKS.name) if name not in there)
    with pytest.raises(UserError) as told:
        asyncio.run(run())
    assert str(told.value) == f"Kafka at {stack.kafka} has no topic {missing}: run `headrace topology apply`"


def test_a_broker_that_is_not_there_is_told() -> None:
    async def run() -> None:
        async with reader(f"127.0.0.1:{next(free_ports())}"):
            pass

    with pytest.raises(UserError, match="no Kafka broker answers at"):
        asyncio.run(run())
