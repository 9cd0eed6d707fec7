"""`stuck`: a flat line."""

from streams.compute.detectors.stuck import Stuck
from tests.streams.compute.detectors.logs import ALL, SECONDS, line, log_of, offsets, run


def test_a_value_is_stuck_when_it_was_the_same_for_the_duration() -> None:
    log = line(1.0, 7.0, 7.0, 7.0, 7.0, 7.1, 7.1)
    assert offsets(run([Stuck(name="s", duration=SECONDS[3], **ALL)], log)) == [4]


def test_a_long_silence_between_two_equal_values_is_not_stuck() -> None:
    log = log_of([[(0, 0, 7.0)], [(0, 60_000, 7.0)], [(0, 61_000, 7.0)]])
    assert offsets(run([Stuck(name="s", duration=SECONDS[3], points=3, **ALL)], log)) == [2]


def test_the_tolerance_counts_from_the_first_value_so_that_a_slow_drift_moves() -> None:
    drift = line(*(i * 0.4 for i in range(30)))
    assert run([Stuck(name="s", duration=SECONDS[3], tolerance=1.0, **ALL)], drift) == []
    wobble = line(*([0.0, 1.0, -1.0] * 3))
    assert offsets(run([Stuck(name="s", duration=SECONDS[3], tolerance=1.0, **ALL)], wobble)) == [3]


def test_a_point_out_of_order_does_not_end_the_run() -> None:
    log = log_of([[(0, 1000, 7.0)], [(0, 2000, 7.0)], [(0, 1500, 0.0)], [(0, 4000, 7.0)]])
    assert offsets(run([Stuck(name="s", duration=SECONDS[3], **ALL)], log)) == [3]


def test_the_reason_tells_for_how_long() -> None:
    (flag,) = run([Stuck(name="s", duration=SECONDS[3], tolerance=0.5, **ALL)], line(7.0, 7.0, 7.0, 7.0))
    assert flag.reason == "has stayed at 7 °C within 0.5 °C for 3s, 3s is allowed"
    assert flag.score == 0.5
