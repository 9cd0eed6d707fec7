"""Packs on their way through the plant: picked, sawn, punched, welded and galvanised, carried by cranes that run."""

from collections.abc import Iterator, Sequence
from heapq import heappop, heappush
from itertools import count
from math import inf
from typing import Final

import numpy as np

from infra.simulator.assets import SITE, Asset
from infra.simulator.kinds import RUNNING
from infra.simulator.shop_floor.catalogue import STORE
from infra.simulator.shop_floor.machine import Timed
from infra.simulator.shop_floor.yard import ORDER_EVERY, PICKED_AFTER, order_number
from infra.simulator.states import Stretch
from schemas.logistics import Move

YARD: Final = "yard"
"""Where packs leave the plant."""
ROUTE: Final = ("saw", "punch", "weld", "kettle")
_CARRIED: Final = (1.0, 2.2)
"""Shortest and longest time that a crane takes, seconds."""
_WORKED_ON: Final = (1.5, 3.5)
"""Shortest and longest time that a pack stays with a machine, seconds."""
_ON_THE_WAY: Final = 5
"""Packs that are on their way when the simulation begins."""


class Crane:
    """Carries one pack after the other, while it runs."""

    def __init__(self, name: str, stretches: Iterator[Stretch]) -> None:
        self.name = name
        self._stretches = stretches
        self._stretch = next(stretches)
        self._free = -inf

    def departure(self, asked: float, seconds: float) -> float:
        """When it can begin to carry for `seconds` what has been ready since `asked`. Times asked must not go back."""
        begin = max(asked, self._free, self._stretch.since)
        while self._stretch.state != RUNNING or self._stretch.until < begin + seconds:
            self._stretch = next(self._stretches)
            begin = max(begin, self._stretch.since)
        return begin

    def carry(self, departed: float, seconds: float) -> float:
        """Carry something; when it arrives."""
        self._free = departed + seconds
        return self._free


class Transport:
    """One pack for each cutting order goes from machine to machine."""

    def __init__(
        self, machines: Sequence[Asset], cranes: Sequence[Crane], seed: np.random.SeedSequence, start_ms: int
    ) -> None:
        """`start_ms` is the event time of second 0."""
        self._places = [[machine.name for machine in machines if machine.kind == kind] for kind in ROUTE]
        self._cranes = cranes
        self._random = np.random.default_rng(seed)
        self._start_ms = start_ms

    def events(self) -> Iterator[Timed]:
        """Every move that is over at second 0 or later, in the order of arrival."""
        if not self._cranes or not all(self._places):
            return
        numbers = count()
        waiting: list[tuple[float, int, str, list[str], Move | None]] = []
        """When, tie-break, item, the places that are left of its way (the first is where it is), and the move that has
        just brought it there."""
        orders = count(-_ON_THE_WAY)
        next_order = next(orders)
        while True:
            ready = 1.0 + next_order * ORDER_EVERY + PICKED_AFTER
            if not waiting or ready <= waiting[0][0]:
                way = [STORE, *(str(self._random.choice(places)) for places in self._places), YARD]
                heappush(waiting, (ready, next(numbers), f"{order_number(next_order)}-pack", way, None))
                next_order = next(orders)
                continue
            now, _, item, way, move = heappop(waiting)
            if move is not None:
                if now >= 0:
                    yield now, move
                if len(way) > 1:
                    ready = now + float(self._random.uniform(*_WORKED_ON))
                    heappush(waiting, (ready, next(numbers), item, way, None))
                continue
            arrived, move = self._carry(now, item, way)
            heappush(waiting, (arrived, next(numbers), item, way[1:], move))

    def _carry(self, now: float, item: str, way: Sequence[str]) -> tuple[float, Move]:
        """The next leg of an item, by the crane that can begin first: when it arrives, and the move."""
        seconds = float(self._random.uniform(*_CARRIED))
        departed, place = min((crane.departure(now, seconds), place) for place, crane in enumerate(self._cranes))
        crane = self._cranes[place]
        arrived = crane.carry(departed, seconds)
        move = Move(
            ts=self._start_ms + int(arrived * 1000),
            site=SITE,
            asset=STORE,
            item=item,
            source=way[0],
            destination=way[1],
            departed=self._start_ms + int(departed * 1000),
            carrier=crane.name,
        )
        return arrived, move
