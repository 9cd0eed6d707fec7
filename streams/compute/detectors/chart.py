"""What control charts have in common: a mean and a spread of normal operation, given or learned."""

import math
from abc import ABC, abstractmethod

import numpy as np

from schemas.events import LARGEST_VALUE
from streams.compute.detectors.base import FloatArray, Order, Points, SlotArray, Spec, Violations
from streams.compute.detectors.slots import SlotState


class ChartSpec(Spec, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """The part of a chart's declaration that is about its baseline."""

    target: float | None = None
    """Mean of normal operation, in the metric's unit; learned where left out."""
    sigma: float | None = None
    """Standard deviation of single values in normal operation, in the metric's unit; learned where left out."""
    warmup: int = 30
    """Number of points from which target and sigma are learned."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.sigma is not None and self.sigma < 1 / LARGEST_VALUE:
            raise ValueError(f"sigma {self.sigma:g} must be greater than 0")
        if not 2 <= self.warmup <= 1_000_000:
            raise ValueError(f"warmup {self.warmup} must be 2 to 1000000 points")


class Chart(SlotState, ABC):
    """Target and sigma per slot; whichever is not given is learned from the first `warmup` points of the series.

    Learned are the arithmetic mean and the sample standard deviation (divisor n - 1), by the recurrence of Welford
    (1962), Technometrics 4(3), 419-420. As in phase I and II of Montgomery, Introduction to Statistical Quality
    Control, points of the warm-up are not judged, and the baseline then stays as learned. A warm-up without any spread
    is prolonged until a value differs, for a sigma of 0 would condemn every later point.
    """

    order = Order.TIME

    def __init__(self, spec: ChartSpec, **fills: float) -> None:
        """`fills` are the chart's own arrays."""
        self._target, self._sigma, self._warmup = spec.target, spec.sigma, spec.warmup
        self._given = spec.target is not None and spec.sigma is not None
        target, sigma = (spec.target, spec.sigma) if self._given else (None, None)
        # NaN while they are being learned.
        super().__init__(
            target=math.nan if target is None else target,
            sigma=math.nan if sigma is None else sigma,
            count=0,
            mean=0.0,
            m2=0.0,
            **fills,
        )

    def step(self, points: Points) -> Violations | None:
        """Learn from the points whose baseline is not known yet, judge the others."""
        if self._given:
            return self._judge(points.slot, points.x)
        known = self._slots["sigma"][points.slot] > 0
        learning = (~known).nonzero()[0]
        if not learning.size:
            return self._judge(points.slot, points.x)
        self._learn(points.slot[learning], points.x[learning])
        judged = known.nonzero()[0]
        found = self._judge(points.slot[judged], points.x[judged]) if judged.size else None
        return None if found is None else found._replace(at=judged[found.at])

    @abstractmethod
    def _judge(self, slot: SlotArray, x: FloatArray) -> Violations | None:
        """Take values into the chart, target and sigma being known."""

    def _learn(self, slot: SlotArray, x: FloatArray) -> None:
        state = self._slots
        count = state["count"][slot] + 1
        delta = x - state["mean"][slot]
        mean = state["mean"][slot] + delta / count
        m2 = state["m2"][slot] + delta * (x - mean)
        state["count"][slot], state["mean"][slot], state["m2"][slot] = count, mean, m2

        spread = m2 > 0 if self._sigma is None else True
        done = ((count >= self._warmup) & spread).nonzero()[0]
        if done.size:
            ready = slot[done]
            state["target"][ready] = mean[done] if self._target is None else self._target
            state["sigma"][ready] = np.sqrt(m2[done] / (count[done] - 1)) if self._sigma is None else self._sigma
