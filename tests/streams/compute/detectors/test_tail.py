"""`tail`: an improbable value or step."""

import numpy as np
import pytest

from streams.compute.detectors.pareto import Pareto
from streams.compute.detectors.tail import Tail
from tests.streams.compute.detectors.logs import ALL, Runner, line, log_of, offsets, run

TAIL = Tail(name="tail", **ALL)


def noise(count: int, seed: int = 1) -> list[float]:
    return np.random.default_rng(seed).normal(20, 2, count).tolist()


def test_a_spike_is_flagged_at_once_and_says_what_was_expected() -> None:
    (flag,) = run([TAIL], line(*noise(2000), 45.0, *noise(100, 2)))
    assert flag.offset == 2000
    assert flag.lower < flag.expected < flag.upper < 45
    assert flag.score > 0.5
    assert flag.reason.startswith("45 °C is far above the ")
    assert " beyond " in flag.reason


def test_a_step_is_told_from_a_value_that_is_far_from_the_mean() -> None:
    """A value within the range of a slow wave, reached at once."""
    wave = (30 * np.sin(np.arange(3000) / 200) + np.random.default_rng(1).normal(0, 0.1, 3000)).tolist()
    wave[2900] = -wave[2900]
    flag = next(flag for flag in run([TAIL], line(*wave)) if flag.offset == 2900)
    assert "the value before" in flag.reason
    assert flag.expected == wave[2899]


def test_a_level_that_stays_is_flagged_once_and_becomes_the_usual() -> None:
    log = line(*noise(2000), *(x + 40 for x in noise(1000, 2)))
    found = offsets(run([TAIL], log))
    assert found[0] == 2000
    assert [offset for offset in found if offset > 2200] == []


def test_within_the_hold_only_a_much_larger_one_is_another() -> None:
    values = noise(2000)
    values[1500], values[1540], values[1580] = 45.0, 44.0, 450.0
    assert offsets(run([TAIL], line(*values))) == [1500, 1580]


def test_after_the_hold_it_is_told_again() -> None:
    values = noise(2000)
    values[1500], values[1700] = 45.0, 44.0
    assert offsets(run([TAIL], line(*values))) == [1500, 1700]


def test_a_series_is_judged_after_its_warm_up() -> None:
    growing = [2.0**i for i in range(80)]
    assert offsets(run([Tail(name="tail", warmup=40, **ALL)], line(*growing)))[0] == 48


def test_the_first_movement_of_a_constant_series_is_flagged_unless_it_is_within_the_smallest_scale() -> None:
    log = line(*[3.0] * 200, 3.1)
    assert offsets(run([TAIL], log)) == [200]
    assert run([Tail(name="tail", min_scale=0.1, **ALL)], log) == []


@pytest.mark.parametrize("unit", [2.0**-20, 2.0**40])
def test_another_unit_changes_no_bit_of_a_score(unit: float) -> None:
    values = [*noise(900), 45.0, *noise(300, 2)]
    one, other = (run([TAIL], line(*(x * scale for x in values))) for scale in (1.0, unit))
    assert [(flag.offset, flag.score, flag.upper * unit) for flag in one] == [
        (flag.offset, flag.score, flag.upper) for flag in other
    ]


def test_few_points_of_a_normal_series_are_flagged() -> None:
    """Of 200,000 points beyond the probability 1 in 2,000 there are a hundred, fewer where they are latched."""
    runner = Runner([TAIL])
    log = log_of([(series, 1000 * i, x)] for series in range(4) for i, x in enumerate(noise(20_000, series)))
    assert 10 < len(runner.feed(log)) < 80


def test_a_size_is_as_probable_as_a_generalised_pareto_distribution_says() -> None:
    """Exponential excesses of mean 2: beyond 2 ln 1000 with probability 1 / 1000."""
    excesses = -2 * np.log(1 - (np.arange(100_000) + 0.5) / 100_000)
    tail = Pareto.of(np.array([excesses.mean()]), np.array([(excesses**2).mean()]))
    assert tail.surprise(np.array([2 * np.log(1000)])) == pytest.approx(3, rel=0.01)
    assert tail.excess(3.0) == pytest.approx(2 * np.log(1000), rel=0.01)


@pytest.mark.parametrize("shape", [0.1, 0.3])
def test_a_heavy_tail_is_fitted_by_its_moments(shape: float) -> None:
    """Scale 1: the mean is 1 / (1 - shape), the mean square 2 / ((1 - shape)(1 - 2 shape))."""
    tail = Pareto.of(np.array([1 / (1 - shape)]), np.array([2 / ((1 - shape) * (1 - 2 * shape))]))
    assert tail.shape == pytest.approx(shape)
    assert tail.scale == pytest.approx(1)
    assert tail.surprise(np.array([5.0])) == pytest.approx(np.log10(1 + shape * 5) / shape)
