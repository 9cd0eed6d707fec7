"""What forbids a step: interlocks, bounds, levels that are not to be trusted; with the playbook `logs.UP`."""

import msgspec
import pytest

from schemas.alarm_actions import AlarmAction
from tests.streams.compute.control_loop.logs import ON, SECOND, START, level, plant, run_of, statuses, told


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


def test_a_set_point_at_its_bound_is_left_there_and_a_person_is_called() -> None:
    at_bound = run_of(*plant(5, 250.0, 60.0), ON)
    assert told(at_bound) == [(5.0, "escalated", 60.0, 60.0)]
    assert at_bound.rows[0].reason == "reagent of scrubber stands at 60 l/min, its bound"
    assert told(run_of(*plant(5, 250.0, 57.0), ON)) == [(5.0, "commanded", 57.0, 60.0)]


def test_a_set_point_that_somebody_has_moved_out_of_its_bounds_is_left_there() -> None:
    run = run_of(*plant(5, 250.0, 70.0), ON)
    assert told(run) == [(5.0, "escalated", 70.0, 70.0)]
    assert run.rows[0].reason == "reagent of scrubber stands at 70 l/min, outside its bounds of 10 to 60 l/min"


def test_an_interlock_holds_at_its_very_limits() -> None:
    for pump in (10.0, 60.0):
        assert statuses(run_of(*plant(5, 250.0, pump=pump), ON)) == ["commanded"]


def test_a_level_of_another_topology_is_left_alone_and_a_repeated_one_is_a_duplicate() -> None:
    foreign = msgspec.structs.replace(level("scrubber", "pump", 40.0), topology="another")
    assert statuses(run_of((0, level("stack", "so2", 250.0)), (0, foreign), ON)) == ["blocked"]
    run = run_of((0, level("scrubber", "pump", 40.0)), (0, level("scrubber", "pump", 5.0)), (0, level("x", "y", 1.0)))
    assert (run.engine.counts.accepted, run.engine.counts.duplicate) == (1, 2)
    assert run.engine.loop.snapshot()["levels"] == [["s", "scrubber", "pump", START, 40.0]]
