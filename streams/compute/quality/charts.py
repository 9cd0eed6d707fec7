"""Control charts for variables: what is plotted of a subgroup, and between which limits.

mean and sigma are those of the baseline; a subgroup has n values, of mean x and range R:

| line | value | centre | limits |
|---|---|---|---|
| `xbar` | x | mean | mean ± 3 sigma / sqrt(n) |
| `range` | R | d2 sigma | (d2 ± 3 d3) sigma, at least 0 |
| `individuals` | each value | mean | mean ± 3 sigma |
| `moving_range` | distance of two values | 1.128 sigma | (1.128 ± 3 x 0.8525) sigma, at least 0 |
| `ewma` | z = lambda x + (1 - lambda) z | mean | mean ± L sigma sqrt(lambda / (2 - lambda) / n) |
| `cusum_high` | S+ = max(0, S+ + u - k) | 0 | h |
| `cusum_low` | S- = max(0, S- - u - k) | 0 | h |

with u = (x - mean) sqrt(n) / sigma; z begins at the mean, sums at 0. Exact limits of the moving average are narrower by
sqrt(1 - (1 - lambda)^2t) at its t-th point. With sigma = R-bar / d2 the first four are mean ± A2 R-bar, D3 R-bar and
D4 R-bar, and mean ± 3 MR-bar / d2. Nothing is reset after a signal.

Sources: Shewhart (1931), Economic Control of Quality of Manufactured Product; Montgomery, Introduction to Statistical
Quality Control, chapters 6 and 9; NIST/SEMATECH e-Handbook of Statistical Methods, 6.3.2.1 to 6.3.2.4; Roberts (1959),
Technometrics 1(3), 239-250; Page (1954), Biometrika 41(1/2), 100-115.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple, Protocol

from streams.compute.quality import spec
from streams.compute.quality.baseline import Normal
from streams.compute.quality.constants import D2, D3
from streams.compute.quality.rules import Limits, Rule, expand

_BEYOND: tuple[Rule, ...] = ("beyond_limits",)


class Point(NamedTuple):
    """What is to be plotted."""

    line: str
    n: int
    value: float
    limits: Limits | None
    """None while the baseline is being learned."""
    rules: tuple[Rule, ...] = _BEYOND
    """By which it is judged."""


class Chart(Protocol):
    """One chart of a series: its running state."""

    state: list[float]

    def plot(self, values: Sequence[float], normal: Normal | None) -> list[Point]:
        """The points of the next subgroup."""


class XbarR:
    """Keeps no state."""

    def __init__(self, declared: spec.XbarR) -> None:
        self.state: list[float] = []
        self._rules = expand(declared.rules)

    def plot(self, values: Sequence[float], normal: Normal | None) -> list[Point]:
        n = len(values)
        points = [Point("xbar", n, mean_of(values), _around(normal, n), self._rules)]
        if n > 1:
            points.append(Point("range", n, max(values) - min(values), _of_ranges(normal, n)))
        return points


class Individuals:
    """State: the newest value."""

    def __init__(self, declared: spec.Individuals) -> None:
        self.state: list[float] = []
        self._rules = expand(declared.rules)

    def plot(self, values: Sequence[float], normal: Normal | None) -> list[Point]:
        points = []
        for x in values:
            points.append(Point("individuals", 1, x, _around(normal, 1), self._rules))
            points += [Point("moving_range", 2, abs(x - last), _of_ranges(normal, 2)) for last in self.state]
            self.state = [x]
        return points


class Ewma:
    """State: the moving average's distance from the mean, and (1 - lambda)^2t."""

    def __init__(self, declared: spec.EwmaChart) -> None:
        self.state = [0.0, 1.0]
        self._weight = declared.weight
        self._width = declared.width
        self._share = math.sqrt(declared.weight / (2 - declared.weight))
        self._exact = declared.limits == "exact"

    def plot(self, values: Sequence[float], normal: Normal | None) -> list[Point]:
        if normal is None:
            return []
        distance, decay = self.state
        distance = self._weight * (mean_of(values) - normal.mean) + (1 - self._weight) * distance
        decay *= (1 - self._weight) ** 2
        self.state = [distance, decay]
        sigma = self._share * normal.sigma / math.sqrt(len(values))
        if self._exact:
            sigma *= math.sqrt(1 - decay)
        half = self._width * sigma
        limits = Limits(normal.mean, normal.mean - half, normal.mean + half, sigma)
        return [Point("ewma", len(values), normal.mean + distance, limits)]


class Cusum:
    """State: both sums."""

    def __init__(self, declared: spec.CusumChart) -> None:
        self.state = [0.0, 0.0]
        self._k = declared.k
        self._limits = Limits(0.0, None, declared.h, 1.0)

    def plot(self, values: Sequence[float], normal: Normal | None) -> list[Point]:
        if normal is None:
            return []
        u = (mean_of(values) - normal.mean) * math.sqrt(len(values)) / normal.sigma
        high, low = self.state
        self.state = high, low = [max(0.0, high + u - self._k), max(0.0, low - u - self._k)]
        return [
            Point("cusum_high", len(values), high, self._limits),
            Point("cusum_low", len(values), low, self._limits),
        ]


def build(declared: spec.Chart) -> Chart:
    """The chart of a series that begins."""
    match declared:
        case spec.XbarR():
            return XbarR(declared)
        case spec.Individuals():
            return Individuals(declared)
        case spec.EwmaChart():
            return Ewma(declared)
        case spec.CusumChart():
            return Cusum(declared)


def mean_of(values: Sequence[float]) -> float:
    """Arithmetic mean, rounded once."""
    return math.fsum(values) / len(values)


def _around(normal: Normal | None, n: int) -> Limits | None:
    if normal is None:
        return None
    sigma = normal.sigma / math.sqrt(n)
    return Limits(normal.mean, normal.mean - 3 * sigma, normal.mean + 3 * sigma, sigma)


def _of_ranges(normal: Normal | None, n: int) -> Limits | None:
    if normal is None:
        return None
    centre, sigma = D2[n] * normal.sigma, D3[n] * normal.sigma
    return Limits(centre, max(0.0, centre - 3 * sigma), centre + 3 * sigma, sigma)
