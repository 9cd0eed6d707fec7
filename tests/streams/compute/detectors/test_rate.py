"""`rate`: change over time."""

import pytest

from streams.compute.detectors.rate import Rate
from tests.streams.compute.detectors.logs import ALL, line, log_of, offsets, run


def test_the_first_point_has_no_rate() -> None:
    assert run([Rate(name="r", limit=1.0, **ALL)], line(1e9)) == []


def test_the_limit_itself_is_allowed_in_both_directions() -> None:
    log = line(0.0, 2.0, 0.0, 2.5, 0.0)
    assert offsets(run([Rate(name="r", limit=2.0, report="every", **ALL)], log)) == [3, 4]


def test_turning_from_rising_to_falling_is_a_new_condition() -> None:
    assert offsets(run([Rate(name="r", limit=1.0, **ALL)], line(0.0, 5.0, 10.0, 0.0, -10.0))) == [1, 3]


@pytest.mark.parametrize(("per", "limit"), [("second", 0.5), ("minute", 30.0), ("hour", 1800.0)])
def test_the_limit_is_per_unit_of_time(per: str, limit: float) -> None:
    log = line(0.0, 5.0, 10.01, step=10_000)
    assert offsets(run([Rate(name="r", limit=limit, per=per, **ALL)], log)) == [2]  # type: ignore[arg-type]


def test_points_out_of_order_and_of_the_same_time_are_skipped() -> None:
    log = log_of([[(0, 1000, 0.0)], [(0, 500, 99.0)], [(0, 1000, 99.0)], [(0, 2000, 1.0)]])
    assert run([Rate(name="r", limit=2.0, **ALL)], log) == []


def test_the_flag_tells_both_values_and_what_was_allowed() -> None:
    (flag,) = run([Rate(name="r", limit=2.0, **ALL)], line(1.0, 9.0, step=2000))
    assert flag.reason == "rose from 1 °C to 9 °C, 4 per second where 2 is allowed"
    assert (flag.expected, flag.lower, flag.upper) == (1.0, -3.0, 5.0)
    assert flag.score == pytest.approx(2 / 3)
