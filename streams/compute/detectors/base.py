"""The interface of a detector: how it is declared, what it is given and what it gives back.

A detector judges points of many series at once. A series has a *slot* in every detector that watches it: 0, 1, 2 ...
in the order in which the series appeared. State is held as arrays over slots, so one step is elementwise arithmetic.
"""

from collections.abc import Sequence
from enum import Enum
from typing import Annotated, Any, Final, Literal, NamedTuple, Protocol

import msgspec
import numpy as np
import numpy.typing as npt
from msgspec import Meta

from schemas.events import LARGEST_VALUE
from schemas.results import Severity

BoolArray = npt.NDArray[np.bool_]
FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
SlotArray = npt.NDArray[np.intp]

UPPER: Final = 1
LOWER: Final = 2
"""Bits of `Violations.condition`. A condition that has no side counts as upper."""

Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")]
"""What a topology names; safe as a part of topic names, group ids and labels."""


class Spec(msgspec.Struct, kw_only=True, frozen=True, forbid_unknown_fields=True, tag_field="kind"):
    """What every detector's declaration has in common. ValueError says what is wrong with an impossible setting."""

    name: Name
    """Name in flags and metrics, unique within a topology."""
    metrics: tuple[str, ...]
    """Which metrics it watches: names or patterns with `*`, `?` and `[...]`."""
    assets: tuple[str, ...] = ("*",)
    """Which assets it watches: names or patterns."""
    severity: Severity = "warning"
    """What its flags carry."""
    report: Literal["onset", "every"] = "onset"
    """`onset`: one flag when a condition begins. `every`: one flag for every point at which it holds."""
    budget: float | None = None
    """Flags a day that somebody will look at, of one series, or of one asset where its metrics are judged together.
    Where there would be more, its threshold is raised until there are not. All flags are told where left out."""
    reset_after: tuple[str, ...] = ()
    """Machine states, such as `maintenance`: an asset in one of them is neither judged nor learned from, and once it
    has left it, what had been learned of it is forgotten. States count that come in events with values."""

    def __post_init__(self) -> None:
        if not self.metrics:
            raise ValueError("metrics must name at least one metric or pattern")
        if not self.assets:
            raise ValueError("assets must name at least one asset or pattern")
        if not all(self.reset_after):
            raise ValueError("reset_after must not name an empty state")
        for field, name in zip(self.__struct_fields__, self.__struct_encode_fields__, strict=True):
            value = getattr(self, field)
            if isinstance(value, float) and not abs(value) <= LARGEST_VALUE:
                raise ValueError(f"{name} must be a number of at most {LARGEST_VALUE:g}, not {value:g}")
        if self.budget is not None and not 1e-3 <= self.budget <= 1e6:
            raise ValueError(f"budget {self.budget:g} must be 0.001 to 1000000 flags a day")


class MetricInfo(NamedTuple):
    """A metric as the topology declares it; low and high bound what is physically possible."""

    name: str
    unit: str = ""
    low: float | None = None
    high: float | None = None


class Order(Enum):
    """Which points a detector's `step` may be given at once."""

    ANY = "any"
    """It keeps no state: any points in one step, several of a series too."""
    LOG = "log"
    """At most one point of a series in a step, in the order of the log, also those out of order in event time."""
    TIME = "time"
    """At most one point of a series in a step, only such as are newer than every one before them in their series."""
    SERIES = "series"
    """Such points, any number of them: series by series, in the order of the log within each."""


class Points(NamedTuple):
    """The points of one step, all arrays of the same length."""

    slot: SlotArray
    ts: IntArray
    """Event time, epoch milliseconds."""
    x: FloatArray
    """Finite."""


class Violations(NamedTuple):
    """The points of one step at which a condition holds, all arrays of the same length; NaN stands for none."""

    at: SlotArray
    """Indices into the step's points, ascending."""
    condition: npt.NDArray[np.int8]
    """Bit set of the conditions that hold: UPPER, LOWER."""
    statistic: FloatArray
    """The detector's own measure, which its reason tells: a rate, a sum, milliseconds."""
    score: FloatArray
    """0 to 1, growing with the violation; 0.5 at the threshold."""
    expected: FloatArray
    lower: FloatArray
    upper: FloatArray

    def only(self, chosen: BoolArray) -> "Violations":
        """Some of them: bool of their number."""
        return Violations._make(column[chosen] for column in self)


class Violation(NamedTuple):
    """One of `Violations`."""

    condition: int
    statistic: float
    score: float
    expected: float
    lower: float
    upper: float


class Detector(Protocol):
    """Running state of one declared detector over the series that it watches."""

    @property
    def order(self) -> Order:
        """Which points `step` may be given at once."""

    def grow(self, metrics: Sequence[MetricInfo]) -> None:
        """Append one slot per element, for series of these metrics that have just appeared."""

    def step(self, points: Points) -> Violations | None:
        """Judge points and take them into the state. None where nothing is violated."""

    def reason(self, metric: MetricInfo, x: float, violation: Violation) -> str:
        """One sentence for people: what is wrong with value `x`, with numbers and unit."""

    def reset(self, slot: SlotArray) -> None:
        """Forget what is known of these slots."""

    def snapshot(self) -> dict[str, npt.NDArray[Any]]:
        """A copy of the state, one array over slots per name."""

    def restore(self, arrays: dict[str, npt.NDArray[Any]]) -> None:
        """Continue from a snapshot of the same declaration and as many slots. CheckpointError if it does not fit."""


def score(ratio: FloatArray) -> FloatArray:
    """Maps violation / threshold, in [0, inf], to [0, 1]: 0.5 at the threshold, 0.9 at nine times the threshold."""
    return 1 - 1 / (1 + ratio)


def none(like: FloatArray) -> FloatArray:
    """NaN in the shape of `like`: no expected value, no bound."""
    return np.full(like.shape, np.nan)


def quantity(x: float, metric: MetricInfo) -> str:
    """A value with its unit, as people read it."""
    return f"{x:.10g} {metric.unit}" if metric.unit else f"{x:.10g}"
