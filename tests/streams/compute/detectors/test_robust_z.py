"""`robust_z`: the modified z-score."""

import math

import pytest

from streams.compute.detectors.robust_z import RobustZ
from tests.streams.compute.detectors.logs import ALL, Runner, line, log_of, offsets, run

SPREAD = [1.0, 2.0, 3.0, 4.0, 5.0]
"""Median 3, median absolute deviation 1."""


def test_the_score_is_that_of_iglewicz_and_hoaglin() -> None:
    (flag,) = run([RobustZ(name="z", window=5, **ALL)], line(*SPREAD, 10.0))
    assert (
        flag.reason
        == "10 °C is 4.721 robust standard deviations above the median 3 °C of the last 5 points, 3.5 are allowed"
    )
    assert flag.upper == pytest.approx(3 + 3.5 / 0.6745)
    assert flag.score == pytest.approx(4.7215 / (4.7215 + 3.5))


def test_a_series_is_judged_once_its_window_is_full() -> None:
    assert run([RobustZ(name="z", window=6, **ALL)], line(*SPREAD, 1000.0)) == []


def test_a_series_that_is_judged_is_not_mistaken_for_one_whose_window_fills_beside_it() -> None:
    runner = Runner([RobustZ(name="z", window=5, **ALL)])
    full = [[(1, 1000 * i, x)] for i, x in enumerate(SPREAD)]
    log = log_of([[(0, 0, 0.0)], *full, [(0, 9000, 1.0), (1, 9000, 99.0)]])
    runner.feed(log[:-2])
    assert [(flag.series, flag.value) for flag in runner.feed(log[-2:])] == [(1, 99.0)]


def test_the_window_slides() -> None:
    spec = RobustZ(name="z", window=5, **ALL)
    assert run([spec], line(*SPREAD, *(100 + x for x in SPREAD), 110.0))[-1].expected == 103.0


def test_a_flagged_value_goes_into_the_window_as_well() -> None:
    spec = RobustZ(name="z", window=5, report="every", **ALL)
    log = line(*SPREAD, *[50.0, 51.0, 49.0, 52.0, 48.0, 50.0])
    assert offsets(run([spec], log)) == [5, 6, 7]


def test_where_most_values_are_equal_the_mean_deviation_is_the_scale() -> None:
    (flag,) = run([RobustZ(name="z", window=5, threshold=1.0, **ALL)], line(3.0, 3.0, 3.0, 3.0, 8.0, 5.0))
    assert flag.upper == pytest.approx(3 + 1.253314 * 5 / 5)


def test_another_value_after_a_constant_window_is_flagged_unless_it_is_within_the_smallest_scale() -> None:
    constant = [3.0] * 5
    (flag,) = run([RobustZ(name="z", window=5, **ALL)], line(*constant, 3.1))
    assert flag.score == 1
    assert flag.reason == "3.1 °C is above the median 3 °C of the last 5 points, which were all the same"
    assert run([RobustZ(name="z", window=5, min_scale=0.1, **ALL)], line(*constant, 3.1)) == []
    assert offsets(run([RobustZ(name="z", window=5, min_scale=0.1, **ALL)], line(*constant, 9.0))) == [5]
    assert run([RobustZ(name="z", window=5, **ALL)], line(*constant, 3.0)) == []


def test_the_sign_of_zero_does_not_show() -> None:
    (flag,) = run([RobustZ(name="z", window=3, **ALL)], line(-0.0, -0.0, -0.0, 1.0))
    assert math.copysign(1, flag.expected) == 1


def test_a_point_out_of_order_does_not_go_into_the_window() -> None:
    log = log_of([*([(0, 1000 * i, x)] for i, x in enumerate(SPREAD, 1)), [(0, 500, 999.0)], [(0, 9000, 10.0)]])
    assert [flag.expected for flag in run([RobustZ(name="z", window=5, **ALL)], log)] == [3.0]
