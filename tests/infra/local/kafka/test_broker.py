import asyncio

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError, UnknownTopicOrPartitionError
from kafka import KafkaAdminClient

from infra.local.stack import Stack

MEBIBYTE = 1024 * 1024


def create(stack: Stack, topic: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=stack.kafka)
    admin.create_topics({topic: {"num_partitions": 1, "replication_factor": 1}})
    admin.close()


def test_a_message_of_15_mebibytes_goes_through_and_one_of_17_is_refused(stack: Stack) -> None:
    create(stack, "large-messages")
    value = bytes(15 * MEBIBYTE)

    async def run() -> int:
        async with AIOKafkaProducer(bootstrap_servers=stack.kafka, max_request_size=32 * MEBIBYTE) as producer:
            await producer.send_and_wait("large-messages", value)
            with pytest.raises(MessageSizeTooLargeError):
                await producer.send_and_wait("large-messages", bytes(17 * MEBIBYTE))
        async with AIOKafkaConsumer(
            "large-messages", bootstrap_servers=stack.kafka, auto_offset_reset="earliest"
        ) as consumer:
            return len((await consumer.getone()).value)

    assert asyncio.run(run()) == len(value)


def test_an_aborted_transaction_is_not_read_and_a_committed_one_is(stack: Stack) -> None:
    create(stack, "transactions")

    async def run() -> bytes:
        async with AIOKafkaProducer(bootstrap_servers=stack.kafka, transactional_id="broker-test") as producer:
            await producer.begin_transaction()
            await producer.send_and_wait("transactions", b"aborted")
            await producer.abort_transaction()
            async with producer.transaction():
                await producer.send_and_wait("transactions", b"committed")
        async with AIOKafkaConsumer(
            "transactions",
            bootstrap_servers=stack.kafka,
            auto_offset_reset="earliest",
            isolation_level="read_committed",
        ) as consumer:
            value: bytes = (await consumer.getone()).value
            return value

    assert asyncio.run(run()) == b"committed"


def test_a_topic_that_nobody_declared_is_not_made_by_asking_for_it(stack: Stack) -> None:
    async def ask() -> None:
        async with AIOKafkaProducer(bootstrap_servers=stack.kafka, request_timeout_ms=1000) as producer:
            with pytest.raises(UnknownTopicOrPartitionError):
                await producer.partitions_for("misspelt")

    asyncio.run(ask())
    admin = KafkaAdminClient(bootstrap_servers=stack.kafka)
    topics = admin.list_topics()
    admin.close()
    assert "misspelt" not in topics
