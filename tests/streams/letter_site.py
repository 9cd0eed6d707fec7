"""A source topic whose records are refused, and what a replay of the dead letters makes of it."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaProducer
from kafka import KafkaConsumer
from kafka import TopicPartition as Place

from schemas import identifiers, topics
from schemas.codec import constant_headers, encode, id_header
from schemas.results import DeadLetter
from streams.dead_letters import letters
from streams.letter_replay import HEADER, LetterReplay, Report
from streams.log_lookup import LogLookup
from streams.topology.model import Topology


@dataclass
class Site:
    """A topology with a source topic of its own, and a way to refuse records of it."""

    kafka: str
    topology: Topology
    topic: str

    @property
    def options(self) -> dict[str, Any]:
        return {"bootstrap_servers": [self.kafka]}

    def refuse(self, *records: tuple[int, bytes], scope: str = "event", reason: str = "unknown_asset") -> None:
        """Append (partition, value) records, and a dead letter for each, as a worker would."""
        asyncio.run(self._refuse(records, scope, reason))

    async def _refuse(self, records: Sequence[tuple[int, bytes]], scope: str, reason: str) -> None:
        producer = AIOKafkaProducer(**self.options, linger_ms=5, max_request_size=2 << 20)
        await producer.start()
        headers = [("origin", b"plc")]
        sent = [
            await producer.send(self.topic, value, f"s/{number % 3}".encode(), partition, headers=headers)
            for number, (partition, value) in enumerate(records)
        ]
        for (partition, value), future in zip(records, sent, strict=True):
            at = await future
            prefix = identifiers.prefix("dead_letter", self.topology.topology, self.topic, partition, scope, "")
            letter = DeadLetter(
                identifiers.at(prefix, at.offset, 0), at.timestamp, reason, scope, "refused", "", "s/a",
                value[:20].decode(), len(value), self.topology.topology, self.topic, partition, at.offset, 0,
            )  # fmt: skip
            await self.write(producer, letter)
        await producer.stop()

    async def write(self, producer: AIOKafkaProducer, letter: DeadLetter) -> None:
        headers = constant_headers("dead_letter", letter.topology, letter.topic, letter.partition)
        await producer.send(
            topics.DEAD_LETTERS.name, encode(letter), partition=0, headers=[*headers, id_header(letter.id)]
        )

    def letters(self) -> list[DeadLetter]:
        """All dead letters."""

        async def read() -> list[DeadLetter]:
            async with LogLookup(self.options) as log:
                return [letter async for letter in letters(log, self.topology.topology)]

        return asyncio.run(read())

    def replay(self, given: Sequence[DeadLetter] | None = None, **how: bool) -> Report:
        """Replay all dead letters, or those given."""
        found = self.letters() if given is None else given

        async def run() -> Report:
            work = LetterReplay(self.options, self.topology, **how)
            await work.run(found)
            return work.report

        return asyncio.run(run())

    def log(self) -> list[Any]:
        """All committed records of the source topic."""
        consumer = KafkaConsumer(
            bootstrap_servers=self.kafka, auto_offset_reset="earliest", enable_auto_commit=False,
            isolation_level="read_committed",
        )  # fmt: skip
        places = [Place(self.topic, number) for number in sorted(consumer.partitions_for_topic(self.topic) or ())]
        consumer.assign(places)
        ends = consumer.end_offsets(places)
        found = []
        while any(consumer.position(place) < ends[place] for place in places):
            for records in consumer.poll(timeout_ms=1000).values():
                found += records
        consumer.close()
        return found

    def replayed(self) -> list[Any]:
        """Those of them that were replayed."""
        return [one for one in self.log() if HEADER in dict(one.headers)]
