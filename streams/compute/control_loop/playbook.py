"""How playbooks are declared."""

from typing import Annotated, Final

import msgspec
from msgspec import Meta

from schemas.durations import Duration
from schemas.results import Mode
from streams.compute.detectors.base import Name

SAMPLED_EVERY: Final = Duration.parse("5s")
"""How often a level is told, event time."""


class SetPoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What a playbook moves: low < initial < high, all in the metric's unit."""

    asset: str
    """The asset that has it."""
    metric: str
    """Its name: a metric of that asset, whose readings say where it stands."""
    initial: float
    """Where it stands as long as neither a reading nor an acknowledgement says so."""
    low: float
    """It is never moved below this."""
    high: float
    """It is never moved above this."""
    step: float
    """By how much it is moved at a time; negative, if lower is what helps."""

    def __post_init__(self) -> None:
        if not self.low < self.initial < self.high:
            raise ValueError(f"initial {self.initial:g} must be between low {self.low:g} and high {self.high:g}")
        if not 0 < abs(self.step) <= self.high - self.low:
            raise ValueError(
                f"step {self.step:g} must fit between low {self.low:g} and high {self.high:g}, and not be 0"
            )


class Interlock(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What must be so before a set-point is moved."""

    asset: str
    """Whose metric it is."""
    metric: str
    """What has to be known, and within the limits."""
    low: float | None = None
    """The smallest value at which the set-point may be moved, in the metric's unit."""
    high: float | None = None
    """The largest one."""

    def __post_init__(self) -> None:
        if self.low is None and self.high is None:
            raise ValueError("give low, high or both: an interlock without limits forbids nothing")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"low {self.low:g} must be at most high {self.high:g}")


class Playbook(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How an alarm of one asset is answered: which set-point is moved, how far, how fast, and what forbids it."""

    name: Name
    """Unique among the playbooks of a topology; it is in every row."""
    alarm: str
    """The alarm that it answers: one that watches a single metric, which the steps have to bring back."""
    asset: str
    """The asset, a stack most often, whose alarm it is."""
    setpoint: SetPoint
    mode: Mode = "advise"
    """`advise` says what it would do and commands nothing."""
    improvement: Annotated[float, Meta(gt=0)]
    """By how much a step must bring the alarm's metric back, in its unit, or else it had no effect."""
    cool_down: Duration = Duration.parse("20s")
    """From one step to the next at least."""
    most_steps: Annotated[int, Meta(ge=1, le=1000)] = 5
    """Steps for one episode, that is until all is well and the set-point is back."""
    ack_timeout: Duration = Duration.parse("5s")
    """How long a command is valid and its acknowledgement waited for."""
    attempts: Annotated[int, Meta(ge=1, le=100)] = 3
    """How often one adjustment is commanded before a person is called."""
    settle: Duration = Duration.parse("20s")
    """From the acknowledgement of a step to the verdict on its effect."""
    time_limit: Duration = Duration.parse("10m")
    """A person is called for an episode that is not over by then."""
    hold: Duration = Duration.parse("60s")
    """How long the condition has to be off before the set-point is wound back."""
    fresh: Duration = Duration.parse("15s")
    """A level older than this is unknown, and what is unknown forbids every move."""
    interlocks: tuple[Interlock, ...] = ()
    """What must be known and within limits before any move, also back."""
    about: str = ""
    """For people."""

    def __post_init__(self) -> None:
        for name in ("cool_down", "ack_timeout", "time_limit"):
            if getattr(self, name) <= 0:
                raise ValueError(f"{name} must be longer than 0")
        for name in ("fresh", "settle"):
            if getattr(self, name) <= SAMPLED_EVERY:
                raise ValueError(f"{name} must be longer than {SAMPLED_EVERY}, which is how often levels are told")
