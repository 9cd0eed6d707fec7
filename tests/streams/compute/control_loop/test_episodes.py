"""Episodes worked out by hand, with the playbook `logs.UP`: 6 l/min a step, 20 s apart, verdict after 20 s."""

import msgspec
import pytest

from schemas.durations import Duration
from streams.compute.control_loop.playbook import Interlock, SetPoint
from tests.streams.compute.control_loop.logs import (
    ADVICE,
    DOWN,
    NEWEST,
    OFF,
    ON,
    SECOND,
    START,
    TICK,
    UP,
    Run,
    Step,
    ack,
    condition,
    level,
    plant,
    run_of,
    statuses,
    told,
)


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
