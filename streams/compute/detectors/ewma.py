"""`ewma`: a small, lasting shift of the mean, seen by an exponentially weighted moving average."""

import math
from typing import Literal

import msgspec
import numpy as np

from streams.compute.detectors.base import (
    LOWER,
    UPPER,
    FloatArray,
    MetricInfo,
    SlotArray,
    Violation,
    Violations,
    quantity,
    score,
)
from streams.compute.detectors.chart import Chart, ChartSpec


class Ewma(ChartSpec, kw_only=True, frozen=True, forbid_unknown_fields=True, tag="ewma"):
    """EWMA control chart: z = lambda x + (1 - lambda) z, beginning at the target, beyond target ± L sigma_z.

    sigma_z = sigma sqrt(lambda / (2 - lambda)) with asymptotic limits; exact limits multiply it by
    sqrt(1 - (1 - lambda)^2t) at the t-th judged point, which makes them narrower at the start. The chart goes on after
    a signal; it is not reset. Points out of order are skipped.

    Score: r / (1 + r) with r = |z - target| / (L sigma_z). Expected is the target; lower and upper are the control
    limits, between which z, not the value, should stay.

    Source: Roberts (1959), Control Chart Tests Based on Geometric Moving Averages, Technometrics 1(3), 239-250;
    limits as in NIST/SEMATECH e-Handbook of Statistical Methods, 6.3.2.4.
    """

    weight: float = msgspec.field(default=0.2, name="lambda")
    """Weight of the newest value, 0.001 to 1; 0.05 to 0.3 is usual, less for smaller shifts."""
    width: float = msgspec.field(default=3.0, name="L")
    """Half the distance between the control limits, in standard deviations of z."""
    limits: Literal["asymptotic", "exact"] = "asymptotic"
    """Constant limits, or limits that begin narrow and approach them."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0.001 <= self.weight <= 1:
            raise ValueError(f"lambda {self.weight:g} must be 0.001 to 1")
        if self.width <= 0:
            raise ValueError(f"L {self.width:g} must be greater than 0")


class EwmaDetector(Chart):
    """State: z - target; for exact limits (1 - lambda)^2t; the baseline."""

    def __init__(self, spec: Ewma) -> None:
        super().__init__(spec, deviation=0.0, decay=1.0)
        self._weight = spec.weight
        self._half_width = spec.width * math.sqrt(spec.weight / (2 - spec.weight))
        self._exact = spec.limits == "exact"

    def _judge(self, slot: SlotArray, x: FloatArray) -> Violations | None:
        state = self._slots
        target = state["target"][slot]
        deviation = self._weight * (x - target) + (1 - self._weight) * state["deviation"][slot]
        state["deviation"][slot] = deviation
        half = self._half_width * state["sigma"][slot]
        if self._exact:
            # A running product, since numpy's power may differ in the last bit with the length of the array.
            decay = state["decay"][slot] * (1 - self._weight) ** 2
            state["decay"][slot] = decay
            half = half * np.sqrt(1 - decay)
        distance = np.abs(deviation)
        at = (distance > half).nonzero()[0]
        if not at.size:
            return None
        target, deviation, half = target[at], deviation[at], half[at]
        condition = np.where(deviation > 0, np.int8(UPPER), np.int8(LOWER))
        risk = score(distance[at] / half)
        return Violations(at, condition, target + deviation, risk, target, target - half, target + half)

    def reason(self, metric: MetricInfo, x: float, violation: Violation) -> str:
        upper = violation.condition == UPPER
        beyond, limit = ("above the upper", violation.upper) if upper else ("below the lower", violation.lower)
        return (
            f"moving average {violation.statistic:.6g}, newest value {quantity(x, metric)}, is {beyond} control limit "
            f"of {limit:.6g} around the target {quantity(violation.expected, metric)}"
        )
