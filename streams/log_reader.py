"""Reads a group's partitions as chunks: log ranges without gaps, without a Python object per record.

An AIOKafkaConsumer does the group protocol and the fetching. Its public calls build a ConsumerRecord for every message,
which costs more than everything the product does with it; so the fetched record batches are taken from beneath it
(`_take`), with the same care for aborted transactions and control records that aiokafka takes.
"""

import asyncio
import time
from collections.abc import Collection
from contextlib import suppress
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.consumer import fetcher as fetcher_module
from aiokafka.consumer.fetcher import FetchResult
from aiokafka.errors import IllegalStateError, KafkaError, NoOffsetForPartitionError, OffsetOutOfRangeError

from schemas import topics
from streams.batch_reader import BatchReader, RawRecords
from streams.chunk import Chunk
from streams.compute.engine import Stage

_WAIT_SECONDS = 0.2
_FRESH_MS = 1_000
_LOST_TOUCH_MS = 10_000
_CHUNK_BYTES = 64 << 20
"""Of a chunk, about; usual ones have a few MiB."""
_SHOP_FLOOR_BYTES = 256 << 10
"""Of a chunk of these topics, about: they are processed one thing after the other, a second for some megabytes, and
heartbeats wait for that."""

fetcher_module.MemoryRecords = RawRecords
"""aiokafka's own, which also tell their bytes: all consumers of the process get them, and none but this one asks."""


