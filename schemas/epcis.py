"""Events of EPCIS 2.0 in JSON: what happened to which items, when, where and why.

Structs after EPCIS 2.0.1, 7.4, and the JSON Schema published with it. Extensions, which are names with a prefix such as
`example:batch`, may stand in every object; they have a part in the hash (`epcis_hash`) and are not looked at here. What
the standard asks beyond types is in `epcis_rules`.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta

from schemas.cbv import bare

Uri = Annotated[str, Meta(pattern=r"^[A-Za-z][A-Za-z0-9+.-]*:[^\s]+\Z", max_length=2000)]
Time = Annotated[str, Meta(max_length=40)]
"""RFC 3339, with an offset."""
Word = Annotated[str, Meta(pattern=r"^[^\s]+\Z", max_length=2000)]
"""A word of the Core Business Vocabulary, such as `shipping`, or a URI."""
Action = Literal["ADD", "OBSERVE", "DELETE"]

_IRREGULAR: Final = {
    "event_id": "eventID",
    "device_id": "deviceID",
    "parent_id": "parentID",
    "transformation_id": "transformationID",
    "corrective_event_ids": "correctiveEventIDs",
    "child_epcs": "childEPCs",
    "input_epc_list": "inputEPCList",
    "output_epc_list": "outputEPCList",
    "context": "@context",
}


def _name(field: str) -> str:
    """A field's name in JSON."""
    head, *rest = field.split("_")
    return _IRREGULAR.get(field) or head + "".join(part.title() for part in rest)


class _Part(msgspec.Struct, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=True, rename=_name):
    """What all objects of EPCIS have in common."""


class Quantity(_Part, frozen=True, gc=False, kw_only=True):
    """An amount of a class of items: a lot, or all of one product."""

    epc_class: Uri
    quantity: Annotated[float, Meta(ge=0)] | None = None
    uom: Annotated[str, Meta(pattern=r"^[A-Z0-9]{2,3}\Z")] | None = None
    """UN/CEFACT Recommendation 20; left out, the quantity is a number of items."""


class Place(_Part, frozen=True, gc=False, kw_only=True):
    """A read point or a business location."""

    id: Uri


class BizTransaction(_Part, frozen=True, gc=False, kw_only=True):
    """A document of the business, such as an order."""

    biz_transaction: Uri
    type: Word | None = None


class Source(_Part, frozen=True, gc=False, kw_only=True):
    """Who or where items came from."""

    type: Word
    source: Uri


class Destination(_Part, frozen=True, gc=False, kw_only=True):
    """Who or where they went."""

    type: Word
    destination: Uri


class SensorMetadata(_Part, frozen=True, gc=False, kw_only=True):
    """What is common to the reports of a sensor element."""

    time: Time | None = None
    start_time: Time | None = None
    end_time: Time | None = None
    device_id: Uri | None = None
    device_metadata: Uri | None = None
    raw_data: Uri | None = None
    data_processing_method: Uri | None = None
    biz_rules: Uri | None = None


class SensorReport(_Part, frozen=True, gc=False, kw_only=True):
    """One measured property."""

    type: Word
    exception: Word | None = None
    device_id: Uri | None = None
    device_metadata: Uri | None = None
    raw_data: Uri | None = None
    data_processing_method: Uri | None = None
    time: Time | None = None
    microorganism: Uri | None = None
    chemical_substance: Uri | None = None
    value: float | None = None
    component: Word | None = None
    string_value: str | None = None
    boolean_value: bool | None = None
    hex_binary_value: Annotated[str, Meta(pattern=r"^[A-Fa-f0-9]+\Z")] | None = None
    uri_value: Uri | None = None
    min_value: float | None = None
    max_value: float | None = None
    mean_value: float | None = None
    s_dev: float | None = None
    perc_rank: float | None = None
    perc_value: float | None = None
    uom: str | None = None
    coordinate_reference_system: Uri | None = None


class SensorElement(_Part, frozen=True, gc=False, kw_only=True):
    """What sensors said of the items or the place."""

    sensor_report: Annotated[tuple[SensorReport, ...], Meta(min_length=1)]
    sensor_metadata: SensorMetadata | None = None


class PersistentDisposition(_Part, frozen=True, gc=False, kw_only=True):
    """Conditions that hold until they are taken back."""

    set: tuple[Word, ...] = ()
    unset: tuple[Word, ...] = ()


