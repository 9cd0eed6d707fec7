"""What a topology declares of production."""

from collections.abc import Mapping
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta

from schemas.durations import Duration
from schemas.oee import Category
from schemas.times import UtcOffset
from streams.compute.detectors.base import Name

DAY_MINUTES: Final = 1440
_LONGEST_SILENCE: Final = Duration.parse("7d")
"""A machine that comes back brings a row for each minute of it."""

TimeOfDay = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d\Z")]
"""Local time, such as `06:30`."""
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]

WEEKDAYS: Final[tuple[Weekday, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
STATES: Final[Mapping[str, Category]] = {
    "running": "production", "setup": "setup", "idle": "standby", "stopped": "down",
    "maintenance": "planned", "break": "planned", "off": "planned",
}  # fmt: skip


def minute_of_day(time: str) -> int:
    """Minutes since midnight."""
    return int(time[:2]) * 60 + int(time[3:])


class Break(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A planned pause within a shift."""

    start: TimeOfDay
    """When it begins."""
    end: TimeOfDay
    """When it is over."""

    def __post_init__(self) -> None:
        if self.start == self.end:
            raise ValueError(f"a break from {self.start} to {self.end} is none")


class Shift(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A time in which work is planned, every day or on some days of the week."""

    start: TimeOfDay
    """When it begins."""
    end: TimeOfDay
    """When it is over: on the next day if that is not after `start`, so that equal times are a whole day."""
    days: tuple[Weekday, ...] = WEEKDAYS
    """Days on which it begins."""
    breaks: tuple[Break, ...] = ()
    """Planned pauses."""

    @property
    def minutes(self) -> int:
        """How long it is."""
        return (minute_of_day(self.end) - minute_of_day(self.start)) % DAY_MINUTES or DAY_MINUTES

    def pauses(self) -> list[tuple[int, int]]:
        """Start and end of each break, minutes since the beginning of the shift."""
        begin = minute_of_day(self.start)
        found = []
        for one in self.breaks:
            start = (minute_of_day(one.start) - begin) % DAY_MINUTES
            found.append((start, start + (minute_of_day(one.end) - minute_of_day(one.start)) % DAY_MINUTES))
        return found

    def __post_init__(self) -> None:
        if not self.days:
            raise ValueError("days is empty; name at least one, or leave it out for every day")
        for one, (_, end) in zip(self.breaks, self.pauses(), strict=True):
            if end > self.minutes:
                raise ValueError(f"the break from {one.start} to {one.end} is not within {self.start} to {self.end}")


class Production(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The topic `production.events` and what becomes of it: OEE after ISO 22400."""

    partitions: Annotated[int, Meta(ge=1, le=1000)] = 2
    """Partitions of the topic."""
    retention: Duration = Duration.parse("30d")
    """How long the broker keeps records."""
    machines: Annotated[int, Meta(ge=1, le=100_000)] = 10_000
    """Machines of a partition, at most; an event of one more is a dead letter. Each takes 1 to 2 KiB of memory."""
    utc_offset: UtcOffset = "+00:00"
    """Local time, in which shifts are given. Standard time all the year."""
    states: dict[Name, Category] = msgspec.field(default_factory=lambda: dict(STATES))
    """What each state of a machine counts as. An event with another state is a dead letter. Left out: running is
    production, setup is setup, idle is standby, stopped is down; maintenance, break and off are planned."""
    lines: dict[Name, tuple[str, ...]] = {}
    """The assets of each line. What is in no line has figures of its own all the same."""
    shifts: dict[Name, Shift] = msgspec.field(default_factory=lambda: {"day": Shift(start="00:00", end="00:00")})
    """When work is planned; at any time there is one shift at most. Left out: all day, every day. Between shifts, and
    in breaks, only what a machine really works is planned busy time."""
    lateness: Duration = Duration.parse("10s")
    """How long after its end, in stream time, a minute still takes events."""
    silence: Duration = Duration.parse("15m")
    """How long a state holds after the last event of its machine, at most 7 days. What comes then is unknown until a
    state is told."""
    micro_stop: Duration = Duration.parse("5m")
    """A stop that is shorter is a micro-stop, and no failure."""

    def __post_init__(self) -> None:
        if not self.states:
            raise ValueError("states is empty: every event with a state would be a dead letter")
        if not self.shifts:
            raise ValueError("shifts is empty; leave it out for days of 24 hours")
        if not 0 < self.silence <= _LONGEST_SILENCE:
            raise ValueError(f"silence {self.silence} must be longer than 0, and at most {_LONGEST_SILENCE}")
