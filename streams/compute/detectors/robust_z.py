"""`robust_z`: a value far from the median of its recent neighbours."""

from typing import Final

import numpy as np

from streams.compute.detectors.base import (
    LOWER,
    UPPER,
    FloatArray,
    MetricInfo,
    Order,
    Points,
    SlotArray,
    Violation,
    Violations,
    quantity,
    score,
)
from streams.compute.detectors.season import SeasonalSpec
from streams.compute.detectors.slots import SlotState

MAD_OF_NORMAL: Final = 0.6745
"""Median absolute deviation of a normal distribution, in standard deviations."""
STANDARD_PER_MEAN_DEVIATION: Final = 1.253314
"""Standard deviation of a normal distribution, in mean absolute deviations: sqrt(pi / 2)."""


class RobustZ(SeasonalSpec, kw_only=True, frozen=True, forbid_unknown_fields=True, tag="robust_z"):
    """Modified z-score 0.6745 (x - median) / MAD, beyond ±threshold, against the previous `window` points.

    The value itself is not among these; afterwards it is, flagged or not. A series is judged once its window is full.
    Where more than half of a window is one value, MAD is 0 and the scale is 1.253314 times the mean absolute deviation
    instead; in a constant window this is 0 too, and any other value is flagged. `min_scale` bounds the scale from
    below: set it to the resolution of an instrument whose values come in steps. Points out of order are skipped.

    Score: r / (1 + r) with r = |z| / threshold. Expected is the median; lower and upper are median ± threshold x scale.

    Source: Iglewicz and Hoaglin (1993), How to Detect and Handle Outliers, ASQC Basic References in Quality Control 16
    (threshold 3.5); the rule for MAD = 0 is that of IBM SPSS's modified z-score.
    """

    window: int = 50
    """Number of previous points."""
    threshold: float = 3.5
    """Largest modified z-score that is not remarkable."""
    min_scale: float = 0.0
    """Smallest standard deviation that is believed, in the metric's unit."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 3 <= self.window <= 1000:
            raise ValueError(f"window {self.window} must be 3 to 1000 points")
        if self.threshold <= 0:
            raise ValueError(f"threshold {self.threshold:g} must be greater than 0")
        if self.min_scale < 0:
            raise ValueError(f"min_scale {self.min_scale:g} must be 0 or more")


class RobustZDetector(SlotState):
    """State: the last `window` values as a ring, and how many values there have been."""

    order = Order.TIME

    def __init__(self, spec: RobustZ) -> None:
        super().__init__(ring=np.zeros(spec.window), count=0)
        self._spec = spec

    def step(self, points: Points) -> Violations | None:
        slot, x, window = points.slot, points.x, self._spec.window
        ring, count = self._slots["ring"], self._slots["count"]
        seen = count[slot]
        full = (seen >= window).nonzero()[0]
        found = None
        if full.size == len(slot):
            found = self._judge(slot, x)
        elif full.size:
            found = self._judge(slot[full], x[full])
            found = None if found is None else found._replace(at=full[found.at])
        # + 0.0 makes -0.0 to 0.0: which of the two a sort puts first depends on the processor.
        ring[slot, seen % window] = x + 0.0
        count[slot] = seen + 1
        return found

    def _judge(self, slot: SlotArray, x: FloatArray) -> Violations | None:
        spec = self._spec
        values = self._slots["ring"][slot]
        median = _median(values)
        deviations = np.abs(values - median[:, None])
        scale = _median(deviations) / MAD_OF_NORMAL
        constant = (scale == 0).nonzero()[0]
        if constant.size:
            # Sorted by _median. Accumulated one by one, since numpy's sum may add in another order for other shapes.
            mean = np.add.accumulate(deviations[constant], axis=1)[:, -1] / spec.window
            scale[constant] = STANDARD_PER_MEAN_DEVIATION * mean
        if spec.min_scale:
            scale = np.maximum(scale, spec.min_scale)
        distance = x - median
        at = (np.abs(distance) > spec.threshold * scale).nonzero()[0]
        if not at.size:
            return None
        distance, median, scale = distance[at], median[at], scale[at]
        z, reach = distance / scale, spec.threshold * scale
        condition = np.where(z > 0, np.int8(UPPER), np.int8(LOWER))
        return Violations(at, condition, z, score(np.abs(z) / spec.threshold), median, median - reach, median + reach)

    def reason(self, metric: MetricInfo, x: float, violation: Violation) -> str:
        spec, side = self._spec, "above" if violation.condition == UPPER else "below"
        median = f"the median {quantity(violation.expected, metric)} of the last {spec.window} points"
        if np.isinf(violation.statistic):
            return f"{quantity(x, metric)} is {side} {median}, which were all the same"
        return (
            f"{quantity(x, metric)} is {abs(violation.statistic):.4g} robust standard deviations {side} {median}, "
            f"{spec.threshold:.10g} are allowed"
        )


def _median(rows: FloatArray) -> FloatArray:
    """The median of every row, which is sorted in place."""
    rows.sort(axis=1)
    middle = rows.shape[1] // 2
    if rows.shape[1] % 2:
        return rows[:, middle].copy()
    return (rows[:, middle - 1] + rows[:, middle]) / 2
