"""The hash of an EPCIS event that is its id, the same in every system that follows CBV 2.0 (section 8.9).

The event becomes one text in a canonical order, names and values without anything between them, whose SHA-256 is the
id: `ni:///sha-256;<hex>?ver=CBV2.0` (RFC 6920). `eventID`, `recordTime`, `errorDeclaration` and `certificationInfo`
have no part in it, so the event that declares another one wrong has the hash of that one; `repeat_key` tells the two
apart.

Where extensions within readPoint, bizLocation and sensor elements stand is read differently. Here they come at the end,
with those of the event, as in the expected values for CBV 2.0 of github.com/RalphTro/epcis-event-hash-generator.
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from schemas.epc import canonical
from schemas.errors import EventError
from schemas.events import Reason

_VOCABULARY: Final = "https://ref.gs1.org/cbv/"
_NAMESPACES: Final = {
    "cbv": _VOCABULARY,
    "cbvmda": "urn:epcglobal:cbv:mda",
    "epcis": "https://ref.gs1.org/epcis/",
    "gs1": "https://ref.gs1.org/voc/",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "dcterms": "http://purl.org/dc/terms/",
}
"""Prefixes that the context of EPCIS declares; an event's own come before them."""
_URNS: Final = {
    "urn:epcglobal:cbv:bizstep:": f"{_VOCABULARY}BizStep-",
    "urn:epcglobal:cbv:disp:": f"{_VOCABULARY}Disp-",
    "urn:epcglobal:cbv:btt:": f"{_VOCABULARY}BTT-",
    "urn:epcglobal:cbv:sdt:": f"{_VOCABULARY}SDT-",
    "urn:epcglobal:cbv:er:": f"{_VOCABULARY}ER-",
}
_BARE: Final = {
    "bizStep": f"{_VOCABULARY}BizStep-",
    "disposition": f"{_VOCABULARY}Disp-",
    "set": f"{_VOCABULARY}Disp-",
    "unset": f"{_VOCABULARY}Disp-",
    "bizTransactionList.type": f"{_VOCABULARY}BTT-",
    "sourceList.type": f"{_VOCABULARY}SDT-",
    "destinationList.type": f"{_VOCABULARY}SDT-",
    "sensorReport.type": "https://ref.gs1.org/voc/",
    "exception": "https://ref.gs1.org/voc/",
    "component": f"{_VOCABULARY}Comp-",
}
"""What a bare word of a field is short for."""
_TIMES: Final = frozenset(("eventTime", "time", "startTime", "endTime"))
_PLACES: Final = ("readPoint", "bizLocation")

Names = Mapping[str, str]


def event_id(event: Mapping[str, Any]) -> str:
    """The hash id of an event as it came out of JSON.

    EventError where a prefix has no namespace, a time is none, or extensions stand in each other too deep.
    """
    try:
        text = pre_hash(event)
    except RecursionError:
        raise EventError(Reason.NOT_EPCIS, "objects stand in each other too deep") from None
    return f"ni:///sha-256;{hashlib.sha256(text.encode()).hexdigest()}?ver=CBV2.0"


def repeat_key(event: Mapping[str, Any], id_: str, enterprise: str) -> bytes:
    """8 bytes that a repeat of the same event, or of the same declaration of its error, has again.

    What another enterprise captures is no repeat: nobody can keep an event out of another's archive by being first.
    """
    declared = event.get("errorDeclaration") or {}
    error = f"{_time(declared['declarationTime'])}{declared.get('reason', '')}" if declared else ""
    text = f"{enterprise} {id_}{error}"
    return hashlib.sha256(text.encode()).digest()[:8]


def pre_hash(event: Mapping[str, Any]) -> str:
    """The text that is hashed."""
    names = _namespaces(event.get("@context"))
    return f"eventType={event['type']}" + "".join(_regular(event, names)) + "".join(sorted(_extensions(event, names)))


def _regular(event: Mapping[str, Any], names: Names) -> Iterator[str]:
    """The fields of the standard in its order."""

    def values(*fields: str) -> Iterator[str]:
        for field in fields:
            if event.get(field) is not None:
                yield _pair(field, event[field], names)

    def epcs(*fields: str) -> Iterator[str]:
        for field in fields:
            if event.get(field):
                yield field + "".join(sorted(_pair("epc", one, names) for one in event[field]))

    def quantities(*fields: str) -> Iterator[str]:
        for field in fields:
            if event.get(field):
                yield field + "".join(
                    sorted(f"quantityElement{_object(one, _QUANTITY, names)}" for one in event[field])
                )

    yield from values("eventTime", "eventTimeZoneOffset")
    yield from epcs("epcList")
    yield from values("parentID")
    yield from epcs("inputEPCList", "childEPCs")
    yield from quantities("quantityList", "childQuantityList", "inputQuantityList")
    yield from epcs("outputEPCList")
    yield from quantities("outputQuantityList")
    yield from values("action", "transformationID", "bizStep", "disposition")
    if lasting := event.get("persistentDisposition"):
        words = ("".join(sorted(_pair(key, word, names) for word in lasting.get(key, ()))) for key in ("set", "unset"))
        yield f"persistentDisposition{''.join(words)}"
    for place in _PLACES:
        if event.get(place):
            yield f"{place}{_pair('id', event[place]['id'], names)}"
    for field, key in (
        ("bizTransactionList", "bizTransaction"),
        ("sourceList", "source"),
        ("destinationList", "destination"),
    ):
        if event.get(field):
            yield field + "".join(sorted(_object(one, ("type", key), names, within=field) for one in event[field]))
    yield from sorted(_sensor_element(one, names) for one in event.get("sensorElementList") or ())


