"""Whatever stands in a record: it is accepted or refused once, and its neighbours do not notice."""

import json
from dataclasses import fields
from typing import Any

import numpy as np
import pytest

from schemas.events import FLAGS, LARGEST_RECORD
from streams import decode as decoding
from streams import second_look
from streams.compute.events import Events
from streams.compute.series import SeriesKey, SeriesTable
from streams.decode import Decoder
from streams.second_look import EventRules
from tests.streams.records import KNOWN, NOW, RULES, decode, event, record

FIRST, LAST = record(values={"t": 1.5, "u": 2}, flags={"u": "M"}, state="running"), record(ts=NOW + 1, values={"v": 3})
DEEP = b"[" * 2000 + b"]" * 2000


def columns(events: Events) -> dict[str, Any]:
    """Comparable with `==`."""
    found = {field.name: getattr(events, field.name) for field in fields(events)}
    found |= {"state": [events.states[code] for code in events.state.tolist()], "states": None}
    return {
        name: (column.dtype.str, column.tolist()) if isinstance(column, np.ndarray) else column
        for name, column in found.items()
    }


def with_ts(ts: bytes) -> bytes:
    return b'{"ts": ' + ts + b', "site": "s", "asset": "a", "values": {"t": 1}}'


def with_values(values: bytes) -> bytes:
    return b'{"ts": %d, "site": "s", "asset": "a", "values": %s}' % (NOW, values)


def with_more(more: bytes) -> bytes:
    return b'{"ts": %d, "site": "s", "asset": "a", "values": {"t": 1}, %s}' % (NOW, more)


