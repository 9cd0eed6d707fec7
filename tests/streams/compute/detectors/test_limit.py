"""`limit`: deadband, on-delay and off-delay of ISA-18.2."""

from typing import Any

import pytest

from streams.compute.detectors.limit import Limit
from tests.streams.compute.detectors.logs import ALL, SECONDS, line, log_of, offsets, run


def limit(**settings: Any) -> Limit:
    return Limit(name="limit", **ALL | settings)


def test_every_reports_exactly_the_points_beyond_the_limit() -> None:
    log = line(100.0, 100.1, 120.0, 100.0, 99.9, 101.0)
    assert offsets(run([limit(high=100.0, report="every")], log)) == [1, 2, 5]


def test_onset_reports_once_until_the_value_is_back() -> None:
    log = line(100.0, 100.1, 120.0, 100.0, 99.9, 101.0)
    assert offsets(run([limit(high=100.0)], log)) == [1, 5]


def test_crossing_from_one_limit_to_the_other_is_a_new_condition() -> None:
    assert offsets(run([limit(high=5.0, low=-5.0)], line(6.0, 7.0, -6.0, -7.0, 6.0))) == [0, 2, 4]


def test_within_the_deadband_the_condition_stays() -> None:
    log = line(11.0, 9.0, 11.0, 8.0, 7.9, 9.0, 11.0)
    assert offsets(run([limit(high=10.0, deadband=2.0)], log)) == [0, 6]
    assert offsets(run([limit(high=10.0, deadband=2.0, report="every")], log)) == [0, 1, 2, 3, 6]


def test_the_deadband_of_a_low_limit_lies_above_it() -> None:
    assert offsets(run([limit(low=1.0, deadband=2.0, report="every")], line(0.0, 2.0, 3.0, 3.5, 2.0))) == [0, 1, 2]


def test_a_value_must_be_beyond_for_the_whole_on_delay() -> None:
    log = line(11.0, 11.0, 9.0, 11.0, 11.0, 11.0, 11.0)
    assert offsets(run([limit(high=10.0, on_delay=SECONDS[2])], log)) == [5]


def test_a_value_must_be_back_for_the_whole_off_delay() -> None:
    log = line(11.0, 9.0, 9.0, 11.0, 9.0, 9.0, 9.0, 9.0, 11.0)
    assert offsets(run([limit(high=10.0, off_delay=SECONDS[2], report="every")], log)) == [0, 1, 2, 3, 4, 5, 8]


def test_a_delay_ends_between_points_and_is_seen_at_the_next() -> None:
    log = log_of([[(0, 0, 11.0)], [(0, 1500, 11.0)], [(0, 9000, 11.0)]])
    flags = run([limit(high=10.0, on_delay=SECONDS[2])], log)
    assert offsets(flags) == [2]
    assert flags[0].ts == log[2].ts


def test_a_point_out_of_order_neither_starts_nor_ends_a_delay() -> None:
    late_low = log_of([[(0, 1000, 11.0)], [(0, 2000, 11.0)], [(0, 1500, 0.0)], [(0, 3000, 11.0)]])
    assert offsets(run([limit(high=10.0, on_delay=SECONDS[2])], late_low)) == [3]


def test_without_delays_a_point_out_of_order_is_judged() -> None:
    log = log_of([[(0, 5000, 0.0)], [(0, 1000, 11.0)]])
    assert offsets(run([limit(high=10.0)], log)) == [1]
    assert offsets(run([limit(high=10.0, deadband=1.0)], log)) == [1]


@pytest.mark.parametrize(
    ("settings", "values", "reason"),
    [
        ({"high": 5.0}, [7.25], "7.25 °C is above the high limit of 5 °C"),
        ({"low": -5.0}, [-7.0], "-7 °C is below the low limit of -5 °C"),
        (
            {"high": 5.0, "on_delay": SECONDS[60]},
            [6.0] * 61,
            "6 °C is above the high limit of 5 °C for 1m or longer",
        ),
        (
            {"high": 5.0, "deadband": 1.0, "report": "every"},
            [6.0, 4.5],
            "4.5 °C is not back below 4 °C since it passed the high limit of 5 °C",
        ),
    ],
)
def test_the_reason_tells_value_limit_and_delay(settings: dict[str, Any], values: list[float], reason: str) -> None:
    assert run([limit(**settings)], line(*values))[-1].reason == reason


def test_the_score_is_a_half_at_the_limit_and_grows() -> None:
    flags = run([limit(high=100.0, report="every")], line(100.0001, 110.0, 300.0, 1e100))
    scores = [flag.score for flag in flags]
    assert scores[0] == pytest.approx(0.5, abs=1e-6)
    assert scores[2] == pytest.approx(0.75)
    assert scores == sorted(scores)
    assert scores[-1] == pytest.approx(1)
