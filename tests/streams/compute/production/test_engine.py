"""The choices of the engine of production, one by one."""

from collections import Counter

import pytest

from schemas.events import Reason
from streams.compute.production.engine import ProductionEngine
from streams.compute.shop_floor import Believed, Origin
from tests.streams.compute.production.factory import (
    HOUR,
    MINUTE,
    MONDAY,
    TICK,
    count,
    engine,
    feed,
    job,
    live,
    run,
    slices,
    spec,
    state,
    stops,
)
from tests.streams.compute.production.oracle import Record

DAY = spec(shifts={"early": {"start": "06:00", "end": "14:00", "breaks": [{"start": "09:00", "end": "09:30"}]}})
SIX, NINE = MONDAY + 6 * HOUR, MONDAY + 9 * HOUR
OVER = state(MONDAY + 48 * HOUR, "off")
"""Long after everything: closes it."""


def test_a_minute_is_one_row_for_each_order() -> None:
    log = live(
        [
            job(SIX, "A"),
            state(SIX, "running"),
            count(SIX + 20_000, 4),
            job(SIX + 45_000, "B"),
            count(SIX + 50_000, 1),
            OVER,
        ]
    )
    first, second, *_ = slices(run(DAY, log))
    assert (first.order, first.product, first.good, first.production_ms) == ("A", "pA", 4, 45_000)
    assert (second.order, second.good, second.production_ms) == ("B", 1, 15_000)
    assert first.window_start == second.window_start == SIX
    assert first.id != second.id


def test_an_order_that_is_taken_up_again_within_a_minute_has_its_newest_row() -> None:
    orders = [job(SIX + at * 1_000, order) for at, order in ((0, "A"), (20, "B"), (30, "A"))]
    rows = slices(run(DAY, live([state(SIX, "running"), *orders, OVER])))
    newest = [row for row in rows if row.window_start == SIX]
    assert [(row.order, row.production_ms) for row in newest] == [("A", 20_000), ("B", 10_000), ("A", 30_000)]
    assert [row.id for row in newest] == sorted(row.id for row in newest)


def test_a_row_carries_its_ratios() -> None:
    log = live([job(SIX), state(SIX, "running"), count(SIX + 20_000, 16, 4), state(SIX + 40_000, "stopped"), OVER])
    row = slices(run(DAY, log))[0]
    assert row.availability == pytest.approx(2 / 3)
    assert row.performance == pytest.approx(0.5)
    assert row.quality == pytest.approx(0.8)
    assert row.oee == pytest.approx(16 / 60)


def test_without_an_order_there_is_no_performance() -> None:
    row = slices(run(DAY, live([state(SIX, "running"), count(SIX + 20_000, 10), OVER])))[0]
    assert (row.availability, row.performance, row.quality, row.oee) == (1.0, None, 1.0, None)


def test_planned_busy_time_that_brings_nothing_has_an_oee_of_zero() -> None:
    row = slices(run(DAY, live([job(SIX), state(SIX, "stopped"), OVER])))[0]
    assert (row.availability, row.performance, row.quality, row.oee) == (0.0, None, None, 0.0)


def test_a_machine_that_is_idle_in_a_break_loses_nothing() -> None:
    rows = run(DAY, live([state(NINE - 2 * MINUTE, "idle"), state(NINE + 5 * MINUTE, "running"), OVER]))
    before, _, within, *_ = slices(rows)
    assert (before.standby_ms, before.planned_stop_ms) == (MINUTE, 0)
    assert (within.standby_ms, within.planned_stop_ms, within.planned_ms) == (0, MINUTE, 0)
    assert [(stop.duration_ms, stop.lost_ms) for stop in stops(rows)] == [(7 * MINUTE, 2 * MINUTE)]


