"""Verdicts are a function of the log: whatever the readings, however the log is cut, wherever it is restored."""

import math
from itertools import pairwise
from random import Random

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.checkpoint import Checkpoint, pack, unpack
from streams.compute.compliance.compliance import Outcome, joined
from tests.streams.compute.compliance import oracle
from tests.streams.compute.compliance.stacks import DAY_0, HOUR, LATENESS, MINUTE, Reading, Run, rule

RULES = (
    rule("cn-hj75-2017", limits={"hour": 200, "day": 150}, oxygen={"metric": "o2", "reference": 9}, flow="flow"),
    rule("eu-ied", limits={"half_hour": 180, "day": 150}, oxygen={"metric": "o2", "reference": 11})
    | {"name": "half-hours"},
    rule("us-part75", limits={"hour": 200}) | {"name": "quarters"},
)


def log(seed: int, minutes: int, gaps: float, disorder: float) -> list[Reading]:
    """Two stacks with every kind of trouble, in the order in which their readings arrive."""
    random = Random(seed)
    arrivals: list[tuple[float, Reading]] = []
    flags = {}
    for minute in range(minutes):
        for asset in ("stack-1", "stack-2"):
            if minute % 17 == 0:
                flags[asset] = random.choice("NNNNNNTFMCDBS")
            if random.random() < gaps:
                continue
            for metric, level in (("nox", 150), ("o2", 9), ("flow", 40_000)):
                if random.random() < gaps / 2:
                    continue
                ts = DAY_0 + minute * MINUTE + random.randrange(MINUTE)
                x = level * random.uniform(0.5, 1.7) if metric != "o2" else random.choice([5, 8.5, 12, 15, 20.5, 21])
                late = random.expovariate(1 / 20_000) if random.random() < disorder else 0
                arrivals.append((ts + late, Reading(ts, metric, x, flags[asset], asset)))
    return [reading for _, reading in sorted(arrivals, key=lambda arrival: arrival[0])]


logs = st.builds(
    log,
    seed=st.integers(0, 1 << 32),
    minutes=st.integers(1, 60 * 8) | st.integers(60 * 8, 60 * 27),
    gaps=st.sampled_from([0.0, 0.1, 0.5, 0.97]),
    disorder=st.sampled_from([0.0, 0.3]),
)


def same(one: Outcome, other: Outcome) -> bool:
    """To the last bit, NaN being equal to NaN, and in the same order."""
    return repr(one) == repr(other)


@given(logs, st.lists(st.integers(0, 1 << 16), max_size=12))
@settings(max_examples=12, deadline=None)
def test_however_the_log_is_cut_the_verdicts_are_the_same(readings: list[Reading], cuts: list[int]) -> None:
    at_once, cut = Run(*RULES), Run(*RULES)
    expected = joined([at_once.feed(readings), at_once.silence(DAY_0 + 40 * HOUR)])
    bounds = sorted({0, len(readings), *(position % (len(readings) + 1) for position in cuts)})
    found = joined([*(cut.feed(readings[a:b]) for a, b in pairwise(bounds)), cut.silence(DAY_0 + 40 * HOUR)])
    flags = sorted(expected.flags, key=lambda flag: flag.offset)
    assert same(expected, found)
    assert flags == list(expected.flags), "in the order of the records that brought them about"


@given(logs, st.integers(0, 1 << 16))
@settings(max_examples=12, deadline=None)
def test_restored_from_a_checkpoint_the_verdicts_are_the_same(readings: list[Reading], position: int) -> None:
    cut = position % (len(readings) + 1)
    at_once, first = Run(*RULES), Run(*RULES)
    expected = joined([at_once.feed(readings), at_once.silence(DAY_0 + 40 * HOUR)])
    before = first.feed(readings[:cut])
    second = Run(*RULES)
    second.keys, second.next_offset, second.stream_time = list(first.keys), first.next_offset, first.stream_time
    second.compliance.grow(second.keys)
    blob = pack(Checkpoint("plant", "emission.events", 0, cut, 0, 0, {"compliance": first.compliance.snapshot()}))
    assert second.compliance.restore(unpack(blob).engine["compliance"]) == []
    assert same(expected, joined([before, second.feed(readings[cut:]), second.silence(DAY_0 + 40 * HOUR)]))