UNREADABLE = {
    "no bytes": (b"", "empty"),
    "only blanks": (b" \n", "malformed"),
    "truncated": (FIRST[:-1], "malformed"),
    "no JSON": (b"so2=41.2", "malformed"),
    "two objects": (FIRST + LAST, "malformed"),
    "two lines": (FIRST + b"\n" + LAST, "malformed"),
    "a byte order mark": (b"\xef\xbb\xbf" + FIRST, "malformed"),
    "UTF-16": (FIRST.decode().encode("utf-16"), "malformed"),
    "a comma too many": (with_values(b'{"t": 1,}'), "malformed"),
    "NaN": (with_values(b'{"t": NaN, "u": 1}'), "malformed"),
    "Infinity": (with_values(b'{"t": -Infinity}'), "malformed"),
    "no UTF-8 in the site": (FIRST.replace(b'"s"', b'"\xff"'), "malformed"),
    "no UTF-8 in a metric": (with_values(b'{"\xff": 1}'), "malformed"),
    "no UTF-8 in a flag": (with_more(b'"flags": {"\xff": "N"}'), "malformed"),
    "no UTF-8 in an ignored field": (with_more(b'"note": "\xff"'), "malformed"),
    "no UTF-8 in an ignored name": (with_more(b'"\xff": 1'), "malformed"),
    "no UTF-8 beside another fault": (with_more(b'"note": "\xff", "state": ""'), "malformed"),
    "a lone surrogate": (with_values(b'{"\\ud800": 1}'), "malformed"),
    "a control character": (with_more(b'"state": "a\x00b"'), "malformed"),
    "deep nesting in an ignored field": (with_more(b'"note": ' + DEEP), "malformed"),
    "deep nesting in a value": (with_values(b'{"t": ' + DEEP + b"}"), "malformed"),
    "deep nesting of frames": (DEEP, "malformed"),
    "an endless nesting": (b"[" * 1_000_000, "malformed"),
    "a frame without events": (b"[]", "empty"),
    "an open frame": (b"[" + FIRST, "malformed"),
    "10 MB": (FIRST + b" " * (10 << 20), "too_large"),
}
UNUSABLE = {
    "null": (b"null", "wrong_type"),
    "true": (b"true", "wrong_type"),
    "a number": (b"41.2", "wrong_type"),
    "a string": (b'"41.2"', "wrong_type"),
    "an empty object": (b"{}", "wrong_type"),
    "no ts": (b'{"site": "s", "asset": "a", "values": {"t": 1}}', "wrong_type"),
    "no site": (b'{"ts": %d, "asset": "a", "values": {"t": 1}}' % NOW, "wrong_type"),
    "no asset": (b'{"ts": %d, "site": "s", "values": {"t": 1}}' % NOW, "wrong_type"),
    "ts is null": (with_ts(b"null"), "wrong_type"),
    "ts is a bool": (with_ts(b"true"), "wrong_type"),
    "ts is a float": (with_ts(b"1760000000000.0"), "wrong_type"),
    "ts is an array": (with_ts(b"[1]"), "wrong_type"),
    "ts has 5000 digits": (with_ts(b"1" * 5000), "wrong_type"),
    "ts has 4000 digits": (with_ts(b"1" * 4000), "bad_time"),
    "ts has 64 bits": (with_ts(b"9223372036854775807"), "bad_time"),
    "ts has 65 bits": (with_ts(b"18446744073709551616"), "bad_time"),
    "ts is hugely negative": (with_ts(b"-9223372036854775809"), "bad_time"),
    "ts is a word": (with_ts(b'"soon"'), "bad_time"),
    "ts is a date": (with_ts(b'"2025-10-09"'), "bad_time"),
    "ts has no offset": (with_ts(b'"2025-10-09T08:53:20"'), "bad_time"),
    "ts is digits in a string": (with_ts(b'"1760000000000"'), "bad_time"),
    "ts in seconds": (with_ts(b"1760000000"), "bad_time"),
    "ts in 1970": (with_ts(b'"1970-01-01T00:00:00Z"'), "bad_time"),
    "ts in the year 1": (with_ts(b'"0001-01-01T00:00:00+14:00"'), "bad_time"),
    "ts in 2099": (with_ts(b"4070908800000"), "future"),
    "ts in the year 9999": (with_ts(b'"9999-12-31T23:59:59.999999-23:59"'), "future"),
    "ts in microseconds": (with_ts(b"1760000000000000"), "future"),
    "site is a number": (FIRST.replace(b'"s"', b"5"), "wrong_type"),
    "site is empty": (record(site=""), "bad_name"),
    "site is long": (record(site="s" * 201), "bad_name"),
    "asset is empty": (record(asset=""), "bad_name"),
    "asset is long": (record(asset="a" * 201), "bad_name"),
    "values is null": (with_values(b"null"), "wrong_type"),
    "values is an array": (with_values(b"[1]"), "wrong_type"),
    "flags is a string": (with_more(b'"flags": "N"'), "wrong_type"),
    "neither values nor state": (record(values={}), "empty"),
    "the only value is null": (with_values(b'{"t": null}'), "bad_value"),
    "the only value is bad and the state too": (with_values(b'{"t": null}')[:-1] + b', "state": 5}', "bad_value"),
    "the only state is bad": (record(values={}, state=5), "wrong_type"),
    "a frame in a frame": (b"[[" + FIRST + b"]]", "wrong_type"),
}
BAD_FIELDS = {
    "null": ({"x": None}, {}, "bad_value"),
    "a string": ({"x": "41.2"}, {}, "bad_value"),
    "a bool": ({"x": True}, {}, "bad_value"),
    "an object": ({"x": {"t": 1}}, {}, "bad_value"),
    "above 1e100": ({"x": 1.1e100}, {}, "bad_value"),
    "below -1e100": ({"x": -1.1e100}, {}, "bad_value"),
    "a number of 5000 digits": ({"x": int("9" * 4000)}, {}, "bad_value"),
    "an unknown flag": ({"x": 1}, {"x": "Q"}, "bad_flag"),
    "no flag": ({"x": 1}, {"x": ""}, "bad_flag"),
    "two flags": ({"x": 1}, {"x": "NF"}, "bad_flag"),
    "a flag in lower case": ({"x": 1}, {"x": "n"}, "bad_flag"),
    "a flag that is null": ({"x": 1}, {"x": None}, "bad_flag"),
    "a flag that is a number": ({"x": 1}, {"x": 0}, "bad_flag"),
}


