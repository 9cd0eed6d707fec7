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
    items: str
    """Single items but those used up, a JSON array."""
    runs: str
    """Codes that it names: of each product first and last serial of each run, in turn, a JSON object of arrays."""
    receiver: str
    due: int | None
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
    link: str
    """What joins it to the other items of the event: see `TraceLink`; empty where nothing does."""


class TraceLink(Row, frozen=True, gc=False, kw_only=True):
    """An item, or an amount of a class of items, that an event joins to others: those made of it or that it was made
    of, the whole that it is put into or the parts that are put into it."""

    table: ClassVar[str] = "trace_links"

    link: str
    """The event's hash; of transformations that have an id, which may be several events, that id."""
    item: str
    role: str
    ts: int
    event: str
    enterprise: str
    type: str
    action: str
    biz_step: str
    quantity: float | None
    uom: str
    error: bool


class CodeScan(Row, frozen=True, gc=False, kw_only=True):
    """A code that somebody read."""

    table: ClassVar[str] = "code_scans"

    item: str
    """The text of the code."""
    ts: int
    enterprise: str
    product: str
    found: str
    disposition: str
    client: str
    latitude: float | None
    longitude: float | None
