"""The rows of an EPCIS event: its own, one for each of its items, and one more for each that it joins to others."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

import msgspec

from schemas import identifiers
from schemas.cbv import bare
from schemas.epc import item_key
from schemas.epcis import (
    AggregationEvent,
    AnyEvent,
    AssociationEvent,
    ObjectEvent,
    Quantity,
    TransactionEvent,
    TransformationEvent,
)
from schemas.errors import EventError
from schemas.events import Reason
from schemas.times import parse_time
from streams.compute.shop_floor import Origin
from streams.compute.trace.rows import TraceEvent, TraceItem, TraceLink
from streams.compute.trace.runs import runs_of

_encode: Final = msgspec.json.Encoder(order="sorted").encode
_ID_HEAD: Final = len("ni:///sha-256;")
_DIGEST: Final = 64


class Item(NamedTuple):
    """An item, or an amount of a class of items, in an event."""

    role: str
    """epc, parent, child, input or output."""
    item: str
    quantity: float | None = None
    uom: str = ""
    is_single: bool = True
    """Whether it is one item, and no amount of a class."""


class Captured(NamedTuple):
    """Where an event comes from, and what has been worked out of it."""

    origin: Origin
    offset: int
    broker_ts: int
    enterprise: str
    ts: int
    id: str
    """Its hash id."""
    late: bool
    due: int | None
    """When its items are to be received, epoch ms; None if it does not say."""


def rows_of(
    event: AnyEvent, named: Sequence[Item], body: Mapping[str, Any], captured: Captured
) -> Iterator[TraceEvent | TraceItem | TraceLink]:
    """The rows of an event; `named` is what `items_of` gives of it, `body` its JSON."""
    read_point = event.read_point.id if event.read_point else ""
    site, asset = machine_of(read_point)
    declared = event.error_declaration
    common: dict[str, Any] = {
        "site": site, "asset": asset, "offset": captured.offset, "ts": captured.ts,
        "event": captured.id[_ID_HEAD : _ID_HEAD + _DIGEST], "enterprise": captured.enterprise,
        "type": type(event).__name__, "action": getattr(event, "action", ""), "biz_step": event.biz_step or "",
        "disposition": event.disposition or "", "read_point": read_point,
    }  # fmt: skip
    yield TraceEvent(
        id=identifiers.at(identifiers.prefix(TraceEvent.table, *captured.origin), captured.offset),
        event_id=event.event_id or "",
        zone=event.event_time_zone_offset,
        recorded_at=captured.broker_ts,
        biz_location=event.biz_location.id if event.biz_location else "",
        transformation=getattr(event, "transformation_id", None) or "",
        items=_encode([one.item for one in named if one.is_single and one.role != "input"]).decode(),
        runs=_encode(runs_of(one.item for one in named)).decode(),
        receiver=_receiver(event),
        due=captured.due,
        error_at=parse_time(declared.declaration_time) if declared else None,
        error_reason=bare(declared.reason or "") if declared else "",
        late=captured.late,
        body=_encode(body).decode(),
        **common,
    )
    link = _link(event, common["event"])
    of_items = identifiers.prefix(TraceItem.table, *captured.origin)
    of_links = identifiers.prefix(TraceLink.table, *captured.origin)
    of_link = {name: one for name, one in common.items() if name not in ("disposition", "read_point")}
    for index, (role, item, quantity, uom, _) in enumerate(named):
        about: dict[str, Any] = {
            "item": item, "role": role, "quantity": quantity, "uom": uom, "error": declared is not None, "link": link,
        }  # fmt: skip
        yield TraceItem(id=identifiers.at(of_items, captured.offset, index), **about, **common)
        if link:
            yield TraceLink(id=identifiers.at(of_links, captured.offset, index), **about, **of_link)


def items_of(event: AnyEvent) -> Iterator[Item]:
    """Every item and every amount of an event, in its order."""
    match event:
        case ObjectEvent():
            yield from _items("epc", event.epc_list, event.quantity_list)
        case AggregationEvent() | AssociationEvent():
            yield from _items("parent", (event.parent_id,) if event.parent_id else (), ())
            yield from _items("child", event.child_epcs, event.child_quantity_list)
        case TransactionEvent():
            yield from _items("parent", (event.parent_id,) if event.parent_id else (), ())
            yield from _items("epc", event.epc_list, event.quantity_list)
        case TransformationEvent():
            yield from _items("input", event.input_epc_list, event.input_quantity_list)
            yield from _items("output", event.output_epc_list, event.output_quantity_list)


def due_of(body: Mapping[str, Any]) -> int | None:
    """When the items of an event are to be received, its extension `headrace:due`; epoch ms. EventError if no time."""
    due = body.get("headrace:due")
    if due is None:
        return None
    if not isinstance(due, (int, str)) or isinstance(due, bool):
        raise EventError(Reason.BAD_TIME, "headrace:due is no time")
    return parse_time(due)


def _receiver(event: AnyEvent) -> str:
    """Who the items of an event go to; empty if it does not say."""
    named = {bare(one.type): one.destination for one in event.destination_list}
    found = next((named[party] for party in ("owning_party", "possessing_party", "location") if party in named), "")
    return item_key(found)


def _link(event: AnyEvent, event_hash: str) -> str:
    """What the items of an event are joined by; empty where it only says something of each."""
    match event:
        case TransformationEvent():
            return event.transformation_id or event_hash
        case AggregationEvent() | AssociationEvent():
            return event_hash
    return ""


def machine_of(read_point: str) -> tuple[str, str]:
    """Site and asset where a read point is a machine of the plant, `urn:headrace:asset:<site>:<asset>`; else empty."""
    scheme, *parts = read_point.split(":")
    if scheme == "urn" and parts[:2] == ["headrace", "asset"] and len(parts) == 4:
        site, asset = map(unquote, parts[2:])
        if site.isprintable() and asset.isprintable():
            return site, asset
    return "", ""


def _items(role: str, epcs: Sequence[str], quantities: Sequence[Quantity]) -> Iterator[Item]:
    for epc in epcs:
        yield Item(role, item_key(epc))
    for one in quantities:
        yield Item(role, item_key(one.epc_class), one.quantity, one.uom or "", is_single=False)
