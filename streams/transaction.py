"""The transactions of a source partition: results, and up to where they are out, become visible together or not at all;
so do state and offset.

One transactional id per source partition, stable across workers. The group protocol cannot fence a stopped worker that
wakes up again (aiokafka sends TxnOffsetCommit without the member's generation); the producer's epoch can.
"""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, MutableMapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, NamedTuple

import msgspec
from aiokafka import TopicPartition
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.structs import OffsetAndMetadata

from schemas import topics
from schemas.codec import constant_headers
from streams.record_batch import Encoder
from streams.rendering import Message
from streams.transactional_producer import TransactionalProducer

LARGEST_MESSAGE = 16 << 20
"""Bytes of a message; the checkpoint topic is created with the same limit."""
LARGEST_CHECKPOINT = LARGEST_MESSAGE - 1024
"""Bytes; its message has a key and a batch around it."""


def checkpoint_key(topic: str, partition: int) -> bytes:
    """Key of the checkpoints of a source partition."""
    return f"{topic}/{partition}".encode()


def out_key(topic: str, partition: int) -> bytes:
    """Key of the records that say up to where results are out, beyond the checkpoint before them."""
    return checkpoint_key(topic, partition) + b"/out"


class Out(NamedTuple):
    """Up to where results of a source partition are out."""

    next_offset: int
    digest: str
    """Of the topology that they were computed by."""


class Transactions:
    """The producer of one source partition."""

    def __init__(
        self,
        options: dict[str, Any],
        topology: str,
        topic: str,
        partition: int,
        decided: MutableMapping[str, bool],
        lost: Callable[[], None] = lambda: None,
        digest: str = "",
    ) -> None:
        """`decided` is kept by the owner, for all its partitions, from one opening to the next; `digest` is of the
        topology.

        `lost` is called once when a connection to a broker has been lost: then the partition has to be reopened.
        """
        self._source = TopicPartition(topic, partition)
        self._group = topics.group_id(topology)
        self._checkpoints = topics.checkpoint_topic(topology)
        self._destinations = _destinations(topic, partition)
        self._encoders = {
            name: Encoder(constant_headers(topics.TOPICS[name].schema or "", topology, topic, partition))
            for name in self._destinations
        }
        self._partitioner = DefaultPartitioner()
        self._lock = asyncio.Lock()
        self._failure: Exception | None = None
        self._digest = digest
        self._out_to = -1
        self._producer = TransactionalProducer(
            {**self._destinations, self._checkpoints: partition},
            decided,
            lost,
            **options,
            transactional_id=topics.transactional_id(topology, topic, partition),
            transaction_timeout_ms=10_000,
            linger_ms=0,
            max_request_size=LARGEST_MESSAGE,
            request_timeout_ms=10_000,
            retry_backoff_ms=100,
        )

    async def start(self) -> None:
        """Take over: fences whoever had the partition before and ends its transaction."""
        await self._producer.start()

    async def give_out(self, messages: Sequence[Message], next_offset: int) -> None:
        """Give results out, and with them up to where that has been done.

        Whatever this or `keep` raises, nothing of it became visible to read_committed readers, or all of it did: the
        owner has to read the checkpoint again.
        """
        ticks = all(message.topic == self._source.topic for message in messages)  # may come again, and bind nobody
        async with self._turn():
            await asyncio.gather(*await self._send(messages), *([] if ticks else [await self._note_out(next_offset)]))
        if not ticks:
            self._out_to = next_offset

    async def keep(self, checkpoint: bytes, next_offset: int, out_to: int = -1) -> None:
        """Commit state and offset; `out_to` is up to where the last owner gave out results."""
        async with self._turn():
            notes = [await self._note(checkpoint_key(*self._source), checkpoint)]
            out_to = max(out_to, self._out_to)
            if out_to > next_offset:  # whoever looks back stops at the checkpoint
                notes.append(await self._note_out(out_to))
            await asyncio.gather(*notes)
            # Not before: while the group is being added to the transaction the broker refuses batches ("not enough
            # replicas", KIP-890), and they would be sent again only after the backoff.
            await self._producer.send_offsets_to_transaction(
                {self._source: OffsetAndMetadata(next_offset, "")}, self._group
            )

    async def stop(self, timeout: float) -> None:
        """Let go of the producer, also where the broker is away or has fenced it."""
        await self._producer.let_go(timeout)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[None]:
        """A transaction: in the order in which they were asked for, and none after one that failed."""
        try:
            async with self._lock:
                if self._failure is not None:
                    raise self._failure
                await self._producer.begin_transaction()
                yield  # within, everything sent is awaited: commit_transaction does not raise for a batch that failed
                await self._producer.commit_transaction()
        except Exception as error:
            self.fail(error)
            raise
        except asyncio.CancelledError:
            self.fail(TimeoutError("what belongs before it was given up"))
            raise

    def fail(self, error: Exception) -> None:
        """Let all further transactions fail: something that belongs before them is missing."""
        self._failure = self._failure or error

    async def _note_out(self, next_offset: int) -> Awaitable[Any]:
        return await self._note(out_key(*self._source), msgspec.json.encode(Out(next_offset, self._digest)))

    async def _note(self, key: bytes, value: bytes) -> Awaitable[Any]:
        """Hand over a record of the checkpoint topic."""
        noted: Awaitable[Any] = await self._producer.send(
            self._checkpoints, key=key, value=value, partition=self._source.partition
        )
        return noted

    async def _send(self, messages: Sequence[Message]) -> list[Awaitable[Any]]:
        """Hand over the messages in batches built here: a future per batch, not one per message."""
        sent: list[Awaitable[Any]] = []
        by_topic: defaultdict[str, list[Message]] = defaultdict(list)
        for message in messages:
            by_topic[message.topic].append(message)
        for topic, of_topic in by_topic.items():
            for partition, of_partition in (await self._placed(topic, of_topic)).items():
                for batch in self._encoders[topic].batches(of_partition):
                    future = await self._producer.send_batch(batch, topic, partition=partition)
                    sent.append(future)
        return sent

    async def _placed(self, topic: str, messages: Sequence[Message]) -> Mapping[int, Sequence[Message]]:
        """Messages of a topic by partition."""
        fixed = self._destinations[topic]
        if fixed is not None:
            return {fixed: messages}
        placed: defaultdict[int, list[Message]] = defaultdict(list)
        if topic in topics.SOURCES:
            for message in messages:
                placed[message.partition].append(message)
        else:
            numbers = sorted(await self._producer.partitions_for(topic))
            for message in messages:
                placed[self._partitioner(message.key, numbers, numbers)].append(message)
        return placed


def _destinations(topic: str, partition: int) -> dict[str, int | None]:
    """Where messages of a source partition go: to the partition of its number, or, None, to one that differs.

    Conditions go where an operator's client sends what it does to the same alarm: to the partition of their key; and
    what people said of a flag to the partition that it names.
    """
    found: dict[str, int | None] = dict.fromkeys(topics.RESULTS, partition)
    found[topics.ALARM_ACTIONS.name] = None
    if topic == topics.ANOMALY_FEEDBACK.name:
        found |= dict.fromkeys(topics.SOURCES)
    if topic in (topics.ALARM_ACTIONS.name, topics.PRODUCTION_EVENTS.name):
        found[topic] = partition  # ticks
    return found
