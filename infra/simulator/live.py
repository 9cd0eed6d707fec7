"""The synthetic plant in real time: what is due is sent, and every fault is labelled before it begins."""

import asyncio
import heapq
import random
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Sequence
from itertools import count
from math import inf
from typing import Final

import msgspec

from infra.simulator.labels import Labels
from infra.simulator.plant import Message, Plant
from infra.simulator.shop_floor.floor import ShopFloor
from infra.simulator.trace.traced_plant import TracedPlant

Send = Callable[[str, Sequence[tuple[bytes, bytes]]], Awaitable[None]]
"""Takes a topic, and keys and values of messages."""

Respond = Callable[[float], Awaitable[None]]
"""Carries out what has been commanded, at a plant time in seconds."""

_TICK: Final = 0.1
_LONGEST_STEP: Final = 1.0
"""Seconds of plant time computed at once when the sender lags behind."""
_DELAY: Final = (0.2, 3.0)
"""Seconds by which a disordered event comes after its time."""

_encode = msgspec.json.Encoder().encode


class Totals:
    """How far the simulation has come."""

    def __init__(self) -> None:
        self.events = 0
        self.faults = 0
        """Faults, causes and mishaps that have begun."""
        self.seconds = 0.0
        """Plant time."""
        self.behind = 0.0
        """Seconds by which the plant lags behind the clock."""


class Disorder:
    """Holds a share of the messages back, so that they are sent after younger ones."""

    def __init__(self, share: float, seed: int) -> None:
        self._share = share
        self._random = random.Random(seed)
        self._held: list[tuple[float, int, Message]] = []
        self._number = count()

    def shuffle(self, messages: list[Message], now: float) -> list[Message]:
        """Those of `messages` that are not held back, and then those whose delay is over at `now` (inf: all)."""
        if self._share == 0:
            return messages
        sent = []
        for message in messages:
            if self._random.random() < self._share:
                due = now + self._random.uniform(*_DELAY)
                heapq.heappush(self._held, (due, next(self._number), message))
            else:
                sent.append(message)
        while self._held and self._held[0][0] <= now:
            sent.append(heapq.heappop(self._held)[2])
        return sent


class Simulator:
    """Sends a plant's readings, and what happens on its shop floor, as their times come.

    Where `send` cannot keep up, the plant falls behind the clock; nothing is left out.
    """

    def __init__(
        self,
        plant: Plant,
        labels: Labels,
        disorder: Disorder,
        send: Send,
        totals: Totals,
        respond: Respond | None = None,
        floor: ShopFloor | None = None,
        traced: TracedPlant | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`labels` are of what goes wrong; `totals` is kept up to date. Without `respond` nobody commands the plant.

        What comes from the `floor`, and what is `traced` of it, is sent in order: controllers and people repeat what
        was not taken.
        """
        self._plant = plant
        self._labels = labels
        self._disorder = disorder
        self._send = send
        self._totals = totals
        self._respond = respond
        self._floor = floor
        self._traced = traced
        self._clock = clock
        self._sleep = sleep

    async def run(self, duration: float | None, progress: Callable[[], None] = lambda: None) -> None:
        """Run for `duration` seconds, None until cancelled; `progress` is called at every step."""
        totals = self._totals
        end = inf if duration is None else duration
        begin = self._clock()
        while totals.seconds < end:
            elapsed = self._clock() - begin
            now = min(elapsed, totals.seconds + _LONGEST_STEP, end)
            self._labels.write_until(now)
            readings = self._plant.until(now)
            await self._send_all(self._disorder.shuffle(readings, now))
            happened = self._floor.until(now) if self._floor is not None else []
            await self._send_all(happened)
            if self._traced is not None:
                await self._send_all(self._traced.until(now, [*readings, *happened]))
            if self._respond is not None:  # what has been read does not change any more
                await self._respond(now)
            totals.seconds, totals.behind, totals.faults = now, elapsed - now, self._labels.begun
            progress()
            await self._sleep(max(0.0, begin + now + _TICK - self._clock()))
        await self._send_all(self._disorder.shuffle([], inf))
        if self._floor is not None:
            await self._send_all(self._floor.shut_down(end))

    async def _send_all(self, messages: Sequence[tuple[str, bytes, object]]) -> None:
        topics: defaultdict[str, list[tuple[bytes, bytes]]] = defaultdict(list)
        for topic, key, event in messages:
            topics[topic].append((key, _encode(event)))
        for topic, records in topics.items():
            await self._send(topic, records)
        self._totals.events += len(messages)
