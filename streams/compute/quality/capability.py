"""What a process can do, held against what is asked of it.

Cp = (U - L) / 6 sigma and Cpk = min(U - mean, mean - L) / 3 sigma with the spread within subgroups (R-bar / d2, as its
charts have it), Pp and Ppk the same with the overall standard deviation (divisor n - 1). With one specification limit
there is no Cp and no Pp, and Cpk and Ppk look at that limit.

Sources: NIST/SEMATECH e-Handbook of Statistical Methods, 6.1.6; Montgomery, Introduction to Statistical Quality
Control, chapter 8; ISO 22514-2 for the names.
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from schemas.events import LARGEST_VALUE


class Indices(NamedTuple):
    """None where it is not defined."""

    cp: float | None = None
    cpk: float | None = None
    pp: float | None = None
    ppk: float | None = None


class Block(msgspec.Struct):
    """Sums over some samples that follow one another."""

    samples: int = 0
    values: int = 0
    mean: float = 0.0
    squares: float = 0.0
    """Sum of squared distances from the mean."""
    estimates: int = 0
    spread: float = 0.0
    """Sum of the estimates of sigma within samples."""

    def add(self, values: Sequence[float], sigma: float | None) -> None:
        """Take in a sample. Welford (1962), Technometrics 4(3), 419-420."""
        self.samples += 1
        for x in values:
            self.values += 1
            step = x - self.mean
            self.mean += step / self.values
            self.squares += step * (x - self.mean)
        if sigma is not None:
            self.estimates += 1
            self.spread += sigma

    def with_(self, other: "Block") -> "Block":
        """Both together. Chan, Golub, LeVeque (1979), Stanford report STAN-CS-79-773."""
        values = self.values + other.values
        if not values:
            return Block()
        step = other.mean - self.mean
        return Block(
            self.samples + other.samples,
            values,
            self.mean + step * other.values / values,
            self.squares + other.squares + step * step * self.values * other.values / values,
            self.estimates + other.estimates,
            self.spread + other.spread,
        )


class Capability(msgspec.Struct):
    """Of the newest samples: those of the block under way and of the one before, which is given up when it is full."""

    before: Block = msgspec.field(default_factory=Block)
    under_way: Block = msgspec.field(default_factory=Block)

    def add(self, values: Sequence[float], sigma: float | None, most: int) -> Block:
        """Take in a sample; sums over at most `most` samples, the newest."""
        if self.under_way.samples >= most // 2:
            self.before, self.under_way = self.under_way, Block()
        self.under_way.add(values, sigma)
        return self.before.with_(self.under_way)


def indices(sums: Block, lower: float | None, upper: float | None) -> Indices:
    """Capability of what the sums are over, with its specification limits."""
    within = sums.spread / sums.estimates if sums.estimates else 0.0
    overall = math.sqrt(sums.squares / (sums.values - 1)) if sums.values > 1 else 0.0
    return Indices(*_pair(sums.mean, within, lower, upper), *_pair(sums.mean, overall, lower, upper))


def _pair(mean: float, sigma: float, lower: float | None, upper: float | None) -> tuple[float | None, float | None]:
    if sigma < 1 / LARGEST_VALUE:  # rounding, not spread; the ratio would overflow
        return None, None
    sides = [
        *([] if lower is None else [(mean - lower) / (3 * sigma)]),
        *([] if upper is None else [(upper - mean) / (3 * sigma)]),
    ]
    if not sides:
        return None, None
    return (None if lower is None or upper is None else (upper - lower) / (6 * sigma)), min(sides)
