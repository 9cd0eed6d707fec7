"""Reads the newest committed checkpoint of a source partition, backwards from the end of the checkpoint topic."""

import asyncio
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas import topics
from schemas.errors import CheckpointError
from streams.transaction import LARGEST_MESSAGE, Out, checkpoint_key, out_key

_FIRST_STEP = 8
"""Records looked at first; several sources share a partition, and each commit leaves a transaction marker."""
_PATIENCE_SECONDS = 30.0
"""For one answer. Longer than a transaction of a killed worker can stay open."""


class CheckpointReader:
    """Two consumers that never join a group, shared by all tasks of a worker."""

    def __init__(self, options: dict[str, Any], topology: str) -> None:
        self._topic = topics.checkpoint_topic(topology)
        common = {"enable_auto_commit": False, "auto_offset_reset": "earliest", "retry_backoff_ms": 100}
        self._consumer = AIOKafkaConsumer(
            **options,
            **common,
            group_id=None,
            isolation_level="read_committed",
            max_partition_fetch_bytes=LARGEST_MESSAGE,
            fetch_max_wait_ms=20,
        )
        self._offsets = AIOKafkaConsumer(**options, **common, group_id=topics.group_id(topology))
        """Reads uncommitted: its end of a log is the high watermark. It knows what the group has committed."""
        self._lock = asyncio.Lock()

    async def start(self) -> None:
        """Connect."""
        await self._consumer.start()
        await self._offsets.start()

    async def stop(self) -> None:
        """Disconnect."""
        await self._consumer.stop()
        await self._offsets.stop()

    async def newest(self, topic: str, partition: int) -> tuple[bytes | None, Out | None, int | None]:
        """The newest checkpoint of a source partition, up to where results are out since, and the offset
        that the group has committed; None where there is none.

        Final once the partition's last owner is fenced: call it after `Transactions.start`. CheckpointError where the
        group has committed an offset and there is no checkpoint to it: to begin anew would repeat every result.
        """
        where = TopicPartition(self._topic, partition)
        async with self._lock, asyncio.timeout(_PATIENCE_SECONDS):  # others may wait for an open transaction, too
            if partition not in (self._offsets.partitions_for_topic(self._topic) or ()):
                await self._offsets._client.force_metadata_update()
            if partition not in (self._offsets.partitions_for_topic(self._topic) or ()):
                raise CheckpointError(f"{self._topic} has no partition {partition}: run `headrace topology apply`")
            newest, out = await self._search(TopicPartition(topic, partition), where)
            committed = await self._offsets.committed(TopicPartition(topic, partition))
        if newest is None and committed is not None:
            raise CheckpointError(
                f"{topic}/{partition} was committed up to {committed} and has no checkpoint; "
                f"bring {self._topic} back, or delete the group's offsets to process the whole log again"
            )
        return newest, out, committed

    async def log_range(self, topic: str, partition: int) -> tuple[int, int]:
        """Offsets of the first record that the log of a source partition still has, and of the next to come."""
        where = TopicPartition(topic, partition)
        async with asyncio.timeout(_PATIENCE_SECONDS):
            begin = await self._offsets.beginning_offsets([where])
            end = await self._offsets.end_offsets([where])
        return int(begin[where]), int(end[where])

    async def _search(self, source: TopicPartition, where: TopicPartition) -> tuple[bytes | None, Out | None]:
        begin = (await self._offsets.beginning_offsets([where]))[where]
        # The high watermark and not the last stable offset: a transaction of another source that shares the partition
        # may be open below our newest checkpoint. `_last_of` waits until it has ended.
        end = (await self._offsets.end_offsets([where]))[where]
        self._consumer.assign([where])
        step = _FIRST_STEP
        newest: bytes | None = None
        out: Out | None = None
        while newest is None and end > begin:
            start = max(begin, end - step)
            newest, found = await self._last_of(source, where, start, end)
            out = found if out is None else out
            end, step = start, step * 4
        self._consumer.pause(where)  # and not unsubscribe: aiokafka's fetcher stumbles over that
        return newest, out

    async def _last_of(
        self, source: TopicPartition, where: TopicPartition, start: int, end: int
    ) -> tuple[bytes | None, Out | None]:
        """The last checkpoint of a source partition in this stretch, and up to where results are out after it."""
        self._consumer.seek(where, start)
        state_key, other_key = checkpoint_key(*source), out_key(*source)
        newest: bytes | None = None
        out: Out | None = None
        while await self._consumer.position(where) < end:
            for record in (await self._consumer.getmany(where, timeout_ms=200)).get(where, ()):
                if record.offset >= end:
                    break
                if record.key == state_key:
                    newest, out = record.value, None
                elif record.key == other_key:
                    out = msgspec.json.decode(record.value, type=Out)
        return newest, out
