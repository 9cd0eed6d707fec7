"""The synthetic plant's codes and events, made of what its shop floor says."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

import numpy as np

from infra.simulator.assets import Asset
from infra.simulator.plant import Message
from infra.simulator.trace.agenda import Agenda
from infra.simulator.trace.catalogue import PREFIX
from infra.simulator.trace.delivery import Delivery
from infra.simulator.trace.journey import Journey
from infra.simulator.trace.minter import Keys, Minter
from infra.simulator.trace.mishaps import TraceMishap
from infra.simulator.trace.wrong import Wrong
from schemas.topics import TRACE_EVENTS
from schemas.trace import TraceMessage

_SEED: Final = 4


class TracedPlant:
    """A function of the seed and of what the shop floor has said, never of how that is cut into calls of `until`."""

    def __init__(
        self, seed: int, machines: Sequence[Asset], start_ms: int, keys: Keys, mishaps: Iterator[TraceMishap]
    ) -> None:
        """`start_ms` is the event time of second 0, `mishaps` come in the order of their start."""
        random = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(_SEED,)))
        self._start_ms = start_ms
        self._agenda = Agenda()
        minter = Minter(keys, start_ms, self._agenda.send)
        delivery = Delivery(random, self._agenda, minter)
        self._journey = Journey(machines, random, self._agenda, minter, delivery.deliver)
        self._wrong = Wrong(self._agenda, self._journey, delivery)
        self._mishaps = mishaps
        self._schedule_next()

    def until(self, seconds: float, happened: Iterable[Message]) -> list[tuple[str, bytes, TraceMessage]]:
        """What is sent before `seconds`: topic, key and message.

        `happened` are readings and events of the shop floor since the last call.
        """
        for message in sorted(happened, key=lambda message: int(message.event.ts)):
            self._agenda.come_to(int(message.event.ts) + 1)
            self._journey.take(message.event)
        self._agenda.come_to(self._start_ms + seconds * 1000)
        return [(TRACE_EVENTS.name, PREFIX.encode(), message) for message in self._agenda.take()]

    def _schedule_next(self) -> None:
        """Each mishap when the one before it has come, so that the agenda is the same whenever it is asked for."""
        if (mishap := next(self._mishaps, None)) is not None:
            ts = self._start_ms + int(mishap.start * 1000)
            self._wrong.happen(mishap, ts)
            self._agenda.at(ts, lambda _: self._schedule_next())
