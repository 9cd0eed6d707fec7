"""What holds for any bytes, cut in any way."""

from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.compute.events import Events, Refusal
from streams.compute.series import SeriesTable
from streams.decode import Decoder
from streams.second_look import EventRules
from tests.streams.records import KNOWN, LOOSE_RECORDS, NOW, RULES, decode

chunks = st.lists(LOOSE_RECORDS, max_size=12)


@given(chunks, st.sampled_from([RULES, KNOWN]))
@settings(max_examples=400, deadline=None)
def test_no_bytes_raise_and_every_record_ends_in_events_or_feedback_or_refusals(
    values: list[bytes], rules: EventRules
) -> None:
    events, refusals = decode(values, rules)
    whole = [one for one in refusals if one.scope != "field"]
    accepted = set(zip(events.offset.tolist(), events.index.tolist(), strict=True))
    refused = {(one.record, one.index) for one in whole}
    assert len(accepted) == len(events.ts)
    assert len(refused) == len(whole)
    heard = {(said.record, said.element) for said in events.feedback}
    assert len(heard) == len(events.feedback)
    assert not accepted & refused
    assert not heard & (accepted | refused)
    assert {record for record, _ in accepted | refused | heard} == set(range(len(values)))
    assert {(one.record, one.index) for one in refusals if one.scope == "field"} <= accepted
    assert len({(one.record, one.index, one.field) for one in refusals}) == len(refusals)
    assert np.isfinite(events.x).all()
    assert (events.ts >= rules.earliest).all()


@given(chunks, st.lists(st.integers(0, 12), max_size=4), st.sampled_from([RULES, KNOWN]))
@settings(max_examples=400, deadline=None)
def test_a_whole_decodes_like_the_sum_of_its_parts(values: list[bytes], cuts: list[int], rules: EventRules) -> None:
    whole_series, series = SeriesTable(), SeriesTable()
    whole, refusals = decode(values, rules, series=whole_series)
    decoder = Decoder(series, rules)
    edges = [0, *sorted(min(cut, len(values)) for cut in cuts), len(values)]
    parts: list[Events] = []
    heard: list[Any] = []
    found: list[tuple[Any, ...]] = []
    for begin, end in pairwise(edges):
        part, refused = decoder.decode(values[begin:end], np.arange(begin, end), np.full(end - begin, NOW))
        before = sum(len(one.ts) for one in parts)
        heard += [one._replace(record=one.record + begin, before=one.before + before) for one in part.feedback]
        parts.append(part)
        found += [(one.record + begin, *_told(one)) for one in refused]
    assert found == [(one.record, *_told(one)) for one in refusals]
    assert heard == whole.feedback
    assert series.keys == whole_series.keys
    for name in ("offset", "index", "ts", "clock", "series", "x", "flag"):
        assert np.concatenate([getattr(part, name) for part in parts]).tolist() == getattr(whole, name).tolist()
    assert [state for part in parts for state in _states(part)] == _states(whole)


@given(chunks, st.sampled_from([RULES, KNOWN]))
@settings(max_examples=200, deadline=None)
def test_series_are_numbered_as_their_first_points_appear_in_the_log(values: list[bytes], rules: EventRules) -> None:
    series = SeriesTable()
    events, _ = decode(values, rules, series=series)
    assert list(dict.fromkeys(events.series.tolist())) == list(range(len(series)))


def _states(events: Events) -> list[str]:
    return [events.states[code] for code in events.state.tolist()]


def _told(one: Refusal) -> tuple[Any, ...]:
    return one.index, one.scope, one.reason, one.detail, one.field
