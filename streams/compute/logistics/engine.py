"""The engine of a partition of `logistics.events`.

What lies in a store is added up in the order of the log, whatever the times of the events: pieces that came and went
come to the same in any order. Three kinds of events say how things stood at their time, and are late where the log
has had a later word: a stock take before the newest change of its bin, a pick list before the newest of its order, a
move before the newest of its item. A late move has its row, and moves nothing; the other two change nothing.

An event that says exactly what one of the newest 1,024 of its store by event time said is a duplicate.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import msgspec

from schemas import identifiers
from schemas.errors import EventError
from schemas.events import Reason
from schemas.logistics import Arrival, LogisticsEvent, Move, Pick, PickList, StockTake
from schemas.logistics_rows import CarriedItem, Cause, CheckedPick, PickListLine, StockLevel
from schemas.results import Anomaly, Severity
from schemas.times import parse_time
from streams.compute.events import LONG_AGO
from streams.compute.incidents import GAP_MS
from streams.compute.logistics import pick_lists
from streams.compute.logistics.kind import count, kind_of
from streams.compute.logistics.pick_lists import PickLists
from streams.compute.logistics.places import Places
from streams.compute.logistics.repeats import Repeats, digest
from streams.compute.logistics.spec import Logistics
from streams.compute.logistics.stock import Bin, Stock
from streams.compute.shop_floor import Believed, Origin, Outcome, ShopFloorEngine

PICK_CHECK: Final = "pick-check"
STOCK_CHECK: Final = "stock-check"
_CHECKS: Final[Mapping[str, tuple[str, Severity]]] = {
    PICK_CHECK: ("pick", "critical"),
    STOCK_CHECK: ("stock", "warning"),
}
"""Detector of a flag to its metric and severity."""
MOST_STORES: Final = 100
"""Of a partition."""


class _Store:
    """Everything that is known of one store."""

    def __init__(self, exits: frozenset[str]) -> None:
        self.stock = Stock()
        self.lists = PickLists()
        self.places = Places(exits)
        self.repeats = Repeats()
        self.incident = (LONG_AGO, LONG_AGO)
        """Event times of the first flag of the newest incident, and of its newest one."""


class LogisticsEngine(ShopFloorEngine[LogisticsEvent]):
    """Arrivals, stock takes, pick lists, picks and moves in; rows and flags out."""

    def __init__(self, origin: Origin, believed: Believed, spec: Logistics) -> None:
        super().__init__(origin, believed)
        self._tolerance = spec.length_tolerance_mm
        self._declared = frozenset(spec.stores)
        self._exits = frozenset(spec.exits)
        self._stores: dict[tuple[str, str], _Store] = {}
        self._prefixes = {
            name: identifiers.prefix(name, *origin)
            for name in ("stock_levels", "pick_lists", "picks", "moves", *_CHECKS)
        }
        self._takers: Mapping[type[LogisticsEvent], Callable[[int, int, Any, _Store], Outcome]] = {
            Arrival: self._arrival,
            StockTake: self._stock_take,
            PickList: self._pick_list,
            Pick: self._pick,
            Move: self._move,
        }

    def _take(self, offset: int, broker_ts: int, event: LogisticsEvent) -> Outcome:
        if self._declared and event.asset not in self._declared:
            declared = ", ".join(sorted(self._declared))
            raise EventError(Reason.UNKNOWN_ASSET, f"{event.asset!r} is no store of this topology: {declared}")
        key = (event.site, event.asset)
        store = self._stores.get(key)
        if store is None:
            if len(self._stores) >= MOST_STORES:
                raise EventError(Reason.TOO_MANY_SERIES, f"the partition has {MOST_STORES} stores already")
            store = _Store(self._exits)
        said = digest(event)
        if said in store.repeats:
            return "duplicate"
        outcome = self._takers[type(event)](offset, broker_ts, event, store)
        store.repeats.add(parse_time(event.ts), said)
        self._stores[key] = store
        return outcome

    def _arrival(self, offset: int, broker_ts: int, event: Arrival, store: _Store) -> Outcome:
        store.stock.check_arrival(event.bin, kind_of(event), self._tolerance)
        time = self._time(event.ts, broker_ts)
        bin_ = store.stock.put(event.bin, kind_of(event), event.pieces, time)
        self._add_level(offset, time, event, bin_, event.pieces, "arrival")
        return "accepted"

    def _stock_take(self, offset: int, broker_ts: int, event: StockTake, store: _Store) -> Outcome:
        before = store.stock[event.bin]
        if before is None:
            raise EventError(Reason.UNKNOWN_BIN, f"nothing has ever arrived in {event.bin!r}: what was counted?")
        time = self._time(event.ts, broker_ts)
        if time < before.changed:
            return "late"
        bin_ = store.stock.counted(event.bin, event.pieces, time)
        self._add_level(offset, time, event, bin_, event.pieces - before.pieces, "stock_take", by=event.by)
        return "accepted"

    def _pick_list(self, offset: int, broker_ts: int, event: PickList, store: _Store) -> Outcome:
        pick_lists.check(event)
        time = self._time(event.ts, broker_ts)
        if store.lists.is_outdated(event.order, time):
            return "late"
        store.lists.put(event, time)
        common: dict[str, Any] = {
            "site": event.site, "asset": event.asset, "offset": offset, "ts": time, "order": event.order,
            "waste_mm": event.waste_mm, "by": event.by,
        }  # fmt: skip
        rows = [
            PickListLine(
                id=self._id("pick_lists", offset, number), line=number, bin=line.bin, grade=line.grade,
                section=line.section, length_mm=line.length_mm, heat=line.heat, pieces=line.pieces,
                cuts_mm=msgspec.json.encode(line.cuts_mm).decode(), cut_mm=sum(line.cuts_mm) * line.pieces,
                **common,
            )
            for number, line in enumerate(event.lines)
        ]  # fmt: skip
        self._found.rows.extend(rows or [_cancelled(self._id("pick_lists", offset, 0), common)])
        return "accepted"

    def _pick(self, offset: int, broker_ts: int, event: Pick, store: _Store) -> Outcome:
        time = self._time(event.ts, broker_ts)
        before = store.stock[event.bin]
        judged = store.lists.judge(event, self._tolerance)
        wanted = judged.wanted
        row = CheckedPick(
            id=self._id("picks", offset), site=event.site, asset=event.asset, offset=offset, ts=time,
            order=event.order, robot=event.robot, bin=event.bin, grade=event.grade, section=event.section,
            length_mm=event.length_mm, heat=event.heat, pieces=event.pieces, counted=judged.counted,
            verdict=judged.verdict, reason=judged.reason, wanted_bin=judged.bin,
            wanted_grade=wanted.kind.grade if wanted else "", wanted_section=wanted.kind.section if wanted else "",
            wanted_length_mm=wanted.kind.length_mm if wanted else None, wanted_heat=wanted.kind.heat if wanted else "",
            wanted_pieces=wanted.pieces if wanted else None,
        )  # fmt: skip
        self._found.rows.append(row)
        if judged.verdict != "right":
            self._flag(PICK_CHECK, row, store, row.wanted_pieces, judged.reason)
        had = before.pieces if before else 0
        if event.pieces > had:
            lay = f"{had} were there by the model of stock" if before else "nothing has ever arrived there"
            reason = f"{event.robot} took {count(event.pieces)} from {event.bin}, and {lay}: count what the bin holds"
            self._flag(STOCK_CHECK, row, store, had, reason)
        after = store.stock.take(event.bin, event.pieces, time)
        if after is not None:
            self._add_level(offset, time, event, after, after.pieces - had, "pick", event.order, event.robot)
        return "accepted"

    def _move(self, offset: int, broker_ts: int, event: Move, store: _Store) -> Outcome:
        departed = parse_time(event.departed)
        arrived = parse_time(event.ts)
        if not self._believed.earliest <= departed <= arrived:
            raise EventError(Reason.BAD_TIME, f"departed {departed} is too early, or later than the arrival {arrived}")
        time = self._time(event.ts, broker_ts)
        is_newest = store.places.put(event.item, event.destination, time)
        self._found.rows.append(CarriedItem(
            id=self._id("moves", offset), site=event.site, asset=event.asset, offset=offset, ts=time,
            departed=departed, duration_ms=time - departed, item=event.item, source=event.source,
            destination=event.destination, carrier=event.carrier, pieces=event.pieces,
            items_at_source=store.places.items_at(event.source),
            items_at_destination=store.places.items_at(event.destination), has_left=event.destination in self._exits,
        ))  # fmt: skip
        return "accepted" if is_newest else "late"

    def _add_level(
        self,
        offset: int,
        time: int,
        event: Arrival | StockTake | Pick,
        bin_: Bin,
        change: int,
        cause: Cause,
        order: str = "",
        by: str = "",
    ) -> None:
        kind = bin_.kind
        self._found.rows.append(StockLevel(
            id=self._id("stock_levels", offset), site=event.site, asset=event.asset, offset=offset, ts=time,
            bin=event.bin, grade=kind.grade, section=kind.section, length_mm=kind.length_mm, heat=kind.heat,
            pieces=bin_.pieces, change=change, cause=cause, order=order, by=by,
        ))  # fmt: skip

    def _flag(self, detector: str, pick: CheckedPick, store: _Store, expected: int | None, reason: str) -> None:
        began, newest = store.incident
        began = pick.ts if newest == LONG_AGO or pick.ts - newest > GAP_MS else began
        store.incident = (began, max(pick.ts, newest))
        incident = identifiers.prefix("incident", self.origin.topology, pick.site, pick.asset)
        metric, severity = _CHECKS[detector]
        self._found.anomalies.append(Anomaly(
            self._id(detector, pick.offset), pick.ts, pick.site, pick.asset, metric, detector, severity, 1.0,
            float(pick.pieces), None if expected is None else float(expected), None, None, reason, *self.origin,
            pick.offset, identifiers.at(incident, began),
        ))  # fmt: skip

    def _id(self, name: str, *position: int) -> str:
        return identifiers.at(self._prefixes[name], *position)

    def _state(self) -> dict[str, Any]:
        return {
            "stores": [
                {
                    "key": key,
                    "stock": store.stock.snapshot(),
                    "lists": store.lists.snapshot(),
                    "places": store.places.snapshot(),
                    "repeats": store.repeats.snapshot(),
                    "incident": store.incident,
                }
                for key, store in self._stores.items()
            ]
        }

    def _restore(self, state: Mapping[str, Any]) -> list[str]:
        self._stores = {}
        for one in state["stores"]:
            store = self._stores[tuple(one["key"])] = _Store(self._exits)
            store.stock = Stock(one["stock"])
            store.lists = PickLists(one["lists"])
            store.places = Places(self._exits, **one["places"])
            repeats = one["repeats"]
            if not isinstance(repeats, Mapping):  # a checkpoint from before event times were remembered
                repeats = {"times": [LONG_AGO] * len(repeats), "digests": repeats}
            store.repeats = Repeats(**repeats)
            store.incident = tuple(one["incident"])
        return []


def _cancelled(id_: str, common: Mapping[str, Any]) -> PickListLine:
    """The row of a list without lines: nothing is wanted any more."""
    return PickListLine(
        id=id_, line=0, bin="", grade="", section="", length_mm=0, heat="", pieces=0, cuts_mm="[]", cut_mm=0, **common
    )
