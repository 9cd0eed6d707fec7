import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from typing import Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas import identifiers
from schemas.events import LARGEST_RECORD
from schemas.results import DeadLetter
from schemas.topics import MACHINE_EVENTS
from streams.compute.series import SeriesTable
from streams.dead_letters import Resend, groups, resends
from streams.second_look import EventRules
from tests.streams.records import KNOWN, LOOSE_RECORDS, NOW, RULES, decode, event, record

LATER = 4_102_444_800_000
"""2100-01-01: what was from the future is so no longer."""


def letters_of(value: bytes, rules: EventRules = KNOWN) -> list[DeadLetter]:
    """The dead letters of a record under `rules`."""
    return [
        DeadLetter(
            identifiers.at(identifiers.prefix(one.scope, one.field), 7, one.index), NOW, one.reason, one.scope,
            one.detail, one.field, "s/a", "", len(value), "t", MACHINE_EVENTS.name, 0, 7, one.index,
        )
        for one in decode([value], rules)[1]
    ]  # fmt: skip


def resent(value: bytes, rules: EventRules = RULES, now: int = NOW, whole_records: bool = False) -> list[Resend]:
    """What comes back of a record that was read under `KNOWN` and is replayed under `rules`."""
    return resends(value, letters_of(value), rules, now, whole_records)


def accepted(values: Sequence[bytes], rules: EventRules, broker_ts: int = NOW) -> Counter[Any]:
    """The points and states that are accepted of records, with how often."""
    series = SeriesTable()
    events, _ = decode(list(values), rules, series=series, broker_ts=broker_ts)
    points = zip(events.ts[events.event], events.series, events.x.tolist(), events.flag, strict=True)
    states = zip(events.ts, events.state, strict=True)
    return Counter(
        [(int(ts), series.keys[number], x, int(flag)) for ts, number, x, flag in points]
        + [(int(ts), events.states[state]) for ts, state in states if events.states[state]]
    )


PARTLY_REFUSED = st.fixed_dictionaries(
    {
        "ts": st.integers(NOW - 9, NOW + 9) | st.sampled_from([NOW + 3_600_000, 0, None]),
        "site": st.just("s"),
        "asset": st.sampled_from(["a", "a", "new"]),
        "values": st.dictionaries(st.sampled_from(["t", "u", "w", "x", "state"]), st.integers(0, 9) | st.none()),
    },
    optional={
        "flags": st.dictionaries(st.sampled_from(["t", "w", "x", "state"]), st.sampled_from("NMQ")),
        "state": st.sampled_from(["running", "", None]),
    },
)
"""Events of which some fields are good, some are not known yet, and some never will be accepted."""


@given(
    LOOSE_RECORDS
    | PARTLY_REFUSED.map(lambda one: json.dumps(one).encode())
    | st.lists(PARTLY_REFUSED, max_size=4).map(lambda frame: json.dumps(frame).encode())
)
@settings(max_examples=400, deadline=None)
def test_what_was_accepted_and_what_is_replayed_are_the_whole_event_each_field_once(value: bytes) -> None:
    back = [one.value for one in resent(value, RULES, LATER)]
    assert accepted([value], KNOWN) + accepted(back, RULES, LATER) == accepted([value], RULES, LATER)


@given(LOOSE_RECORDS | PARTLY_REFUSED.map(lambda one: json.dumps(one).encode()))
@settings(max_examples=150, deadline=None)
def test_what_would_be_refused_again_stays_where_it_is(value: bytes) -> None:
    assert resent(value, KNOWN) == []


def test_of_a_frame_only_the_refused_event_comes_back_with_its_own_bytes() -> None:
    refused = b'{"ts": 1760000000000,  "site": "s", "asset": "new", "values": {"t": 1.50}}'
    value = b"[ %b, %b ,%b]" % (record(), refused, record())
    [one] = resent(value)
    assert one.value == refused
    assert [(letter.scope, letter.index) for letter in one.letters] == [("event", 1)]


def test_a_record_of_one_event_comes_back_as_it_is() -> None:
    value = b" " + record(asset="new", note={"kept": True}) + b"\n"
    assert [one.value for one in resent(value)] == [value]


