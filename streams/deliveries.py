"""Tells the channel of every transition in one partition of `alarms`, and the group how far that has come.

An offset is committed when the channel has taken everything before it: whoever is killed in between, the next one
begins again there. So a transition comes once or more, and for the first time only after all before it of its alarm.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import OffsetOutOfRangeError

from schemas.results import Alarm
from sinks.outlet import Channel
from streams.alarm_log import alarm_of
from streams.outlet_telemetry import OutletTelemetry

_MOST_RECORDS: Final = 100
"""Delivered, and after a failure perhaps delivered again, at a time."""
_WAIT_MS: Final = 500


class Deliveries:
    """One partition of a group's consumer, paused when it is given."""

    def __init__(
        self,
        consumer: AIOKafkaConsumer,
        place: TopicPartition,
        topology: str,
        channel: Channel,
        telemetry: OutletTelemetry,
    ) -> None:
        self._consumer = consumer
        self._place = place
        self._topology = topology
        self._channel = channel
        self._telemetry = telemetry

    async def run(self) -> None:
        """Deliver until cancelled. KafkaError where the broker refuses: run it again, it begins where it stood."""
        committed = await self._consumer.committed(self._place)
        position = await self._begin_at(committed)
        while True:
            try:
                fetched = await self._consumer.getmany(self._place, timeout_ms=_WAIT_MS, max_records=_MOST_RECORDS)
            except OffsetOutOfRangeError:
                position = await self._begin_at(position)
                continue
            await self._deliver(fetched.get(self._place, ()))
            # Beyond the last record, over the markers of its transaction.
            position = await self._consumer.position(self._place)
            if position != committed:
                await self._consumer.commit({self._place: position})
                committed = position
            end = self._consumer.last_stable_offset(self._place)
            if end is not None:
                self._telemetry.lag(self._place.topic, self._place.partition, max(end - position, 0))

    async def _begin_at(self, told: int | None) -> int:
        """Read from the first offset that the channel has not been told of, as far as the log has it; which that is."""
        begin = (await self._consumer.beginning_offsets([self._place]))[self._place]
        end = (await self._consumer.end_offsets([self._place]))[self._place]
        position: int = begin if told is None or not begin <= told <= end else told
        if told is not None and told < begin:
            self._telemetry.records_skipped(self._place.topic, self._place.partition, told, begin)
        elif told is not None and told > end:
            self._telemetry.begun_anew(self._place.topic, self._place.partition, told, end)
        self._consumer.seek(self._place, position)
        self._consumer.resume(self._place)
        return position

    async def _deliver(self, records: Sequence[Any]) -> None:
        """Alarms beside each other, the transitions of each in order."""
        by_alarm: dict[str, list[tuple[Alarm, bytes]]] = {}
        for record in records:
            alarm = alarm_of(record, self._topology, "channel", self._telemetry)
            if alarm is not None:
                by_alarm.setdefault(alarm.alarm, []).append((alarm, record.value))
        async with asyncio.TaskGroup() as group:
            for transitions in by_alarm.values():
                group.create_task(self._one_after_the_other(transitions))

    async def _one_after_the_other(self, transitions: Sequence[tuple[Alarm, bytes]]) -> None:
        for alarm, body in transitions:
            await self._channel.deliver(alarm, body)
