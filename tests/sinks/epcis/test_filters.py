"""What a query may ask, and that nothing else is passed over. What it finds: tests/end_to_end/test_epcis.py."""

import re

import pytest

from sinks.epcis.filters import PARAMETERS, query
from sinks.epcis.problems import Problem


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("EQ_quantity", "1", "EQ_quantity is not supported; there are eventType,"),
        ("eq_action", "ADD", "eq_action is not supported"),
        ("maxEventCount", "1", "maxEventCount is not supported"),
        ("eventType", "QuantityEvent", "eventType: QuantityEvent is none of ObjectEvent"),
        ("GE_eventTime", "yesterday", "GE_eventTime: 'yesterday' is no RFC 3339 time with an offset"),
        ("GE_eventTime", "2026-03-04T11:00:30", "no RFC 3339 time with an offset"),
        ("EQ_action", "ADD|", "EQ_action takes 1 to 1000 values"),
        ("EQ_action", "|".join("x" * 1_001), "EQ_action takes 1 to 1000 values"),
        ("MATCH_epc", "urn:epc:idpat:sgtin:4012345.012345.*", "MATCH_epc: patterns such as"),
        ("EXISTS_errorDeclaration", "false", "takes no value"),
        ("orderBy", "bizStep", "orderBy is 'bizStep'; there are eventTime, recordTime"),
        ("orderDirection", "asc", "orderDirection is 'asc'; there are DESC, ASC"),
        ("perPage", "0", "perPage is '0', and has to be a number above 0"),
        ("perPage", "1" * 99, "has to be a number above 0"),
        ("eventCountLimit", "-1", "eventCountLimit is '-1'"),
    ],
)
def test_what_is_not_understood_is_refused_by_name(name: str, value: str, says: str) -> None:
    with pytest.raises(Problem) as refused:
        query([(name, value)])
    assert says in refused.value.detail
    assert (refused.value.status, refused.value.kind) == (400, "QueryParameterException")


def test_a_parameter_that_is_given_twice_is_refused() -> None:
    with pytest.raises(Problem, match="EQ_action is given twice"):
        query([("EQ_action", "ADD"), ("EQ_action", "DELETE")])


def test_values_are_parameters_and_conditions_are_text_of_this_module_alone() -> None:
    attack = "x') OR enterprise != ('"
    given = {name: attack for name in PARAMETERS if name.startswith(("EQ_", "MATCH_"))}
    plain = dict.fromkeys(given, "y")
    asked = query(list(given.items()))
    assert asked.conditions == query(list(plain.items())).conditions
    for condition in asked.conditions:
        assert set(re.findall(r"%\((\w+)\)s", condition)) <= asked.values.keys() | {"topology", "enterprise"}


def test_a_word_of_the_vocabulary_is_found_however_it_was_written() -> None:
    forms = ("shipping", "urn:epcglobal:cbv:bizstep:shipping", "https://ref.gs1.org/cbv/BizStep-shipping")
    for form in forms:
        assert set(forms) <= set(query([("EQ_bizStep", form)]).values["EQ_bizStep"])


def test_an_item_is_found_by_urn_and_digital_link_alike() -> None:
    urn = query([("MATCH_epc", "urn:epc:id:sgtin:4012345.012345.12")]).values["MATCH_epc"]
    link = query([("MATCH_epc", "https://shop.example/01/04012345123456/21/12?x=1")]).values["MATCH_epc"]
    assert urn == link


def test_pages_are_bounded_and_a_plus_sign_may_have_become_a_space() -> None:
    assert query([]).per_page == 30
    assert query([("perPage", "5000")]).per_page == 1_000
    times = [query([("GE_eventTime", f"2026-03-04T11:00:30{sign}08:00")]).values for sign in "+ "]
    assert times[0] == times[1]
