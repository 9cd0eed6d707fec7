"""How alarms are declared."""

from typing import Annotated

import msgspec
from msgspec import Meta

from schemas.durations import Duration
from schemas.results import Priority
from streams.compute.detectors.base import Name
from streams.compute.detectors.limit import Limit


class AlarmRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One alarm for each series that it watches. Its condition is that of a `limit` detector with the same settings."""

    name: Name
    """Unique among the alarms of a topology; it is in every row."""
    metrics: tuple[str, ...]
    """Which metrics it watches: names or patterns with `*`, `?` and `[...]`."""
    assets: tuple[str, ...] = ("*",)
    """Which assets it watches: names or patterns."""
    high: float | None = None
    """Upper limit, in the metric's unit. Either this or `low`: an alarm has one limit, for it asks for one response."""
    low: float | None = None
    """Lower limit, in the metric's unit."""
    deadband: float = 0.0
    """How far a value must come back inside the limit, in the metric's unit."""
    on_delay: Duration = Duration(0)
    """How long a value must be beyond the limit before the alarm is raised, event time."""
    off_delay: Duration = Duration(0)
    """How long a value must be back inside before the alarm returns, event time."""
    priority: Priority = "medium"
    """How urgent the operator's response is."""
    latching: bool = False
    """Whether an alarm that was acknowledged stays when its condition is gone, until it is acknowledged once more."""
    escalate_after: Duration | None = None
    """How long it may stay unacknowledged before that is told as a transition; left out, for ever. A condition that
    comes and goes does not begin anew; while it is gone nothing is told."""
    about: str = ""
    """For people."""

    def __post_init__(self) -> None:
        if (self.high is None) == (self.low is None):
            raise ValueError("give either high or low: an alarm has one limit; two limits are two alarms")
        if self.escalate_after is not None and self.escalate_after <= 0:
            raise ValueError("escalate_after must be longer than 0")
        self.condition()  # which has its own checks

    @property
    def limit(self) -> float:
        """The one that is given."""
        [limit] = [one for one in (self.high, self.low) if one is not None]
        return limit

    def condition(self) -> Limit:
        """The detector that finds its condition."""
        return Limit(
            name=self.name,
            metrics=self.metrics,
            assets=self.assets,
            high=self.high,
            low=self.low,
            deadband=self.deadband,
            on_delay=self.on_delay,
            off_delay=self.off_delay,
        )


class AlarmSystem(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What all alarms of a topology have in common. Counts only where `alarms` declares any."""

    partitions: Annotated[int, Meta(ge=1, le=1000)] = 2
    """Partitions of the topics `alarm.actions` and `process.acks`: how many workers can share the alarms."""
    retention: Duration = Duration.parse("30d")
    """How long the broker keeps alarm actions and acknowledgements."""
    longest_shelf: Duration = Duration.parse("8h")
    """An action that shelves an alarm for longer is a dead letter."""
    flood_span: Duration = Duration.parse("10m")
    """Over what time raised alarms are counted, by site, to tell a flood."""
    flood_above: Annotated[int, Meta(ge=1, le=10_000)] = 10
    """A flood begins with more alarms than so many."""
    flood_below: Annotated[int, Meta(ge=1, le=10_000)] = 5
    """It ends with fewer than so many."""

    def __post_init__(self) -> None:
        if self.longest_shelf <= 0 or self.flood_span <= 0:
            raise ValueError("longest_shelf and flood_span must be longer than 0")
        if self.flood_below > self.flood_above:
            raise ValueError(f"flood_below {self.flood_below} must be at most flood_above {self.flood_above}")