def test_work_in_a_break_or_between_shifts_is_planned_busy_time() -> None:
    night = MONDAY + 20 * HOUR
    rows = slices(run(DAY, live([state(NINE, "running"), state(night, "setup"), OVER])))
    assert [row.planned_ms for row in rows if row.window_start in (NINE, night)] == [MINUTE, MINUTE]
    assert {row.shift for row in rows} == {"early", ""}


def test_a_stop_keeps_the_last_reason_that_was_given() -> None:
    told = ["", "blade", "", "motor", ""]
    log = live([*(state(SIX + number * MINUTE, "stopped", reason) for number, reason in enumerate(told)), OVER])
    (stop,) = stops(run(spec(silence="5d"), log))
    assert (stop.reason, stop.ts, stop.category) == ("motor", SIX, "down")


@pytest.mark.parametrize(
    ("name", "duration", "micro", "failure"),
    [
        ("stopped", 5 * MINUTE - 1, True, False),
        ("stopped", 5 * MINUTE, False, True),
        ("idle", 5 * MINUTE - 1, True, False),
        ("idle", 5 * MINUTE, False, False),
        ("setup", 1000, False, False),
        ("break", 1000, False, False),
    ],
)
def test_a_short_standby_or_down_is_a_micro_stop_and_a_long_down_is_a_failure(
    name: str, duration: int, micro: bool, failure: bool
) -> None:
    rows = run(DAY, live([state(SIX, name), state(SIX + duration, "running"), OVER]))
    (stop,) = stops(rows)
    assert (stop.micro, stop.failure, stop.duration_ms, stop.silent) == (micro, failure, duration, False)
    ended = next(row for row in slices(rows) if row.window_start == (SIX + duration) // MINUTE * MINUTE)
    assert (ended.micro_stops, ended.micro_stop_ms, ended.failures) == (micro, duration * micro, failure)


def test_a_stop_outside_planned_busy_time_is_neither_micro_stop_nor_failure() -> None:
    log = live(
        [state(MONDAY, "stopped"), state(MONDAY + 10 * MINUTE, "idle"), state(MONDAY + 11 * MINUTE, "off"), OVER]
    )
    assert [(stop.micro, stop.failure, stop.lost_ms) for stop in stops(run(DAY, log))][:2] == [(False, False, 0)] * 2


def test_a_state_holds_for_no_longer_than_silence() -> None:
    rows = run(DAY, live([state(SIX, "stopped"), count(SIX + 20 * MINUTE, 1), OVER]))
    (stop,) = stops(rows)
    assert (stop.end, stop.silent) == (SIX + 15 * MINUTE, True)
    at = {row.window_start: row for row in slices(rows)}
    assert at[SIX + 14 * MINUTE].down_ms == MINUTE
    assert at[SIX + 15 * MINUTE].unknown_ms == at[SIX + 25 * MINUTE].unknown_ms == MINUTE
    assert at[SIX + 25 * MINUTE].state == ""


def test_a_shift_without_a_word_has_no_rows() -> None:
    again = SIX + 30 * 24 * HOUR
    rows = slices(
        run(DAY, live([state(SIX + HOUR, "running"), state(again + HOUR, "running"), state(again + 2 * HOUR, "off")]))
    )
    assert Counter(row.day for row in rows) == {"2025-10-13": 7 * 60, "2025-11-12": 2 * 60 - 1}
    assert sum(row.unknown_ms for row in rows if row.day == "2025-11-12") == (HOUR + 45 * MINUTE - MINUTE)


def test_what_is_older_than_the_newest_of_its_machine_is_late() -> None:
    one = engine(DAY)
    feed(one, live([state(SIX, "running")]))
    feed(one, [Record(SIX, count(SIX - 1, 5)), Record(SIX, count(SIX - 1, 5, asset="saw-2"))])
    assert (one.counts.late, one.counts.accepted) == (1, 2)


def test_what_comes_after_its_minute_has_closed_is_late() -> None:
    one = engine(DAY)
    feed(one, live([state(SIX, "running"), state(SIX + 70_000, "running", asset="saw-2")]))
    feed(one, [Record(SIX + 70_000, count(SIX + MINUTE - 1, 5)), Record(SIX + 70_000, count(SIX + MINUTE, 5))])
    assert (one.counts.late, one.counts.accepted) == (1, 3)


def test_the_first_word_of_a_machine_is_late_in_a_closed_minute() -> None:
    one = engine(DAY)
    feed(one, live([state(SIX + 70_000, "running")]))
    log = [count(SIX + MINUTE - 1, 5, asset="saw-2"), count(SIX + MINUTE, 5, asset="saw-3")]
    feed(one, [Record(SIX + 70_000, event) for event in log])
    assert (one.counts.late, one.counts.accepted) == (1, 2)


def test_a_repeat_counts_once() -> None:
    one = engine(DAY)
    again = [count(SIX, 5), state(SIX, "running"), job(SIX)] * 2
    feed(one, [Record(SIX, event) for event in again])
    feed(one, [Record(SIX, {**count(SIX, 5), "ts": "2025-10-13T14:00:00+08:00"}), Record(SIX, count(SIX, 6))])
    assert (one.counts.accepted, one.counts.duplicate) == (4, 4)


def test_an_undeclared_state_is_refused_and_changes_nothing() -> None:
    one = engine(DAY)
    before = one.snapshot()
    (refused,) = feed(one, live([state(SIX, "dancing")]))
    assert refused is not None
    assert refused.reason == Reason.UNKNOWN_STATE
    assert "'dancing'" in refused.detail
    assert "running" in refused.detail
    assert {name: part for name, part in one.snapshot().items() if name != "counts"} == {
        name: part for name, part in before.items() if name != "counts"
    }


def test_a_machine_that_is_not_declared_is_refused_where_the_topology_says_so() -> None:
    one = ProductionEngine(Origin("t", "production.events", 0), Believed(0, 0, frozenset({("s", "saw-1")})), DAY)
    refused = feed(one, live([count(SIX, 1), count(SIX, 1, asset="saw-2")]))
    assert [error and error.reason for error in refused] == [None, Reason.UNKNOWN_ASSET]


def test_machines_beyond_the_most_are_refused_and_those_that_are_known_go_on() -> None:
    one = engine(spec(machines=2))
    log = live([*(count(SIX, 1, asset=f"saw-{number}") for number in range(4)), count(SIX + 1, 1, asset="saw-1")])
    refused = [error and error.reason for error in feed(one, log)]
    assert refused == [None, None, Reason.TOO_MANY_SERIES, Reason.TOO_MANY_SERIES, None]


def test_orders_beyond_sixty_in_a_minute_are_refused_and_change_nothing() -> None:
    one = engine(DAY)
    orders = [event for i in range(70) for event in (job(SIX + i, f"A{i}"), count(SIX + i, 1))]
    refused = [error for error in feed(one, live(orders)) if error is not None]
    assert [(error.reason, error.detail) for error in refused] == [
        (Reason.TOO_MANY_SERIES, "the machine has worked on 60 orders in this minute")
    ] * 10
    assert feed(one, live([job(SIX + MINUTE, "B"), count(SIX + MINUTE, 7), OVER]), 140) == [None] * 3
    made = [(row.order, row.good) for row in slices(one.drain().rows) if row.good]
    assert made == [*((f"A{i}", 1) for i in range(59)), ("A59", 11), ("B", 7)]


def test_a_tick_closes_what_a_silent_machine_leaves_open() -> None:
    one = engine(DAY)
    feed(one, [Record(SIX + 23_000, state(SIX + 20_000, "running"))])
    due = one.next_due()
    assert due == SIX + MINUTE + 10_000 + 3_000
    feed(one, [Record(due - 1, TICK)])
    assert one.drain().rows == []
    feed(one, [Record(due, TICK)])
    assert [row.production_ms for row in slices(one.drain().rows)] == [40_000]
    assert one.next_due() == due + MINUTE


def test_a_tick_leaves_history_alone() -> None:
    one = engine(DAY)
    feed(one, [Record(SIX + 6 * MINUTE, state(SIX, "running"))])
    assert one.next_due() is None
    feed(one, [Record(SIX + 48 * HOUR, TICK), Record(SIX + 48 * HOUR, count(SIX + 1, 1))])
    assert (one.counts.late, one.counts.accepted) == (0, 3)


def test_ticks_end_with_the_shift_of_a_machine_that_has_fallen_silent() -> None:
    one = engine(DAY)
    feed(one, live([state(SIX, "running")]))
    rows = []
    for _ in range(8 * 60 + 2):
        due = one.next_due()
        assert due is not None
        feed(one, [Record(due, TICK)])
        rows += slices(one.drain().rows)
    assert one.next_due() is None
    assert (len(rows), rows[-1].window_end) == (8 * 60, SIX + 8 * HOUR)


def test_a_state_declared_otherwise_begins_anew() -> None:
    one = engine(DAY)
    feed(one, live([state(SIX, "idle"), state(SIX, "running", asset="saw-2")]))
    other = engine(spec(states={"running": "production", "idle": "down"}))
    assert other.restore(one.snapshot()) == ["state idle of s/saw-1 (declared otherwise)"]
    feed(other, live([state(SIX + 30_000, "idle"), state(SIX + HOUR, "running")]), 2)
    row = slices(other.drain().rows)[0]
    assert (row.unknown_ms, row.down_ms) == (30_000, 30_000)


def test_a_stop_under_way_ends_where_its_state_is_declared_otherwise_and_has_its_row() -> None:
    one = engine(DAY)
    feed(one, live([state(SIX, "stopped", "blade"), count(SIX + 10 * MINUTE, 0)]))
    redeclared = engine(spec(states={"running": "production", "stopped": "planned"}))
    assert redeclared.restore(one.snapshot()) == ["state stopped of s/saw-1 (declared otherwise)"]
    again = engine(spec(states={"running": "production", "stopped": "planned"}))
    again.restore(redeclared.snapshot())  # before any record has come
    feed(again, live([state(SIX + 11 * MINUTE, "stopped"), state(SIX + 13 * MINUTE, "running")]), 2)
    found = [(stop.ts - SIX, stop.end - SIX, stop.category, stop.reason) for stop in stops(again.drain().rows)]
    assert found == [(0, 10 * MINUTE, "down", "blade"), (11 * MINUTE, 13 * MINUTE, "planned", "")]


def test_shifts_declared_otherwise_hold_from_the_next_minute_on() -> None:
    one = engine(DAY)
    feed(one, live([state(SIX, "running")]))
    other = engine(spec(shifts={"late": {"start": "06:00", "end": "14:00"}}))
    assert other.restore(one.snapshot()) == []
    feed(other, live([state(SIX + 90_000, "idle"), OVER]), 1)
    assert [row.shift for row in slices(other.drain().rows)][:2] == ["late", "late"]


def test_a_silence_declared_shorter_ends_a_state_where_the_machine_stands() -> None:
    one = engine(DAY)
    feed(
        one,
        [*live([state(SIX, "stopped")]), Record(SIX + 10 * MINUTE, state(SIX + 10 * MINUTE, "idle", asset="saw-2"))],
    )
    other = engine(spec(silence="2m"))
    assert other.restore(one.snapshot()) == []
    feed(other, live([state(SIX + 20 * MINUTE, "running", asset="saw-2")]), 2)
    rows = other.drain().rows
    assert [(stop.end, stop.silent) for stop in stops(rows) if stop.asset == "saw-1"] == [(SIX + 9 * MINUTE, True)]
    assert {row.window_start: row.unknown_ms for row in slices(rows) if row.asset == "saw-1"}[
        SIX + 9 * MINUTE
    ] == MINUTE
