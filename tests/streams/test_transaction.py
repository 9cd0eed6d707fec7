"""Transactions at a real broker."""

import asyncio
from collections.abc import Iterator

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType, NewTopic

from infra.local.stack import Stack
from schemas import topics
from streams.transaction import Transactions


def test_no_batch_has_to_be_sent_twice(stack: Stack, caplog: pytest.LogCaptureFixture) -> None:
    """It would be sent again only after the backoff, for which everything waits."""
    admin = KafkaAdminClient(bootstrap_servers=stack.kafka)
    admin.create_topics([NewTopic(name, 1, 1) for name in (topics.checkpoint_topic("swift"), "swift.a")])
    admin.close()

    async def run() -> None:
        mine = Transactions({"bootstrap_servers": [stack.kafka]}, "swift", "swift.a", 0)
        await mine.start(30)
        for offset in range(50):
            await mine.begin([], b"state", offset)
            await mine.commit()
            if offset == 0:  # until then the broker may still be making the topics known to itself
                caplog.clear()
        await mine.stop(2)

    asyncio.run(run())
    assert [record.getMessage() for record in caplog.records if "retrying" in record.getMessage()] == []


@pytest.fixture
def unchecked(stack: Stack) -> Iterator[KafkaAdminClient]:
    """The broker takes batches that its coordinator knows nothing of: they stand there as where it forgot them."""
    check = "transaction.partition.verification.enable"
    admin = KafkaAdminClient(bootstrap_servers=stack.kafka)
    try:
        admin.alter_configs([ConfigResource(ConfigResourceType.BROKER, "1", {check: "false"})])
        yield admin
    finally:
        admin.alter_configs([ConfigResource(ConfigResourceType.BROKER, "1", {check: "true"})])
        admin.close()


@pytest.mark.parametrize("committed", [False, True])
def test_what_a_broker_forgot_of_the_last_transaction_ends_as_its_coordinator_had_decided(
    stack: Stack, unchecked: KafkaAdminClient, committed: bool
) -> None:
    name = f"forgotten.{committed}".lower()
    checkpoints, letters = topics.checkpoint_topic(name), topics.DEAD_LETTERS.name
    source = topics.MACHINE_EVENTS.name
    wanted = {source, checkpoints, letters} - set(unchecked.list_topics())
    unchecked.create_topics([NewTopic(topic, 1, 1) for topic in wanted])
    options = {"bootstrap_servers": [stack.kafka]}

    async def seen(isolation: str) -> tuple[bool, int]:
        """Whether the letter can be read, and where the log ends."""
        consumer = AIOKafkaConsumer(**options, isolation_level=isolation)
        await consumer.start()
        place = TopicPartition(letters, 0)
        consumer.assign([place])
        await consumer.seek_to_beginning(place)
        end, values = (await consumer.end_offsets([place]))[place], set()
        while await consumer.position(place) < end:
            values |= {record.value for record in (await consumer.getmany(timeout_ms=100)).get(place, ())}
        await consumer.stop()
        return name.encode() in values, end

    async def run() -> None:
        last = AIOKafkaProducer(**options, transactional_id=topics.transactional_id(name, source, 0))
        await last.start()
        await last.begin_transaction()
        if committed:
            await last.send_and_wait(checkpoints, b"state", partition=0)
        last._txn_manager._txn_partitions.add(TopicPartition(letters, 0))  # so that the coordinator is not told
        await last.send_and_wait(letters, name.encode(), partition=0)
        if committed:
            await last.commit_transaction()
        await last.stop()  # which ends no transaction
        (there, _), (to_be_seen, _) = await seen("read_uncommitted"), await seen("read_committed")
        assert there
        assert not to_be_seen
        mine = Transactions(options, name, source, 0)
        await mine.start(30)
        (_, end), (to_be_seen, stable_end) = await seen("read_uncommitted"), await seen("read_committed")
        assert stable_end == end
        assert to_be_seen == committed
        async with asyncio.timeout(5):  # and goes on as ever
            await mine.begin([], b"state", 1)
            await mine.commit()
        await mine.stop(2)

    asyncio.run(run())
