"""A machine that makes items: its states, what it makes, and how good that is."""

from collections.abc import Iterator
from heapq import merge
from operator import itemgetter
from typing import Any, Final

import numpy as np

from infra.simulator.assets import SITE, Asset
from infra.simulator.kinds import KINDS, RUNNING, SETUP
from infra.simulator.shop_floor.catalogue import PLANNED, REASONS, REWORKED, SCRAPPED, WORK
from infra.simulator.shop_floor.mishaps import Astray
from infra.simulator.states import Stretch
from schemas.production import Count, Job, StateChange
from schemas.quality import Inspection, Sample
from schemas.shop_floor import ShopFloorEvent

Timed = tuple[float, ShopFloorEvent]
"""Plant seconds and the event at that time."""

HEARTBEAT: Final = 60.0
"""Seconds after which a machine repeats its state."""
_FIRST_ORDER: Final = 2401


class Machine:
    """Makes items while it runs, and changes to another order at set-up, or where it is never set up when an order is
    done."""

    def __init__(
        self, asset: Asset, stretches: Iterator[Stretch], seed: np.random.SeedSequence, astray: Astray, start_ms: int
    ) -> None:
        """`stretches` are those of its readings, `start_ms` is the event time of second 0."""
        self._name = asset.name
        self._work = WORK[asset.kind]
        self._is_set_up = KINDS[asset.kind].cycles
        self._stretches = stretches
        self._random = np.random.default_rng(seed)
        self._astray = astray
        self._start_ms = start_ms
        self._job = 0
        self._cycles = int(self._random.integers(self._work.lot))
        self._left = self._cycle_time() * self._random.uniform()
        """Seconds of work until the item in the machine is done."""
        self._made = 0
        """Items of the order."""
        self._inspected = self._passed = self._reworked = 0
        self._defects: dict[str, int] = {}

    def events(self) -> Iterator[Timed]:
        """Everything from second 0 on, in the order of time."""
        yield 0.0, self._new_job(0.0)
        for stretch in self._stretches:
            if stretch.until <= 0:
                continue
            begin = max(stretch.since, 0.0)
            if stretch.state == SETUP and begin > 0:
                yield begin, self._new_job(begin)
            yield from merge(self._states(stretch, begin), self._items(stretch, begin), key=itemgetter(0))

    def _states(self, stretch: Stretch, begin: float) -> Iterator[Timed]:
        """The state as it begins, and again every so often."""
        reason = str(self._random.choice(REASONS[stretch.state]))
        now = begin
        while now < stretch.until:
            yield now, StateChange(**self._head(now), state=stretch.state, reason=reason)
            now += HEARTBEAT

    def _items(self, stretch: Stretch, begin: float) -> Iterator[Timed]:
        if stretch.state != RUNNING:
            return
        now = begin
        while now + self._left < stretch.until:
            now += self._left
            self._left = self._cycle_time()
            for event in self._finished(now):
                yield now, event
        self._left -= stretch.until - now

    def _finished(self, now: float) -> Iterator[ShopFloorEvent]:
        """A cycle is done."""
        work, random = self._work, self._random
        luck = random.uniform(size=work.batch)
        scrapped = int((luck < SCRAPPED).sum())
        reworked = int((luck < SCRAPPED + REWORKED).sum()) - scrapped
        yield Count(**self._head(now), good=work.batch - scrapped, rejected=scrapped)
        self._cycles += 1
        self._made += work.batch
        if self._cycles % work.characteristic.every == 0:
            yield self._sample(now)
        self._inspected += work.batch
        self._passed += work.batch - scrapped - reworked
        self._reworked += reworked
        for _ in range(scrapped + reworked):
            defect = str(random.choice(work.defects))
            self._defects[defect] = self._defects.get(defect, 0) + 1
        if self._cycles % work.lot == 0:
            yield self._inspection(now)
        if not self._is_set_up and self._made >= PLANNED:
            yield self._new_job(now)

    def _sample(self, now: float) -> Sample:
        spec = self._work.characteristic
        values = spec.mean + self._astray.at(now) + spec.sigma * self._random.standard_normal(spec.size)
        return Sample(
            **self._head(now),
            characteristic=spec.name,
            values=tuple(np.round(values, spec.decimals).tolist()),
            product=self._product,
            order=self._order,
            item=f"{self._order}-{self._name}-{self._made}",
        )

    def _inspection(self, now: float) -> Inspection:
        """Of what was made since the last one."""
        found = Inspection(
            **self._head(now),
            product=self._product,
            inspected=self._inspected,
            passed=self._passed,
            reworked=self._reworked,
            defects=self._defects,
            order=self._order,
        )
        self._inspected = self._passed = self._reworked = 0
        self._defects = {}
        return found

    def _new_job(self, now: float) -> Job:
        self._order = f"T{_FIRST_ORDER + self._job}"
        self._product = self._work.products[self._job % len(self._work.products)]
        self._job += 1
        self._made = 0
        ideal_ms = 1000 * self._work.ideal / self._work.batch
        return Job(
            **self._head(now), order=self._order, product=self._product, ideal_cycle_ms=ideal_ms, planned=PLANNED
        )

    def _head(self, now: float) -> dict[str, Any]:
        return {"ts": self._start_ms + int(now * 1000), "site": SITE, "asset": self._name}

    def _cycle_time(self) -> float:
        return self._work.ideal * float(self._random.uniform(*self._work.actual))
