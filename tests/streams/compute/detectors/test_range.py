"""`range`: what is physically impossible."""

from streams.compute.detectors.range import Range
from tests.streams.compute.detectors.logs import ALL, line, log_of, offsets, run


def test_the_declared_bounds_belong_to_the_range() -> None:
    assert offsets(run([Range(name="r", report="every", **ALL)], line(10.0, 10.1, -10.0, -10.1))) == [1, 3]


def test_own_bounds_replace_the_declared_ones_side_by_side() -> None:
    flags = run([Range(name="r", high=20.0, report="every", **ALL)], line(15.0, 21.0, -11.0))
    assert offsets(flags) == [1, 2]
    assert (flags[0].lower, flags[0].upper) == (-10.0, 20.0)


def test_a_metric_without_bounds_is_not_judged() -> None:
    assert run([Range(name="r", **ALL)], line(1e99, -1e99, series=4)) == []


def test_a_metric_with_one_bound_is_judged_on_that_side() -> None:
    assert offsets(run([Range(name="r", **ALL)], line(1e99, -1.0, series=2))) == [1]


def test_a_point_out_of_order_is_judged() -> None:
    assert offsets(run([Range(name="r", **ALL)], log_of([[(0, 5000, 0.0)], [(0, 1000, 99.0)]]))) == [1]


def test_the_reason_tells_value_bound_and_unit() -> None:
    reasons = [flag.reason for flag in run([Range(name="r", **ALL)], line(12.5, -40.0))]
    assert reasons == [
        "12.5 °C is above the highest physical value of 10 °C",
        "-40 °C is below the lowest physical value of -10 °C",
    ]
