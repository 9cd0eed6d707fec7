"""What a topology declares of quality: characteristics, how they are charted, and inspections."""

import math
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from schemas.durations import Duration
from schemas.events import LARGEST_VALUE
from streams.compute.detectors.base import Name
from streams.compute.quality.rules import Rule, RuleSet

_Number = Annotated[float, Meta(ge=-LARGEST_VALUE, le=LARGEST_VALUE)]
_Positive = Annotated[float, Meta(ge=1 / LARGEST_VALUE, le=LARGEST_VALUE)]
_Rules = Annotated[tuple[RuleSet | Rule, ...], Meta(min_length=1)]


class XbarR(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind", tag="xbar_r"):
    """X-bar and R charts: means and ranges of subgroups. Lines `xbar` and `range`."""

    rules: _Rules = ("western_electric",)
    """What is judged of the means: sets of rules, or rules. Of ranges, only whether they are beyond their limits."""


class Individuals(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind", tag="individuals"
):
    """Individuals and moving range charts: each value alone. Lines `individuals` and `moving_range`."""

    rules: _Rules = ("western_electric",)
    """What is judged of the values: sets of rules, or rules. Of moving ranges, only whether they are beyond their
    limits."""


class EwmaChart(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind", tag="ewma"):
    """Exponentially weighted moving average of subgroup means, for small shifts. Line `ewma`."""

    weight: Annotated[float, Meta(ge=0.001, le=1)] = msgspec.field(default=0.2, name="lambda")
    """Weight of the newest mean; 0.05 to 0.3 is usual, less for smaller shifts."""
    width: Annotated[float, Meta(gt=0, le=100)] = msgspec.field(default=3.0, name="L")
    """Half the distance between the control limits, in standard deviations of the moving average."""
    limits: Literal["asymptotic", "exact"] = "asymptotic"
    """Constant limits, or limits that begin narrow and approach them."""


class CusumChart(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind", tag="cusum"):
    """Tabular cumulative sums of subgroup means, for small shifts. Lines `cusum_high` and `cusum_low`, in standard
    deviations of the subgroup mean."""

    k: Annotated[float, Meta(ge=0, le=100)] = 0.5
    """Reference value: half the shift that is to be found, in standard deviations."""
    h: Annotated[float, Meta(gt=0, le=1000)] = 5.0
    """Decision interval, in standard deviations; 4 or 5 is usual."""


Chart = XbarR | Individuals | EwmaChart | CusumChart


class Baseline(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Mean and spread of the process in control. What is not given is learned, and then stays."""

    mean: _Number | None = None
    """Mean, in the characteristic's unit."""
    sigma: _Positive | None = None
    """Standard deviation of single values within subgroups, in the characteristic's unit."""
    subgroups: Annotated[int, Meta(ge=2, le=10_000)] = 25
    """From how many subgroups it is learned."""


class Characteristic(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Something that is measured on products. Of several that match a sample the first one counts."""

    name: Name
    """As in the samples. Several may share it, for different products or assets."""
    unit: str
    """Of values and limits."""
    lower: _Number | None = None
    """Lower specification limit."""
    upper: _Number | None = None
    """Upper specification limit."""
    target: _Number | None = None
    """Nominal value; it is drawn, charts are centred on the baseline's mean."""
    products: tuple[str, ...] = ("*",)
    """Which products: names or patterns."""
    assets: tuple[str, ...] = ("*",)
    """Which assets: names or patterns."""
    charts: tuple[Chart, ...] = ()
    """At most one of each kind."""
    baseline: Baseline = Baseline()
    """That of its charts; each product of each asset learns its own."""
    capability_samples: Annotated[int, Meta(ge=2, le=100_000)] = 100
    """Capability is that of the newest samples: at most so many, and at least half as many once there are."""

    def __post_init__(self) -> None:
        if self.lower is not None and self.upper is not None and self.lower >= self.upper:
            raise ValueError(f"lower {self.lower:g} must be below upper {self.upper:g}")
        if self.target is not None and not _or(self.lower, -math.inf) <= self.target <= _or(self.upper, math.inf):
            raise ValueError(f"target {self.target:g} must be within the specification limits")
        kinds = [type(chart) for chart in self.charts]
        if len(kinds) > len(set(kinds)):
            raise ValueError("charts has two of one kind")
        if not self.products or not self.assets:
            raise ValueError("products and assets must name at least one, or a pattern")


class Inspections(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The p chart of the share of items that did not pass at once; one per product of each asset. Line `p` of the
    characteristic `nonconforming`."""

    subgroup: Annotated[int, Meta(ge=1, le=1_000_000)] = 50
    """Inspections are added up to one point until they have so many items."""
    fraction: Annotated[float, Meta(gt=0, lt=1)] | None = None
    """The share in control; learned where left out."""
    subgroups: Annotated[int, Meta(ge=2, le=10_000)] = 25
    """From how many points it is learned."""
    rules: _Rules = ("shewhart",)
    """What is judged: sets of rules, or rules."""


class Quality(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The topic `quality.events` and what becomes of it."""

    partitions: Annotated[int, Meta(ge=1, le=1000)] = 2
    """Partitions of the topic."""
    retention: Duration = Duration.parse("30d")
    """How long the broker keeps records."""
    series: Annotated[int, Meta(ge=1, le=10_000)] = 5_000
    """How many series (characteristics of products of assets) a partition follows. An event beyond is a dead letter.
    Each takes about a kilobyte of a checkpoint, which has at most 16 MiB."""
    characteristics: tuple[Characteristic, ...] = ()
    inspections: Inspections = Inspections()


def _or(limit: float | None, none: float) -> float:
    return none if limit is None else limit
