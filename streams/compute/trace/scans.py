"""What scans and events of one code tell when they are held against each other: copies, theft, guessing.

All is judged in the order of the log, by event times. A sighting that comes out of order is held against the newest
known place of its item like any other, and does not become the newest. Items are those of an enterprise: what is told
to it follows from what it captured itself, whoever shares its partition.
"""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, Final, NamedTuple, Protocol

import numpy as np

from schemas.codes import Code, belongs_to, parse
from schemas.epcis import AnyEvent
from schemas.errors import CodeError
from schemas.results import Anomaly
from schemas.trace import Place, Scan
from streams.compute.events import LONG_AGO
from streams.compute.shop_floor import Origin
from streams.compute.trace import scan_reasons as reasons
from streams.compute.trace.archive import Captured, Item
from streams.compute.trace.flags import Flagging, Signal
from streams.compute.trace.last_hour import HOUR_MS, LastHour
from streams.compute.trace.newest import Newest, key_of
from streams.compute.trace.places import distance_km, place_of
from streams.compute.trace.spec import Trace
from streams.compute.trace.voids import Voided

SELLING: Final = "retail_selling"
SOLD: Final = "retail_sold"
RETURNED: Final = "returned"
IN_TRADE: Final = frozenset(("packing", "receiving", "shipping"))
"""Steps of what is still for sale."""
DISPOSAL_STEPS: Final = frozenset(("decommissioning", "destroying", "holding", "killing", "removing", "void_shipping"))
DISPOSALS: Final = frozenset(("destroyed", "disposed", "inactive", "stolen"))
"""Steps and dispositions that go with a void code."""
_SCAN: Final = 0
"""In place of an event, which has a hash."""
_TAIL: Final = 21
"""Characters of a code behind its product, with the slash."""
_SHORTEST_MS: Final = 1_000
"""Clocks agree no better."""


class _Case(NamedTuple):
    """What is judged: whose it is, its event time and offset."""

    enterprise: str
    ts: int
    offset: int


class _Part(Protocol):
    """A part of the state."""

    def snapshot(self) -> Any: ...
    def restore(self, state: Any) -> None: ...