class LogReader:
    """The source topics of a topology, as far as this worker is assigned to them."""

    def __init__(
        self, options: dict[str, Any], topology: str, instance: str | None, most_records: int, stage: Stage
    ) -> None:
        """`instance` names the worker, so that after a restart it gets its partitions back at once."""
        self._most_records = most_records
        self._stage = stage
        self._consumer = AIOKafkaConsumer(
            **options,
            group_id=topics.group_id(topology),
            group_instance_id=instance,
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="none",  # a task decides where to read; a silent reset would be a silent loss
            max_partition_fetch_bytes=2 << 20,
            # A chunk costs a millisecond or two however few records it has: at low rates they are waited for.
            fetch_min_bytes=128 << 10,
            fetch_max_wait_ms=50,
            session_timeout_ms=10_000,
            heartbeat_interval_ms=1_000,
            metadata_max_age_ms=10_000,  # how soon partitions that a source has got since are read
            max_poll_interval_ms=86_400_000,  # a sink that is away must not cost the membership
            rebalance_timeout_ms=30_000,
            retry_backoff_ms=100,
        )

    async def start(self, sources: Collection[str], listener: Any) -> None:
        """Join the group; `listener` hears of partitions that come and go."""
        self._consumer.subscribe(sorted(sources), listener=listener)
        await self._consumer.start()

    async def stop(self) -> None:
        """Leave the group."""
        await self._consumer.stop()

    def hold(self, topic: str, partition: int) -> bool:
        """Read nothing of an assigned partition until `read_from`. False if it is not assigned."""
        where = TopicPartition(topic, partition)
        try:
            self._consumer.seek(where, 0)  # any position: without one aiokafka asks the group for its offset
            self._consumer.pause(where)
        except IllegalStateError:
            return False
        return True

    def read_from(self, topic: str, partition: int, offset: int) -> bool:
        """Read the partition from `offset`. False if it is no longer assigned."""
        where = TopicPartition(topic, partition)
        try:
            self._consumer.seek(where, offset)
            self._consumer.resume(where)
        except IllegalStateError:
            return False
        return True

    def end(self, topic: str, partition: int) -> int | None:
        """Where the readable part of the log ends, as of the last fetch; None before the first one."""
        where = TopicPartition(topic, partition)
        if where not in self._consumer.assignment():
            return None
        end = self._consumer.last_stable_offset(where)
        return None if end is None or end < 0 else int(end)

    def is_at_end(self, topic: str, partition: int, offset: int) -> bool:
        """Whether a fetch has just confirmed that the log ends at `offset`: not so after a pause of any kind."""
        end = self.end(topic, partition)
        if end is None or offset < end:
            return False
        polled = self._consumer.last_poll_timestamp(TopicPartition(topic, partition))
        return polled is not None and time.time() * 1000 - polled < _FRESH_MS

    def is_in_touch(self) -> bool:
        """Whether a broker has answered a fetch lately, or there is nothing to fetch."""
        assigned = self._consumer.assignment()
        polled = [self._consumer.last_poll_timestamp(where) or 0 for where in assigned]
        return not polled or time.time() * 1000 - max(polled) < _LOST_TOUCH_MS

    async def next_chunks(self) -> tuple[list[Chunk], list[tuple[str, int, int]]]:
        """The chunks that have arrived, waiting a while for one; and topic, partition and offset out of the log."""
        self._consumer._coordinator.check_errors()
        fetcher = self._consumer._fetcher
        subscriptions = fetcher._subscriptions
        with subscriptions.fetch_context():
            if subscriptions.reassignment_in_progress:
                await subscriptions.wait_for_assignment()
            chunks: list[Chunk] = []
            lost: list[tuple[str, int, int]] = []
            for where, result in list(fetcher._records.items()):
                try:
                    with self._stage("fetch"):
                        chunk = self._take(result, where) if subscriptions.is_assigned(where) else None
                except OffsetOutOfRangeError as error:
                    lost.append((where.topic, where.partition, error.args[0][where]))
                    result = chunk = None
                if chunk is not None:
                    chunks.append(chunk)
                if not isinstance(result, FetchResult) or not result.has_more() or not subscriptions.is_assigned(where):
                    fetcher._records.pop(where, None)
                    fetcher._notify(fetcher._wait_consume_future)
            if not chunks and not lost:
                waiter = fetcher._create_fetch_waiter()
                await asyncio.wait([waiter], timeout=_WAIT_SECONDS)
                if waiter.done():
                    waiter.result()  # raises what the group's coordinator cannot mend
                else:
                    waiter.cancel()
        return chunks, lost

    def _take(self, result: Any, where: TopicPartition) -> Chunk | None:
        """The next records of one fetched stretch, up to about as many as a chunk is to have: whole batches only."""
        if not isinstance(result, FetchResult):
            with suppress(NoOffsetForPartitionError):  # held: its task has not yet said where to read
                result.check_raise()
            return None
        if not result.check_assignment(where) or not result.has_more():
            return None
        fetched = result._partition_records
        fetched._records_iterator = None  # refers back to the records, megabytes that would wait for the collector
        begin = fetched.next_fetch_offset
        reader = BatchReader()
        while not self._is_full(reader, where.topic) and fetched._records.has_next():
            batch, raw = fetched._records.next_raw()
            if not batch.validate_crc():
                raise KafkaError(f"{where.topic}/{where.partition}: a record batch at {begin} fails its checksum")
            if not self._left_out(fetched, batch):
                reader.add(raw)
            fetched.next_fetch_offset = batch.next_offset
        end = fetched.next_fetch_offset
        records = reader.records(begin)
        result._update_position()
        if not fetched._records.has_next():
            result._partition_records = None
        return Chunk(where.topic, where.partition, begin, end, *records)

    def _is_full(self, reader: BatchReader, topic: str) -> bool:
        most_bytes = _SHOP_FLOOR_BYTES if topic in topics.SHOP_FLOOR else _CHUNK_BYTES
        return reader.count >= self._most_records or reader.bytes >= most_bytes

    @staticmethod
    def _left_out(fetched: Any, batch: Any) -> bool:
        """Whether a batch holds nothing to read: a transaction marker, or records of an aborted transaction."""
        if batch.producer_id is not None:
            fetched._consume_aborted_up_to(batch.base_offset)
            if batch.is_control_batch and fetched._contains_abort_marker(batch):
                fetched._aborted_producers.discard(batch.producer_id)
            if batch.is_transactional and batch.producer_id in fetched._aborted_producers:
                return True
        return bool(batch.is_control_batch)
