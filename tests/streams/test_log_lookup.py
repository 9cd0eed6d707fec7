"""Look-ups in the log of a real broker."""

import asyncio
from collections.abc import Sequence
from itertools import count
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, TopicPartition
from kafka import KafkaAdminClient
from kafka import TopicPartition as Place
from kafka.admin import NewTopic

from infra.local.ports import free_ports
from infra.local.stack import Stack
from schemas.errors import UserError
from streams import log_lookup
from streams.log_lookup import LogLookup

_number = count()


def new_topic(stack: Stack) -> TopicPartition:
    name = f"test.log-lookup.{next(_number)}"
    admin = KafkaAdminClient(bootstrap_servers=stack.kafka)
    admin.create_topics([NewTopic(name, 1, 1)])
    admin.close()
    return TopicPartition(name, 0)


def options(stack: Stack) -> dict[str, Any]:
    return {"bootstrap_servers": [stack.kafka]}


async def append(producer: AIOKafkaProducer, place: TopicPartition, numbers: Sequence[int], **more: Any) -> None:
    sent = [await producer.send(place.topic, b"%d" % number, partition=place.partition, **more) for number in numbers]
    await asyncio.gather(*sent)


def test_records_are_found_at_their_offsets_and_neighbours_are_not_sought_one_by_one(stack: Stack) -> None:
    place = new_topic(stack)

    async def run() -> tuple[list[tuple[int, bytes | None]], list[int]]:
        async with AIOKafkaProducer(**options(stack), linger_ms=5) as producer:
            await append(producer, place, range(12_000), headers=[("padding", b"x" * 1_000)])
        sought: list[int] = []
        async with LogLookup(options(stack)) as log:
            seek = log._consumer.seek
            log._consumer.seek = lambda place, offset: (sought.append(offset), seek(place, offset))  # type: ignore[method-assign]
            wanted = [*range(5, 3_000, 3), 11_000, 11_001, 11_999, 12_000, 12_345]
            return [(at, record and record.value) async for at, record in log.at(place, wanted)], sought

    found, sought = asyncio.run(run())
    wanted = [*range(5, 3_000, 3), 11_000, 11_001, 11_999]
    assert found == [*((offset, b"%d" % offset) for offset in wanted), (12_000, None), (12_345, None)]
    assert sought == [5, 11_000]


def test_what_was_deleted_or_never_committed_is_not_there(stack: Stack) -> None:
    place = new_topic(stack)

    async def run() -> tuple[list[tuple[int, bytes | None]], list[bytes]]:
        async with AIOKafkaProducer(**options(stack), transactional_id="test.log-lookup") as producer:
            for commits, numbers in ((True, (0, 1)), (False, (3, 4)), (True, (6, 7))):
                await producer.begin_transaction()
                await append(producer, place, numbers)
                await (producer.commit_transaction() if commits else producer.abort_transaction())
        admin = KafkaAdminClient(bootstrap_servers=stack.kafka)
        admin.delete_records({Place(*place): 1})
        admin.close()
        async with LogLookup(options(stack)) as log:
            found = [(at, record and record.value) async for at, record in log.at(place, range(10))]
            return found, [record.value async for record in log.everything([place])]

    found, everything = asyncio.run(run())
    there = {1: b"1", 6: b"6", 7: b"7"}
    assert sorted(found) == [(offset, there.get(offset)) for offset in range(10)]
    assert everything == [b"1", b"6", b"7"]


def test_the_end_of_an_open_transaction_is_waited_for(stack: Stack) -> None:
    place = new_topic(stack)

    async def run() -> list[bytes]:
        async with (
            AIOKafkaProducer(**options(stack), transactional_id="test.log-lookup.open") as still_open,
            AIOKafkaProducer(**options(stack), transactional_id="test.log-lookup.done") as done,
            LogLookup(options(stack)) as log,
        ):
            await still_open.begin_transaction()
            await append(still_open, place, [1])
            async with done.transaction():
                await append(done, place, [2])

            async def read() -> list[bytes]:
                return [record.value async for record in log.everything([place])]

            reading = asyncio.create_task(read())
            await asyncio.sleep(0.5)
            assert not reading.done()
            await still_open.abort_transaction()
            return await reading

    assert asyncio.run(run()) == [b"2"]


def test_a_transaction_that_never_ends_is_not_waited_for_without_end(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = new_topic(stack)
    monkeypatch.setattr(log_lookup, "_PATIENCE_SECONDS", 0.3)

    async def run() -> None:
        async with (
            AIOKafkaProducer(**options(stack), transactional_id="test.log-lookup.hangs") as producer,
            LogLookup(options(stack)) as log,
        ):
            await producer.begin_transaction()
            await append(producer, place, [1])
            with pytest.raises(UserError, match=f"^{place.topic}/0: nothing more can be read for 0 s"):
                [record async for record in log.everything([place])]
            await producer.abort_transaction()

    asyncio.run(run())


def test_a_broker_that_does_not_answer_is_one_line() -> None:
    async def run() -> None:
        async with LogLookup({"bootstrap_servers": [f"127.0.0.1:{next(free_ports())}"]}):
            pytest.fail("there is no broker")

    with pytest.raises(UserError, match=r"^the log cannot be read: [^\n]*$"):
        asyncio.run(run())


def test_a_topic_that_is_not_there_is_one_line(stack: Stack) -> None:
    async def run() -> None:
        async with LogLookup(options(stack)) as log:
            await log.partitions("test.absent")

    with pytest.raises(UserError, match=r"^Kafka has no topic test\.absent: run `headrace topology apply`$"):
        asyncio.run(run())
