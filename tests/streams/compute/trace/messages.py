"""Messages of `trace.events`, and a partition that reads them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec

from schemas.trace import TraceMessage
from streams.compute.shop_floor import Believed, Found, Origin
from streams.compute.trace.engine import TraceEngine
from streams.compute.trace.spec import Enterprise, Trace
from tests.streams.compute.trace.oracle import MAX_FUTURE, Record

NOW = 1_770_000_000_000
MILL, YARD = "88.118.8", "6901234"
PRODUCT, OTHER = f"{MILL}/TP-1001", f"{MILL}/TP-1002"
GTIN = "01/06901234567892"
ITEMS = tuple(f"urn:example:item:{number}" for number in range(6))


def spec(**fields: Any) -> Trace:
    return Trace(enterprises=(Enterprise(prefix=MILL, name="mill", **fields), Enterprise(prefix=YARD, name="yard")))


def engine(declared: Trace | None = None) -> TraceEngine:
    return TraceEngine(Origin("plant", "trace.events", 0), Believed(0, MAX_FUTURE), declared or spec())


def mint(first: int, count: int, product: str = PRODUCT, **fields: Any) -> dict[str, Any]:
    return {"kind": "mint", "enterprise": MILL, "ts": NOW, "product": product, "first": first, "count": count,
            "key": "A", **fields}  # fmt: skip


def void(*spans: tuple[int, int], product: str = PRODUCT, **fields: Any) -> dict[str, Any]:
    return {"kind": "void", "enterprise": MILL, "ts": NOW, "product": product, "reason": "misprinted", "by": "li",
            "spans": [{"first": first, "count": count} for first, count in spans], **fields}  # fmt: skip


def capture(event: dict[str, Any], enterprise: str = MILL) -> dict[str, Any]:
    return {"kind": "event", "enterprise": enterprise, "event": event}


def seen(*items: str, at: int = NOW, **fields: Any) -> dict[str, Any]:
    time = datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")
    return {"type": "ObjectEvent", "eventTime": time, "eventTimeZoneOffset": "+00:00", "action": "OBSERVE",
            "epcList": list(items) or [ITEMS[0]], **fields}  # fmt: skip


def read(subject: TraceEngine, records: Sequence[Record], first: int = 0) -> tuple[Found, list[str]]:
    """What comes out, and what was refused why (empty for what was not)."""
    refused = []
    for offset, (broker_ts, message) in enumerate(records, first):
        error = subject.feed(offset, broker_ts, msgspec.convert(message, TraceMessage))
        refused.append("" if error is None else str(error.reason))
    return subject.drain(), refused


def told(*messages: dict[str, Any], subject: TraceEngine | None = None) -> tuple[Found, list[str]]:
    return read(subject or engine(), [(NOW, message) for message in messages])
