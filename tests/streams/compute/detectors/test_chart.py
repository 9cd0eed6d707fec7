"""What control charts share: the warm-up."""

import math

import numpy as np
import pytest

from streams.compute.detectors.cusum import Cusum
from streams.compute.detectors.ewma import Ewma
from streams.compute.detectors.registry import DetectorSpec
from tests.streams.compute.detectors.logs import ALL, Runner, line, log_of, offsets, run


def test_target_and_sigma_are_the_mean_and_the_sample_standard_deviation_of_the_warm_up() -> None:
    warmup = [49.0, 50.0, 51.0, 50.5, 49.5]
    (flag,) = run([Ewma(name="e", warmup=5, weight=1.0, **ALL)], line(*warmup, 60.0))
    assert flag.expected == pytest.approx(50.0)
    assert flag.upper == pytest.approx(50.0 + 3 * float(np.std(warmup, ddof=1)))


def test_points_of_the_warm_up_are_not_judged_and_later_ones_do_not_move_the_baseline() -> None:
    warmup = [0.0, 1.0, 0.0, 1.0, 100.0]
    flags = run([Ewma(name="e", warmup=5, weight=1.0, report="every", **ALL)], line(*warmup, 1000.0, 1000.0, 1000.0))
    assert offsets(flags) == [5, 6, 7]
    assert len({flag.upper for flag in flags}) == 1


def test_a_constant_warm_up_is_prolonged_until_a_value_differs() -> None:
    spec = Ewma(name="e", warmup=3, weight=1.0, **ALL)
    assert run([spec], line(*[5.0] * 50)) == []
    assert offsets(run([spec], line(*[5.0] * 50, 6.0, 6.0, 5.0))) == [51]


def test_what_is_given_is_not_learned() -> None:
    (flag,) = run([Ewma(name="e", target=10.0, warmup=3, weight=1.0, **ALL)], line(1.0, 2.0, 3.0, 99.0))
    assert (flag.expected, flag.upper) == (10.0, 13.0)
    (flag,) = run([Ewma(name="e", sigma=2.0, warmup=3, weight=1.0, **ALL)], line(1.0, 2.0, 3.0, 99.0))
    assert (flag.expected, flag.upper) == (2.0, 8.0)


def test_a_series_that_is_judged_is_not_mistaken_for_one_that_still_learns_beside_it() -> None:
    runner = Runner([Ewma(name="e", warmup=5, weight=1.0, **ALL)])
    learned = [[(1, 1000 * i, float(i % 2))] for i in range(6)]
    log = log_of([[(0, 0, 0.0)], *learned, [(0, 9000, 1.0), (1, 9000, 99.0)]])
    runner.feed(log[:-2])
    assert [(flag.series, flag.value) for flag in runner.feed(log[-2:])] == [(1, 99.0)]


def test_a_point_out_of_order_is_not_learned_from() -> None:
    log = log_of([[(0, 1000, 1.0)], [(0, 2000, 2.0)], [(0, 1500, 999.0)], [(0, 3000, 3.0)], [(0, 4000, 99.0)]])
    (flag,) = run([Ewma(name="e", warmup=3, weight=1.0, **ALL)], log)
    assert flag.expected == 2.0


def test_a_moving_average_at_its_limit_is_not_beyond_it() -> None:
    spec = Ewma(name="e", target=0.0, sigma=1.0, weight=1.0, **ALL)
    assert offsets(run([spec], line(3.0, -3.0, math.nextafter(3.0, 4.0)))) == [2]


def test_exact_limits_begin_narrow_and_become_the_asymptotic_ones() -> None:
    spec = Ewma(name="e", target=0.0, sigma=1.0, limits="exact", report="every", **ALL)
    flags = run([spec], line(*[100.0] * 200))
    widths = [flag.upper for flag in flags]
    assert widths[0] == pytest.approx(3 * 0.2)
    assert widths == sorted(widths)
    assert widths[-1] == pytest.approx(3 * math.sqrt(0.2 / 1.8))


def test_a_cumulative_sum_goes_on_after_a_signal_unless_it_is_reset() -> None:
    shifted = line(*[1.5] * 20)
    going_on = Cusum(name="c", target=0.0, sigma=1.0, h=4.0, **ALL)
    assert offsets(run([going_on], shifted)) == [4]
    reset = Cusum(name="c", target=0.0, sigma=1.0, h=4.0, reset=True, **ALL)
    assert offsets(run([reset], shifted)) == [4, 9, 14, 19]


def test_the_reasons_tell_the_statistic_its_limit_and_the_target() -> None:
    specs: list[DetectorSpec] = [
        Ewma(name="e", target=0.0, sigma=1.0, weight=0.5, **ALL),
        Cusum(name="c", target=0.0, sigma=1.0, **ALL),
    ]
    reasons = [flag.reason for flag in run(specs, line(-8.0))]
    assert reasons == [
        "moving average -4, newest value -8 °C, is below the lower control limit of -1.73205 around the target 0 °C",
        "values lie below the target 0 °C: cumulative sum 7.5 sigma exceeds 5, newest value -8 °C",
    ]
