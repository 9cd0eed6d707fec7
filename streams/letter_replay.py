"""Sends back what dead letters say was refused, each once, however often it is run and whenever it is killed.

In this order: start the producers of all source partitions that there are letters of (each fences another replay and
ends its transaction; sources share the partitions of the markers), then, per partition, read which letters have been
replayed and send the others. A message and the marker of each letter that it settles are in one transaction, so that
they are there together or not at all.
"""

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from operator import attrgetter
from typing import Any, Final, NamedTuple

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.errors import IllegalOperation, KafkaError, ProducerFenced

from schemas import topics
from schemas.errors import UserError
from schemas.events import Reason
from schemas.results import DeadLetter
from streams.dead_letters import Outcome, resends
from streams.log_lookup import LogLookup, Record
from streams.processor import rules
from streams.topology.model import Topology
from streams.topology.plan import BATCH_BYTES
from streams.transactional_producer import TransactionalProducer

HEADER: Final = "headrace_replay_of"
"""Header of a replayed message: `topic/partition/offset` of the record that it was part of."""

_MOST_MESSAGES: Final = 500
_MOST_BYTES: Final = 4 << 20
"""Of one transaction. While it is open, workers read nothing beyond its beginning."""
_TRANSACTION_MS: Final = 10_000
"""After so long a broker ends the transaction of a replay that was killed."""
_PATIENCE_SECONDS: Final = 30.0
_CLOSE_SECONDS: Final = 5.0


@dataclass
class Report:
    """What became of the letters so far."""

    letters: Counter[tuple[str, str, Outcome]] = field(default_factory=Counter)
    """Count by source topic, reason and outcome."""
    messages: int = 0
    """Messages sent; one can settle several letters."""

    def add(self, letters: Iterable[DeadLetter], outcome: Outcome) -> None:
        """Count letters."""
        self.letters.update((letter.topic, letter.reason, outcome) for letter in letters)


class _Message(NamedTuple):
    value: bytes
    key: bytes | None
    headers: list[tuple[str, bytes]]
    letters: list[DeadLetter]


