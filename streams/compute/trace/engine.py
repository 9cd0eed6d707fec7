"""The engine of a partition of `trace.events`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from schemas import identifiers
from schemas.codes import SERIALS, parse, parse_product
from schemas.epcis_hash import event_id, repeat_key
from schemas.epcis_rules import checked
from schemas.errors import CodeError, EventError
from schemas.events import Reason
from schemas.trace import Capture, Mint, Scan, TraceMessage, Void
from streams.compute.shop_floor import Believed, Origin, Outcome, ShopFloorEngine
from streams.compute.trace.archive import Captured, due_of, items_of, rows_of
from streams.compute.trace.ranges import MOST_GAPS, Taken
from streams.compute.trace.repeats import Repeats
from streams.compute.trace.rows import CodeRange, CodeScan, CodeVoid
from streams.compute.trace.scans import ScanWatch
from streams.compute.trace.spec import Enterprise, Trace

_MINUTE_MS: Final = 60_000
_MOST_TOLD: Final = 10
"""Violations that a dead letter names, each with so many characters:"""
_SHOWN: Final = 300


@dataclass
class _Used:
    """What an enterprise has used of its quotas."""

    codes: int = 0
    products: int = 0
    minute: int = 0
    events: int = 0
    """In that minute."""


class TraceEngine(ShopFloorEngine[TraceMessage]):
    """Mints, voids, EPCIS events and scans in, rows and flags out."""

    def __init__(self, origin: Origin, believed: Believed, spec: Trace) -> None:
        super().__init__(origin, believed)
        self._enterprises = {enterprise.prefix: enterprise for enterprise in spec.enterprises}
        self._taken = Taken()
        self._repeats = Repeats(spec.repeats, spec.most_repeats)
        self._watch = ScanWatch(origin, spec)
        self._used: dict[str, _Used] = {}
        self._range_ids = identifiers.prefix(CodeRange.table, *origin)
        self._void_ids = identifiers.prefix(CodeVoid.table, *origin)
        self._scan_ids = identifiers.prefix(CodeScan.table, *origin)

    def _take(self, offset: int, broker_ts: int, event: TraceMessage) -> Outcome:
        enterprise = self._enterprises.get(event.enterprise)
        if enterprise is None:
            raise EventError(Reason.UNKNOWN_ENTERPRISE, f"no enterprise has the prefix {event.enterprise!r}")
        match event:
            case Mint():
                return self._mint(offset, broker_ts, event, enterprise)
            case Void():
                return self._void(offset, broker_ts, event, enterprise)
            case Capture():
                return self._capture(offset, broker_ts, event, enterprise)
            case Scan():
                return self._scan(offset, broker_ts, event, enterprise)

    def _mint(self, offset: int, broker_ts: int, mint: Mint, enterprise: Enterprise) -> Outcome:
        product, end = _product(mint.product, enterprise), _end(mint.first, mint.count)
        used = self._used.get(enterprise.prefix, _Used())
        if self._taken.has_any(product, mint.first, end):
            raise EventError(Reason.CODES_TAKEN, f"some of {product} {mint.first} to {end - 1} are minted already")
        if not self._taken.has_room(product, mint.first, end):
            raise EventError(Reason.QUOTA, f"the ranges of {product} have {MOST_GAPS} gaps: mint without leaving more")
        if used.codes + mint.count > enterprise.most_codes:
            raise EventError(Reason.QUOTA, f"{used.codes} codes are minted, {enterprise.most_codes} are allowed")
        if product not in self._taken and used.products >= enterprise.most_products:
            raise EventError(Reason.QUOTA, f"{used.products} products have codes, as many as are allowed")
        ts = self._time(mint.ts, broker_ts)
        used.codes += mint.count
        used.products += product not in self._taken
        self._used[enterprise.prefix] = used
        self._taken.take(product, mint.first, end)
        id_ = identifiers.at(self._range_ids, offset)
        row = CodeRange(
            id=id_, site="", asset="", offset=offset, ts=ts, enterprise=enterprise.prefix, product=product,
            first=mint.first, last=end - 1, key=mint.key,
        )  # fmt: skip
        self._found.rows.append(row)
        return "accepted"

    def _void(self, offset: int, broker_ts: int, void: Void, enterprise: Enterprise) -> Outcome:
        product = _product(void.product, enterprise)
        for span in void.spans:
            end = _end(span.first, span.count)
            if not self._taken.has_all(product, span.first, end):
                raise EventError(Reason.UNKNOWN_CODES, f"not all of {product} {span.first} to {end - 1} are minted")
        ts = self._time(void.ts, broker_ts)
        for index, span in enumerate(void.spans):
            id_, last = identifiers.at(self._void_ids, offset, index), span.first + span.count - 1
            row = CodeVoid(
                id=id_, site="", asset="", offset=offset, ts=ts, enterprise=enterprise.prefix, product=product,
                first=span.first, last=last, reason=void.reason, by=void.by,
            )  # fmt: skip
            self._found.rows.append(row)
            self._watch.void(product, span.first, last + 1, ts)
        return "accepted"

    def _capture(self, offset: int, broker_ts: int, capture: Capture, enterprise: Enterprise) -> Outcome:
        used = self._used.get(enterprise.prefix, _Used())
        minute = broker_ts // _MINUTE_MS
        events = used.events if used.minute == minute else 0
        if events >= enterprise.events_per_minute:
            raise EventError(Reason.QUOTA, f"{events} events were captured in this minute, as many as are allowed")
        event, violations = checked(capture.event)
        if event is None or violations:
            raise EventError(Reason.NOT_EPCIS, _told(violations))
        id_ = event_id(capture.event)
        key = repeat_key(capture.event, id_, enterprise.prefix)
        due = due_of(capture.event)
        ts = self._time(event.event_time, broker_ts)
        used.minute, used.events = minute, events + 1
        self._used[enterprise.prefix] = used
        outcome = self._repeats.judge(key, ts, self.stream_time)
        if outcome != "duplicate":
            origin = Captured(self.origin, offset, broker_ts, enterprise.prefix, ts, id_, outcome == "late", due)
            named = tuple(items_of(event))
            self._found.rows.extend(rows_of(event, named, capture.event, origin))
            self._found.anomalies.extend(self._watch.capture(event, named, origin))
        return outcome

    def _scan(self, offset: int, broker_ts: int, scan: Scan, enterprise: Enterprise) -> Outcome:
        try:
            code = parse(scan.code)
        except CodeError as error:
            raise EventError(Reason.BAD_VALUE, str(error)) from None
        if not enterprise.makes(code.product):
            raise EventError(Reason.UNKNOWN_ENTERPRISE, f"{code.product} is no product of {enterprise.prefix}")
        ts = self._time(scan.ts, broker_ts)
        row = CodeScan(
            id=identifiers.at(self._scan_ids, offset), site="", asset="", offset=offset, item=str(code),
            ts=ts, enterprise=enterprise.prefix, product=code.product, found=scan.found,
            disposition=scan.disposition, client=scan.client,
            latitude=scan.place.latitude if scan.place else None,
            longitude=scan.place.longitude if scan.place else None,
        )  # fmt: skip
        self._found.rows.append(row)
        self._found.anomalies.extend(self._watch.scan(scan, code, ts, offset))
        return "accepted"

    def _state(self) -> dict[str, Any]:
        return {
            "taken": self._taken.snapshot(),
            "repeats": self._repeats.snapshot(),
            "watch": self._watch.snapshot(),
            "used": {prefix: [u.codes, u.products, u.minute, u.events] for prefix, u in self._used.items()},
        }

    def _restore(self, state: Mapping[str, Any]) -> list[str]:
        self._taken.restore(state["taken"])
        self._repeats.restore(state["repeats"])
        self._used = {prefix: _Used(*figures) for prefix, figures in state["used"].items()}
        if "watch" not in state:  # of a version that did not look at scans
            return ["trace.scans"]
        self._watch.restore(state["watch"])
        return []


def _told(violations: Sequence[str]) -> str:
    """What a dead letter says of them: it must not be as large as they can be."""
    more = len(violations) - _MOST_TOLD
    return "; ".join(one[:_SHOWN] for one in violations[:_MOST_TOLD]) + (f"; and {more} more" if more > 0 else "")


def _product(text: str, enterprise: Enterprise) -> str:
    try:
        product = parse_product(text)
    except CodeError as error:
        raise EventError(Reason.UNKNOWN_ENTERPRISE, str(error)) from None
    if not enterprise.makes(product):
        raise EventError(Reason.UNKNOWN_ENTERPRISE, f"{product} is no product of {enterprise.prefix}")
    return product


def _end(first: int, count: int) -> int:
    if first + count > SERIALS:
        raise EventError(Reason.BAD_VALUE, f"serials end at {SERIALS - 1}, {first} and {count} more are beyond")
    return first + count
