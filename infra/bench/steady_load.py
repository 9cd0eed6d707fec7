"""Sends events at a steady rate for a long time, as a program with HEADRACE_KAFKA in its environment:
`python -m infra.bench.steady_load TOPIC PARTITIONS RATE BEGIN SECONDS`.

Unlike the open loop it never catches up on more than a second: what is overdue by more is left out and counted. A
sender that has to make up for a slow minute would send a burst that nobody asked for, fall behind with that, and so on.
"""

import asyncio
import os
import sys
import time
from typing import Any

import msgspec
from aiokafka import AIOKafkaProducer

from infra.bench.open_loop import TICK_SECONDS, Schedule, append

MOST_BEHIND_SECONDS = 1.0
_IN_FLIGHT = 64
_PATIENCE_SECONDS = 120
"""A broker that does not take a batch for so long is not slow but broken: that ends the load."""


class Held(msgspec.Struct, frozen=True):
    """What the load was in the end."""

    events: int
    """Sent, and acknowledged by the broker."""
    left_out: int
    seconds: float
    """From the beginning to the last acknowledgement."""
    behind_seconds: float
    """By how much the sender was behind at worst."""

    @property
    def rate(self) -> float:
        """Events per second."""
        return self.events / self.seconds


def overdue(schedule: Schedule, number: int, due: int) -> int:
    """How many events are left out of those from `number` up to `due`, the number of those that are due."""
    return max(due - number - int(schedule.rate * MOST_BEHIND_SECONDS), 0)


async def send(kafka: str, topic: str, schedule: Schedule) -> Held:
    """Send until the schedule's time is over."""
    producer = AIOKafkaProducer(
        bootstrap_servers=kafka, compression_type="lz4", linger_ms=0, acks="all",
        request_timeout_ms=_PATIENCE_SECONDS * 1000,
    )  # fmt: skip
    await producer.start()
    try:
        number, left_out, behind = 0, 0, 0.0
        waiting: set[asyncio.Future[Any]] = set()
        while number < schedule.events:
            due = schedule.due(time.time())
            if number < due:
                behind = max(behind, time.time() - (schedule.begin + number / schedule.rate))
            missed = overdue(schedule, number, due)
            left_out += missed
            waiting.update(await append(producer, topic, map(schedule.event, range(number + missed, due))))
            number = due
            await asyncio.sleep(TICK_SECONDS)
            waiting = await _acknowledged(waiting, _IN_FLIGHT)
        await _acknowledged(waiting, 0)
        return Held(number - left_out, left_out, time.time() - schedule.begin, behind)
    finally:
        await producer.stop()


async def _acknowledged(waiting: set[asyncio.Future[Any]], most: int) -> set[asyncio.Future[Any]]:
    """Wait until the broker owes acknowledgements for so many batches at most; returns those."""
    done = {future for future in waiting if future.done()}
    while len(waiting) - len(done) > most:
        finished, _ = await asyncio.wait(waiting - done, return_when=asyncio.FIRST_COMPLETED)
        done |= finished
    for future in done:
        future.result()
    return waiting - done


if __name__ == "__main__":
    _topic, _partitions, _rate, _begin, _seconds = sys.argv[1:]
    _schedule = Schedule(int(_partitions), int(_rate), float(_begin), float(_seconds))
    print(msgspec.json.encode(asyncio.run(send(os.environ["HEADRACE_KAFKA"], _topic, _schedule))).decode())
