"""`range`: a value that is physically impossible."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from streams.compute.detectors.base import (
    LOWER,
    UPPER,
    MetricInfo,
    Order,
    Points,
    SlotArray,
    Spec,
    Violation,
    Violations,
    none,
    quantity,
    score,
)
from streams.compute.detectors.slots import Slots


class Range(Spec, kw_only=True, frozen=True, forbid_unknown_fields=True, tag="range"):
    """A value below `low` or above `high`, each by default the bound that the topology declares for the metric.

    The bounds belong to the range. A metric without a bound on a side is not judged on that side. No state: points out
    of order are judged as well.

    Score: r / (1 + r) with r = 1 + excess / scale: 0.5 at the bound. Scale is high - low where both are known, else the
    bound's magnitude (1 for 0).

    Source: gross range test of the QARTOD manuals (U.S. Integrated Ocean Observing System, Manual for Real-Time Quality
    Control of In-situ Temperature and Salinity Data, test 4, doi 10.7289/V5V40SD4).
    """

    low: float | None = None
    """Smallest possible value, in the metric's unit, instead of the declared one."""
    high: float | None = None
    """Largest possible value, in the metric's unit, instead of the declared one."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError(f"low {self.low:g} must be below high {self.high:g}")


class RangeDetector:
    """Bounds per slot, NaN for none. They come from the declaration, so there is no state to keep."""

    order = Order.ANY

    def __init__(self, spec: Range) -> None:
        self._spec = spec
        self._bounds = Slots(low=np.nan, high=np.nan, scale=np.nan)

    def grow(self, metrics: Sequence[MetricInfo]) -> None:
        first = self._bounds.size
        self._bounds.grow(len(metrics))
        for slot, metric in enumerate(metrics, first):
            low = metric.low if self._spec.low is None else self._spec.low
            high = metric.high if self._spec.high is None else self._spec.high
            if low is not None:
                self._bounds["low"][slot] = low
            if high is not None:
                self._bounds["high"][slot] = high
            span = high - low if low is not None and high is not None else abs(low or high or 0.0)
            self._bounds["scale"][slot] = span or 1.0

    def step(self, points: Points) -> Violations | None:
        low, high = self._bounds["low"][points.slot], self._bounds["high"][points.slot]
        below, above = points.x < low, points.x > high
        at = (below | above).nonzero()[0]
        if not at.size:
            return None
        x, low, high = points.x[at], low[at], high[at]
        condition = np.where(above[at], np.int8(UPPER), np.int8(LOWER))
        excess = np.where(above[at], x - high, low - x)
        ratio = 1 + excess / self._bounds["scale"][points.slot[at]]
        return Violations(at, condition, x, score(ratio), none(x), low, high)

    def reason(self, metric: MetricInfo, x: float, violation: Violation) -> str:
        if violation.condition == UPPER:
            beyond, bound = "above the highest", violation.upper
        else:
            beyond, bound = "below the lowest", violation.lower
        return f"{quantity(x, metric)} is {beyond} physical value of {quantity(bound, metric)}"

    def reset(self, slot: SlotArray) -> None:
        del slot

    def snapshot(self) -> dict[str, npt.NDArray[Any]]:
        return {}

    def restore(self, arrays: dict[str, npt.NDArray[Any]]) -> None:
        del arrays
