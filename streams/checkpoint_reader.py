"""Reads the newest committed checkpoint of a source partition, backwards from the end of the checkpoint topic."""

import asyncio
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from schemas import topics
from streams.transaction import LARGEST_MESSAGE

_FIRST_STEP = 8
"""Records looked at first; several sources share a partition, and each commit leaves a transaction marker."""


class CheckpointReader:
    """One consumer without a group, shared by all tasks of a worker."""

    def __init__(self, options: dict[str, Any], topology: str) -> None:
        self._topic = topics.checkpoint_topic(topology)
        self._consumer = AIOKafkaConsumer(
            **options,
            group_id=None,
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=LARGEST_MESSAGE,
            fetch_max_wait_ms=20,
            retry_backoff_ms=100,
        )
        self._lock = asyncio.Lock()

    async def start(self) -> None:
        """Connect."""
        await self._consumer.start()

    async def stop(self) -> None:
        """Disconnect."""
        await self._consumer.stop()

    async def newest(self, topic: str, partition: int) -> bytes | None:
        """The newest checkpoint of a source partition, None if it has none.

        Final once the partition's last owner is fenced: call it after `Transactions.start`.
        """
        key = f"{topic}/{partition}".encode()
        where = TopicPartition(self._topic, partition)
        async with self._lock:
            self._consumer.assign([where])
            begin = (await self._consumer.beginning_offsets([where]))[where]
            end = (await self._consumer.end_offsets([where]))[where]
            step = _FIRST_STEP
            newest: bytes | None = None
            while newest is None and end > begin:
                start = max(begin, end - step)
                newest = await self._last_with(key, where, start, end)
                end, step = start, step * 4
            return newest

    async def log_start(self, topic: str, partition: int) -> int:
        """Offset of the first record that the log of a source partition still has."""
        where = TopicPartition(topic, partition)
        async with self._lock:
            return int((await self._consumer.beginning_offsets([where]))[where])

    async def _last_with(self, key: bytes, where: TopicPartition, start: int, end: int) -> bytes | None:
        self._consumer.seek(where, start)
        found: bytes | None = None
        while await self._consumer.position(where) < end:
            for record in (await self._consumer.getmany(where, timeout_ms=200)).get(where, ()):
                if record.key == key and record.offset < end:
                    found = record.value
        return found
