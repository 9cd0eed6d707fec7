"""What is told to people: a rule begins to be violated, a measurement leaves its specification."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from schemas import identifiers
from schemas.results import Anomaly, Severity
from streams.compute.incidents import GAP_MS
from streams.compute.quality.charts import Point
from streams.compute.quality.rules import Limits, Rule, Side
from streams.compute.quality.spec import Characteristic
from streams.compute.shop_floor import Origin


class Subject(NamedTuple):
    """What a series is about."""

    site: str
    asset: str
    product: str
    characteristic: str


class Signal(NamedTuple):
    """One flag, but for where in the log it comes from."""

    detector: str
    severity: Severity
    score: float
    """0 to 1; 0.5 at a limit, and for rules that count points."""
    value: float
    expected: float | None
    lower: float | None
    upper: float | None
    reason: str


_LINES: Final[Mapping[str, str]] = {
    "xbar": "mean of {n} values",
    "range": "range of {n} values",
    "individuals": "value",
    "moving_range": "moving range",
    "ewma": "moving average",
    "cusum_high": "upper cumulative sum",
    "cusum_low": "lower cumulative sum",
    "p": "share nonconforming of {n} items",
}
_BEYOND: Final[Mapping[Side, str]] = {1: "above the upper", -1: "below the lower"}
_PATTERNS: Final[Mapping[str, str]] = {
    "2_of_3_beyond_2s": "2 of 3 points in a row lie more than 2 sigma {side} the centre line {centre}",
    "4_of_5_beyond_1s": "4 of 5 points in a row lie more than 1 sigma {side} the centre line {centre}",
    "8_on_one_side": "8 points in a row lie {side} the centre line {centre}",
    "9_on_one_side": "9 points in a row lie {side} the centre line {centre}",
    "6_in_a_trend": "6 points in a row {trend}",
    "14_alternating": "14 points in a row alternate up and down",
    "15_within_1s": "15 points in a row lie within 1 sigma of the centre line {centre}: closer than chance has them",
    "8_outside_1s": "8 points in a row lie more than 1 sigma from the centre line {centre}",
}


def violated(subject: Subject, unit: str, point: Point, limits: Limits, rule: Rule, side: Side) -> Signal:
    """A rule that a point begins to violate."""
    what = f"{_LINES[point.line].format(n=point.n)} {_quantity(point.value, unit)}"
    severity: Severity = "info"
    score = 0.5
    if rule == "beyond_limits":
        limit = limits.lower if side == -1 and limits.lower is not None else limits.upper
        distance, allowed = abs(point.value - limits.centre), abs(limit - limits.centre)
        severity, score = "warning", distance / (distance + allowed)
        reason = f"{what} is {_BEYOND[side]} control limit {_quantity(limit, unit)}"
    else:
        words = {"side": "above", "trend": "rise"} if side == 1 else {"side": "below", "trend": "fall"}
        pattern = _PATTERNS[rule].format(**words, centre=_quantity(limits.centre, unit))
        reason = f"{pattern}; newest {what}"
    return Signal(
        f"{point.line}:{rule}", severity, score, point.value, limits.centre, limits.lower, limits.upper,
        f"{_named(subject)}: {reason}",
    )  # fmt: skip


def outside(subject: Subject, declared: Characteristic, value: float, limit: float) -> Signal:
    """A measurement that leaves its specification, and the limit that it passes."""
    side: Side = 1 if value > limit else -1
    unit = declared.unit
    reason = f"{_quantity(value, unit)} is {_BEYOND[side]} specification limit {_quantity(limit, unit)}"
    return Signal(
        f"specification:{'upper' if side == 1 else 'lower'}", "critical", 1.0, value, declared.target, declared.lower,
        declared.upper, f"{_named(subject)}: {reason}",
    )  # fmt: skip


class Flagging:
    """Makes flags of signals. State: per asset when its newest incident began, and its newest flag."""

    def __init__(self, origin: Origin) -> None:
        self._origin = origin
        self._incidents: dict[tuple[str, str], tuple[int, int]] = {}

    def flag(self, signal: Signal, subject: Subject, ts: int, offset: int, number: int) -> Anomaly:
        """The flag of the record's signal of this number."""
        prefix = identifiers.prefix("anomaly", *self._origin, *subject, signal.detector)
        return Anomaly(
            identifiers.at(prefix, ts, offset, number), ts, subject.site, subject.asset, subject.characteristic,
            signal.detector, signal.severity, signal.score, signal.value, signal.expected, signal.lower, signal.upper,
            signal.reason, *self._origin, offset, self._incident(subject, ts),
        )  # fmt: skip

    def snapshot(self) -> list[Any]:
        """The state."""
        return [[*asset, *times] for asset, times in self._incidents.items()]

    def restore(self, state: list[Any]) -> None:
        """Go on from a snapshot."""
        self._incidents = {(site, asset): (began, newest) for site, asset, began, newest in state}

    def _incident(self, subject: Subject, ts: int) -> str:
        """As `streams.compute.incidents` joins those of readings."""
        asset = subject.site, subject.asset
        began, newest = self._incidents.get(asset, (ts, ts))
        if ts - newest > GAP_MS:
            began = ts
        self._incidents[asset] = began, max(ts, newest)
        return identifiers.at(identifiers.prefix("incident", self._origin.topology, *asset), began)


def _named(subject: Subject) -> str:
    return f"{subject.characteristic} of {subject.product}" if subject.product else subject.characteristic


def _quantity(x: float, unit: str) -> str:
    return f"{x:.6g}" if unit in ("", "1") else f"{x:.6g} {unit}"