@pytest.mark.parametrize(
    ("bad", "scope", "reason"),
    [pytest.param(bad, "record", reason, id=name) for name, (bad, reason) in UNREADABLE.items()]
    + [pytest.param(bad, "event", reason, id=name) for name, (bad, reason) in UNUSABLE.items()],
)
def test_a_bad_record_is_refused_once_and_its_neighbours_are_unharmed(bad: bytes, scope: str, reason: str) -> None:
    events, refusals = decode([FIRST, bad, LAST])
    assert [(one.record, one.index, one.scope, one.reason, one.field) for one in refusals] == [
        (1, 0, scope, reason, "")
    ]
    assert refusals[0].detail
    assert columns(events) == columns(decode([FIRST, LAST], offsets=[0, 2])[0])


@pytest.mark.parametrize(("values", "flags", "reason"), BAD_FIELDS.values(), ids=BAD_FIELDS)
def test_a_bad_value_costs_only_itself(values: dict[str, Any], flags: dict[str, Any], reason: str) -> None:
    good, good_flags = {"t": 1, "v": 2}, {"v": "C"}
    bad = record(values={"t": 1, **values, "v": 2}, flags={**good_flags, **flags}, state="running")
    events, refusals = decode([FIRST, bad, LAST])
    assert [(one.record, one.index, one.scope, one.reason, one.field) for one in refusals] == [
        (1, 0, "field", reason, "x")
    ]
    mended = record(values=good, flags=good_flags, state="running")
    assert columns(events) == columns(decode([FIRST, mended, LAST])[0])


@pytest.mark.parametrize(("number", "shown"), [(b"1e999", "1e999"), (b"-1e999", "-1e999"), (b"1e101", "1e+101")])
def test_a_number_that_is_not_finite_or_of_no_physical_size_is_refused(number: bytes, shown: str) -> None:
    events, refusals = decode([with_values(b'{"t": 1, "x": ' + number + b"}")])
    assert [(one.scope, one.reason, one.field) for one in refusals] == [("field", "bad_value", "x")]
    assert shown in refusals[0].detail
    assert events.x.tolist() == [1.0]


@pytest.mark.parametrize("number", [b"-1e100", b"1e100", b"0", b"-0.0", b"5e-324", b"1e-999", b"9" * 100])
def test_any_other_number_is_accepted_as_it_is(number: bytes) -> None:
    events, refusals = decode([with_values(b'{"t": ' + number + b"}")])
    assert refusals == []
    assert events.x.tolist() == [float(number)]


@pytest.mark.parametrize("metric", ["", "x" * 201])
def test_a_bad_name_of_a_metric_costs_only_its_value(metric: str) -> None:
    events, refusals = decode([record(values={"t": 1, metric: 2})])
    assert [(one.scope, one.reason) for one in refusals] == [("field", "bad_name")]
    assert events.x.tolist() == [1.0]


@pytest.mark.parametrize(("state", "reason"), [("", "bad_name"), ("x" * 201, "bad_name"), (5, "wrong_type")])
def test_a_bad_state_costs_only_itself(state: object, reason: str) -> None:
    events, refusals = decode([record(state=state)])
    assert [(one.scope, one.reason, one.field) for one in refusals] == [("field", reason, "state")]
    assert columns(events) == columns(decode([record()])[0])


def test_names_of_200_characters_are_accepted() -> None:
    long = "鸿" * 200
    assert decode([record(site=long, asset=long, values={long: 1}, state=long)])[1] == []


def test_every_bad_field_of_an_event_is_refused_in_the_order_of_names() -> None:
    bad = record(values={"z": "x", "t": 1, "y": None}, state="")
    assert [(one.field, one.reason) for one in decode([bad])[1]] == [
        ("state", "bad_name"),
        ("y", "bad_value"),
        ("z", "bad_value"),
    ]


def test_good_and_bad_events_of_one_frame_are_told_apart() -> None:
    frame = [FIRST, b"null", LAST, with_ts(b"1"), record(values={"x": 1, "y": "?"})]
    events, refusals = decode([b"[" + b", ".join(frame) + b"]", LAST])
    assert [(one.record, one.index, one.scope, one.reason, one.field) for one in refusals] == [
        (0, 1, "event", "wrong_type", ""),
        (0, 3, "event", "bad_time", ""),
        (0, 4, "field", "bad_value", "y"),
    ]
    assert events.offset.tolist() == [0, 0, 0, 1]
    assert events.index.tolist() == [0, 2, 4, 0]
    assert events.x.tolist() == [1.5, 2.0, 3.0, 1.0, 3.0]


