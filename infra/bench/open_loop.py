"""Sends events at times that are fixed beforehand, as a program with HEADRACE_KAFKA in its environment:
`python -m infra.bench.open_loop TOPIC PARTITIONS RATE BEGIN SECONDS`.

An event that could not be sent on time keeps the time it was meant for, and its latency counts from there: a sender
that waits for a slow system must not make the system look quick (coordinated omission).
"""

import asyncio
import math
import os
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

from aiokafka import AIOKafkaProducer

from infra.bench.punctual import be_punctual
from infra.bench.workload import SITE

TICK_SECONDS = 0.02
"""Events that fall due within it are sent together; waiting for it is part of the latency."""
PROBES_PER_SECOND = 20
PROBE_VALUE = 2000.0
_ASSETS = 500


class Event(NamedTuple):
    """One event of the schedule."""

    partition: int
    ms: int
    """The time it is meant to be sent at, which is its event time."""
    asset: str
    value: float


@dataclass(frozen=True)
class Schedule:
    """Which event is sent when: event `i` at `begin + i / rate` (seconds since the epoch)."""

    partitions: int
    rate: int
    begin: float
    seconds: float

    @property
    def events(self) -> int:
        """Number of events."""
        return int(self.rate * self.seconds)

    def due(self, now: float) -> int:
        """How many events are meant to have been sent by `now`."""
        return min(max(int((now - self.begin) * self.rate) + 1, 0), self.events)

    def event(self, number: int) -> Event:
        """An event. Some are probes: above every limit, and of an asset of their own in each partition."""
        partition = number % self.partitions
        ms = int((self.begin + number / self.rate) * 1000)
        if number % self._probe_every == 0:
            return Event(partition, ms, probe(partition), PROBE_VALUE)
        asset = number % (_ASSETS - _ASSETS % self.partitions)
        return Event(partition, ms, f"machine-{asset:04d}", 50.0 + number % 7)

    def probes(self) -> Iterator[Event]:
        """The probes, in order."""
        return (self.event(number) for number in range(0, self.events, self._probe_every))

    @property
    def _probe_every(self) -> int:
        # Without a divisor in common with the partitions, so that probes go to all of them.
        every = max(self.rate // PROBES_PER_SECOND, 1)
        while math.gcd(every, self.partitions) > 1:
            every += 1
        return every


def probe(partition: int) -> str:
    """The asset of a partition's probes."""
    return f"probe-{partition}"


async def append(producer: AIOKafkaProducer, topic: str, events: Iterable[Event]) -> list[asyncio.Future[Any]]:
    """Hand events to the producer, whole batches at a time; returns what to wait for until the broker has them."""
    handed: list[asyncio.Future[Any]] = []
    batches: dict[int, Any] = {}
    for partition, ms, asset, value in events:
        key = f"{SITE}/{asset}".encode()
        body = b'{"ts":%d,"site":"%b","asset":"%b","values":{"m0":%.1f},"gateway":"%b"}' % (
            ms, SITE.encode(), asset.encode(), value, b"gw-0".ljust(76, b"."),
        )  # fmt: skip
        batch = batches.get(partition) or batches.setdefault(partition, producer.create_batch())
        if batch.append(key=key, value=body, timestamp=None) is None:
            batch.close()
            handed.append(await producer.send_batch(batch, topic, partition=partition))
            batch = batches[partition] = producer.create_batch()
            batch.append(key=key, value=body, timestamp=None)
    for partition, batch in batches.items():
        batch.close()
        handed.append(await producer.send_batch(batch, topic, partition=partition))
    return handed


async def send(kafka: str, topic: str, schedule: Schedule) -> float:
    """Send everything; returns by how many seconds the sender was behind at worst."""
    producer = AIOKafkaProducer(bootstrap_servers=kafka, compression_type="lz4", linger_ms=0, acks="all")
    await producer.start()
    try:
        sent, behind = 0, 0.0
        waiting: set[asyncio.Future[Any]] = set()
        while sent < schedule.events:
            due = schedule.due(time.time())
            waiting.update(await append(producer, topic, map(schedule.event, range(sent, due))))
            if sent < due:
                behind = max(behind, time.time() - (schedule.begin + sent / schedule.rate))
            sent = due
            finished = {future for future in waiting if future.done()}
            for future in finished:
                future.result()
            waiting -= finished
            await asyncio.sleep(TICK_SECONDS)
        await asyncio.gather(*waiting)
        return behind
    finally:
        await producer.stop()


if __name__ == "__main__":
    _topic, _partitions, _rate, _begin, _seconds = sys.argv[1:]
    _schedule = Schedule(int(_partitions), int(_rate), float(_begin), float(_seconds))
    be_punctual()
    print(f"BEHIND {asyncio.run(send(os.environ['HEADRACE_KAFKA'], _topic, _schedule)):.4f}")
