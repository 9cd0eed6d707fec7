"""Looks records up in the log: everything in a topic, or those at given offsets. Joins no group, commits nothing."""

import time
from collections import deque
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, Final, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from schemas.errors import UserError

Record = Any
"""aiokafka's ConsumerRecord."""

_READ_ON: Final = 1_000
"""Offsets that are read over rather than sought past: about what one fetch brings."""
_PATIENCE_SECONDS: Final = 30.0
"""Without progress. Longer than a transaction that a killed process has left open stays open."""


class LogLookup:
    """Committed records only; an async context manager.

    UserError where Kafka cannot be reached at first, or a log does not move for long. KafkaError where it refuses.
    """

    def __init__(self, options: dict[str, Any]) -> None:
        """`options` are `Settings.client_options()`. To be called with the event loop running."""
        common = {"group_id": None, "enable_auto_commit": False, "auto_offset_reset": "earliest"}
        self._consumer = AIOKafkaConsumer(
            **options,
            **common,
            isolation_level="read_committed",
            max_partition_fetch_bytes=2 << 20,
            fetch_max_wait_ms=20,  # a fetch at the end of one partition holds up the first one of the next
        )
        self._ends = AIOKafkaConsumer(**options, **common)
        """Reads uncommitted: its end of a log is the high watermark."""

    async def __aenter__(self) -> Self:
        try:
            await self._consumer.start()
            await self._ends.start()
        except KafkaError as error:
            await self.__aexit__()
            raise UserError(f"the log cannot be read: {error}") from None
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()
        await self._ends.stop()

    async def partitions(self, topic: str) -> list[TopicPartition]:
        """All partitions of a topic. UserError where there is no such topic."""
        numbers = (await self._ends._client.fetch_all_metadata()).partitions_for_topic(topic)
        if not numbers:
            raise UserError(f"Kafka has no topic {topic}: run `headrace topology apply`")
        return [TopicPartition(topic, number) for number in sorted(numbers)]

    async def everything(self, places: Iterable[TopicPartition]) -> AsyncIterator[Record]:
        """All records in these partitions, each partition's in order.

        Up to the high watermark and not only the last stable offset: below an open transaction there may be one that
        has been committed since, so its end is waited for.
        """
        waiting = set(places)
        begin = await self._ends.beginning_offsets(waiting)
        end = await self._ends.end_offsets(waiting)
        self._consumer.assign(waiting)
        for place in waiting:
            self._consumer.seek(place, begin[place])
        patience = _Patience()
        while waiting := {place for place in waiting if await self._consumer.position(place) < end[place]}:
            fetched = await self._consumer.getmany(*waiting, timeout_ms=200)
            patience.check(waiting, bool(fetched))
            for place, records in fetched.items():
                for record in records:
                    if record.offset < end[place]:
                        yield record

    async def at(self, place: TopicPartition, offsets: Sequence[int]) -> AsyncIterator[tuple[int, Record | None]]:
        """The records at `offsets`, which ascend; None where the log does not hold one, or no longer."""
        begin = (await self._ends.beginning_offsets([place]))[place]
        end = (await self._ends.end_offsets([place]))[place]
        waiting = deque(offset for offset in offsets if begin <= offset < end)
        for offset in offsets:
            if offset < begin:
                yield offset, None
        self._consumer.assign([place])
        patience = _Patience()
        position = -_READ_ON
        while waiting:
            if not position <= waiting[0] < position + _READ_ON:
                self._consumer.seek(place, waiting[0])
            fetched = (await self._consumer.getmany(place, timeout_ms=200)).get(place, ())
            records = {record.offset: record for record in fetched}
            position = await self._consumer.position(place)
            patience.check([place], waiting[0] < position)
            while waiting and waiting[0] < position:
                offset = waiting.popleft()
                yield offset, records.get(offset)
        for offset in offsets:
            if offset >= max(begin, end):
                yield offset, None


class _Patience:
    """Ends the wait for a log that does not move."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def check(self, places: Iterable[TopicPartition], has_moved: bool) -> None:
        """UserError after too long without a move."""
        now = time.monotonic()
        if has_moved:
            self._last = now
        elif now - self._last > _PATIENCE_SECONDS:
            names = ", ".join(f"{place.topic}/{place.partition}" for place in sorted(places))
            raise UserError(
                f"{names}: nothing more can be read for {_PATIENCE_SECONDS:.0f} s; does a transaction hang?"
            )