def test_a_large_frame_of_bad_events_has_a_hundred_refusals_and_one_for_the_rest() -> None:
    frame = json.dumps([event(values={"t": 1e200}), event()] * 2000).encode()
    events, all_refusals = decode([frame])
    refusals = decoding.capped(all_refusals)
    assert [one.index for one in refusals[:-1]] == list(range(0, 200, 2))
    assert (refusals[-1].reason, refusals[-1].count) == ("more", 1900)
    assert events.index.tolist() == list(range(1, 4000, 2))


def test_the_letter_for_the_rest_has_a_place_of_its_own_beside_a_metric_without_a_name() -> None:
    """Offset, index and field are the key of a dead letter."""
    values = {"": 1.0} | {f"m{number}": 1e200 for number in range(150)} | {"t": 1.0}
    refusals = decoding.capped(decode([json.dumps(event(values=values)).encode()])[1])
    assert [one.reason for one in refusals].count("more") == 1
    assert len({(one.index, one.field) for one in refusals}) == len(refusals) == 101


def test_a_frame_is_taken_apart_once_however_many_of_its_events_are_bad(monkeypatch: pytest.MonkeyPatch) -> None:
    taken_apart: list[bytes] = []

    def split(value: bytes) -> list[bytes]:
        taken_apart.append(value)
        return second_look.split(value)

    monkeypatch.setattr(decoding, "split", split)
    frames = [json.dumps([event(values={"t": 1e200})] * count).encode() for count in (3, 2)]
    assert len(decode(frames)[1]) == 5
    assert taken_apart == frames


def test_broken_messages_are_not_spliced_into_a_whole_one() -> None:
    events, refusals = decode([FIRST[:20], FIRST[20:]])
    assert len(events.ts) == 0
    assert [(one.record, one.reason) for one in refusals] == [(0, "malformed"), (1, "malformed")]


def test_a_record_of_one_mebibyte_is_read_and_one_byte_more_is_not() -> None:
    for value in (FIRST, record(state="")):
        largest = value.ljust(LARGEST_RECORD)
        events, refusals = decode([largest, largest + b" "])
        assert events.offset.tolist() == [0]
        assert [one.record for one in refusals if one.reason == "too_large"] == [1]


def test_how_deep_a_record_may_nest_does_not_depend_on_its_neighbours() -> None:
    def is_accepted(depth: int, *neighbours: bytes) -> bool:
        value = with_more(b'"note": ' + b"[" * depth + b"]" * depth)
        return len(decode([value, *neighbours])[0].ts) == 1

    accepted, refused = 0, 10_000
    while refused - accepted > 1:
        middle = (accepted + refused) // 2
        accepted, refused = (middle, refused) if is_accepted(middle) else (accepted, middle)
    assert accepted > 100
    assert is_accepted(accepted, b"{")
    assert not is_accepted(refused, b"{")


def test_of_duplicate_keys_the_last_one_counts_at_first_and_at_second_sight() -> None:
    twice = b'{"ts": 1, "ts": %d, "site": "s", "asset": "a", "values": {"u": 9}, "values": {"t": 1, "t": 2%s}}'
    events, refusals = decode([twice % (NOW, b""), twice % (NOW, b', "x": null')])
    assert events.x.tolist() == [2.0, 2.0]
    assert events.ts.tolist() == [NOW, NOW]
    assert [one.field for one in refusals] == ["x"]


def test_a_time_is_the_same_in_milliseconds_and_in_rfc_3339() -> None:
    texts = [b'"2025-10-09T08:53:20Z"', b'"2025-10-09T16:53:20+08:00"', b'"2025-10-09t08:53:20.000z"', b"1760000000000"]
    events, refusals = decode([with_ts(text) for text in texts])
    assert refusals == []
    assert set(events.ts.tolist()) == {NOW}


