"""Events of EPCIS 2.0 in JSON, as the synthetic plant writes them."""

from collections.abc import Sequence
from datetime import datetime, timedelta, timezone
from typing import Any, Final

from infra.simulator.trace.catalogue import DOMAIN
from schemas.codes import Code

Event = dict[str, Any]

_ZONE: Final = timezone(timedelta(hours=8))
_MICROMETRE: Final = "4H"


def event(kind: str, ts: int, step: str, read_point: str, **more: Any) -> Event:
    """An event at a time in epoch milliseconds; `more` are fields by their names in JSON."""
    return {
        "@context": ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"],
        "type": kind,
        "eventTime": time(ts),
        "eventTimeZoneOffset": "+08:00",
        "bizStep": step,
        "readPoint": {"id": read_point},
        **more,
    }


def observed(ts: int, step: str, read_point: str, items: Sequence[Code], **more: Any) -> Event:
    """Something was done to items."""
    return event("ObjectEvent", ts, step, read_point, action="OBSERVE", epcList=links(items), **more)


def put(ts: int, action: str, step: str, read_point: str, whole: Code, parts: Sequence[Code]) -> Event:
    """Parts are put into a whole (action ADD), or taken out (DELETE)."""
    return event(
        "AggregationEvent", ts, step, read_point, action=action, parentID=whole.link(DOMAIN), childEPCs=links(parts)
    )


def documents(**named: str) -> list[dict[str, str]]:
    """A `bizTransactionList`: number of the document by its type."""
    return [{"type": kind, "bizTransaction": f"https://{DOMAIN}/{kind}/{number}"} for kind, number in named.items()]


def temperature(celsius: float, device: str) -> list[Event]:
    """A `sensorElementList` with a temperature."""
    return [{"sensorReport": [{"type": "Temperature", "value": celsius, "uom": "CEL", "deviceID": device}]}]


def thickness(micrometres: Sequence[float]) -> list[Event]:
    """A `sensorElementList` with the measured thicknesses of a sample."""
    mean = round(sum(micrometres) / len(micrometres), 2)
    report = {
        "type": "Length", "meanValue": mean, "minValue": min(micrometres), "maxValue": max(micrometres),
        "uom": _MICROMETRE,
    }  # fmt: skip
    return [{"sensorReport": [report]}]


def time(ts: int) -> str:
    """RFC 3339, on the plant's clock."""
    return datetime.fromtimestamp(ts / 1000, _ZONE).isoformat(timespec="milliseconds")


def links(items: Sequence[Code]) -> list[str]:
    """The URIs of items."""
    return [item.link(DOMAIN) for item in items]
