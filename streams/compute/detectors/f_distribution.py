"""Fisher's F distribution: how likely a value at least so large is, and which value is just so unlikely."""

import math
from functools import lru_cache
from typing import Final

_TINY: Final = 1e-300
_CLOSE: Final = 1e-15
_MOST_TERMS: Final = 100_000


def tail(f: float, d1: int, d2: int) -> float:
    """Probability of more than `f` with `d1` and `d2` degrees of freedom; exact far out too, where it is tiny."""
    if f <= 0:
        return 1.0
    return _incomplete_beta(d2 / (d2 + d1 * f), d2 / 2, d1 / 2)


@lru_cache(1024)
def quantile(probability: float, d1: int, d2: int) -> float:
    """The value that is exceeded with `probability`, above 0 and below 1, by bisection."""
    low, high = 0.0, 1.0
    while tail(high, d1, d2) > probability:
        low, high = high, 2 * high
    while high - low > 1e-14 * high:
        middle = (low + high) / 2
        low, high = (middle, high) if tail(middle, d1, d2) > probability else (low, middle)
    return high


def _incomplete_beta(x: float, a: float, b: float) -> float:
    """Regularised incomplete beta function I_x(a, b), by the continued fraction of DLMF 8.17.22."""
    if x in (0.0, 1.0):
        return x
    if x > (a + 1) / (a + b + 2):  # where the fraction converges slowly
        return 1 - _incomplete_beta(1 - x, b, a)
    logarithm = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) + a * math.log(x) + b * math.log1p(-x)
    return math.exp(logarithm) / (a * _fraction(x, a, b))


def _fraction(x: float, a: float, b: float) -> float:
    """1 + d1 / (1 + d2 / (1 + ...)), by the method of Lentz as modified by Thompson and Barnett (1986)."""
    value, c, d = 1.0, 1.0, 0.0
    for term in range(1, _MOST_TERMS):
        m = term // 2
        if term % 2:
            numerator = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        else:
            numerator = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        d = 1 / ((1 + numerator * d) or _TINY)
        c = (1 + numerator / c) or _TINY
        value *= c * d
        if abs(c * d - 1) < _CLOSE:
            break
    return value
