"""Conditions of alarms: both edges of what a `limit` detector says, however the log is cut."""

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.compute.alarms.conditions import ConditionBank, Edge
from streams.compute.alarms.rule import AlarmRule
from tests.streams.compute.detectors.logs import METRICS, SECONDS, SERIES, Point, cuts_of, line, log_of, logs

RULES = [
    AlarmRule(name="high", metrics=("*",), high=5.0),
    AlarmRule(name="deadband", metrics=("temp",), low=-5.0, deadband=3.0),
    AlarmRule(
        name="delayed", metrics=("temp", "f*"), high=3.0, deadband=1.0, on_delay=SECONDS[3], off_delay=SECONDS[5]
    ),
    AlarmRule(name="elsewhere", metrics=("*",), assets=("b-*",), low=0.0, on_delay=SECONDS[2]),
]


def bank(rules: Sequence[AlarmRule] = RULES) -> ConditionBank:
    running = ConditionBank(rules, METRICS)
    running.grow(SERIES)
    return running


def feed(running: ConditionBank, log: Sequence[Point]) -> list[Edge]:
    return running.feed(
        np.array([SERIES.index(point.key) for point in log], np.intp),
        np.array([point.ts for point in log], np.int64),
        np.array([point.x for point in log]),
        np.array([point.offset for point in log], np.int64),
        np.array([point.stream_time for point in log], np.int64),
    )


def oracle(rule: AlarmRule, log: Sequence[Point]) -> list[tuple[int, bool]]:
    """Position and direction of every edge, point by point."""
    found: list[tuple[int, bool]] = []
    on: dict[int, bool] = {}
    since: dict[int, int | None] = {}
    newest: dict[int, int] = {}
    sign = 1 if rule.high is not None else -1
    for position, point in enumerate(log):
        series = SERIES.index(point.key)
        if not _is_watched(rule, point):
            continue
        in_order = point.ts > newest.get(series, -1)
        newest[series] = max(point.ts, newest.get(series, -1))
        if (rule.on_delay or rule.off_delay) and not in_order:
            continue
        y, limit = sign * point.x, sign * rule.limit
        was = on.get(series, False)
        clear = y < limit - rule.deadband if rule.deadband else y <= limit
        if not (clear if was else y > limit):
            since[series] = None
            continue
        begin = since.get(series)
        since[series] = begin = point.ts if begin is None else begin
        if point.ts - begin >= (rule.off_delay if was else rule.on_delay):
            on[series], since[series] = not was, None
            found.append((position, not was))
    return found


def _is_watched(rule: AlarmRule, point: Point) -> bool:
    metric, asset = point.key.metric, point.key.asset
    of_metric = any(name in ("*", metric) or (name == "f*" and metric == "flow") for name in rule.metrics)
    return of_metric and (rule.assets == ("*",) or asset.startswith("b-"))


@given(logs())
@settings(max_examples=150, deadline=None)
def test_the_edges_are_those_of_the_oracle(log: list[Point]) -> None:
    edges = feed(bank(), log)
    for rule in RULES:
        expected = [
            (log[at].offset, log[at].ts, log[at].x, SERIES.index(log[at].key), on) for at, on in oracle(rule, log)
        ]
        assert [(e.offset, e.ts, e.value, e.series, e.on) for e in edges if e.name == rule.name] == expected


@given(logs().flatmap(lambda log: st.tuples(st.just(log), cuts_of(log))))
@settings(max_examples=150, deadline=None)
def test_any_cut_and_any_restart_give_the_same_edges(drawn: tuple[list[Point], list[int]]) -> None:
    log, cuts = drawn
    running, found = bank(), []
    for begin, end in pairwise([0, *cuts, len(log)]):
        found += feed(running, log[begin:end])
        saved, running = running.snapshot(), bank()
        assert running.restore(saved, 0, 0) == ([], [])
    assert found == feed(bank(), log)


@given(logs())
@settings(max_examples=100, deadline=None)
def test_a_condition_comes_on_and_goes_off_in_turn(log: list[Point]) -> None:
    turns: dict[tuple[str, int], bool] = {}
    for edge in feed(bank(), log):
        assert edge.on != turns.get((edge.name, edge.series), False)
        turns[edge.name, edge.series] = edge.on


@pytest.mark.parametrize(
    ("rule", "values", "reasons"),
    [
        (
            {"high": 5.0},
            [6.0, 5.0],
            ["6 °C is above the high limit of 5 °C", "5 °C is no longer above 5 °C"],
        ),
        (
            {"low": 1.0, "deadband": 0.5, "off_delay": SECONDS[1]},
            [0.0, 2.0, 2.0],
            ["0 °C is below the low limit of 1 °C", "2 °C is back above 1.5 °C for 1s or longer"],
        ),
    ],
)
def test_the_reason_tells_value_limit_and_delay(rule: dict[str, Any], values: list[float], reasons: list[str]) -> None:
    edges = feed(bank([AlarmRule(name="a", metrics=("temp",), **rule)]), line(*values))
    assert [edge.reason for edge in edges] == reasons


@pytest.mark.parametrize(
    ("rules", "how"),
    [([], "removed"), ([AlarmRule(name="high", metrics=("*",), high=6.5)], "declared otherwise")],
)
def test_what_is_on_goes_off_where_its_alarm_is_no_longer_declared_like_that(rules: list[AlarmRule], how: str) -> None:
    old = bank(RULES[:1])
    feed(old, log_of([[(0, 0, 7.0)], [(1, 1_000, 1.0)], [(2, 2_000, 8.0)]]))
    new = bank(rules)
    anew, ends = new.restore(old.snapshot(), 5_000, 3)
    assert anew == [f"alarm high ({how})"]
    assert [(end.name, end.series, end.on, end.ts, end.offset) for end in ends] == [
        ("high", 0, False, 5_000, 3),
        ("high", 2, False, 5_000, 3),
    ]


def test_what_does_not_change_when_the_condition_begins_keeps_its_state() -> None:
    old = bank([RULES[0]])
    feed(old, line(7.0))
    other = AlarmRule(name="high", metrics=("*",), high=5.0, priority="critical", latching=True, about="why")
    assert bank([other]).restore(old.snapshot(), 0, 0) == ([], [])


@pytest.mark.parametrize(
    ("settings_", "says"),
    [
        ({}, "give either high or low"),
        ({"high": 1.0, "low": 0.0}, "give either high or low"),
        ({"high": 1.0, "deadband": -1.0}, "deadband -1 must be 0 or more"),
        ({"high": 1.0, "escalate_after": SECONDS[0]}, "escalate_after must be longer than 0"),
        ({"high": 1.0, "metrics": ()}, "metrics must name at least one"),
    ],
)
def test_impossible_settings_are_refused(settings_: dict[str, Any], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        AlarmRule(**{"name": "a", "metrics": ("t",), **settings_})