class ScanWatch:
    """Scans, events and voids in, flags out. All memory is bounded; of what is forgotten nothing more is told."""

    def __init__(self, origin: Origin, spec: Trace) -> None:
        self._declared = spec.places
        self._limits = limits = spec.scans
        most = limits.most_codes
        self._flagging = Flagging(origin, limits.quiet, most)
        self._voided = Voided(most)
        self._places = Newest(most, (np.int64, np.float64, np.float64, np.uint64))
        """Of an item: event time, latitude, longitude and event of its newest sighting."""
        self._sales = Newest(most, (np.int64, np.uint8, np.uint64))
        """Of an item: event time of its newest sale or return, whether it is sold, and which event says so."""
        self._wrong = Newest(most, (np.uint8,))
        """Events that were declared wrong."""
        self._clients = LastHour(limits.most_per_hour, most)
        self._guesses = LastHour(limits.most_guesses, most)
        self._guesses_of_client = LastHour(limits.most_guesses_of_a_client, most)

    def void(self, product: str, first: int, end: int, ts: int) -> None:
        """Codes [first, end) are worth nothing from `ts` on."""
        self._voided.add(product, first, end, ts)

    def scan(self, scan: Scan, code: Code, ts: int, offset: int) -> list[Anomaly]:
        """The flags of a scan."""
        case, item = _Case(scan.enterprise, ts, offset), str(code)
        if scan.found in ("unknown", "forged"):
            signals = [self._guessing(case, item, scan.client)]
        else:
            void = self._voided.since(code.product, code.serial)
            known = [(item, void)] if void is not None and ts > void else []
            signals = [
                self._after_void(case, "scanned", known or ([(item, None)] if scan.found == "void" else [])),
                self._travel(case, [item], scan.place, _SCAN) if scan.place else None,
                self._burst(case, item, scan.client),
            ]
        return self._flags(case, signals)

    def capture(self, event: AnyEvent, named: Sequence[Item], captured: Captured) -> list[Anomaly]:
        """The flags of an event; `named` is what `items_of` gives of it."""
        step, disposition = event.biz_step or "", event.disposition or ""
        place = place_of(event.read_point.id, self._declared) if event.read_point else None
        of_sales = step == SELLING or disposition in (SOLD, RETURNED) or (step in IN_TRADE and len(self._sales) > 0)
        declares_error = event.error_declaration is not None
        if not (place or of_sales or self._voided or declares_error):
            return []
        case = _Case(captured.enterprise, captured.ts, captured.offset)
        this = key_of(captured.enterprise, captured.id)
        items = [one.item for one in named if one.is_single]
        if declares_error:
            self._withdraw(case, this, items)
            return []
        if this in self._wrong:
            return []
        did, signals = reasons.done(step, disposition), list[Signal | None]()
        if self._voided and step not in DISPOSAL_STEPS and disposition not in DISPOSALS:
            signals.append(self._after_void(case, did, self._void_ones(case, items)))
        if place:
            signals.append(self._travel(case, items, place, this))
        if of_sales:
            signals.append(self._after_sale(case, did, items, step, disposition, this))
        return self._flags(case, signals)

    def snapshot(self) -> dict[str, Any]:
        """The whole state."""
        return {name: part.snapshot() for name, part in self._parts.items()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over a snapshot."""
        for name, part in self._parts.items():
            part.restore(state[name])

    @property
    def _parts(self) -> Mapping[str, _Part]:
        return {
            "flagging": self._flagging, "voided": self._voided, "places": self._places, "sales": self._sales,
            "wrong": self._wrong, "clients": self._clients, "guesses": self._guesses,
            "guesses_of_client": self._guesses_of_client,
        }  # fmt: skip

    def _void_ones(self, case: _Case, items: Sequence[str]) -> list[tuple[str, int | None]]:
        """Those of the items that are the enterprise's own and void, and since when."""
        found: list[tuple[str, int | None]] = []
        for item in items:
            if item[:-_TAIL].removesuffix("/21") in self._voided:
                with suppress(CodeError):
                    code = parse(item)
                    void = self._voided.since(code.product, code.serial)
                    if void is not None and case.ts > void and belongs_to(code.product, case.enterprise):
                        found.append((item, void))
        return found

    def _after_void(self, case: _Case, did: str, void: Sequence[tuple[str, int | None]]) -> Signal | None:
        new = [one for one in void if self._flagging.is_new("after_void", case.enterprise, one[0], case.ts)]
        if not new:
            return None
        item, since = new[0]
        hours = None if since is None else (case.ts - since) / HOUR_MS
        reason = reasons.and_others(reasons.after_void(item, did, since, case.ts), len(new) - 1)
        return Signal("after_void", "hours_since_void", "critical", item, 1.0, hours, None, reason)

    def _travel(self, case: _Case, items: Sequence[str], here: Place, this: int) -> Signal | None:
        limits, new = self._limits, []
        for item in items:
            key = key_of(case.enterprise, item)
            seen = self._places.get(key)
            if seen is None or case.ts >= seen[0]:
                self._places.put(key, case.ts, here.latitude, here.longitude, this)
            if seen is None:
                continue
            there = Place(seen[1], seen[2])
            km = distance_km(there, here)
            speed = km * HOUR_MS / max(abs(case.ts - seen[0]), _SHORTEST_MS)
            if (
                km >= limits.least_distance
                and speed > limits.fastest
                and self._flagging.is_new("travel", case.enterprise, item, case.ts)
            ):
                new.append((speed, item, reasons.travel(item, there, seen[0], here, case.ts, km, limits.fastest)))
        if not new:
            return None
        speed, item, reason = max(new, key=lambda one: one[0])
        score = speed / (speed + limits.fastest)
        reason = reasons.and_others(reason, len(new) - 1)
        return Signal("travel", "speed", "warning", item, score, speed, limits.fastest, reason)

    def _after_sale(
        self, case: _Case, did: str, items: Sequence[str], step: str, disposition: str, this: int
    ) -> Signal | None:
        is_return, is_sale = disposition == RETURNED, step == SELLING
        is_trade = step in IN_TRADE and disposition != SOLD  # what is sold may be sent to the buyer
        new = []
        for item in items:
            key = key_of(case.enterprise, item)
            ts, is_sold, event = self._sales.get(key) or (LONG_AGO, False, this)
            # Of two sales one is too many, whichever comes first; in trade it may have been before.
            is_wrong = is_sold and event != this and not is_return and (is_sale or (is_trade and case.ts > ts))
            if is_wrong and self._flagging.is_new("after_sale", case.enterprise, item, case.ts):
                new.append((item, ts))
            if case.ts >= ts and (is_return or is_sale or (disposition == SOLD and not is_sold)):
                self._sales.put(key, case.ts, not is_return, this)
        if not new:
            return None
        item, ts = new[0]
        hours = (case.ts - ts) / HOUR_MS
        reason = reasons.and_others(reasons.after_sale(item, did, ts, case.ts), len(new) - 1)
        return Signal("after_sale", "hours_since_sale", "warning", item, 1.0, hours, None, reason)

    def _burst(self, case: _Case, item: str, client: str) -> Signal | None:
        allowed = self._limits.most_per_hour
        clients = self._clients.add(key_of(case.enterprise, item), key_of(client), case.ts)
        if clients <= allowed or not self._flagging.is_new("scan_burst", case.enterprise, item, case.ts):
            return None
        reason = reasons.scan_burst(item, clients, allowed, case.ts)
        score = clients / (clients + allowed)
        return Signal("scan_burst", "clients_per_hour", "warning", item, score, float(clients), float(allowed), reason)

    def _guessing(self, case: _Case, item: str, client: str) -> Signal | None:
        limits, enterprise = self._limits, case.enterprise
        of_all = self._guesses.add(key_of(enterprise), case.offset, case.ts)
        of_client = self._guesses_of_client.add(key_of(enterprise, client), case.offset, case.ts) if client else 0
        signal = None
        for who, subject, scans, allowed in (
            ("all clients together", "", of_all, limits.most_guesses),
            (f"client {client}", client, of_client, limits.most_guesses_of_a_client),
        ):
            if scans > allowed and self._flagging.is_new("guessing", enterprise, subject, case.ts):
                reason = reasons.guessing(who, scans, allowed, item, case.ts)
                score = scans / (scans + allowed)
                signal = Signal(
                    "guessing", "refused_per_hour", "warning", item, score, float(scans), float(allowed), reason
                )  # fmt: skip
        return signal

    def _withdraw(self, case: _Case, event: int, items: Sequence[str]) -> None:
        """An event was wrong: what it said last of its items is not known any more."""
        self._wrong.put(event, 1)
        for item in items:
            key = key_of(case.enterprise, item)
            for known in (self._places, self._sales):
                numbers = known.get(key)
                if numbers is not None and numbers[-1] == event:
                    known.discard(key)

    def _flags(self, case: _Case, signals: Sequence[Signal | None]) -> list[Anomaly]:
        return [self._flagging.flag(one, case.enterprise, case.ts, case.offset) for one in signals if one is not None]