@given(logs)
@settings(max_examples=25, deadline=None)
def test_hours_are_judged_as_by_the_oracle(readings: list[Reading]) -> None:
    subject = Run(RULES[0] | {"limits": {"hour": 200}})
    outcome = joined([subject.feed(readings), subject.silence(DAY_0 + 40 * HOUR + LATENESS)])
    expected = oracle.hours(readings, 200, 9, DAY_0 + 40 * HOUR)
    found = [
        oracle.Hour(
            subject.keys[one.series].asset, one.start, one.finding, tuple(one.coverage),
            None if math.isnan(one.raw) else one.raw, one.first_offset, one.offset,
        )
        for one in outcome.verdicts
    ]  # fmt: skip
    assert [one._replace(raw=None) for one in found] == [one._replace(raw=None) for one in expected]
    for one, other in zip(found, expected, strict=True):
        assert one.raw == (None if other.raw is None else pytest.approx(other.raw, rel=1e-12))


@given(logs)
@settings(max_examples=12, deadline=None)
def test_every_reading_is_taken_or_counted_as_late(readings: list[Reading]) -> None:
    subject = Run(*RULES)
    outcome = subject.feed(readings)
    assert outcome.late == oracle.on_time(readings)[1]


@given(logs)
@settings(max_examples=12, deadline=None)
def test_the_minutes_of_every_period_add_up_and_no_period_is_judged_twice(readings: list[Reading]) -> None:
    subject = Run(*RULES)
    found = joined([subject.feed(readings), subject.silence(DAY_0 + 40 * HOUR)]).verdicts
    for one in found:
        assert sum(one.coverage) == (one.end - one.start) // MINUTE
        assert min(one.coverage) >= 0
    periods = [(one.rule, one.series, one.period, one.start) for one in found]
    assert len(set(periods)) == len(periods)
    assert all((one.finding == "insufficient_data") == (one.parts < one.required or not one.required) for one in found)


def test_an_idle_decision_changes_nothing_but_the_moment() -> None:
    readings = log(1, 200, 0.1, 0.0)
    patient, hasty = Run(*RULES), Run(*RULES)
    end = DAY_0 + 5 * HOUR
    expected = joined([patient.feed(readings), patient.silence(end)])
    moments = range(readings[-1].ts, end + 1, 45_000)
    found = joined([hasty.feed(readings), *(hasty.silence(moment) for moment in moments), hasty.silence(end)])
    assert same(expected, found)


def test_what_is_due_next_is_known() -> None:
    subject = Run(RULES[0])
    assert subject.compliance.next_due() is None
    subject.feed([Reading(DAY_0 + 30 * MINUTE + 1, "nox", 100)])
    assert subject.compliance.next_due() == DAY_0 + 31 * MINUTE + LATENESS
    assert subject.silence(DAY_0 + 31 * MINUTE + LATENESS - 1) == Outcome([], [], [], [])
    subject.silence(DAY_0 + 31 * MINUTE + LATENESS)
    assert subject.compliance.next_due() == DAY_0 + HOUR + LATENESS
    assert len(subject.silence(DAY_0 + HOUR + LATENESS).verdicts) == 1


def test_a_changed_limit_goes_on_with_the_running_hour_and_a_changed_reference_begins_anew() -> None:
    subject = Run(RULES[0])
    subject.feed([Reading(DAY_0 + minute * MINUTE, m, x) for minute in range(59) for m, x in (("nox", 100), ("o2", 9))])
    changed = RULES[0] | {"limits": {"hour": 90}, "standard": "local"}
    other, anew = subject.restored(changed)
    assert anew == []
    [verdict] = other.silence(DAY_0 + HOUR + LATENESS).verdicts
    assert (verdict.finding, verdict.coverage.valid) == ("exceeded", 59)
    other, anew = subject.restored(RULES[0] | {"oxygen": {"metric": "o2", "reference": 3.5}}, RULES[2])
    assert anew == ["nox (declared otherwise)", "quarters (new)"]
    other, anew = subject.restored()
    assert anew == ["nox (removed)"]


def test_the_state_is_plain_data_and_arrays() -> None:
    subject = Run(*RULES)
    subject.feed(log(2, 500, 0.1, 0.1))
    state = subject.compliance.snapshot()
    assert msgspec.to_builtins(state["rules"]["nox"]["masses"]["stacks"])
    assert len(pack(Checkpoint("plant", "emission.events", 0, 0, 0, 0, {"compliance": state}))) < 20_000