def test_of_an_event_only_the_refused_fields_come_back_in_one_message() -> None:
    value = record(values={"t": 1, "new": 2, "other": 3}, flags={"t": "M", "new": "D"}, state="running")
    [one] = resent(value)
    assert json.loads(one.value) == {
        "ts": NOW, "site": "s", "asset": "a", "values": {"new": 2, "other": 3}, "flags": {"new": "D"},
    }  # fmt: skip
    assert [letter.field for letter in one.letters] == ["new", "other"]


def test_numbers_and_times_keep_their_text() -> None:
    value = b'{"ts":"2025-10-09T08:53:20.50Z","site":"s","asset":"a","values":{"t":1,"x":1.50E+1,"y":0.10000000000001}}'
    assert [one.value for one in resent(value)] == [value.replace(b'"t":1,', b"")]


def test_of_several_refused_fields_those_that_are_accepted_by_now_come_back() -> None:
    value = record(values={"t": 1, "new": 2, "other": 3, "bad": None})
    now_known = msgspec.structs.replace(KNOWN, metrics={"t", "new"})
    [one] = resent(value, now_known)
    assert json.loads(one.value)["values"] == {"new": 2}
    assert [letter.field for letter in one.letters] == ["new"]


def test_an_event_comes_back_whole_if_some_of_it_is_accepted_by_now() -> None:
    value = record(asset="new", values={"t": 1, "bad": None})
    assert [one.value for one in resent(value)] == [value]


def test_an_event_from_the_future_comes_back_when_its_time_has_come() -> None:
    value = record(ts=NOW + 3_600_000)
    assert resent(value, KNOWN, NOW) == []
    assert [one.value for one in resent(value, KNOWN, NOW + 3_600_000)] == [value]


def test_a_refused_metric_that_is_called_state_is_not_the_state() -> None:
    value = record(values={"t": 1, "state": 2}, state="running")
    assert [json.loads(one.value) for one in resent(value)] == [event(values={"state": 2})]
    both = record(values={"t": 1, "state": 2}, state="")
    assert [json.loads(one.value) for one in resent(both)] == [event(values={"state": 2})]
    assert resent(record(state="")) == []


def test_a_record_that_cannot_be_read_comes_back_only_if_it_is_asked_for() -> None:
    for value in (b"", b"{", b"[]", b" " * (LARGEST_RECORD + 1)):
        assert resent(value) == []
        assert [one.value for one in resent(value, whole_records=True)] == [value]


def test_letters_of_one_record_that_are_told_apart_by_a_filter_come_back_one_by_one() -> None:
    value = b"[%b,%b]" % (record(asset="new"), record(values={"t": 1, "new": 2, "other": 3}))
    found = letters_of(value)
    back = [one.value for letter in found for one in resends(value, [letter], RULES, NOW, False)]
    assert len(back) == 3
    assert accepted([value], KNOWN) + accepted(back, RULES) == accepted([value], RULES)


def test_a_letter_that_does_not_fit_its_record_brings_nothing_back() -> None:
    found = letters_of(b"[%b,%b]" % (record(), record(asset="new"))) + letters_of(record(values={"t": 1, "new": 2}))
    for value in (b"", b"{", b"[]", b"null", b'{"values": 1}', b"[1, 2]", record(values={}), b"[" * 100_000):
        assert resends(value, found, RULES, NOW, False) == []


def test_letters_are_counted_by_source_and_reason_and_the_last_one_is_shown() -> None:
    async def some() -> AsyncIterator[DeadLetter]:
        base = letters_of(record(asset="new"))[0]
        for ts, topic, reason, scope in (
            (5, "b", "future", "event"),
            (9, "a", "future", "event"),
            (2, "b", "future", "field"),
            (1, "b", "bad_value", "field"),
        ):
            yield msgspec.structs.replace(base, ts=ts, topic=topic, reason=reason, scope=scope)

    found = asyncio.run(groups(some()))
    assert [(one.topic, one.reason, one.count, one.first, one.last, one.sample.ts) for one in found] == [
        ("a", "future", 1, 9, 9, 9),
        ("b", "bad_value", 1, 1, 1, 1),
        ("b", "future", 2, 2, 5, 5),
    ]
    assert found[2].scopes == {"event": 1, "field": 1}
