"""What is told to people: a rule begins to be violated, a measurement leaves its specification."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from schemas import identifiers
from schemas.results import Anomaly, Severity
from streams.compute.incidents import GAP_MS
from streams.compute.quality.charts import Point
from streams.compute.quality.rules import Rule, Side
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
_PATTERNS: Final[Mapping[str, str]] = {
    "2_of_3_beyond_2s": "2 of 3 points in a row lie more than 2 sigma {side} the centre line",
    "4_of_5_beyond_1s": "4 of 5 points in a row lie more than 1 sigma {side} the centre line",
    "8_on_one_side": "8 points in a row lie {side} the centre line",
    "9_on_one_side": "9 points in a row lie {side} the centre line",
    "6_in_a_trend": "6 points in a row {trend}",
    "14_alternating": "14 points in a row alternate up and down",
    "15_within_1s": "15 points in a row lie within 1 sigma of the centre line, less than chance would have them spread",
    "8_outside_1s": "8 points in a row lie more than 1 sigma from the centre line",
}


def violated(subject: Subject, unit: str, point: Point, rule: Rule, side: Side) -> Signal:
    """A rule that a point, which has limits, begins to violate."""
    limits = point.limits
    assert limits is not None  # noqa: S101 - nothing is judged without them
    newest = f"{_LINES[point.line].format(n=point.n)} {_quantity(point.value, unit)}"
    if rule == "beyond_limits":
        limit = limits.upper if side == 1 or limits.lower is None else limits.lower
        ratio = abs(point.value - limits.centre) / abs(limit - limits.centre)
        score, beyond = ratio / (1 + ratio), "above the upper" if side == 1 else "below the lower"
        reason = f"{newest} is {beyond} control limit {_quantity(limit, unit)}"
    else:
        text = _PATTERNS[rule].format(side="above" if side == 1 else "below", trend="rise" if side == 1 else "fall")
        score, reason = 0.5, f"{text} {_quantity(limits.centre, unit)}" if "centre line" in text else text
        reason = f"{reason}; newest {newest}"
    return Signal(
        f"{point.line}:{rule}", "warning" if rule == "beyond_limits" else "info", score, point.value, limits.centre,
        limits.lower, limits.upper, f"{_named(subject)}: {reason}",
    )  # fmt: skip


def outside(
    subject: Subject, unit: str, value: float, target: float | None, lower: float | None, upper: float | None
) -> Signal:
    """A measurement that leaves its specification."""
    above = upper is not None and value > upper
    limit = upper if above else lower
    side = "above the upper" if above else "below the lower"
    reason = f"{_quantity(value, unit)} is {side} specification limit {_quantity(limit or 0.0, unit)}"
    return Signal(
        f"specification:{'upper' if above else 'lower'}", "critical", 1.0, value, target, lower, upper,
        f"{_named(subject)}: {reason}",
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
