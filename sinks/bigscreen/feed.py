"""Alarms and flags as they come, from the topics."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, TypeVar

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from schemas.results import Alarm, Anomaly
from schemas.topics import ALARMS, ANOMALIES

_PAUSE_SECONDS: Final = 2.0
_LOOK_BACK_SECONDS: Final = 60
_TOPICS: Final = (ALARMS.name, ANOMALIES.name)
_Message = TypeVar("_Message", Alarm, Anomaly)
log = logging.getLogger(__name__)


class Feed:
    """The committed messages of `alarms` and `anomalies` from now on.

    It joins no group and commits nothing: what was missed is in ClickHouse. Messages do not wait for their rows, so it
    begins a minute back.
    """

    def __init__(
        self,
        options: Mapping[str, Any],
        topology: str,
        on_alarms: Callable[[list[Alarm]], None],
        on_flags: Callable[[list[Anomaly]], None],
    ) -> None:
        """`options` are for aiokafka. Messages of other topologies are left out."""
        self._options = options
        self._topology = topology
        self._on_alarms = on_alarms
        self._on_flags = on_flags

    async def run(self, on_reading: Callable[[], None]) -> None:
        """Read until cancelled. `on_reading` is called whenever reading begins, near the end of the log: what came
        before has to be looked up. Where Kafka is away it is tried again.
        """
        while True:
            try:
                await self._read(on_reading)
            except KafkaError as error:
                log.warning("alarms and flags cannot be read, trying again: %s", error)
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _read(self, on_reading: Callable[[], None]) -> None:
        consumer = AIOKafkaConsumer(
            **self._options,
            group_id=None,
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="latest",
            retry_backoff_ms=500,
        )
        try:
            await consumer.start()
            cluster = await consumer._client.fetch_all_metadata()
            places = [TopicPartition(t, p) for t in _TOPICS for p in sorted(cluster.partitions_for_topic(t) or ())]
            if {place.topic for place in places} != set(_TOPICS):
                log.warning("Kafka lacks %s: run `headrace topology apply`", " or ".join(_TOPICS))
                return
            consumer.assign(places)
            ends = await consumer.end_offsets(places)
            since = int((time.time() - _LOOK_BACK_SECONDS) * 1000)
            for place, found in (await consumer.offsets_for_times(dict.fromkeys(places, since))).items():
                consumer.seek(place, ends[place] if found is None else found.offset)
            on_reading()
            while True:
                for place, records in (await consumer.getmany(timeout_ms=1000)).items():
                    values = [record.value for record in records if record.value]
                    if place.topic == ALARMS.name:
                        self._on_alarms([a for a in decoded(values, Alarm) if a.topology == self._topology])
                    else:
                        self._on_flags([f for f in decoded(values, Anomaly) if f.topology == self._topology])
        finally:
            await consumer.stop()


def decoded(values: Iterable[bytes], kind: type[_Message]) -> Iterator[_Message]:
    """The messages; one that is none of this kind is told in the log and does not take the screen away."""
    for value in values:
        try:
            yield msgspec.json.decode(value, type=kind)
        except msgspec.DecodeError as error:
            log.warning("a message is no %s: %s", kind.__name__, error)
