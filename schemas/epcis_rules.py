"""What EPCIS 2.0 and CBV 2.0 ask of an event beyond its types, each with a sentence for whoever broke it."""

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from schemas.cbv import BIZ_STEPS, BIZ_TRANSACTIONS, DISPOSITIONS, ERRORS, PARTIES
from schemas.epcis import (
    AggregationEvent,
    AnyEvent,
    AssociationEvent,
    ObjectEvent,
    Quantity,
    TransactionEvent,
    TransformationEvent,
    decode,
)
from schemas.errors import EventError
from schemas.times import parse_time


def checked(event: Mapping[str, Any]) -> tuple[AnyEvent | None, list[str]]:
    """The event's struct, and what it violates: a sentence each. None where the types already are wrong."""
    try:
        found = decode(event)
    except msgspec.ValidationError as error:
        return None, [str(error)]
    except RecursionError:
        return None, ["objects stand in each other too deep"]
    return found, list(violations(found))


def violations(event: AnyEvent) -> Iterator[str]:
    """One sentence for each rule that the event breaks."""
    yield from _times(event)
    yield from _words(event)
    match event:
        case ObjectEvent():
            yield from _object(event)
        case AggregationEvent() | AssociationEvent():
            yield from _aggregation(event)
        case TransactionEvent():
            yield from _transaction(event)
        case TransformationEvent():
            yield from _transformation(event)


def _object(event: ObjectEvent) -> Iterator[str]:
    yield from _lists(("epcList", event.epc_list, event.quantity_list))
    about_place = event.sensor_element_list and event.read_point is not None
    if not event.epc_list and not event.quantity_list and not about_place:
        yield "an ObjectEvent needs epcList or quantityList, or sensorElementList and readPoint"
    if event.ilmd is not None and event.action != "ADD":
        yield f"ilmd goes with action ADD alone, not with {event.action}"


def _aggregation(event: AggregationEvent | AssociationEvent) -> Iterator[str]:
    yield from _lists(("childEPCs", event.child_epcs, event.child_quantity_list))
    kind = type(event).__name__
    if event.parent_id is None and event.action != "OBSERVE":
        yield f"an {kind} with action {event.action} needs parentID"
    if not event.child_epcs and not event.child_quantity_list and event.action != "DELETE":
        yield f"an {kind} with action {event.action} needs childEPCs or childQuantityList"
    if event.parent_id is not None and event.parent_id in event.child_epcs:
        yield f"{event.parent_id} cannot be its own child"


def _transaction(event: TransactionEvent) -> Iterator[str]:
    yield from _lists(("epcList", event.epc_list, event.quantity_list))
    if not event.biz_transaction_list:
        yield "a TransactionEvent needs bizTransactionList"
    if not event.epc_list and not event.quantity_list and event.action != "DELETE":
        yield f"a TransactionEvent with action {event.action} needs epcList or quantityList"


def _transformation(event: TransformationEvent) -> Iterator[str]:
    yield from _lists(("inputEPCList", event.input_epc_list, event.input_quantity_list))
    yield from _lists(("outputEPCList", event.output_epc_list, event.output_quantity_list))
    inputs = event.input_epc_list or event.input_quantity_list
    outputs = event.output_epc_list or event.output_quantity_list
    if not inputs and not outputs:
        yield "a TransformationEvent needs inputs or outputs"
    elif not (inputs and outputs) and event.transformation_id is None:
        missing = "outputs" if inputs else "inputs"
        yield f"a TransformationEvent without {missing} needs transformationID, which joins it to those with them"


def _lists(items: tuple[str, tuple[str, ...], tuple[Quantity, ...]]) -> Iterator[str]:
    name, epcs, quantities = items
    if len(set(epcs)) < len(epcs):
        [(twice, _)] = Counter(epcs).most_common(1)
        yield f"{name} names {twice} twice"
    for one in quantities:
        if one.uom is None and one.quantity is not None and not one.quantity.is_integer():
            yield f"{one.quantity} of {one.epc_class} is no number of items: it needs uom"
        if one.uom is not None and one.quantity is None:
            yield f"{one.epc_class} has uom {one.uom} and no quantity"


def _times(event: AnyEvent) -> Iterator[str]:
    times = [("eventTime", event.event_time), ("recordTime", event.record_time)]
    if event.error_declaration is not None:
        times.append(("errorDeclaration.declarationTime", event.error_declaration.declaration_time))
    for element in event.sensor_element_list:
        times += (("sensorReport.time", report.time) for report in element.sensor_report)
        if (meta := element.sensor_metadata) is not None:
            times += (("sensorMetadata.time", one) for one in (meta.time, meta.start_time, meta.end_time))
    for name, text in times:
        try:
            if text is not None:
                parse_time(text)
        except EventError as error:
            yield f"{name}: {error.detail}"


def _words(event: AnyEvent) -> Iterator[str]:
    lasting = event.persistent_disposition
    declaration = event.error_declaration
    named = [
        ("bizStep", BIZ_STEPS, (event.biz_step,)),
        ("disposition", DISPOSITIONS, (event.disposition,)),
        ("persistentDisposition", DISPOSITIONS, (*lasting.set, *lasting.unset) if lasting else ()),
        ("bizTransactionList.type", BIZ_TRANSACTIONS, [one.type for one in event.biz_transaction_list]),
        ("sourceList.type", PARTIES, [one.type for one in event.source_list]),
        ("destinationList.type", PARTIES, [one.type for one in event.destination_list]),
        ("errorDeclaration.reason", ERRORS, (declaration.reason,) if declaration else ()),
    ]
    for field, vocabulary, words in named:
        for word in words:
            if word is not None and word not in vocabulary and ":" not in word:
                yield f"{field} {word[:80]!r} is neither a URI nor a word of the Core Business Vocabulary"
