"""Mean and spread of a process in control, given or learned from its first subgroups (phase I), then frozen."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from schemas.events import LARGEST_VALUE
from streams.compute.quality.constants import D2
from streams.compute.quality.spec import Baseline


class Normal(NamedTuple):
    """What charts are drawn with, in the characteristic's unit."""

    mean: float
    sigma: float
    """Standard deviation of single values within subgroups."""


class Learner(msgspec.Struct):
    """Sums over the subgroups so far."""

    subgroups: int = 0
    values: int = 0
    total: float = 0.0
    estimates: int = 0
    spread: float = 0.0
    """Sum of the estimates of sigma."""

    def known(self, given: Baseline) -> Normal | None:
        """The baseline; None while it is being learned.

        Learning goes on for as long as there is no spread: a sigma of 0 would condemn every later point.
        """
        if given.mean is not None and given.sigma is not None:
            return Normal(given.mean, given.sigma)
        if self.subgroups < given.subgroups:
            return None
        sigma = given.sigma if given.sigma is not None else self.spread / self.estimates if self.estimates else 0.0
        if sigma < 1 / LARGEST_VALUE:
            return None
        return Normal(self.total / self.values if given.mean is None else given.mean, sigma)

    def learn(self, values: Sequence[float], sigma: float | None) -> None:
        """Take in a subgroup and its estimate of sigma."""
        self.subgroups += 1
        self.values += len(values)
        self.total += math.fsum(values)
        if sigma is not None:
            self.estimates += 1
            self.spread += sigma


def sigma_of(values: Sequence[float], previous: float | None) -> float | None:
    """Sigma within a subgroup, from its range; of a single value from its distance to the previous single one.

    R / d2, as in Montgomery, chapter 6, and NIST/SEMATECH e-Handbook, 6.3.2.1 and 6.3.2.2. None where there is no
    range.
    """
    if len(values) > 1:
        return (max(values) - min(values)) / D2[len(values)]
    return None if previous is None else abs(values[0] - previous) / D2[2]