_QUANTITY: Final = ("epcClass", "quantity", "uom")
_METADATA: Final = (
    "time", "startTime", "endTime", "deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "bizRules",
)  # fmt: skip
_REPORT: Final = (
    "type", "exception", "deviceID", "deviceMetadata", "rawData", "dataProcessingMethod", "time", "microorganism",
    "chemicalSubstance", "value", "component", "stringValue", "booleanValue", "hexBinaryValue", "uriValue", "minValue",
    "maxValue", "meanValue", "sDev", "percRank", "percValue", "uom", "coordinateReferenceSystem",
)  # fmt: skip


def _sensor_element(element: Mapping[str, Any], names: Names) -> str:
    metadata = _object(element.get("sensorMetadata") or {}, _METADATA, names)
    reports = sorted(
        f"sensorReport{_object(one, _REPORT, names, within='sensorReport')}" for one in element["sensorReport"]
    )
    return f"sensorElement{f'sensorMetadata{metadata}' if metadata else ''}{''.join(reports)}"


def _extensions(event: Mapping[str, Any], names: Names) -> Iterator[str]:
    """What the event has beyond the standard, each below the names of the fields that it stands in."""
    if event.get("ilmd"):
        yield f"ilmd{_sorted(event['ilmd'], names)}"
    for place in _PLACES:
        if found := _own(event.get(place) or {}):
            yield f"{place}{_sorted(found, names)}"
    for element in event.get("sensorElementList") or ():
        parts = list(_generic(_own(element), names))
        if found := _own(element.get("sensorMetadata") or {}):
            parts.append(f"sensorMetadata{_sorted(found, names)}")
        parts += (f"sensorReport{_sorted(found, names)}" for one in element["sensorReport"] if (found := _own(one)))
        if parts:
            yield f"sensorElement{''.join(sorted(parts))}"
    yield from _generic(_own(event), names)


def _own(value: Mapping[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in value.items() if ":" in name}


def _sorted(value: Mapping[str, Any], names: Names) -> str:
    return "".join(sorted(_generic(value, names)))


def _generic(value: Mapping[str, Any], names: Names) -> Iterator[str]:
    """Name and value of each field; of a list each item with the name."""
    for name, one in value.items():
        full = _full_name(name, names)
        for item in one if isinstance(one, list) else (one,):
            if isinstance(item, Mapping):
                yield full + _sorted(item, names)
            elif (text := _value(item, names)) is not None:
                yield f"{full}={text}" if text else full


def _object(value: Mapping[str, Any], fields: Sequence[str], names: Names, within: str = "") -> str:
    return "".join(_pair(field, value[field], names, within) for field in fields if value.get(field) is not None)


def _pair(field: str, value: Any, names: Names, within: str = "") -> str:
    if field in _TIMES:
        return f"{field}={_time(value)}"
    short = _BARE.get(field) or _BARE.get(f"{within}.{field}")
    if short and ":" not in value:
        return f"{field}={short}{value.strip()}"
    return f"{field}={_value(value, names)}"


def _value(value: Any, names: Names) -> str | None:
    """A value's canonical text."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value).strip()
    for urn, short in _URNS.items():
        if text.startswith(urn):
            return short + text.removeprefix(urn)
    prefix, colon, local = text.partition(":")
    if colon and prefix in names and not local.startswith("//"):
        return names[prefix] + local
    return _number(text) or canonical(text)


def _number(text: str) -> str | None:
    """A number without superfluous signs and zeros; None for any other text."""
    if not text or text[-1] not in "0123456789." or not text.lstrip("+-")[:1].isdigit():
        return None
    try:
        number = Decimal(text.replace("_", "x"))
    except ArithmeticError:
        return None
    if not -100 < number.adjusted() < 100:
        return None
    plain = format(number, "f")
    plain = plain.rstrip("0").rstrip(".") if "." in plain else plain
    return "0" if plain == "-0" else plain


def _time(text: str) -> str:
    """In UTC, to the millisecond, the half rounded up."""
    try:
        moment = datetime.fromisoformat(text.strip().upper())
        moment = moment.astimezone(UTC) + timedelta(microseconds=500)
    except (ValueError, OverflowError):
        raise EventError(Reason.BAD_TIME, f"{text[:80]!r} is no RFC 3339 time with an offset") from None
    return moment.replace(tzinfo=None).isoformat(timespec="milliseconds") + "Z"


def _full_name(name: str, names: Names) -> str:
    """`example:batch` as `{https://ns.example.com/epcis/}batch`."""
    prefix, colon, local = name.partition(":")
    if not colon:
        return name
    if local.startswith("//"):
        cut = max(name.rfind("/"), name.rfind("#")) + 1
        return f"{{{name[:cut]}}}{name[cut:]}"
    if prefix not in names:
        raise EventError(Reason.BAD_NAME, f"the prefix of {name[:80]!r} is not declared in @context")
    return f"{{{names[prefix]}}}{local}"


def _namespaces(context: Any) -> Names:
    """Prefix to namespace, from an event's `@context`."""
    own: dict[str, str] = {}
    for part in context if isinstance(context, list) else (context,):
        if isinstance(part, Mapping):
            own |= {prefix: uri for prefix, uri in part.items() if isinstance(uri, str) and not prefix.startswith("@")}
    return {**_NAMESPACES, **own}
