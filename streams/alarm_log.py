"""Reads the topic `alarms` for the board: from the beginning, so that the standing alarms are a function of the log."""

from collections.abc import Callable, Sequence
from typing import Any, Final

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas.results import Alarm
from sinks.outlet import Board
from streams.outlet_telemetry import OutletTelemetry

_decode: Final = msgspec.json.Decoder(Alarm).decode
_WAIT_MS: Final = 200


def alarm_of(record: Any, topology: str, reader: str, telemetry: OutletTelemetry) -> Alarm | None:
    """The transition in one of aiokafka's records; None for that of another topology, and for what is no transition."""
    try:
        alarm = _decode(record.value or b"")
    except msgspec.DecodeError as error:
        telemetry.unreadable(reader, record.topic, record.partition, record.offset, error)
        return None
    return alarm if alarm.topology == topology else None


async def follow(
    options: dict[str, Any],
    places: Sequence[TopicPartition],
    topology: str,
    board: Board,
    telemetry: OutletTelemetry,
    caught_up: Callable[[], None],
) -> None:
    """Tell the board of all transitions in these partitions, those that come included, until cancelled.

    `caught_up` is called once, when everything has been told that was in the log at the beginning. KafkaError where
    the broker refuses.
    """
    consumer = AIOKafkaConsumer(
        **options,
        group_id=None,
        enable_auto_commit=False,
        auto_offset_reset="earliest",  # of a log that was deleted meanwhile, what is left
        isolation_level="read_committed",
        max_partition_fetch_bytes=2 << 20,
        fetch_max_wait_ms=_WAIT_MS,
    )
    await consumer.start()
    try:
        consumer.assign(places)
        await consumer.seek_to_beginning(*places)
        end = await consumer.end_offsets(places)
        behind = set(places)
        while True:
            fetched = await consumer.getmany(timeout_ms=_WAIT_MS)
            for record in (record for records in fetched.values() for record in records):
                alarm = alarm_of(record, topology, "board", telemetry)
                if alarm is not None:
                    board.update(alarm, record.timestamp / 1000)
            if behind:
                behind = {place for place in behind if await consumer.position(place) < end[place]}
                if not behind:
                    caught_up()
    finally:
        await consumer.stop()
