"""Correlation matrices of many assets at once, against numpy's one by one."""

import numpy as np
import pytest

from streams.compute.detectors.base import FloatArray
from streams.compute.detectors.correlation import inverse, shrunk, without

RNG = np.random.default_rng(7)


def products(*samples: FloatArray) -> FloatArray:
    """Sums of products of deviations; a sample is [observations, columns]."""
    return np.array([(x - x.mean(axis=0)).T @ (x - x.mean(axis=0)) for x in samples])


def samples(count: int, columns: int) -> list[FloatArray]:
    return [RNG.normal(size=(count, columns)) @ RNG.normal(size=(columns, columns)) for _ in range(5)]


def test_correlations_are_those_of_numpy_times_one_factor() -> None:
    many = samples(100, 6)
    for x, r in zip(many, shrunk(products(*many), np.full(5, 100)), strict=True):
        away = ~np.eye(6, dtype=bool)
        factor = r[away] / np.corrcoef(x, rowvar=False)[away]
        assert factor == pytest.approx(factor[0])
        assert 0.5 < factor[0] <= 0.99
        assert r.diagonal().tolist() == [1.0] * 6


def test_correlations_that_are_noise_are_shrunk_more_than_those_that_are_not() -> None:
    noise = RNG.normal(size=(100, 8))
    together = noise + 5 * RNG.normal(size=(100, 1))
    first, second = shrunk(products(noise, together), np.array([100, 100]))
    assert abs(np.triu(first, 1)).max() < 0.1
    assert np.triu(second, 1).max() > 0.9


def test_columns_that_are_one_and_fewer_observations_than_columns_can_be_inverted() -> None:
    same = RNG.normal(size=(50, 1)) @ np.ones((1, 4))
    few = RNG.normal(size=(4, 4))
    for one in inverse(shrunk(products(same, few), np.array([50, 4]))):
        assert np.isfinite(one).all()
        assert np.linalg.eigvalsh(one).min() > 0


def test_a_column_that_does_not_vary_is_correlated_with_none() -> None:
    x = RNG.normal(size=(30, 3))
    x[:, 1] = 5.0
    (r,) = shrunk(products(x), np.array([30]))
    assert r[1].tolist() == r[:, 1].tolist() == [0.0, 1.0, 0.0]


@pytest.mark.parametrize("columns", [1, 2, 8, 16])
def test_the_inverse_is_that_of_numpy_and_symmetric_to_the_last_bit(columns: int) -> None:
    matrices = shrunk(products(*samples(60, columns)), np.full(5, 60))
    found = inverse(matrices)
    assert found == pytest.approx(np.linalg.inv(matrices), rel=1e-9, abs=1e-9)
    assert (found == found.swapaxes(1, 2)).all()


def test_leaving_columns_out_is_as_if_they_had_never_been_there() -> None:
    matrices = shrunk(products(*samples(60, 6)), np.full(5, 60))
    left_out = np.array(
        [[False] * 6, [True, *[False] * 5], [False, True, False, True, True, False], [True] * 6, [False] * 6]
    )
    for matrix, found, gone in zip(matrices, without(inverse(matrices), left_out), left_out, strict=True):
        kept = np.ix_(~gone, ~gone)
        assert found[kept] == pytest.approx(np.linalg.inv(matrix[kept]), rel=1e-9, abs=1e-9)


def test_an_asset_has_the_same_numbers_to_the_last_bit_alone_and_among_others_with_more_columns() -> None:
    many = products(*samples(40, 16))
    many[2, 5:] = many[2, :, 5:] = 0.0
    count = np.full(5, 40)
    among = inverse(shrunk(many, count))[2, :5, :5]
    alone = inverse(shrunk(many[2:3, :5, :5].copy(), count[:1]))[0]
    assert among.tobytes() == alone.tobytes()
