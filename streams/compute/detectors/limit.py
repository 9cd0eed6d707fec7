"""`limit`: a value beyond a limit, with deadband, on-delay and off-delay."""

from typing import Final, NamedTuple

import numpy as np

from schemas.durations import Duration
from streams.compute.detectors.base import (
    LOWER,
    UPPER,
    BoolArray,
    FloatArray,
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

NOT_WAITING: Final = np.iinfo(np.int64).max


class Limit(Spec, kw_only=True, frozen=True, forbid_unknown_fields=True, tag="limit"):
    """A value above `high` or below `low`.

    The condition of `high` comes on when x > high has held for `on_delay`, and goes off when x < high - deadband has
    held for `off_delay` (x <= high without a deadband); that of `low` is its mirror. Delays are measured in event time
    and end at a point of the series: a condition comes on at the first point at which it has held long enough, and it
    holds at every point until it goes off. With delays, points out of order are skipped. Without delays and deadband,
    `report: every` flags exactly the points with x > high or x < low.

    Score: r / (1 + r) with r = 1 + excess / scale, at least 0: 0.5 at the limit, less while a value inside the limit is
    held on by deadband or delay. Scale is high - low where both are given, else the limit's magnitude (1 for 0).

    Source: ANSI/ISA-18.2-2016, Management of Alarm Systems for the Process Industries (deadband, on-delay, off-delay).
    """

    high: float | None = None
    """Upper limit, in the metric's unit; none where left out."""
    low: float | None = None
    """Lower limit, in the metric's unit; none where left out."""
    deadband: float = 0.0
    """How far a value must come back inside the limit, in the metric's unit."""
    on_delay: Duration = Duration(0)
    """How long a value must be beyond the limit before the condition comes on."""
    off_delay: Duration = Duration(0)
    """How long a value must be back inside before the condition goes off."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.high is None and self.low is None:
            raise ValueError("give high, low or both")
        if self.high is not None and self.low is not None and self.low >= self.high:
            raise ValueError(f"low {self.low:g} must be below high {self.high:g}")
        if self.deadband < 0:
            raise ValueError(f"deadband {self.deadband:g} must be 0 or more")
        if self.high is not None and self.low is not None and self.deadband >= self.high - self.low:
            raise ValueError(
                f"deadband {self.deadband:g} must be less than high - low, or no value ever clears a limit"
            )
        if self.on_delay < 0 or self.off_delay < 0:
            raise ValueError("delays must be 0 or longer")


class _Side(NamedTuple):
    """One of the limits; low is high's mirror, with sign -1."""

    bit: int
    sign: int
    limit: float


class LimitDetector(SlotState):
    """State, per limit: whether its condition is on, and since when a value has waited to change that."""

    def __init__(self, spec: Limit) -> None:
        self._spec = spec
        limits = ((UPPER, 1, spec.high), (LOWER, -1, spec.low))
        self._sides = [_Side(bit, sign, limit) for bit, sign, limit in limits if limit is not None]
        self._span = spec.high - spec.low if spec.high is not None and spec.low is not None else None
        if spec.on_delay or spec.off_delay:
            self.order = Order.TIME
        else:
            self.order = Order.LOG if spec.deadband else Order.ANY
        count = len(self._sides)
        super().__init__(on=np.zeros(count, np.bool_), since=np.full(count, NOT_WAITING))

    def step(self, points: Points) -> Violations | None:
        condition = np.zeros(len(points.x), np.int8)
        for column, side in enumerate(self._sides):
            y, limit = side.sign * points.x, side.sign * side.limit
            on = y > limit if self.order is Order.ANY else self._turn(column, points, y, limit)
            condition |= on.view(np.int8) * np.int8(side.bit)
        at = condition.nonzero()[0]
        if not at.size:
            return None
        x = points.x[at]
        ratio = np.zeros(len(at))
        for side in self._sides:
            ratio = np.maximum(ratio, 1 + side.sign * (x - side.limit) / (self._span or abs(side.limit) or 1.0))
        low, high = (np.nan if bound is None else bound for bound in (self._spec.low, self._spec.high))
        return Violations(at, condition[at], x, score(ratio), none(x), np.full(len(at), low), np.full(len(at), high))

    def _turn(self, column: int, points: Points, y: FloatArray, limit: float) -> BoolArray:
        """Bring one limit's state up to date; whether its condition is on after these points."""
        spec, slot = self._spec, points.slot
        all_on, all_since = self._slots["on"][:, column], self._slots["since"][:, column]
        was_on: BoolArray = all_on[slot]
        beyond = y > limit
        clear = y < limit - spec.deadband if spec.deadband else ~beyond
        turn = np.where(was_on, clear, beyond)
        if not turn.any():
            all_since[slot] = NOT_WAITING
            return was_on
        if self.order is Order.TIME:
            since = np.where(turn, np.minimum(all_since[slot], points.ts), NOT_WAITING)
            turn &= points.ts - since >= np.where(was_on, int(spec.off_delay), int(spec.on_delay))
            all_since[slot] = np.where(turn, NOT_WAITING, since)
        on: BoolArray = was_on ^ turn
        all_on[slot] = on
        return on

    def reason(self, metric: MetricInfo, x: float, violation: Violation) -> str:
        spec = self._spec
        held = f" for {spec.on_delay} or longer" if spec.on_delay else ""
        told = []
        for side in self._sides:
            if violation.condition & side.bit:
                beyond, back, name = ("above", "below", "high") if side.bit == UPPER else ("below", "above", "low")
                limit = quantity(side.limit, metric)
                if side.sign * x > side.sign * side.limit:
                    told.append(f"is {beyond} the {name} limit of {limit}{held}")
                else:
                    clear = quantity(side.limit - side.sign * spec.deadband, metric)
                    delay = f" for {spec.off_delay}" if spec.off_delay else ""
                    told.append(f"is not back {back} {clear}{delay} since it passed the {name} limit of {limit}")
        return f"{quantity(x, metric)} {' and '.join(told)}"
