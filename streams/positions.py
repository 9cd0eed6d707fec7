"""What the broker knows: where source partitions stand, and what the result topics hold of each."""

from collections.abc import Iterable
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas import topics
from streams.audit import Messages, Position
from streams.topology.model import Topology


class Broker:
    """A read_committed look at the log, without joining the group."""

    def __init__(self, options: dict[str, Any], topology: Topology) -> None:
        self._topology = topology
        self._consumer = AIOKafkaConsumer(
            **options,
            group_id=None,
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=8 << 20,
        )
        self._group = AIOKafkaConsumer(**options, group_id=topics.group_id(topology.topology), enable_auto_commit=False)
        """Only asked what the group has committed; it never joins."""

    async def __aenter__(self) -> "Broker":
        await self._consumer.start()
        await self._group.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()
        await self._group.stop()

    async def positions(self) -> list[Position]:
        """Every partition that the topology's workers read."""
        places = await self._partitions(self._topology.inputs)
        begin = await self._consumer.beginning_offsets(places)
        end = await self._consumer.end_offsets(places)
        return [
            Position(place.topic, place.partition, begin[place], end[place], await self._group.committed(place))
            for place in places
        ]

    async def ends(self) -> dict[TopicPartition, int]:
        """Where the source and the result topics end now: if it is the same later, nothing has moved."""
        places = await self._partitions([*self._topology.inputs, *topics.RESULTS])
        ends: dict[TopicPartition, int] = await self._consumer.end_offsets(places)
        return ends

    async def messages(self, topic: str) -> dict[str, Messages]:
        """Messages of a result topic, by the `ce_source` that they name."""
        places = await self._partitions([topic])
        end = await self._consumer.end_offsets(places)
        found: dict[str, Messages] = {}
        self._consumer.assign(places)
        for place in places:
            self._consumer.seek(place, (await self._consumer.beginning_offsets([place]))[place])
        while any([await self._consumer.position(place) < end[place] for place in places]):
            for records in (await self._consumer.getmany(timeout_ms=200)).values():
                for record in records:
                    headers = dict(record.headers)
                    source = headers.get("ce_source", b"").decode(errors="replace")
                    of_source = found.setdefault(source, Messages())
                    of_source.add(headers.get("ce_id", b"").decode(errors="replace"), record.offset)
        return found

    async def _partitions(self, names: Iterable[str]) -> list[TopicPartition]:
        cluster = await self._consumer._client.fetch_all_metadata()
        places = []
        for name in sorted(names):
            partitions = cluster.partitions_for_topic(name) or set()
            places += [TopicPartition(name, partition) for partition in sorted(partitions)]
        return places
