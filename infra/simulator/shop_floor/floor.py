"""Everything that happens on the shop floor, in the order of its times, as a function of seed and time."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from heapq import merge
from itertools import tee
from operator import itemgetter
from typing import Final

import numpy as np

from infra.simulator.assets import BASE, SITE, Asset
from infra.simulator.kinds import KINDS
from infra.simulator.plant import Message
from infra.simulator.shop_floor.catalogue import WORK
from infra.simulator.shop_floor.machine import Machine, Timed
from infra.simulator.shop_floor.mishaps import Astray, Mishap
from infra.simulator.shop_floor.transport import Crane, Transport
from infra.simulator.shop_floor.yard import Yard
from infra.simulator.states import seed_of, stretches
from schemas.production import Count, Job, StateChange
from schemas.quality import Inspection, Sample
from schemas.topics import LOGISTICS_EVENTS, PRODUCTION_EVENTS, QUALITY_EVENTS

MOST_MACHINES: Final = sum(BASE.values())
"""In a larger plant only so many, the first, tell what they make: readings are what such a plant is for."""
TOPICS: Final = frozenset((PRODUCTION_EVENTS.name, QUALITY_EVENTS.name, LOGISTICS_EVENTS.name))
OFF: Final = "off"
_TOPIC_OF: Final = {
    **dict.fromkeys((StateChange, Count, Job), PRODUCTION_EVENTS.name),
    **dict.fromkeys((Sample, Inspection), QUALITY_EVENTS.name),
}


class ShopFloor:
    """The shop floor of a plant, in plant seconds like its readings."""

    def __init__(
        self,
        seed: int,
        machines: Sequence[Asset],
        start_ms: int,
        topics: Collection[str],
        mishaps: Iterable[Mishap] = (),
    ) -> None:
        """`topics` are those that are wanted, `mishaps` come in the order of their start."""
        self._topics = topics
        self._start_ms = start_ms
        self._makers = [machine.name for machine in machines[:MOST_MACHINES] if machine.kind in WORK]
        sources = list(_sources(seed, machines[:MOST_MACHINES], start_ms, iter(mishaps))) if topics else []
        self._events = merge(*sources, key=itemgetter(0))
        self._next = next(self._events, None)

    def until(self, seconds: float) -> list[Message]:
        """What has happened before `seconds` and was not handed out yet, in the order of time."""
        messages = []
        while self._next is not None and self._next[0] < seconds:
            event = self._next[1]
            topic = _TOPIC_OF.get(type(event), LOGISTICS_EVENTS.name)
            if topic in self._topics:
                messages.append(Message(topic, f"{event.site}/{event.asset}".encode(), event))
            self._next = next(self._events, None)
        return messages

    def shut_down(self, seconds: float) -> list[Message]:
        """What machines say when the plant ends at `seconds`: else they would count as running, and making nothing."""
        if PRODUCTION_EVENTS.name not in self._topics:
            return []
        ts = self._start_ms + int(seconds * 1000)
        over = [
            StateChange(ts=ts, site=SITE, asset=name, state=OFF, reason="end of simulation") for name in self._makers
        ]
        return [Message(PRODUCTION_EVENTS.name, f"{SITE}/{event.asset}".encode(), event) for event in over]


def _sources(
    seed: int, machines: Sequence[Asset], start_ms: int, mishaps: Iterator[Mishap]
) -> Iterator[Iterator[Timed]]:
    """Each in the order of its times."""
    cranes = []
    for position, machine in enumerate(machines):
        its_stretches = stretches(seed_of(seed, position), KINDS[machine.kind].cycles)
        if machine.kind == "crane":
            cranes.append(Crane(machine.name, its_stretches))
        elif machine.kind in WORK:
            mishaps, its_mishaps = tee(mishaps)
            astray = Astray(machine.name, its_mishaps)
            yield Machine(machine, its_stretches, _seed(seed, position), astray, start_ms).events()
    wrong = (mishap for mishap in mishaps if mishap.kind == "wrong_pick")
    yield Yard(_seed(seed, MOST_MACHINES), wrong, start_ms).events()
    yield Transport(machines, cranes, _seed(seed, MOST_MACHINES + 1), start_ms).events()


def _seed(seed: int, number: int) -> np.random.SeedSequence:
    return np.random.SeedSequence(seed, spawn_key=(3, number))
