"""Logs of production events for tests, and what the engine makes of them."""

from collections.abc import Iterable, Sequence
from typing import Any

import msgspec

from schemas.durations import decode_hook
from schemas.errors import EventError
from schemas.oee import OeeSlice, Stop
from schemas.production import ProductionEvent
from schemas.rows import Row
from streams.compute.production.engine import ProductionEngine
from streams.compute.production.spec import Production
from streams.compute.shop_floor import Believed, Origin
from tests.streams.compute.production.oracle import Record

MONDAY = 1_760_313_600_000
"""2025-10-13 00:00 UTC."""
MINUTE, HOUR = 60_000, 3_600_000


def spec(**declared: Any) -> Production:
    """A declaration, as YAML would give it."""
    return msgspec.convert(declared, Production, dec_hook=decode_hook)


def engine(declared: Production) -> ProductionEngine:
    """The engine of a partition that has seen nothing."""
    return ProductionEngine(Origin("t", "production.events", 0), Believed(0, 300_000), declared)


def event(record: Record) -> ProductionEvent:
    """The event of a record."""
    return msgspec.convert(record.event, ProductionEvent)


def state(ts: int, name: str, reason: str = "", asset: str = "saw-1") -> dict[str, Any]:
    """A change of state."""
    return {"kind": "state", "ts": ts, "site": "s", "asset": asset, "state": name, "reason": reason}


def count(ts: int, good: int = 0, rejected: int = 0, asset: str = "saw-1") -> dict[str, Any]:
    """Items."""
    return {"kind": "count", "ts": ts, "site": "s", "asset": asset, "good": good, "rejected": rejected}


def job(ts: int, order: str = "A", cycle: float = 1000.0, planned: int = 0, asset: str = "saw-1") -> dict[str, Any]:
    """Work on an order."""
    return {
        "kind": "job", "ts": ts, "site": "s", "asset": asset, "order": order, "product": f"p{order}",
        "ideal_cycle_ms": cycle, "planned": planned,
    }  # fmt: skip


TICK: dict[str, Any] = {"kind": "tick"}


def live(events: Iterable[dict[str, Any]]) -> list[Record]:
    """Records of events that reach the broker at once."""
    return [Record(one["ts"], one) for one in events]


def feed(one: ProductionEngine, log: Sequence[Record], first: int = 0) -> list[EventError | None]:
    """Feed records; gives why each was refused, if it was."""
    return [one.feed(first + number, record.broker_ts, event(record)) for number, record in enumerate(log)]


def run(declared: Production, log: Sequence[Record]) -> list[Row]:
    """All rows of a log."""
    one = engine(declared)
    feed(one, log)
    return one.drain().rows


def slices(rows: Iterable[Row]) -> list[OeeSlice]:
    """Those of `oee`."""
    return [row for row in rows if isinstance(row, OeeSlice)]


def stops(rows: Iterable[Row]) -> list[Stop]:
    """Those of `stops`."""
    return [row for row in rows if isinstance(row, Stop)]
