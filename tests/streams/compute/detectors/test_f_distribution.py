"""Fisher's F distribution, where it has a closed form and where tables have it."""

import math

import pytest

from streams.compute.detectors.f_distribution import quantile, tail

FAR = [1e-3, 0.1, 1.0, 2.5, 30.0, 1e4]


@pytest.mark.parametrize("f", FAR)
@pytest.mark.parametrize("d", [1, 2, 7, 184, 99_984])
def test_the_tail_is_the_closed_form_where_there_is_one(f: float, d: int) -> None:
    assert tail(f, 2, d) == pytest.approx(math.exp(-d / 2 * math.log1p(2 * f / d)), rel=1e-8)
    assert tail(f, d, 2) == pytest.approx(-math.expm1(-d / 2 * math.log1p(2 / (d * f))), rel=1e-8)
    assert tail(f, 1, 1) == pytest.approx(2 / math.pi * math.atan(1 / math.sqrt(f)), rel=1e-9)


@pytest.mark.parametrize(("d1", "d2"), [(1, 1), (3, 5), (16, 2), (8, 192), (16, 99_984)])
def test_the_two_tails_add_up(d1: int, d2: int) -> None:
    for f in FAR:
        assert tail(f, d1, d2) + tail(1 / f, d2, d1) == pytest.approx(1)


@pytest.mark.parametrize(
    ("probability", "d1", "d2", "published"),
    [(0.05, 4, 20, 2.866), (0.05, 10, 10, 2.978), (0.01, 5, 30, 3.699), (0.01, 3, 60, 4.126)],
)
def test_quantiles_are_those_of_the_tables(probability: float, d1: int, d2: int, published: float) -> None:
    assert quantile(probability, d1, d2) == pytest.approx(published, abs=5.1e-4)


@pytest.mark.parametrize("probability", [0.999, 0.5, 1e-3, 1e-6, 1e-15])
@pytest.mark.parametrize(("d1", "d2"), [(1, 1), (2, 4), (8, 192), (16, 99_984)])
def test_a_quantile_is_exceeded_with_its_probability(probability: float, d1: int, d2: int) -> None:
    assert tail(quantile(probability, d1, d2), d1, d2) == pytest.approx(probability, rel=1e-6)
