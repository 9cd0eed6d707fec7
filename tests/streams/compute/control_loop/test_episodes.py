"""Episodes worked out by hand, with the playbook `logs.UP`: 6 l/min a step, 20 s apart, verdict after 20 s."""

from collections.abc import Iterator

import msgspec
import pytest

from schemas.alarm_actions import AlarmAction
from schemas.durations import Duration
from schemas.errors import EventError
from streams.compute.control_loop.playbook import Interlock, Playbook, SetPoint
from tests.streams.compute.control_loop.logs import (
    ADVICE,
    DOWN,
    SECOND,
    START,
    TICK,
    UP,
    Run,
    ack,
    condition,
    level,
    log_of,
    told,
)

Step = tuple[int, AlarmAction | EventError]
NEWEST = "NEWEST more-reagent"


def plant(seconds: int, so2: float, reagent: float | None = None, pump: float = 40.0) -> Iterator[Step]:
    """So long nothing changes; levels are told every 5 s, the last ones at the end."""
    for _ in range(seconds // 5):
        yield 5 * SECOND, level("scrubber", "pump", pump)
        yield 0, level("stack", "so2", so2)
        if reagent is not None:
            yield 0, level("scrubber", "reagent", reagent)


def run_of(*steps: Step, playbook: Playbook = UP) -> Run:
    return Run((playbook,)).feed(log_of(steps))


def statuses(run: Run) -> list[str]:
    return [row.status for row in run.rows]


ON, OFF = (0, condition(True)), (0, condition(False))


def test_two_steps_bring_the_emission_down_and_two_steps_back_end_the_episode() -> None:
    run = run_of(
        *plant(5, 250.0, 24.0),
        ON,  # 5 s: commanded at once, 24 to 30
        (SECOND, ack(NEWEST, 30.0)),  # 6 s: the verdict is due at 26 s
        *plant(20, 230.0, 30.0),  # 26 s: 250 to 230 is enough; the next step, 21 s after the first
        (SECOND, ack(NEWEST, 36.0)),  # 27 s: the verdict is due at 47 s
        *plant(10, 180.0, 36.0),
        OFF,  # 37 s: back from 97 s on
        *plant(60, 150.0, 36.0),  # 47 s: effective; 97 s: 36 to 30
        (SECOND, ack(NEWEST, 30.0)),  # 98 s
        *plant(20, 150.0, 30.0),  # 118 s: 30 to 24, 21 s after the last
        (SECOND, ack(NEWEST, 24.0)),  # 119 s: it is where it was
    )
    assert told(run) == [
        (5.0, "commanded", 24.0, 30.0),
        (6.0, "acknowledged", 24.0, 30.0),
        (26.0, "effective", 24.0, 30.0),
        (26.0, "commanded", 30.0, 36.0),
        (27.0, "acknowledged", 30.0, 36.0),
        (47.0, "effective", 30.0, 36.0),
        (97.0, "commanded", 36.0, 30.0),
        (98.0, "acknowledged", 36.0, 30.0),
        (118.0, "commanded", 30.0, 24.0),
        (119.0, "acknowledged", 30.0, 24.0),
        (119.0, "settled", 24.0, 24.0),
    ]
    first, last = run.rows[0], run.rows[-1]
    assert (first.site, first.asset, first.target, first.setpoint) == ("s", "stack", "scrubber", "reagent")
    assert (first.mode, first.direction, first.attempt, first.expires_at) == ("automatic", "step", 1, START + 10_000)
    assert first.reason == "so2-high is on: reagent of scrubber from 24 l/min to 30 l/min"
    assert run.rows[2].reason == "so2 of stack went from 250 mg/m3 to 230 mg/m3"
    assert last.reason == "so2-high is off for 60s: reagent of scrubber is back after 2 steps".replace("60s", "1m")
    assert run.engine.next_due() is None


def test_two_steps_without_effect_call_a_person_and_no_third_one_is_made() -> None:
    run = run_of(
        *plant(5, 250.0),
        ON,  # 5 s
        (SECOND, ack(NEWEST, 30.0)),  # 6 s
        *plant(20, 246.0),  # 26 s: 4 mg/m3 are too little
        (SECOND, ack(NEWEST, 36.0)),  # 27 s
        *plant(20, 246.0),  # 47 s: nothing at all
        *plant(60, 246.0),
    )
    assert told(run) == [
        (5.0, "commanded", 24.0, 30.0),
        (6.0, "acknowledged", 24.0, 30.0),
        (26.0, "no_effect", 24.0, 30.0),
        (26.0, "commanded", 30.0, 36.0),
        (27.0, "acknowledged", 30.0, 36.0),
        (47.0, "no_effect", 30.0, 36.0),
        (47.0, "escalated", 36.0, 36.0),
    ]
    assert run.rows[2].reason == (
        "so2 of stack went from 250 mg/m3 to 246 mg/m3; it should have changed by 5 mg/m3 for the better"
    )


def test_what_was_escalated_is_wound_back_all_the_same_once_all_is_well() -> None:
    narrow = msgspec.structs.replace(UP, most_steps=1)
    run = run_of(
        *plant(5, 250.0),
        ON,
        (SECOND, ack(NEWEST, 30.0)),
        *plant(20, 230.0),  # 26 s: effective, but no further step is allowed
        OFF,
        *plant(60, 150.0),  # 86 s
        (SECOND, ack(NEWEST, 24.0)),
        playbook=narrow,
    )
    assert told(run)[2:] == [
        (26.0, "effective", 24.0, 30.0),
        (26.0, "escalated", 30.0, 30.0),
        (86.0, "commanded", 30.0, 24.0),
        (87.0, "acknowledged", 30.0, 24.0),
        (87.0, "settled", 24.0, 24.0),
    ]
    assert run.rows[3].reason == "so2-high is on after 1 step, and no more are allowed"


def test_a_person_is_called_again_where_the_condition_comes_on_while_what_was_escalated_is_wound_back() -> None:
    narrow = msgspec.structs.replace(UP, most_steps=1)
    run = run_of(
        *plant(5, 250.0),
        ON,
        (SECOND, ack(NEWEST, 30.0)),
        *plant(20, 230.0),  # 26 s: effective, and escalated, for no further step is allowed
        OFF,
        *plant(60, 150.0),  # 86 s: 30 to 24
        ON,
        (SECOND, ack(NEWEST, 24.0)),  # 87 s
        *plant(40, 250.0),
        OFF,
        ON,  # all was not well in between
        *plant(20, 250.0),
        playbook=narrow,
    )
    assert told(run)[4:] == [
        (86.0, "commanded", 30.0, 24.0),
        (87.0, "acknowledged", 30.0, 24.0),
        (87.0, "escalated", 24.0, 24.0),
    ]
    assert run.rows[-1].reason == "so2-high is on again, and a person was called before"


def test_an_interlock_forbids_the_step_is_told_once_and_lets_it_go_when_it_holds() -> None:
    run = run_of(
        *plant(5, 250.0, pump=5.0),
        ON,  # 5 s
        *plant(20, 250.0, pump=6.0),
        *plant(5, 250.0, pump=40.0),  # 30 s
    )
    assert told(run) == [(5.0, "blocked", 24.0, 30.0), (30.0, "commanded", 24.0, 30.0)]
    blocked, commanded = run.rows
    assert blocked.reason == "pump of scrubber is 5 A, below 10 A"
    assert (blocked.attempt, blocked.adjustment) == (0, commanded.adjustment)


@pytest.mark.parametrize(
    ("levels", "reason"),
    [
        ([level("scrubber", "pump", 40.0)], "so2 of stack is not known: no reading in the last 15s"),
        ([level("stack", "so2", 250.0)], "pump of scrubber is not known: no reading in the last 15s"),
        ([level("stack", "so2", 250.0), level("scrubber", "pump", 40.0, 15_001)], "pump of scrubber is not known"),
        ([level("stack", "so2", 250.0), level("scrubber", "pump", 61.0)], "pump of scrubber is 61 A, above 60 A"),
    ],
)
def test_what_is_unknown_too_old_or_beyond_its_limits_forbids(levels: list[AlarmAction], reason: str) -> None:
    [row] = run_of(*((0, one) for one in levels), ON).rows
    assert row.status == "blocked"
    assert row.reason.startswith(reason)


def test_a_level_from_the_future_is_no_fresher_than_its_record() -> None:
    known = (0, level("stack", "so2", 250.0)), (0, level("scrubber", "pump", 40.0, -3_600_000))
    fresh_enough = run_of(*known, (15 * SECOND, level("stack", "so2", 250.0)), ON)
    too_old = run_of(*known, (15 * SECOND + 1, level("stack", "so2", 250.0)), ON)
    assert (statuses(fresh_enough), statuses(too_old)) == (["commanded"], ["blocked"])


def test_a_command_without_an_answer_is_repeated_and_then_a_person_is_called() -> None:
    run = run_of(*plant(5, 250.0), ON, *plant(30, 250.0))
    assert told(run) == [
        (5.0, "commanded", 24.0, 30.0),
        (10.0, "timed_out", 24.0, 30.0),
        (10.0, "commanded", 24.0, 30.0),
        (15.0, "timed_out", 24.0, 30.0),
        (15.0, "commanded", 24.0, 30.0),
        (20.0, "timed_out", 24.0, 30.0),
        (20.0, "escalated", 24.0, 30.0),
    ]
    assert len({row.adjustment for row in run.rows}) == 1
    assert [row.attempt for row in run.rows] == [1, 1, 2, 2, 3, 3, 3]
    assert run.rows[-1].reason == "commanded 3 times without an acknowledgement"


def test_a_command_is_not_repeated_when_its_condition_is_off_or_an_interlock_fails() -> None:
    off = run_of(*plant(5, 250.0), ON, (SECOND, OFF[1]), *plant(10, 150.0))
    assert statuses(off) == ["commanded", "timed_out"]
    failed = run_of(*plant(5, 250.0), ON, *plant(10, 250.0, pump=5.0))
    assert statuses(failed) == ["commanded", "timed_out", "blocked"]


def test_where_a_command_has_got_no_answer_only_a_reading_tells_where_the_set_point_stands() -> None:
    once = msgspec.structs.replace(UP, attempts=1)
    steps = [*plant(5, 250.0), ON, *plant(5, 250.0), OFF, *plant(60, 150.0)]  # 70 s
    unknown = run_of(*steps, playbook=once)
    assert told(unknown)[3:] == [(70.0, "blocked", 24.0, 30.0)]
    assert unknown.rows[3].reason == "reagent of scrubber is not known: no reading in the last 15s"
    moved = run_of(*steps, *plant(5, 150.0, 30.0), playbook=once)
    assert told(moved)[4:] == [(75.0, "commanded", 30.0, 24.0)]
    unmoved = run_of(*steps, *plant(5, 150.0, 24.2), playbook=once)
    assert told(unmoved)[4:] == [(75.0, "settled", 24.2, 24.2)]


def test_a_refusal_tells_where_the_set_point_stands_and_two_of_them_call_a_person() -> None:
    run = run_of(
        *plant(5, 250.0),
        ON,
        (SECOND, ack(NEWEST, 25.0, "rejected", "valve in manual")),
        *plant(20, 250.0),  # 26 s
        (SECOND, ack(NEWEST, 25.0, "rejected")),
    )
    assert told(run)[1:] == [
        (6.0, "rejected", 24.0, 30.0),
        (26.0, "commanded", 25.0, 31.0),
        (27.0, "rejected", 25.0, 31.0),
        (27.0, "escalated", 25.0, 25.0),
    ]
    assert run.rows[1].reason == "the process refuses: valve in manual; reagent of scrubber stands at 25 l/min"


def test_an_answer_to_what_is_unknown_or_over_is_a_duplicate_and_changes_nothing() -> None:
    run = run_of(*plant(5, 250.0), ON, (SECOND, ack(NEWEST, 30.0)))
    before, rows = run.engine.loop.snapshot(), len(run.rows)
    adjustment = run.rows[0].adjustment
    again = [(0, ack(adjustment, 99.0)), (0, ack("another", 99.0))]
    run.feed([one._replace(broker_ts=run.now) for one in log_of(again)])
    assert len(run.rows) == rows
    assert run.engine.loop.snapshot() == before
    assert run.engine.counts.duplicate == 2


def test_a_set_point_at_its_bound_is_left_there_and_a_person_is_called() -> None:
    at_bound = run_of(*plant(5, 250.0, 60.0), ON)
    assert told(at_bound) == [(5.0, "escalated", 60.0, 60.0)]
    assert at_bound.rows[0].reason == "reagent of scrubber stands at 60 l/min, its bound"
    assert told(run_of(*plant(5, 250.0, 57.0), ON)) == [(5.0, "commanded", 57.0, 60.0)]


def test_a_set_point_that_somebody_has_moved_out_of_its_bounds_is_left_there() -> None:
    run = run_of(*plant(5, 250.0, 70.0), ON)
    assert told(run) == [(5.0, "escalated", 70.0, 70.0)]
    assert run.rows[0].reason == "reagent of scrubber stands at 70 l/min, outside its bounds of 10 to 60 l/min"


def test_a_condition_that_comes_on_again_interrupts_the_winding_back() -> None:
    run = run_of(
        *plant(5, 250.0),
        ON,
        (SECOND, ack(NEWEST, 30.0)),  # 6 s
        *plant(20, 230.0),
        (SECOND, ack(NEWEST, 36.0)),  # 27 s
        OFF,
        *plant(60, 150.0),  # 87 s: 36 to 30
        (SECOND, ack(NEWEST, 30.0)),  # 88 s
        ON,
        *plant(20, 260.0),  # 108 s: up again, 21 s after the last move
        (SECOND, ack(NEWEST, 36.0)),
        *plant(15, 150.0),
        OFF,  # 124 s
        *plant(60, 150.0),  # 184 s
        (SECOND, ack(NEWEST, 30.0)),
        *plant(20, 150.0),  # 205 s
        (SECOND, ack(NEWEST, 24.0)),
    )
    moves = [one for one in told(run) if one[1] in ("commanded", "settled", "escalated")]
    assert moves == [
        (5.0, "commanded", 24.0, 30.0),
        (26.0, "commanded", 30.0, 36.0),
        (87.0, "commanded", 36.0, 30.0),
        (108.0, "commanded", 30.0, 36.0),
        (184.0, "commanded", 36.0, 30.0),
        (205.0, "commanded", 30.0, 24.0),
        (206.0, "settled", 24.0, 24.0),
    ]


def test_an_episode_that_takes_too_long_is_escalated_once() -> None:
    run = run_of(*plant(5, 250.0, pump=5.0), ON, *plant(700, 250.0, pump=5.0))
    assert told(run) == [(5.0, "blocked", 24.0, 30.0), (605.0, "escalated", 24.0, 24.0)]
    assert run.rows[1].reason == "not over within 10m"


def test_advice_is_proposed_judged_and_never_commanded() -> None:
    run = run_of(
        *plant(5, 250.0, 24.0),
        ON,  # 5 s: the person does as told
        *plant(20, 230.0, 30.0),  # 25 s
        *plant(20, 190.0, 36.0),  # 45 s
        OFF,
        *plant(60, 150.0, 36.0),  # 105 s
        *plant(20, 150.0, 30.0),  # 125 s
        *plant(5, 150.0, 24.0),  # 130 s: it is back, but the proposal has its 20 s
        *plant(15, 150.0, 24.0),
        playbook=ADVICE,
    )
    assert told(run) == [
        (5.0, "proposed", 24.0, 30.0),
        (25.0, "effective", 24.0, 30.0),
        (25.0, "proposed", 30.0, 36.0),
        (45.0, "effective", 30.0, 36.0),
        (45.0, "proposed", 36.0, 42.0),
        (65.0, "effective", 36.0, 42.0),
        (105.0, "proposed", 36.0, 30.0),
        (125.0, "proposed", 30.0, 24.0),
        (145.0, "settled", 24.0, 24.0),
    ]
    assert {row.expires_at for row in run.rows} == {None}


def test_an_interlock_holds_at_its_very_limits() -> None:
    for pump in (10.0, 60.0):
        assert statuses(run_of(*plant(5, 250.0, pump=pump), ON)) == ["commanded"]


def test_a_level_of_another_topology_is_left_alone_and_a_repeated_one_is_a_duplicate() -> None:
    foreign = msgspec.structs.replace(level("scrubber", "pump", 40.0), topology="another")
    assert statuses(run_of((0, level("stack", "so2", 250.0)), (0, foreign), ON)) == ["blocked"]
    run = run_of((0, level("scrubber", "pump", 40.0)), (0, level("scrubber", "pump", 5.0)), (0, level("x", "y", 1.0)))
    assert (run.engine.counts.accepted, run.engine.counts.duplicate) == (1, 2)
    assert run.engine.loop.snapshot()["levels"] == [["s", "scrubber", "pump", START, 40.0]]


def test_a_verdict_looks_at_readings_since_the_step_alone() -> None:
    quick = msgspec.structs.replace(UP, settle=Duration.parse("6s"))
    steps = [*plant(5, 250.0), ON, (0, level("stack", "so2", 100.0, -1)), (2, ack(NEWEST, 30.0)), (6 * SECOND, TICK)]
    run = run_of(*steps, playbook=quick)
    assert statuses(run)[1:] == ["acknowledged", "no_effect"]
    assert run.rows[2].reason == "so2 of stack is not known since the step"


def test_a_step_is_effective_where_the_condition_is_off_by_the_time_of_the_verdict() -> None:
    run = run_of(*plant(5, 201.0), ON, (SECOND, ack(NEWEST, 30.0)), OFF, *plant(20, 199.0))
    assert told(run)[2:] == [(26.0, "effective", 24.0, 30.0)]
    assert run.rows[2].reason == "so2-high is off"


def test_the_cool_down_counts_from_one_episode_to_the_next() -> None:
    brief = msgspec.structs.replace(UP, hold=Duration(0))
    run = run_of(
        *plant(5, 250.0),
        ON,  # 5 s
        (SECOND, ack(NEWEST, 30.0)),
        OFF,
        *plant(20, 150.0),  # 26 s: effective, and back at once
        (SECOND, ack(NEWEST, 24.0)),  # 27 s: settled
        ON,
        *plant(15, 250.0),  # 42 s
        *plant(5, 250.0),  # 47 s: 21 s after the move back
        playbook=brief,
    )
    assert told(run)[3:] == [
        (26.0, "commanded", 30.0, 24.0),
        (27.0, "acknowledged", 30.0, 24.0),
        (27.0, "settled", 24.0, 24.0),
        (47.0, "commanded", 24.0, 30.0),
    ]


def test_refusals_to_step_and_to_wind_back_are_not_counted_together() -> None:
    run = run_of(
        *plant(5, 250.0),
        ON,
        (SECOND, ack(NEWEST, 30.0)),  # 6 s
        *plant(20, 230.0),  # 26 s: the second step
        (SECOND, ack(NEWEST, 30.0, "rejected")),  # 27 s
        OFF,
        *plant(60, 150.0),  # 87 s
        (SECOND, ack(NEWEST, 30.0, "rejected")),  # 88 s
        *plant(20, 150.0),  # 108 s
        (SECOND, ack(NEWEST, 24.0)),
    )
    assert told(run)[4:] == [
        (27.0, "rejected", 30.0, 36.0),
        (87.0, "commanded", 30.0, 24.0),
        (88.0, "rejected", 30.0, 24.0),
        (108.0, "commanded", 30.0, 24.0),
        (109.0, "acknowledged", 30.0, 24.0),
        (109.0, "settled", 24.0, 24.0),
    ]


def test_where_winding_back_gets_no_answer_a_person_is_called_and_the_episode_is_over() -> None:
    once = msgspec.structs.replace(UP, attempts=1)
    run = run_of(
        *plant(5, 250.0), ON, (SECOND, ack(NEWEST, 30.0)), OFF, *plant(60, 150.0), *plant(5, 150.0), playbook=once
    )
    assert told(run)[3:] == [
        (66.0, "commanded", 30.0, 24.0),
        (71.0, "timed_out", 30.0, 24.0),
        (71.0, "escalated", 30.0, 24.0),
    ]
    assert run.engine.next_due() is None


def test_a_low_limit_is_answered_by_a_negative_step_and_helped_by_a_rise() -> None:
    def levels(seconds: int, ph: float) -> list[Step]:
        return [(5 * SECOND, level("stack", "ph", ph)) for _ in range(seconds // 5)]

    run = run_of(
        *levels(5, 6.5),
        (0, condition(True, "ph-low")),  # 5 s
        (SECOND, ack("NEWEST slower-line", 0.85)),  # 6 s: the verdict is due at 12 s
        *levels(10, 6.8),  # 16 s; the next step is due at 17 s
        (SECOND, TICK),
        playbook=DOWN,
    )
    assert told(run) == [
        (5.0, "commanded", 1.0, 0.85),
        (6.0, "acknowledged", 1.0, 0.85),
        (16.0, "effective", 1.0, 0.85),
        (17.0, "commanded", 0.85, 0.85 - 0.15),
    ]


def test_a_playbook_that_is_declared_otherwise_starts_anew_and_says_so() -> None:
    run = run_of(*plant(5, 250.0), ON)
    other = Run((msgspec.structs.replace(UP, most_steps=4),))
    assert other.engine.restore(run.engine.snapshot()) == [
        "playbook more-reagent (declared otherwise: its set-point is left where it is)"
    ]
    assert Run(()).engine.restore(run.engine.snapshot()) == [
        "playbook more-reagent (removed: its set-point is left where it is)"
    ]
    assert Run((UP,)).engine.restore(run.engine.snapshot()) == []


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        (lambda: SetPoint(asset="a", metric="m", initial=10, low=10, high=60, step=1), "must be between low 10 and"),
        (lambda: SetPoint(asset="a", metric="m", initial=20, low=10, high=60, step=0), "step 0 must fit"),
        (lambda: SetPoint(asset="a", metric="m", initial=20, low=10, high=60, step=-51), "step -51 must fit"),
        (lambda: Interlock(asset="a", metric="m"), "give low, high or both"),
        (lambda: Interlock(asset="a", metric="m", low=2, high=1), "low 2 must be at most high 1"),
        (lambda: msgspec.structs.replace(UP, cool_down=Duration(0)), "cool_down must be longer than 0"),
        (lambda: msgspec.structs.replace(UP, fresh=Duration.parse("5s")), "fresh must be longer than 5s"),
        (lambda: msgspec.structs.replace(UP, settle=Duration.parse("5s")), "settle must be longer than 5s"),
    ],
)
def test_a_playbook_that_cannot_work_is_refused(changed: object, says: str) -> None:
    assert callable(changed)
    with pytest.raises(ValueError, match=says):
        changed()
