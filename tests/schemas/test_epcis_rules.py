"""The rules of EPCIS 2.0: what keeps them passes, what breaks one is told in a sentence."""

from typing import Any

import pytest

from schemas.epcis_rules import checked
from tests.schemas.epcis_events import (
    FITTED,
    INSPECTING,
    ITEM,
    LOT,
    MADE,
    OF_EVERY_TYPE,
    ORDERED,
    PACKED,
    PALLET,
    PUBLISHED,
    SEEN,
)


def told(event: dict[str, Any], **change: Any) -> list[str]:
    changed = {name: one for name, one in {**event, **change}.items() if one is not None}
    return checked(changed)[1]


@pytest.mark.parametrize("event", [event for event, _ in PUBLISHED] + list(OF_EVERY_TYPE))
def test_events_that_keep_the_rules_pass(event: dict[str, Any]) -> None:
    found, violations = checked(event)
    assert violations == []
    assert found is not None
    assert type(found).__name__ == event["type"]
    assert found.event_time == event["eventTime"]


@pytest.mark.parametrize(
    ("event", "change", "why"),
    [
        (SEEN, {"type": None}, "required field `type`"),
        (SEEN, {"type": "QuantityEvent"}, "Invalid value 'QuantityEvent' - at `$.type`"),
        (SEEN, {"eventTime": None}, "required field `eventTime`"),
        (SEEN, {"eventTimeZoneOffset": None}, "required field `eventTimeZoneOffset`"),
        (SEEN, {"eventTimeZoneOffset": "8:00"}, "at `$.eventTimeZoneOffset`"),
        (SEEN, {"action": None}, "required field `action`"),
        (SEEN, {"action": "CREATE"}, "at `$.action`"),
        (SEEN, {"batch": "7"}, "unknown field `batch`"),
        (SEEN, {"readPoint": {"name": "gate"}}, "at `$.readPoint`"),
        (SEEN, {"epcList": ["A1"]}, "at `$.epcList[0]`"),
        (SEEN, {"epcList": [f"{ITEM}\n"]}, "at `$.epcList[0]`"),
        (SEEN, {"bizStep": "x:a\tb"}, "at `$.bizStep`"),
        (MADE, {"action": "ADD"}, "unknown field `action`"),
        (FITTED, {"parentID": None}, "required field `parentID`"),
        (INSPECTING, {"sensorElementList": [{"sensorReport": []}]}, "at `$.sensorElementList[0].sensorReport`"),
        (SEEN, {"errorDeclaration": {"reason": "incorrect_data"}}, "required field `declarationTime`"),
    ],
)
def test_what_types_say_is_told_with_its_place(event: dict[str, Any], change: dict[str, Any], why: str) -> None:
    [violation] = told(event, **change)
    assert why in violation
    assert "\n" not in violation


