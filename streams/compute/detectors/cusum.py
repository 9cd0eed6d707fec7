"""`cusum`: a small, lasting shift of the mean, seen by cumulative sums."""

import numpy as np

from streams.compute.detectors.base import (
    LOWER,
    UPPER,
    FloatArray,
    MetricInfo,
    SlotArray,
    Violation,
    Violations,
    none,
    quantity,
    score,
)
from streams.compute.detectors.chart import Chart, ChartSpec


class Cusum(ChartSpec, kw_only=True, frozen=True, forbid_unknown_fields=True, tag="cusum"):
    """Tabular CUSUM: S+ = max(0, S+ + u - k) above h, or its mirror S- = max(0, S- - u - k) above h.

    u = (x - target) / sigma, so k, h and both sums are in sigmas; to give k and h in the metric's unit, set sigma to 1.
    The sums begin at 0. After a signal they go on, and the condition lasts until the sum has come down to h; with
    `reset` both sums begin at 0 again after every signal, so that each signal is new evidence. Points out of order are
    skipped.

    Score: r / (1 + r) with r = S / h of the larger sum. Expected is the target.

    Source: Page (1954), Continuous Inspection Schemes, Biometrika 41(1/2), 100-115; tabular form as in Montgomery,
    Introduction to Statistical Quality Control, chapter 9, and NIST/SEMATECH e-Handbook, 6.3.2.3.
    """

    k: float = 0.5
    """Reference value (slack): half the shift that is to be found, in sigmas."""
    h: float = 5.0
    """Decision interval in sigmas; 4 or 5 is usual."""
    reset: bool = False
    """Begin both sums at 0 again after a signal."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.k < 0:
            raise ValueError(f"k {self.k:g} must be 0 or more")
        if self.h <= 0:
            raise ValueError(f"h {self.h:g} must be greater than 0")


class CusumDetector(Chart):
    """State: both sums, in sigmas; the baseline."""

    def __init__(self, spec: Cusum) -> None:
        super().__init__(spec, high=0.0, low=0.0)
        self._k, self._h, self._reset = spec.k, spec.h, spec.reset

    def _judge(self, slot: SlotArray, x: FloatArray) -> Violations | None:
        state = self._slots
        u = (x - state["target"][slot]) / state["sigma"][slot]
        high = np.maximum(0.0, state["high"][slot] + u - self._k)
        low = np.maximum(0.0, state["low"][slot] - u - self._k)
        state["high"][slot], state["low"][slot] = high, low
        larger = np.maximum(high, low)
        at = (larger > self._h).nonzero()[0]
        if not at.size:
            return None
        slot, larger, nothing = slot[at], larger[at], none(larger[at])
        if self._reset:
            state["high"][slot] = state["low"][slot] = 0.0
        condition = (high[at] > self._h) * np.int8(UPPER) + (low[at] > self._h) * np.int8(LOWER)
        return Violations(at, condition, larger, score(larger / self._h), state["target"][slot], nothing, nothing)

    def reason(self, metric: MetricInfo, x: float, violation: Violation) -> str:
        sides = {UPPER: "above", LOWER: "below", UPPER | LOWER: "above and below"}[violation.condition]
        return (
            f"values lie {sides} the target {quantity(violation.expected, metric)}: cumulative sum "
            f"{violation.statistic:.4g} sigma exceeds {self._h:.10g}, newest value {quantity(x, metric)}"
        )
