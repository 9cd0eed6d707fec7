"""Our record batches are read by Kafka's other implementations as what was put into them."""

import asyncio
import os
from contextlib import closing

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.record.default_records import DefaultRecordBatch
from hypothesis import given, settings
from hypothesis import strategies as st
from kafka import KafkaAdminClient, KafkaConsumer, TopicPartition
from kafka.admin import NewTopic

from infra.local.stack import Stack
from schemas.codec import constant_headers, id_header
from streams.record_batch import Encoder, RecordBatch, varint
from streams.rendering import Message

TOPIC = "record-batch-test"
HEADERS = constant_headers("aggregate", "tower_plant", "machine.events", 3)

_messages = st.builds(
    Message, st.just("aggregates"), st.binary(max_size=20), st.text(max_size=40), st.binary(max_size=300), st.just(-1)
)


def read(batch: RecordBatch, state: tuple[int, int, int] = (7, 2, 40)) -> list[Message]:
    """What aiokafka's own reader finds, which checks more than a broker does."""
    batch._set_producer_state(*state)
    found = DefaultRecordBatch(batch._build())
    assert found.validate_crc()
    assert found.is_transactional
    assert not found.is_control_batch
    assert (found.producer_id, found.producer_epoch, found.base_sequence) == state
    records = list(found)
    assert [record.offset for record in records] == list(range(batch.record_count()))
    assert {record.timestamp for record in records} == {found.max_timestamp}
    for record in records:
        assert record.headers[:-1] == HEADERS
        assert record.headers[-1][0] == "ce_id"
    return [Message("aggregates", r.key, r.headers[-1][1].decode(), r.value) for r in records]


def message(number: int, value: bytes) -> Message:
    return Message("aggregates", b"site/asset", f"id-{number}", value)


@given(st.lists(_messages, min_size=1, max_size=80))
@settings(max_examples=200, deadline=None)
def test_a_batch_reads_as_what_was_put_in(messages: list[Message]) -> None:
    (batch,) = Encoder(HEADERS).batches(messages)
    assert read(batch) == messages


@given(st.integers(-(1 << 40), 1 << 40))
def test_a_varint_is_zigzag_with_seven_bits_a_byte(number: int) -> None:
    encoded = varint(number)
    assert [byte >> 7 for byte in encoded] == [1] * (len(encoded) - 1) + [0]
    rest = sum((byte & 0x7F) << 7 * place for place, byte in enumerate(encoded))
    assert (rest >> 1) ^ -(rest & 1) == number


@pytest.mark.parametrize("count", [1, 64, 65, 8_191, 8_192, 20_000])
def test_batches_keep_order_and_number_of_any_many_messages(count: int) -> None:
    messages = [message(number, b"%d" % number) for number in range(count)]
    batches = Encoder(HEADERS).batches(messages)
    assert [one for batch in batches for one in read(batch)] == messages


@pytest.mark.parametrize("size", [8_191, 8_192, 3 << 20])
def test_a_message_of_any_size_is_encoded(size: int) -> None:
    messages = [message(1, b"x"), message(2, b"y" * size), message(3, b"z")]
    batches = Encoder(HEADERS).batches(messages)
    assert [one for batch in batches for one in read(batch)] == messages


def test_a_batch_that_hardly_shrinks_stays_below_what_a_broker_takes() -> None:
    messages = [message(number, os.urandom(1_000)) for number in range(3_000)]
    batches = Encoder(HEADERS).batches(messages)
    assert max(len(batch._build()) for batch in batches) < 1_048_588
    assert len(batches) < 6
    assert [one for batch in batches for one in read(batch)] == messages


def test_what_does_not_shrink_at_all_is_sent_as_it_is() -> None:
    (batch,) = Encoder([]).batches([Message("aggregates", b"", "", os.urandom(5_000))])
    assert DefaultRecordBatch(batch._build()).compression_type == 0


def test_a_batch_that_is_sent_again_is_the_same() -> None:
    (batch,) = Encoder(HEADERS).batches([message(1, b"value")])
    batch._set_producer_state(1, 0, 5)
    assert batch._build() == batch._build()


def test_no_messages_are_no_batch() -> None:
    assert Encoder(HEADERS).batches([]) == []


def test_the_broker_takes_batches_and_gives_them_to_any_client(stack: Stack) -> None:
    messages = [message(number, b'{"value": %d}' % number * 20) for number in range(5_000)]
    with closing(KafkaAdminClient(bootstrap_servers=stack.kafka)) as admin:
        admin.create_topics([NewTopic(TOPIC, 1, 1)])
    assert asyncio.run(_through_the_broker(stack.kafka, messages)) == messages
    consumer = KafkaConsumer(
        bootstrap_servers=stack.kafka, isolation_level="read_committed", auto_offset_reset="earliest"
    )
    place = TopicPartition(TOPIC, 0)
    consumer.assign([place])
    found: list[Message] = []
    while len(found) < len(messages):
        for record in consumer.poll(1_000).get(place, []):
            assert record.headers[-1][0] == "ce_id"
            found.append(Message("aggregates", record.key, record.headers[-1][1].decode(), record.value))
    consumer.close()
    assert found == messages
    assert id_header(found[0].id) == ("ce_id", b"id-0")


async def _through_the_broker(kafka: str, messages: list[Message]) -> list[Message]:
    producer = AIOKafkaProducer(bootstrap_servers=kafka, transactional_id="record-batch-test")
    await producer.start()
    async with producer.transaction():
        sent = [await producer.send_batch(batch, TOPIC, partition=0) for batch in Encoder(HEADERS).batches(messages)]
        await asyncio.gather(*sent)
    await producer.stop()
    consumer = AIOKafkaConsumer(
        TOPIC, bootstrap_servers=kafka, isolation_level="read_committed", auto_offset_reset="earliest"
    )
    await consumer.start()
    found: list[Message] = []
    while len(found) < len(messages):
        record = await consumer.getone()
        found.append(Message("aggregates", record.key, record.headers[-1][1].decode(), record.value))
    await consumer.stop()
    return found