@pytest.mark.parametrize(
    ("event", "change", "why"),
    [
        (SEEN, {"eventTime": "2026-03-04T11:00:30"}, "eventTime: '2026-03-04T11:00:30' is no RFC 3339 time with an"),
        (SEEN, {"recordTime": "today"}, "recordTime: 'today' is no"),
        (SEEN, {"errorDeclaration": {"declarationTime": "now"}}, "errorDeclaration.declarationTime: 'now' is no"),
        (INSPECTING, {"sensorElementList": [{"sensorReport": [{"type": "Speed", "time": "1"}]}]}, "sensorReport.time"),
        (SEEN, {"epcList": None}, "an ObjectEvent needs epcList or quantityList, or sensorElementList and readPoint"),
        (INSPECTING, {"epcList": [], "readPoint": None}, "an ObjectEvent needs epcList"),
        (SEEN, {"ilmd": {"ex:a": 1}}, "ilmd goes with action ADD alone, not with OBSERVE"),
        (SEEN, {"epcList": [ITEM, ITEM]}, f"epcList names {ITEM} twice"),
        (PACKED, {"parentID": None}, "an AggregationEvent with action ADD needs parentID"),
        (PACKED, {"parentID": None, "action": "DELETE"}, "an AggregationEvent with action DELETE needs parentID"),
        (PACKED, {"childEPCs": []}, "an AggregationEvent with action ADD needs childEPCs or childQuantityList"),
        (PACKED, {"childEPCs": [], "action": "OBSERVE"}, "with action OBSERVE needs childEPCs"),
        (PACKED, {"childEPCs": [PALLET]}, "cannot be its own child"),
        (FITTED, {"childEPCs": None}, "an AssociationEvent with action ADD needs childEPCs"),
        (ORDERED, {"bizTransactionList": None}, "a TransactionEvent needs bizTransactionList"),
        (ORDERED, {"epcList": None}, "a TransactionEvent with action ADD needs epcList or quantityList"),
        (MADE, {"inputQuantityList": None}, "without inputs needs transformationID"),
        (MADE, {"outputEPCList": None}, "without outputs needs transformationID"),
        (MADE, {"inputQuantityList": None, "outputEPCList": None, "transformationID": "urn:x:1"}, "needs inputs or"),
        (MADE, {"inputQuantityList": [{**LOT, "uom": None}]}, "12.5 of urn:epc:class:lgtin:6901234.056789.HEAT7 is"),
        (MADE, {"inputQuantityList": [{**LOT, "quantity": None}]}, "has uom KGM and no quantity"),
        (SEEN, {"bizStep": "selling"}, "bizStep 'selling' is neither a URI nor a word of the Core Business Vocabulary"),
        (SEEN, {"disposition": "gone"}, "disposition 'gone' is neither"),
        (SEEN, {"persistentDisposition": {"set": ["gone"]}}, "persistentDisposition 'gone' is neither"),
        (SEEN, {"sourceList": [{"type": "shop", "source": "urn:x:1"}]}, "sourceList.type 'shop' is neither"),
        (SEEN, {"destinationList": [{"type": "shop", "destination": "urn:x:1"}]}, "destinationList.type 'shop'"),
        (ORDERED, {"bizTransactionList": [{"type": "bill", "bizTransaction": "urn:x:1"}]}, "bizTransactionList.type"),
    ],
)  # fmt: skip
def test_what_the_standard_asks_beyond_types_is_told(event: dict[str, Any], change: dict[str, Any], why: str) -> None:
    [violation] = told(event, **change)
    assert why in violation
    assert "\n" not in violation


@pytest.mark.parametrize(
    ("event", "change"),
    [
        (SEEN, {"epcList": [], "quantityList": [LOT]}),
        (SEEN, {"action": "ADD", "ilmd": {"ex:a": 1}}),
        (SEEN, {"action": "DELETE", "bizStep": "decommissioning"}),
        (INSPECTING, {"epcList": []}),
        (PACKED, {"childEPCs": [], "action": "DELETE"}),
        (PACKED, {"parentID": None, "action": "OBSERVE"}),
        (PACKED, {"childEPCs": [], "childQuantityList": [LOT]}),
        (FITTED, {"childEPCs": [], "action": "DELETE"}),
        (ORDERED, {"epcList": None, "action": "DELETE"}),
        (MADE, {"outputEPCList": None, "transformationID": "urn:x:1"}),
        (MADE, {"inputQuantityList": None, "inputEPCList": [PALLET]}),
        (MADE, {"inputQuantityList": [{"epcClass": "urn:x:1", "quantity": 12}]}),
        (SEEN, {"bizStep": "https://vocabulary.example/galvanising", "ex:anything": {"goes": ["here", {}]}}),
    ],
)
def test_what_the_standard_allows_passes(event: dict[str, Any], change: dict[str, Any]) -> None:
    assert told(event, **change) == []


def test_every_broken_rule_is_told() -> None:
    assert len(told(PACKED, parentID=None, childEPCs=[], bizStep="selling", eventTime="now")) == 4


def test_objects_in_objects_without_end_are_refused() -> None:
    deep: dict[str, Any] = {}
    for _ in range(2_000):
        deep = {"a": deep}
    assert told(SEEN, readPoint=deep) == ["objects stand in each other too deep"]
