"""`rate`: a value that changes faster than it can or may."""

from typing import Final, Literal

import numpy as np

from streams.compute.detectors.base import (
    LOWER,
    UPPER,
    MetricInfo,
    Order,
    Points,
    Spec,
    Violation,
    Violations,
    quantity,
    score,
)
from streams.compute.detectors.slots import SlotState

_PER_MS: Final = {"second": 1_000, "minute": 60_000, "hour": 3_600_000}


class Rate(Spec, kw_only=True, frozen=True, forbid_unknown_fields=True, tag="rate"):
    """The change since the series' previous point, divided by the time between, beyond `limit` in either direction.

    Rising and falling are two conditions. Points out of order, and points of the same event time, are skipped.

    Score: r / (1 + r) with r = |rate| / limit. Expected is the previous value; lower and upper are what the limit would
    have allowed by the time of the point.

    Source: rate of change test of the QARTOD manuals (U.S. Integrated Ocean Observing System, Manual for Real-Time
    Quality Control of In-situ Temperature and Salinity Data, test 7, doi 10.7289/V5V40SD4), with a fixed limit.
    """

    limit: float
    """Largest change allowed, in the metric's unit per `per`."""
    per: Literal["second", "minute", "hour"] = "second"
    """Unit of time of the limit."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.limit <= 0:
            raise ValueError(f"limit {self.limit:g} must be greater than 0")


class RateDetector(SlotState):
    """State: the previous point."""

    order = Order.TIME

    def __init__(self, spec: Rate) -> None:
        self._spec = spec
        self._per = _PER_MS[spec.per]
        super().__init__(ts=0, x=np.nan)

    def step(self, points: Points) -> Violations | None:
        slot, ts, x = points
        last_ts, last_x = self._slots["ts"], self._slots["x"]
        before = last_x[slot]
        # NaN at a series' first point, and so never more than is allowed.
        change, elapsed = x - before, ts - last_ts[slot]
        last_ts[slot], last_x[slot] = ts, x
        # Multiplied out, so that a change at the limit itself is not beyond it by a rounding error.
        allowed = self._spec.limit * elapsed / self._per
        at = (np.abs(change) > allowed).nonzero()[0]
        if not at.size:
            return None
        change, allowed = change[at], allowed[at]
        before, rate = before[at], change / elapsed[at] * self._per
        condition = np.where(change > 0, np.int8(UPPER), np.int8(LOWER))
        ratio = np.abs(change) / allowed
        return Violations(at, condition, rate, score(ratio), before, before - allowed, before + allowed)

    def reason(self, metric: MetricInfo, x: float, violation: Violation) -> str:
        verb = "rose" if violation.condition == UPPER else "fell"
        return (
            f"{verb} from {quantity(violation.expected, metric)} to {quantity(x, metric)}, "
            f"{abs(violation.statistic):.4g} per {self._spec.per} where {self._spec.limit:.10g} is allowed"
        )
