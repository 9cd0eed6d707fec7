"""Whatever fails, and whoever is killed: every transition arrives, in order for each alarm, with a good signature."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.errors import OffsetOutOfRangeError
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from schemas.codec import encode
from schemas.results import Alarm
from sinks import http
from sinks.outlet import Channel
from sinks.webhook import signature
from sinks.webhook.outlet import Webhook
from streams.deliveries import Deliveries
from streams.outlet_telemetry import OutletTelemetry
from tests.sinks.transitions import Written, transition
from tests.sinks.webhook.receiver import SECRET, Receiver

PLACE = TopicPartition("alarms", 0)
ANSWERS = st.sampled_from([None, 0, 204, 408, 429, 500, 503])


@dataclass(frozen=True)
class Record:
    offset: int
    value: bytes | None
    topic: str = PLACE.topic
    partition: int = PLACE.partition


class Log:
    """A partition in memory, with the part of an AIOKafkaConsumer that deliveries use. Markers take offsets, too."""

    def __init__(self, values: Sequence[bytes | None], begin: int = 0, committed: int | None = None) -> None:
        self.records = [Record(begin + 2 * number, value) for number, value in enumerate(values)]
        self.begin = begin
        self.end = begin + 2 * len(values)
        self.group: int | None = committed
        self._position = -1
        self._paused = True

    async def committed(self, _: TopicPartition) -> int | None:
        return self.group

    async def beginning_offsets(self, _: list[TopicPartition]) -> dict[TopicPartition, int]:
        return {PLACE: self.begin}

    async def end_offsets(self, _: list[TopicPartition]) -> dict[TopicPartition, int]:
        return {PLACE: self.end}

    def seek(self, _: TopicPartition, offset: int) -> None:
        self._position = offset

    def resume(self, _: TopicPartition) -> None:
        self._paused = False

    async def getmany(self, place: TopicPartition, timeout_ms: int, max_records: int) -> dict[TopicPartition, Any]:
        assert not self._paused
        await asyncio.sleep(0)
        if self._position < self.begin:
            raise OffsetOutOfRangeError({place: self._position})
        found = [record for record in self.records if record.offset >= self._position][:max_records]
        self._position = found[-1].offset + 2 if found else self.end
        return {place: found} if found else {}

    async def position(self, _: TopicPartition) -> int:
        return self._position

    async def commit(self, offsets: Mapping[TopicPartition, int]) -> None:
        self.group = offsets[PLACE]

    def last_stable_offset(self, _: TopicPartition) -> int:
        return self.end


class Memory:
    """A channel that takes everything."""

    def __init__(self) -> None:
        self.taken: list[str] = []

    async def deliver(self, alarm: Alarm, body: bytes) -> None:
        self.taken.append(alarm.id)


async def no_pause(_: float) -> None:
    await asyncio.sleep(0)


def deliveries(log: Log, channel: Channel, registry: CollectorRegistry | None = None) -> Deliveries:
    return Deliveries(log, PLACE, "tower_plant", channel, OutletTelemetry(registry or CollectorRegistry()))


async def until(condition: Callable[[], bool]) -> None:
    """Turn after turn of the event loop: nothing here takes time."""
    while not condition():  # noqa: ASYNC110
        await asyncio.sleep(0)


async def run_until_told(log: Log, channel: Channel, registry: CollectorRegistry | None = None) -> None:
    """Until everything is committed."""
    task = asyncio.create_task(deliveries(log, channel, registry).run())
    await until(lambda: log.group == log.end or task.done())
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


async def killed_after(attempts: int, receiver: Receiver, log: Log, channel: Channel) -> None:
    """Ended without warning once the receiver has been asked so often."""
    task = asyncio.create_task(deliveries(log, channel).run())
    await until(lambda: len(receiver.attempts) >= attempts or log.group == log.end)
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


@settings(max_examples=30, deadline=None)
@given(
    st.lists(st.sampled_from(["stack-1", "stack-2", "kettle-1"]), min_size=1, max_size=12),
    st.lists(ANSWERS, max_size=30),
    st.lists(st.integers(0, 20), max_size=2),
)
def test_every_transition_arrives_at_least_once_in_order_for_each_alarm(
    assets: list[str], answers: list[int | None], kills: list[int]
) -> None:
    alarms = [transition(asset=asset) for asset in assets]
    log = Log([encode(alarm) for alarm in alarms])

    async def run() -> Receiver:
        async with Receiver.listening(answers) as receiver, http.client() as client:
            channel = Webhook(client, receiver.url, signature.keys(SECRET), Written(), sleep=no_pause)
            for attempts in kills:
                await killed_after(attempts, receiver, log, channel)
            await run_until_told(log, channel)
            return receiver

    receiver = asyncio.run(run())
    assert receiver.forged == 0
    assert all(alarm in alarms for alarm in receiver.taken)
    for asset in set(assets):
        first_comings = list(dict.fromkeys(alarm.id for alarm in receiver.taken if alarm.asset == asset))
        assert first_comings == [alarm.id for alarm in alarms if alarm.asset == asset]


def test_nothing_is_committed_before_it_is_taken() -> None:
    log = Log([encode(transition())])

    async def run() -> None:
        async with Receiver.listening([503] * 1000) as receiver, http.client() as client:
            channel = Webhook(client, receiver.url, signature.keys(SECRET), Written(), sleep=no_pause)
            await killed_after(5, receiver, log, channel)

    asyncio.run(run())
    assert log.group is None


def test_what_was_taken_before_is_not_told_again() -> None:
    alarms = [transition() for _ in range(4)]
    log = Log([encode(alarm) for alarm in alarms], committed=4)
    asyncio.run(run_until_told(log, channel := Memory()))
    assert channel.taken == [alarm.id for alarm in alarms[2:]]


@pytest.mark.parametrize(("begin", "committed", "skipped"), [(10, 4, 6), (10, 99, 0), (10, None, 0)])
def test_of_a_log_that_was_deleted_or_is_another_everything_is_told(
    begin: int, committed: int | None, skipped: int
) -> None:
    alarms = [transition() for _ in range(3)]
    log = Log([encode(alarm) for alarm in alarms], begin, committed)
    registry = CollectorRegistry()
    asyncio.run(run_until_told(log, channel := Memory(), registry))
    assert channel.taken == [alarm.id for alarm in alarms]
    assert registry.get_sample_value("headrace_records_skipped_total") == skipped


def test_what_is_deleted_while_the_channel_is_away_is_counted() -> None:
    alarms = [transition() for _ in range(150)]
    log = Log([encode(alarm) for alarm in alarms])
    registry = CollectorRegistry()

    class Slow(Memory):
        async def deliver(self, alarm: Alarm, body: bytes) -> None:
            await super().deliver(alarm, body)
            if len(self.taken) == 100:  # all of the first batch
                log.begin, log.records = 220, log.records[110:]

    asyncio.run(run_until_told(log, channel := Slow(), registry))
    assert channel.taken == [alarm.id for alarm in (*alarms[:100], *alarms[110:])]
    assert registry.get_sample_value("headrace_records_skipped_total") == 20


@pytest.mark.parametrize("value", [None, b"", b"{", b"[]", b'{"id": 5}'])
def test_what_is_no_transition_is_left_out_and_counted_and_its_neighbours_are_told(value: bytes | None) -> None:
    before, after = transition(), transition()
    registry = CollectorRegistry()
    log = Log([encode(before), value, encode(after)])
    asyncio.run(run_until_told(log, channel := Memory(), registry))
    assert channel.taken == [before.id, after.id]
    assert registry.get_sample_value("headrace_alarms_unreadable_total", {"reader": "channel"}) == 1


def test_transitions_of_another_topology_are_somebody_elses_to_tell() -> None:
    mine, other = transition(), transition(topology="other")
    asyncio.run(run_until_told(Log([encode(other), encode(mine)]), channel := Memory()))
    assert channel.taken == [mine.id]