@pytest.mark.parametrize(
    ("ts", "reason"),
    [
        (RULES.earliest - 1, "bad_time"),
        (RULES.earliest, None),
        (NOW + RULES.max_future, None),
        (NOW + RULES.max_future + 1, "future"),
    ],
)
def test_the_bounds_of_time_belong_to_it(ts: int, reason: str | None) -> None:
    assert [one.reason for one in decode([record(ts=ts)])[1]] == ([reason] if reason else [])
    at_second_sight = decode([record(ts=ts, values={"t": 1, "x": None})])[1]
    assert [one.reason for one in at_second_sight] == [reason or "bad_value"]


def test_an_event_moves_the_clock_at_most_to_the_brokers_timestamp() -> None:
    events, _ = decode([record(ts=NOW - 5), record(ts=NOW), record(ts=NOW + 5)])
    assert events.clock.tolist() == [NOW - 5, NOW, NOW]


def test_every_flag_has_its_code_and_a_value_without_one_is_normal() -> None:
    flagged = [record(values={"t": 1, "u": 2}, flags={"u": flag, "other": "?"}) for flag in FLAGS]
    events, refusals = decode([*flagged, FIRST])
    assert refusals == []
    assert events.flag.tolist() == [code for flag in FLAGS for code in (0, FLAGS.index(flag))] + [0, FLAGS.index("M")]


def test_an_escaped_flag_is_the_same_flag_at_second_sight() -> None:
    flags = b'"flags": {"t": "\\u0043"}, "state": '
    events, refusals = decode([with_more(flags + b'"running"'), with_more(flags + b"5")])
    assert events.flag.tolist() == [FLAGS.index("C")] * 2
    assert [one.field for one in refusals] == ["state"]


def test_every_event_has_its_state_or_none() -> None:
    assert columns(decode([LAST, LAST])[0])["state"] == ["", ""]
    assert columns(decode([FIRST, LAST, record(values={}, state="off")])[0])["state"] == ["running", "", "off"]


@pytest.mark.parametrize(
    ("value", "scope", "reason", "field"),
    [
        (record(asset="b"), "event", "unknown_asset", ""),
        (record(site="elsewhere"), "event", "unknown_asset", ""),
        (record(asset="b", values={}, state="off"), "event", "unknown_asset", ""),
        (record(values={"w": 1}), "event", "unknown_metric", ""),
        (record(values={"t": 1, "w": 1}), "field", "unknown_metric", "w"),
        (record(values={"w": 1}, state="off"), "field", "unknown_metric", "w"),
    ],
)
def test_unknown_names_are_accepted_or_refused_as_the_topology_says(
    value: bytes, scope: str, reason: str, field: str
) -> None:
    assert decode([FIRST, value, LAST], RULES)[1] == []
    events, refusals = decode([FIRST, value, LAST], KNOWN)
    assert [(one.record, one.scope, one.reason, one.field) for one in refusals] == [(1, scope, reason, field)]
    assert events.offset.tolist() == ([0, 2] if scope == "event" else [0, 1, 2])
    assert "w" not in {key.metric for key in _series_of([FIRST, value, LAST], [], KNOWN).keys}


def test_a_chunk_without_records_gives_empty_columns() -> None:
    events, refusals = decode([])
    assert refusals == []
    assert len(events.ts) == len(events.x) == 0


def test_a_mended_event_has_its_series_before_those_of_later_events() -> None:
    mended, later = record(values={"": 1, "k": 2}), record(values={"m": 1})
    assert _series_of([mended, later], []).keys == [SeriesKey("s", "a", "k"), SeriesKey("s", "a", "m")]
    assert _series_of([mended], [later]).keys == [SeriesKey("s", "a", "k"), SeriesKey("s", "a", "m")]


def test_a_refused_value_makes_no_series() -> None:
    assert _series_of([record(values={"t": 1e200, "u": 1})], []).keys == [SeriesKey("s", "a", "u")]


def _series_of(first: list[bytes], second: list[bytes], rules: EventRules = RULES) -> SeriesTable:
    series = SeriesTable()
    decoder = Decoder(series, rules)
    for values in (first, second):
        decoder.decode(values, np.arange(len(values)), np.full(len(values), NOW))
    return series