class ErrorDeclaration(_Part, frozen=True, gc=False, kw_only=True):
    """Says that an event, the one with this declaration left out, was wrong."""

    declaration_time: Time
    reason: Word | None = None
    corrective_event_ids: tuple[Uri, ...] = ()
    """Events that take its place."""


class EpcisEvent(_Part, frozen=True, gc=False, kw_only=True, tag_field="type"):
    """What each event has."""

    event_time: Time
    event_time_zone_offset: Annotated[str, Meta(pattern=r"^[+-]((0[0-9]|1[0-3]):[0-5][0-9]|14:00)\Z")]
    context: Any = None
    record_time: Time | None = None
    event_id: Uri | None = None
    certification_info: str | tuple[str, ...] | None = None
    """URIs; not `Uri`, for a union of that and a list of it makes msgspec 0.22 crash when the interpreter ends."""
    error_declaration: ErrorDeclaration | None = None
    biz_step: Word | None = None
    disposition: Word | None = None
    persistent_disposition: PersistentDisposition | None = None
    read_point: Place | None = None
    biz_location: Place | None = None
    biz_transaction_list: tuple[BizTransaction, ...] = ()
    source_list: tuple[Source, ...] = ()
    destination_list: tuple[Destination, ...] = ()
    sensor_element_list: tuple[SensorElement, ...] = ()


class ObjectEvent(EpcisEvent, frozen=True, gc=False, kw_only=True, tag="ObjectEvent"):
    """Something happened to items."""

    action: Action
    epc_list: tuple[Uri, ...] = ()
    quantity_list: tuple[Quantity, ...] = ()
    ilmd: dict[str, Any] | None = None
    """Master data of the instances or the lot, of their commissioning."""


class AggregationEvent(EpcisEvent, frozen=True, gc=False, kw_only=True, tag="AggregationEvent"):
    """Items were packed into another one, seen in it, or taken out."""

    action: Action
    parent_id: Uri | None = None
    child_epcs: tuple[Uri, ...] = ()
    child_quantity_list: tuple[Quantity, ...] = ()


class TransactionEvent(EpcisEvent, frozen=True, gc=False, kw_only=True, tag="TransactionEvent"):
    """Items became part of a business transaction, or no longer are."""

    action: Action
    parent_id: Uri | None = None
    epc_list: tuple[Uri, ...] = ()
    quantity_list: tuple[Quantity, ...] = ()


class TransformationEvent(EpcisEvent, frozen=True, gc=False, kw_only=True, tag="TransformationEvent"):
    """Items were used up, others came of them."""

    input_epc_list: tuple[Uri, ...] = ()
    input_quantity_list: tuple[Quantity, ...] = ()
    output_epc_list: tuple[Uri, ...] = ()
    output_quantity_list: tuple[Quantity, ...] = ()
    transformation_id: Uri | None = None
    """Joins several events to one transformation, of which each needs inputs or outputs alone."""
    ilmd: dict[str, Any] | None = None
    """Master data of the outputs."""


class AssociationEvent(EpcisEvent, frozen=True, gc=False, kw_only=True, tag="AssociationEvent"):
    """Things were fastened to an asset or a place, seen there, or taken off."""

    action: Action
    parent_id: Uri
    child_epcs: tuple[Uri, ...] = ()
    child_quantity_list: tuple[Quantity, ...] = ()


AnyEvent = ObjectEvent | AggregationEvent | TransactionEvent | TransformationEvent | AssociationEvent


def decode(event: Mapping[str, Any]) -> AnyEvent:
    """An event as it came out of JSON, as its struct. Step and disposition are words, also where it has their URIs, for
    its hash is the same.

    msgspec.ValidationError for a field of another type, a missing one, or an unknown one that is no extension.
    """
    found: AnyEvent = msgspec.convert(without_extensions(event), AnyEvent)
    words = {field: bare(getattr(found, field) or "") or None for field in ("biz_step", "disposition")}
    return msgspec.structs.replace(found, **words)


def without_extensions(value: Any) -> Any:
    """The value without names that have a prefix, at any depth."""
    if isinstance(value, Mapping):
        return {name: without_extensions(one) for name, one in value.items() if ":" not in name}
    if isinstance(value, list):
        return [without_extensions(one) for one in value]
    return value
