"""What the broker knows: where source partitions stand, and what the result topics hold of each."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas import topics
from streams.audit import Position
from streams.audit_results import Messages
from streams.topology.model import Topology


class Broker:
    """A read_committed look at the log, without joining the group."""

    def __init__(self, options: dict[str, Any], topology: Topology) -> None:
        self._topology = topology
        common = {"isolation_level": "read_committed", "enable_auto_commit": False}
        self._consumer = AIOKafkaConsumer(
            **options,
            **common,
            group_id=None,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=8 << 20,
            fetch_max_wait_ms=20,  # a fetch at the end of one partition holds up the others
        )
        self._asked = AIOKafkaConsumer(**options, **common, group_id=topics.group_id(topology.topology))
        """Asked where logs begin and end and what the group has committed: it never joins. And it never fetches, for
        a broker answers nothing on a connection on which a fetch is waiting."""

    async def __aenter__(self) -> "Broker":
        await self._consumer.start()
        await self._asked.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()
        await self._asked.stop()

    async def positions(self) -> list[Position]:
        """Every partition that the topology's workers read."""
        places = await self._partitions(self._topology.inputs)
        begin = await self._asked.beginning_offsets(places)
        end = await self._asked.end_offsets(places)
        return [
            Position(place.topic, place.partition, begin[place], end[place], await self._asked.committed(place))
            for place in places
        ]

    async def ends(self) -> dict[TopicPartition, int]:
        """Where the source and the result topics end now: if it is the same later, nothing has moved."""
        places = await self._partitions([*self._topology.inputs, *topics.RESULTS])
        ends: dict[TopicPartition, int] = await self._asked.end_offsets(places)
        return ends

    async def shortened(self, names: Collection[str]) -> dict[TopicPartition, int | None]:
        """Partitions of which retention has deleted the oldest records, and the time of the oldest one left.

        In ms since the epoch, by the clock of who wrote it; None where nothing is left.
        """
        begin = await self._asked.beginning_offsets(await self._partitions(names))
        places = [place for place, offset in begin.items() if offset > 0]
        oldest = await self._asked.offsets_for_times(dict.fromkeys(places, 0)) if places else {}
        return {place: None if oldest[place] is None else oldest[place].timestamp for place in places}

    async def messages(self, names: Collection[str]) -> dict[str, dict[str, Messages]]:
        """Messages of result topics: by topic, and by the `ce_source` that they name."""
        places = await self._partitions(names)
        begin = await self._asked.beginning_offsets(places)
        end = await self._asked.end_offsets(places)
        found: dict[str, dict[str, Messages]] = {name: {} for name in names}
        self._consumer.assign(places)
        for place in places:
            self._consumer.seek(place, begin[place])
        while any([await self._consumer.position(place) < end[place] for place in places]):
            for place, records in (await self._consumer.getmany(timeout_ms=200)).items():
                for record in records:
                    headers = dict(record.headers)
                    source = headers.get("ce_source", b"").decode(errors="replace")
                    of_source = found[place.topic].setdefault(source, Messages())
                    of_source.add(headers.get("ce_id", b"").decode(errors="replace"), record.offset)
        return found

    async def records(self, ranges: Mapping[tuple[str, int], tuple[int, int]]) -> dict[tuple[str, int], int]:
        """How many records there are to read from one offset of a partition up to another, exclusive."""
        ends = {TopicPartition(*place): end for place, (begin, end) in ranges.items() if begin < end}
        found = dict.fromkeys(ranges, 0)
        if not ends:
            return found  # a consumer that has been assigned nothing does not stop
        self._consumer.assign(list(ends))
        for place in ends:
            self._consumer.seek(place, ranges[place][0])
        while any([await self._consumer.position(place) < end for place, end in ends.items()]):
            for place, records in (await self._consumer.getmany(timeout_ms=200)).items():
                found[place] += sum(record.offset < ends[place] for record in records)
        return found

    async def _partitions(self, names: Iterable[str]) -> list[TopicPartition]:
        cluster = await self._asked._client.fetch_all_metadata()
        places = []
        for name in sorted(names):
            partitions = cluster.partitions_for_topic(name) or set()
            places += [TopicPartition(name, partition) for partition in sorted(partitions)]
        return places
