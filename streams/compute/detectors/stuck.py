"""`stuck`: a value that does not move any more."""

import numpy as np

from schemas.durations import Duration
from streams.compute.detectors.base import (
    UPPER,
    MetricInfo,
    Order,
    Points,
    Spec,
    Violation,
    Violations,
    none,
    quantity,
    score,
)
from streams.compute.detectors.slots import SlotState


class Stuck(Spec, kw_only=True, frozen=True, forbid_unknown_fields=True, tag="stuck"):
    """A value that has stayed within `tolerance` of itself for `duration` or longer, at `points` or more points.

    A run begins with a value and lasts as long as every later value is within the tolerance of that first one; time and
    points are counted from it. Points out of order are skipped.

    Score: r / (1 + r) with r = time held / duration.

    Source: flat line test of the QARTOD manuals (U.S. Integrated Ocean Observing System, Manual for Real-Time Quality
    Control of In-situ Temperature and Salinity Data, test 8, doi 10.7289/V5V40SD4), by time as well as by count.
    """

    duration: Duration
    """How long a value may stay the same, in event time."""
    points: int = 3
    """Fewest points at which it must have been the same, so that a slow series is not called stuck."""
    tolerance: float = 0.0
    """Largest difference from the first value of the run that counts as unchanged, in the metric's unit."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.duration <= 0:
            raise ValueError("duration must be longer than 0")
        if self.points < 2:
            raise ValueError(f"points {self.points} must be 2 or more")
        if self.tolerance < 0:
            raise ValueError(f"tolerance {self.tolerance:g} must be 0 or more")


class StuckDetector(SlotState):
    """State: the first point of the run, and how many points it has."""

    order = Order.TIME

    def __init__(self, spec: Stuck) -> None:
        self._spec = spec
        super().__init__(first=np.nan, since=0, count=0)

    def step(self, points: Points) -> Violations | None:
        slot, ts, x = points
        first, since, count = self._slots["first"], self._slots["since"], self._slots["count"]
        count[slot] += 1
        # NaN before a series' first point, which so begins a run.
        moved = (~(np.abs(x - first[slot]) <= self._spec.tolerance)).nonzero()[0]
        if moved.size:
            begins = slot[moved]
            first[begins], since[begins], count[begins] = x[moved], ts[moved], 1
        held = ts - since[slot]
        at = ((held >= int(self._spec.duration)) & (count[slot] >= self._spec.points)).nonzero()[0]
        if not at.size:
            return None
        statistic = held[at].astype(np.float64)
        nothing = none(statistic)
        condition = np.full(len(at), UPPER, np.int8)
        return Violations(at, condition, statistic, score(statistic / self._spec.duration), nothing, nothing, nothing)

    def reason(self, metric: MetricInfo, x: float, violation: Violation) -> str:
        within = f" within {quantity(self._spec.tolerance, metric)}" if self._spec.tolerance else ""
        held = Duration(int(violation.statistic))
        return f"has stayed at {quantity(x, metric)}{within} for {held}, {self._spec.duration} is allowed"
