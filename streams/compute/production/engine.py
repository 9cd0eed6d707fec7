"""The engine of a partition of `production.events`.

A minute closes for all machines when stream time has passed its end by `lateness`. Stream time goes on by events; where
they cease, a tick lets as much of it pass as has passed at the broker since the newest of them, so that events which
come regularly with a delay are not late for a tick.
"""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from schemas.errors import EventError
from schemas.events import Reason
from schemas.production import Count, Job, ProductionEvent, StateChange, Tick
from schemas.times import parse_time
from streams.compute.events import LONG_AGO
from streams.compute.production.calendar import MINUTE
from streams.compute.production.machine import CATEGORIES, UNKNOWN, Machine
from streams.compute.production.spec import Production
from streams.compute.production.timekeeper import Timekeeper
from streams.compute.shop_floor import Believed, Found, Origin, Outcome, ShopFloorEngine

_LIVE: Final = 5 * MINUTE
"""A log whose newest event came later after it happened is history: no tick closes its minutes."""
_ORDERS: Final = 60
"""That a machine may work on in a minute; each is a slice."""
_REMEMBERED: Final = 8
"""Events of one machine at one time among which a repeat is found."""


class ProductionEngine(ShopFloorEngine[ProductionEvent]):
    """Events of production in, rows of `oee` and `stops` out."""

    def __init__(self, origin: Origin, believed: Believed, spec: Production) -> None:
        super().__init__(origin, believed)
        self._categories = {state: CATEGORIES.index(category) for state, category in spec.states.items()}
        self._lateness = int(spec.lateness)
        self._most = spec.machines
        self._timekeeper = Timekeeper(origin, spec)
        self._machines: dict[tuple[str, str], Machine] = {}
        self._closed = LONG_AGO
        """Up to where minutes are closed, epoch ms."""
        self._delay = 0
        """Broker's time of the event that stream time has come from, less its own, ms."""
        self._waiting = False
        """Whether there are slices that will close."""
        self._redeclared: list[Machine] = []
        """Those whose state is declared otherwise than it was; the next record ends it."""

    def drain(self) -> Found:
        self._found.rows.extend(self._timekeeper.drain())
        return super().drain()

    def next_due(self) -> int | None:
        if not self._waiting or self._delay > _LIVE:
            return None
        return self._closed + MINUTE + self._lateness + self._delay

    def _take(self, offset: int, broker_ts: int, event: ProductionEvent) -> Outcome:
        for machine in self._redeclared:
            self._timekeeper.change(machine, "", "", UNKNOWN, offset)
        self._redeclared = []
        if isinstance(event, Tick):
            if self.stream_time > LONG_AGO and self._delay <= _LIVE:
                self.stream_time = max(self.stream_time, broker_ts - self._delay)
                self._close(offset)
            return "accepted"
        self._expect(event)
        before = self.stream_time
        ts = self._time(event.ts, broker_ts)
        if self.stream_time > before:
            self._delay = broker_ts - self.stream_time
            self._close(offset)
        return self._tell(ts, msgspec.structs.replace(event, ts=0), offset)

    def _expect(self, event: StateChange | Count | Job) -> None:
        """EventError for what the topology does not allow."""
        key = (event.site, event.asset)
        machine = self._machines.get(key)
        if machine is None:
            if self._believed.assets is not None and key not in self._believed.assets:
                raise EventError(Reason.UNKNOWN_ASSET, f"{event.site}/{event.asset} is not in the topology")
            if len(self._machines) >= self._most:
                raise EventError(Reason.TOO_MANY_SERIES, f"the partition has {self._most} machines already")
        if isinstance(event, StateChange) and event.state not in self._categories:
            declared = ", ".join(self._categories)
            raise EventError(Reason.UNKNOWN_STATE, f"{event.state!r} is no state of production; known are {declared}")
        if isinstance(event, Job) and machine is not None:
            ts = parse_time(event.ts)
            if machine.slices_in(ts - ts % MINUTE) >= _ORDERS:
                raise EventError(Reason.TOO_MANY_SERIES, f"the machine has worked on {_ORDERS} orders in this minute")

    def _tell(self, ts: int, event: StateChange | Count | Job, offset: int) -> Outcome:
        """Put the event, without its time, down to its machine."""
        key = (event.site, event.asset)
        machine = self._machines.get(key)
        if ts < self._closed or (machine is not None and ts < machine.at):
            return "late"
        if machine is None:
            machine = self._machines[key] = Machine(site=event.site, asset=event.asset, at=ts, heard=ts, since=ts)
        elif ts > machine.heard:
            self._timekeeper.hear(machine, ts, self._closed, offset)
            machine.newest.clear()
        elif event in machine.newest:
            return "duplicate"
        machine.newest = [*machine.newest[1 - _REMEMBERED :], event]
        self._waiting = True
        match event:
            case StateChange(state=state, reason=reason):
                self._timekeeper.change(machine, state, reason, self._categories[state], offset)
            case Count(good=good, rejected=rejected):
                self._timekeeper.count(machine, good, rejected)
            case Job():
                machine.job = event
        return "accepted"

    def _close(self, offset: int) -> None:
        """Close what stream time has passed."""
        before = (self.stream_time - self._lateness) // MINUTE * MINUTE
        if before <= self._closed:
            return
        self._closed = before
        for machine in self._machines.values():
            self._timekeeper.close(machine, before, offset)
        self._waiting = any(map(self._is_waiting, self._machines.values()))

    def _is_waiting(self, machine: Machine) -> bool:
        return bool(machine.open) or machine.at >= self._closed

    def _state(self) -> dict[str, Any]:
        return {
            "closed": self._closed,
            "delay": self._delay,
            # Packed here: as plain values it would take seven times as long.
            "machines": msgspec.msgpack.encode([*self._machines.values()]),
        }

    def _restore(self, state: Mapping[str, Any]) -> list[str]:
        self._closed, self._delay = state["closed"], state["delay"]
        machines = msgspec.msgpack.decode(state["machines"], type=list[Machine])
        self._machines = {(machine.site, machine.asset): machine for machine in machines}
        self._waiting = any(map(self._is_waiting, machines))
        self._redeclared = [
            machine for machine in machines if machine.state and self._categories.get(machine.state) != machine.category
        ]
        return [
            f"state {machine.state} of {machine.site}/{machine.asset} (declared otherwise)"
            for machine in self._redeclared
        ]
