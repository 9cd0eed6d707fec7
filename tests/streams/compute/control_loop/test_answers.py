"""Commands, and what answers them or does not; as in `test_episodes.py`, with the playbook `logs.UP`."""

import msgspec

from tests.streams.compute.control_loop.logs import (
    NEWEST,
    OFF,
    ON,
    SECOND,
    UP,
    ack,
    log_of,
    plant,
    run_of,
    statuses,
    told,
)


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
