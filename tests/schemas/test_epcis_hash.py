"""The hash id: as published, the same however the event is written, another one where it says something else."""

import random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.epcis_hash import event_id, pre_hash, repeat_key
from schemas.errors import EventError
from tests.schemas.epcis_events import CHANGING_HANDS, DEPARTING, ITEM, MELTING, OF_EVERY_TYPE, PUBLISHED, SEEN

MILL, YARD = "88.118.8", "6901234"
EVENTS = [event for event, _ in PUBLISHED] + list(OF_EVERY_TYPE)


@pytest.mark.parametrize(("event", "digest"), PUBLISHED)
def test_published_events_have_their_published_hashes(event: dict[str, Any], digest: str) -> None:
    assert event_id(event) == f"ni:///sha-256;{digest}?ver=CBV2.0"


def shuffled(value: Any, order: random.Random) -> Any:
    if isinstance(value, dict):
        names = list(value)
        order.shuffle(names)
        return {name: shuffled(value[name], order) for name in names}
    if isinstance(value, list):
        return sorted((shuffled(one, order) for one in value), key=lambda _: order.random())
    return value


@given(st.sampled_from(EVENTS), st.randoms(use_true_random=False))
@settings(max_examples=50, deadline=None)
def test_the_order_of_names_and_items_makes_no_difference(event: dict[str, Any], order: random.Random) -> None:
    context = event.get("@context")
    again = shuffled({name: one for name, one in event.items() if name != "@context"}, order)
    assert event_id({**again, "@context": context}) == event_id(event)


@pytest.mark.parametrize(
    "change",
    [
        {"eventTime": "2020-03-04T10:00:30Z"},
        {"eventTime": " 2020-03-04T18:00:30.0001+08:00"},
        {"bizStep": "urn:epcglobal:cbv:bizstep:departing"},
        {"bizStep": "https://ref.gs1.org/cbv/BizStep-departing"},
        {"bizStep": "cbv:BizStep-departing"},
        {"epcList": ["https://shop.example/01/00614141111114/10/LOT/21/987?x=1"]},
        {"recordTime": "2026-01-01T00:00:00Z", "eventID": "urn:uuid:1", "errorDeclaration": {"declarationTime": "x"}},
        {"@context": {"own": "https://ns.example.com/epcis/"}, "own:userExt": " CD-34 ", "ex:userExt": None,
         "readPoint": {"id": "https://id.gs1.org/414/4012345000115", "own:myField1": "AB-12"}},
        {"quantityList": []},
    ],
)  # fmt: skip
def test_other_ways_to_say_the_same_have_the_same_hash(change: dict[str, Any]) -> None:
    event = {name: one for name, one in {**CHANGING_HANDS, **change}.items() if one is not None}
    assert event_id(event) == event_id(CHANGING_HANDS)


@pytest.mark.parametrize(
    "change",
    [
        {"eventTime": "2020-03-04T11:00:30.001+01:00"},
        {"eventTimeZoneOffset": "+02:00"},
        {"action": "ADD"},
        {"bizStep": "arriving"},
        {"disposition": None},
        {"epcList": ["urn:epc:id:sgtin:0614141.011111.988"]},
        {"readPoint": {"id": "urn:epc:id:sgln:4012345.00011.1", "ex:myField1": "AB-12"}},
        {"readPoint": {"id": "urn:epc:id:sgln:4012345.00011.0", "ex:myField1": "AB-13"}},
        {"sourceList": [{"type": "possessing_party", "source": "urn:epc:id:pgln:4012345.00000"}]},
        {"ex:userExt": "CD-35"},
        {"ex:another": 1},
        {"ilmd": {"ex:heat": "7"}},
        {"persistentDisposition": {"set": ["damaged"]}},
    ],
)
def test_what_says_something_else_has_another_hash(change: dict[str, Any]) -> None:
    event = {name: one for name, one in {**CHANGING_HANDS, **change}.items() if one is not None}
    assert event_id(event) != event_id(CHANGING_HANDS)


@pytest.mark.parametrize(
    ("number", "text"),
    [(1, "1"), (1.0, "1"), ("1.50", "1.5"), ("+007", "7"), ("-0.0", "0"), (1e-7, "0.0000001"), ("1e3", "1000"),
     ("12345678901234567890.10", "12345678901234567890.1"), ("12-1", "12-1"), ("nan", "nan"), ("1_0", "1_0"),
     (True, "true"), ("1e999999999", "1e999999999")],
)  # fmt: skip
def test_numbers_have_no_superfluous_zeros(number: Any, text: str) -> None:
    context = {"@context": {"ex": "urn:ex/"}}
    assert pre_hash({**SEEN, **context, "ex:n": number}).endswith(f"{{urn:ex/}}n={text}")


def test_halves_of_a_millisecond_are_rounded_up() -> None:
    for given_, rounded in (
        ("03.1415", "03.142"),
        ("03.1425", "03.143"),
        ("03.1414999", "03.141"),
        ("59.9996", "00.000"),
    ):
        assert f":{rounded}Z" in pre_hash({**SEEN, "eventTime": f"2026-01-01T00:00:{given_}Z"})


def test_a_declared_error_has_the_hash_of_the_event_and_yet_is_no_repeat_of_it() -> None:
    right = {name: one for name, one in MELTING.items() if name != "errorDeclaration"}
    later = {**MELTING, "errorDeclaration": {"declarationTime": "2020-01-16T00:00:00Z"}}
    again = {**MELTING, "errorDeclaration": {"declarationTime": "2020-01-14T23:00:00Z", "reason": "incorrect_data"}}
    id_ = event_id(right)
    assert event_id(MELTING) == event_id(later) == id_
    assert len({repeat_key(event, id_, MILL) for event in (right, MELTING, later)}) == 3
    assert repeat_key(again, id_, MILL) == repeat_key(MELTING, id_, MILL) != repeat_key(MELTING, id_, YARD)


def test_a_prefix_that_is_not_declared_is_refused() -> None:
    with pytest.raises(EventError, match="the prefix of 'ex:batch' is not declared in @context"):
        event_id({**SEEN, "ex:batch": "7"})


def test_json_reads_to_the_same_hash() -> None:
    assert event_id(msgspec.json.decode(msgspec.json.encode(DEPARTING))) == event_id(DEPARTING)
    assert ITEM.removeprefix("https://id.example.com/") in pre_hash(SEEN)
