import json
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import EventError
from schemas.events import LARGEST_RECORD, Event
from schemas.times import parse_time
from streams.compute.events import Refusal
from streams.second_look import EventRules, second_look, split
from tests.streams.records import GOOD_EVENTS, NOW, RULES, event, record


def look(raw: bytes, rules: EventRules = RULES) -> tuple[Event | None, list[Refusal]]:
    refusals: list[Refusal] = []
    return second_look(raw, (3, 4), NOW, rules, refusals), refusals


@given(GOOD_EVENTS, st.booleans())
@settings(max_examples=300, deadline=None)
def test_an_event_that_decodes_at_first_sight_is_the_same_at_second_sight(good: dict[str, Any], ascii_: bool) -> None:
    raw = json.dumps(good, ensure_ascii=ascii_).encode()
    strict = msgspec.json.decode(raw, type=Event)
    mended, refusals = look(raw)
    assert refusals == []
    assert mended is not None
    assert (mended.ts, mended.site, mended.asset, mended.state) == (
        parse_time(strict.ts),
        strict.site,
        strict.asset,
        strict.state,
    )
    assert list(mended.values.items()) == list(strict.values.items())
    given_flags = strict.flags or {}
    assert mended.flags == ({metric: given_flags[metric] for metric in strict.values if metric in given_flags} or None)


def test_refusals_carry_the_place_of_the_event() -> None:
    assert [(one.record, one.index) for one in look(record(values={"t": 1, "x": None}))[1]] == [(3, 4)]
    assert [(one.record, one.index) for one in look(b"null")[1]] == [(3, 4)]


def test_an_event_without_anything_good_has_one_refusal_that_tells_of_its_fields() -> None:
    mended, refusals = look(record(values={"x": None, "y": "2"}, state=5))
    assert mended is None
    assert [(one.scope, one.reason, one.field) for one in refusals] == [("event", "bad_value", "")]
    assert refusals[0].detail == (
        'x is null, not a finite number; y is "2", not a finite number; state is 5, not a string'
    )


def test_what_a_dead_letter_quotes_is_bounded() -> None:
    many = record(values={f"x{number}": "?" * 10_000 for number in range(100)})
    long_name = record(values={"x" * 100_000: 1, "t": 1})
    long_time, long_site = record(ts="9" * 100_000), record(site=["s" * 100_000])
    for raw in (many, long_name, long_time, long_site):
        [refusal] = look(raw)[1]
        assert len(refusal.detail) + len(refusal.field) < 1000
    assert look(many)[1][0].detail.endswith("; and 95 more")


def test_long_names_that_begin_alike_are_still_told_apart() -> None:
    _, refusals = look(record(values={"x" * 300 + "1": 1, "x" * 300 + "2": 1, "t": 1}))
    assert len({one.field for one in refusals}) == 2
    assert {one.reason for one in refusals} == {"bad_name"}


def test_a_bad_metric_called_state_and_a_bad_state_share_a_refusal() -> None:
    mended, refusals = look(record(values={"t": 1, "state": None}, state=""))
    assert [(one.field, one.reason) for one in refusals] == [("state", "bad_value")]
    assert mended == Event(NOW, "s", "a", {"t": 1.0})


def test_a_refusal_says_what_is_allowed() -> None:
    def detail(**fields: Any) -> str:
        return look(record(**fields))[1][0].detail

    assert detail(ts=1_760_000_000) == "1760000000 ms lies before the earliest plausible time; were seconds sent?"
    assert detail(ts=NOW + 300_001) == "300001 ms ahead of the broker; allowed are 300000"
    assert detail(ts=1.5) == "ts is 1.5, neither milliseconds nor RFC 3339"
    assert detail(site="") == "site has 0 characters; allowed are 1 to 200"
    assert detail(flags={"t": "Q"}) == 't has flag "Q"; known are N, F, M, S, D, C, T, B'
    assert detail(values={"t": 2e100}) == "t is 2e+100; no quantity is larger than 1e+100"


@pytest.mark.parametrize(
    ("text", "ms"),
    [
        (0, 0),
        (-1, -1),
        ((1 << 62) - 1, (1 << 62) - 1),
        ("1970-01-01T00:00:00Z", 0),
        ("2025-10-09T08:53:20z", NOW),
        ("2025-10-09T08:53:20.123456789Z", NOW + 123),
        ("2025-10-09 16:53:20.5+08:00", NOW + 500),
        ("2025-10-08T20:53:20-12:00", NOW),
    ],
)
def test_a_time_is_read(text: int | str, ms: int) -> None:
    assert parse_time(text) == ms


@pytest.mark.parametrize("text", ["", "now", "2025-10-09T08:53:20", "2025-13-01T00:00:00Z", "日", 1 << 62, -(1 << 62)])
def test_anything_else_is_no_time(text: int | str) -> None:
    with pytest.raises(EventError, match=r"^bad_time: "):
        parse_time(text)


def test_a_record_of_one_event_is_not_taken_apart() -> None:
    assert split(record()) == [record()]


def test_a_frame_is_taken_apart_into_its_events() -> None:
    assert split(b' [ {"a": "],["} ,\n null, [1] ] ') == [b'{"a": "],["}', b"null", b"[1]"]


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"", "empty"),
        (b"[]", "empty"),
        (b"[1, ]", "malformed"),
        (b'"\xff"', "malformed"),
        (b"[" * 100_000, "malformed"),
        (b" " * (LARGEST_RECORD + 1), "too_large"),
    ],
)
def test_an_unusable_record_is_refused_as_a_whole(value: bytes, reason: str) -> None:
    with pytest.raises(EventError) as caught:
        split(value)
    assert caught.value.reason == reason


def test_rules_accept_only_events_that_need_no_second_look() -> None:
    rules = EventRules(earliest=0, max_future=0, assets={("s", "a")}, metrics={"t"})
    assert rules.accepts("s", "a", ("t",))
    assert rules.accepts("s", "a", ())
    assert not rules.accepts("s", "b", ("t",))
    assert not rules.accepts("s", "a", ("t", "u"))
    assert not RULES.accepts("", "a", ())
    assert not RULES.accepts("s", "a", ("",))
    assert not RULES.accepts("s", "a" * 201, ())
    assert RULES.accepts("s", "b", ("t", "u"))


def test_one_event_may_carry_a_thousand_metrics() -> None:
    values = {f"m{number}": float(number) for number in range(1000)}
    mended, refusals = look(json.dumps(event(values={**values, "x": None})).encode())
    assert mended is not None
    assert mended.values == values
    assert [one.field for one in refusals] == ["x"]
