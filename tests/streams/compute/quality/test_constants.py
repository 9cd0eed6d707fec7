"""The factors of the range agree with the integrals that they are."""

import math

import numpy as np
import pytest
from scipy.special import ndtr

from streams.compute.quality.constants import D2, D3, LARGEST

STEP = 0.02
F = ndtr(np.arange(-8, 8 + STEP, STEP))
LOW, HIGH = np.minimum(F[:, None], F[None, :]), np.maximum(F[:, None], F[None, :])


@pytest.mark.parametrize("n", range(2, LARGEST + 1))
def test_the_factors_are_mean_and_deviation_of_the_range_to_three_decimals(n: int) -> None:
    """Tippett (1925), Biometrika 17, 364-387: E(R) and E(R^2) as integrals over the normal distribution F."""
    mean = np.sum(1 - F**n - (1 - F) ** n) * STEP
    square = np.sum(1 - HIGH**n - (1 - LOW) ** n + (HIGH - LOW) ** n) * STEP**2
    assert D2[n] == pytest.approx(mean, abs=0.0006)
    assert D3[n] == pytest.approx(math.sqrt(square - mean**2), abs=0.0006)


D4 = (
    3.267, 2.574, 2.282, 2.114, 2.004, 1.924, 1.864, 1.816, 1.777, 1.744, 1.717, 1.693,
    1.672, 1.653, 1.637, 1.622, 1.608, 1.597, 1.585, 1.575, 1.566, 1.557, 1.548, 1.541,
)  # fmt: skip
"""Montgomery, Introduction to Statistical Quality Control, appendix VI."""


@pytest.mark.parametrize(("n", "printed"), [*enumerate(D4, 2)])
def test_the_upper_limit_of_ranges_is_the_printed_one_but_for_rounding(n: int, printed: float) -> None:
    assert 1 + 3 * D3[n] / D2[n] == pytest.approx(printed, abs=0.0012)
