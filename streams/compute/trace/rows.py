"""Rows of traceability."""

from typing import ClassVar

from schemas.rows import Row


class CodeRange(Row, frozen=True, gc=False, kw_only=True):
    """Codes that were minted."""

    table: ClassVar[str] = "code_ranges"

    ts: int
    enterprise: str
    product: str
    first: int
    last: int
    key: str


class CodeVoid(Row, frozen=True, gc=False, kw_only=True):
    """Codes that are worth nothing."""

    table: ClassVar[str] = "code_voids"

    ts: int
    enterprise: str
    product: str
    first: int
    last: int
    reason: str
    by: str


class TraceEvent(Row, frozen=True, gc=False, kw_only=True):
    """An EPCIS event."""

    table: ClassVar[str] = "trace_events"

    event: str
    """Its hash, the 64 hexadecimal digits."""
    event_id: str
    ts: int
    zone: str
    recorded_at: int
    enterprise: str
    type: str
    action: str
    biz_step: str
    disposition: str
    read_point: str
    biz_location: str
    transformation: str
    error_at: int | None
    error_reason: str
    late: bool
    body: str


class TraceItem(Row, frozen=True, gc=False, kw_only=True):
    """An item, or an amount of a class of items, in an event."""

    table: ClassVar[str] = "trace_items"

    item: str
    """As `schemas.epc.item_key` names it."""
    role: str
    ts: int
    event: str
    enterprise: str
    type: str
    action: str
    biz_step: str
    disposition: str
    read_point: str
    quantity: float | None
    uom: str
    error: bool