class LetterReplay:
    """Sends back the refused part of dead letters; `report` is kept up to date throughout."""

    def __init__(
        self, options: dict[str, Any], topology: Topology, *, whole_records: bool = False, dry_run: bool = False
    ) -> None:
        """`options` are `Settings.client_options()`. `whole_records` also sends records that could not be read at all.

        A dry run sends nothing and disturbs nobody.
        """
        self._options = options
        self._topology = topology
        self._rules = rules(topology)
        self._markers = topics.replayed_topic(topology.topology)
        self._whole_records = whole_records
        self._dry_run = dry_run
        self.report = Report()

    async def run(self, letters: Iterable[DeadLetter]) -> None:
        """Send what has not been sent yet.

        UserError where Kafka refuses or another replay takes over. What was sent before is remembered: run it again.
        """
        by_place: dict[TopicPartition, list[DeadLetter]] = {}
        for letter in letters:
            if letter.reason == Reason.MORE or letter.topic not in self._topology.sources:
                self.report.add([letter], Outcome.NOT_REPLAYABLE)
            else:
                by_place.setdefault(TopicPartition(letter.topic, letter.partition), []).append(letter)
        async with LogLookup(self._options) as log, AsyncExitStack() as stack:
            producers = {}
            for place in sorted(by_place):
                with _told(place):
                    producers[place] = await stack.enter_async_context(self._producer(place))
            for place, producer in producers.items():
                with _told(place):
                    await self._replay(log, producer, place, by_place[place])

    async def _replay(
        self, log: LogLookup, producer: AIOKafkaProducer | None, place: TopicPartition, letters: Sequence[DeadLetter]
    ) -> None:
        replayed = await self._replayed(log, place.partition)
        self.report.add((letter for letter in letters if letter.id in replayed), Outcome.ALREADY)
        messages = self._messages(log, place, [letter for letter in letters if letter.id not in replayed])
        async for batch in _batches(messages):
            if producer is not None:
                async with asyncio.timeout(_PATIENCE_SECONDS):
                    await self._send(producer, place, batch)
            self.report.messages += len(batch)
            self.report.add((letter for message in batch for letter in message.letters), Outcome.REPLAYED)

    async def _replayed(self, log: LogLookup, partition: int) -> set[str]:
        """Ids of the letters that have been replayed. Final for a source once its producer has been started."""
        place = TopicPartition(self._markers, partition)
        if place not in await log.partitions(self._markers):
            raise UserError(f"{self._markers} has no partition {partition}: run `headrace topology apply`")
        return {record.key.decode() async for record in log.everything([place])}

    async def _messages(
        self, log: LogLookup, place: TopicPartition, letters: Sequence[DeadLetter]
    ) -> AsyncIterator[_Message]:
        """What the letters say was refused, in the order of the log. What cannot be sent is counted."""
        offset_of = attrgetter("offset")
        by_offset = {at: list(group) for at, group in groupby(sorted(letters, key=offset_of), offset_of)}
        async for offset, record in log.at(place, list(by_offset)):
            of_record = by_offset[offset]
            if record is None or not _is_origin(record, of_record[0]):
                self.report.add(of_record, Outcome.GONE)
                continue
            now = time.time_ns() // 1_000_000
            found = resends(record.value or b"", of_record, self._rules, now, self._whole_records)
            sent = {letter.id for resend in found for letter in resend.letters}
            self.report.add((letter for letter in of_record if letter.id not in sent), Outcome.REFUSED_AGAIN)
            headers = [*record.headers, (HEADER, _name(place, offset))]
            for resend in found:
                yield _Message(resend.value, record.key, headers, resend.letters)

    async def _send(self, producer: AIOKafkaProducer, place: TopicPartition, messages: Sequence[_Message]) -> None:
        """Messages and markers, in one transaction."""
        partition = place.partition
        await producer.begin_transaction()
        sent = []
        try:
            for one in messages:
                sent.append(await producer.send(place.topic, one.value, one.key, partition, headers=one.headers))
                for letter in one.letters:
                    key, value = letter.id.encode(), _name(place, letter.offset)
                    sent.append(await producer.send(self._markers, value, key, partition))
        except IllegalOperation:  # the transaction has ended: a batch sent before has failed, and says why
            await _delivered(sent)
            raise
        await _delivered(sent)  # commit_transaction does not raise for a batch that failed
        await producer.commit_transaction()

    @asynccontextmanager
    async def _producer(self, place: TopicPartition) -> AsyncIterator[AIOKafkaProducer | None]:
        """The started producer of a source partition; none in a dry run, which must not fence a real one."""
        if self._dry_run:
            yield None
            return
        producer = TransactionalProducer(
            {place.topic: place.partition, self._markers: place.partition},
            {},
            **self._options,
            transactional_id=topics.replay_transactional_id(self._topology.topology, *place),
            transaction_timeout_ms=_TRANSACTION_MS,
            compression_type="lz4",
            max_request_size=BATCH_BYTES,
        )
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await producer.start()
            yield producer
        finally:
            await producer.let_go(_CLOSE_SECONDS)


@contextmanager
def _told(place: TopicPartition) -> Iterator[None]:
    """Say to the user what Kafka refuses, and where."""
    try:
        yield
    except ProducerFenced:
        raise UserError(f"another replay has taken over {place.topic}/{place.partition}") from None
    except (KafkaError, TimeoutError) as error:
        reason = str(error) or type(error).__name__
        raise UserError(f"{place.topic}/{place.partition} cannot be replayed: {reason}") from None


async def _delivered(sent: Sequence[asyncio.Future[Any]]) -> None:
    """Wait for all; raises what the first of them that failed says."""
    for result in await asyncio.gather(*sent, return_exceptions=True):
        if isinstance(result, BaseException):
            raise result


async def _batches(messages: AsyncIterator[_Message]) -> AsyncIterator[list[_Message]]:
    """As many messages at a time as go into one transaction."""
    batch: list[_Message] = []
    size = 0
    async for message in messages:
        batch.append(message)
        size += len(message.value)
        if len(batch) >= _MOST_MESSAGES or size >= _MOST_BYTES:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


def _is_origin(record: Record, letter: DeadLetter) -> bool:
    """Whether this is the record that the letter is about: a topic that was created anew has others at its offsets."""
    same: bool = record.timestamp == letter.ts and len(record.value or b"") == letter.payload_bytes
    return same


def _name(place: TopicPartition, offset: int) -> bytes:
    return f"{place.topic}/{place.partition}/{offset}".encode()
