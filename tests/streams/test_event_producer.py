"""Sending to a real broker."""

import asyncio
import random
import socket
from collections.abc import Sequence
from itertools import count

import pytest
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import NewTopic

from infra.local.stack import Stack
from schemas.errors import UserError
from streams.event_producer import EventProducer, Record

JAVA_MURMUR2 = {
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}
"""The known answers of Apache Kafka's own test of murmur2, UtilsTest.testMurmur2."""

_number = count()


def new_topic(stack: Stack, partitions: int, **config: str) -> str:
    name = f"test.event-producer.{next(_number)}"
    admin = KafkaAdminClient(bootstrap_servers=stack.kafka)
    admin.create_topics([NewTopic(name, partitions, 1, topic_configs=config)])
    admin.close()
    return name


def read(stack: Stack, topic: str) -> dict[int, list[Record]]:
    """Everything in the topic, by partition."""
    consumer = KafkaConsumer(bootstrap_servers=stack.kafka, auto_offset_reset="earliest", enable_auto_commit=False)
    partitions = [TopicPartition(topic, number) for number in sorted(consumer.partitions_for_topic(topic) or ())]
    consumer.assign(partitions)
    ends = consumer.end_offsets(partitions)
    found: dict[int, list[Record]] = {partition.partition: [] for partition in partitions}
    while any(consumer.position(partition) < ends[partition] for partition in partitions):
        for partition, records in consumer.poll(timeout_ms=1000).items():
            found[partition.partition] += [(record.key, record.value) for record in records]
    consumer.close()
    return found


def send(stack: Stack, topic: str, *parts: Sequence[Record]) -> int:
    """Send the parts one after the other; how many events are acknowledged."""

    async def run() -> int:
        async with EventProducer({"bootstrap_servers": [stack.kafka]}) as producer:
            for part in parts:
                await producer.send(topic, part)
        assert producer.sent == producer.acknowledged
        return producer.acknowledged

    return asyncio.run(run())


def test_every_event_arrives_once_and_in_order_in_the_partition_that_java_would_choose(stack: Stack) -> None:
    topic = new_topic(stack, partitions=7)
    keys = list(JAVA_MURMUR2)
    records = [(keys[n % len(keys)], f"{n:05} {'x' * (n % 500)}".encode()) for n in range(20_000)]
    assert send(stack, topic, records[:7_001], [], records[7_001:7_002], records[7_002:]) == 20_000

    expected: dict[int, list[Record]] = {partition: [] for partition in range(7)}
    for key, value in records:
        expected[(JAVA_MURMUR2[key] & 0x7FFFFFFF) % 7].append((key, value))
    assert read(stack, topic) == expected


def test_an_event_larger_than_a_batch_is_sent_alone(stack: Stack) -> None:
    topic = new_topic(stack, partitions=1)
    records = [(b"a/b", b"small"), (b"a/b", b"x" * 600_000), (b"a/b", b"small again")]
    assert send(stack, topic, records) == 3
    assert read(stack, topic) == {0: records}


def test_events_that_the_broker_refuses_are_an_error_that_counts_them(stack: Stack) -> None:
    topic = new_topic(stack, 1, **{"max.message.bytes": "2000"})
    incompressible = random.Random(1).randbytes(10_000)
    with pytest.raises(UserError, match=r"does not take the events: .*MessageSizeTooLarge.* \(1 of 2 sent are ack"):
        send(stack, topic, [(b"a/b", b"small")], [(b"a/b", incompressible)])


def test_a_topic_that_does_not_exist_is_named(stack: Stack) -> None:
    with pytest.raises(UserError, match=r"has no topic test\.absent: run `headrace topology apply`"):
        send(stack, "test.absent", [(b"a/b", b"1")])


def test_a_broker_that_cannot_be_reached_is_one_line() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{taken.getsockname()[1]}"

        async def run() -> None:
            async with EventProducer({"bootstrap_servers": [address]}):
                pytest.fail("there is no broker")

        with pytest.raises(UserError, match=rf"^no Kafka broker answers at {address}; [^\n]*$"):
            asyncio.run(run())


def test_a_topic_that_goes_away_is_an_error_and_not_waited_for_without_end(stack: Stack) -> None:
    topic = new_topic(stack, partitions=1)

    async def run() -> None:
        async with EventProducer({"bootstrap_servers": [stack.kafka]}, timeout=1.0) as producer:
            await producer.send(topic, [(b"a/b", b"1")])
            await producer.flush()
            admin = KafkaAdminClient(bootstrap_servers=stack.kafka)
            admin.delete_topics([topic])
            admin.close()
            await producer.send(topic, [(b"a/b", b"2")])

    with pytest.raises(UserError, match=r"\(1 of 2 sent are acknowledged\)"):
        asyncio.run(run())
