"""How a topology declares what stacks have to comply with."""

from typing import Annotated

import msgspec
from msgspec import Meta

from schemas.events import LARGEST_VALUE
from schemas.times import UtcOffset
from streams.compute.compliance.packs import PACKS, Pack, PackName, Period
from streams.compute.detectors.base import Name


class Oxygen(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Concentrations are judged at a reference oxygen, so that nobody complies by letting air in."""

    metric: str
    """The measured oxygen, % by volume, of the same asset."""
    reference: Annotated[float, Meta(ge=0)]
    """The oxygen at which the limits hold, % by volume, such as 9 for coal and 3.5 for oil and gas in GB 13271-2014."""


class Changes(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, omit_defaults=True):
    """Numbers of a pack that local rules have otherwise."""

    minutes: Annotated[int, Meta(ge=1, le=60)] | None = None
    """Valid minutes that an hour or a half-hour needs."""
    hours: Annotated[int, Meta(ge=1, le=24)] | None = None
    """Valid hours that a day needs."""
    days: Annotated[int, Meta(ge=1, le=28)] | None = None
    """Valid days that a month needs."""
    february_days: Annotated[int, Meta(ge=1, le=28)] | None = None
    """The same for February."""
    discarded: Annotated[int, Meta(ge=0, le=48)] | None = None
    """Half-hours of a day, at most, that are not valid although the plant ran."""


class Rule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One pollutant of some stacks, its limits, and the pack of rules by which it is judged."""

    name: Name
    """In verdicts and flags; unique among rules and detectors."""
    pack: PackName
    """The body of rules: which periods are judged, and how much of a period must have been measured."""
    metric: str
    """The concentration that is judged."""
    assets: tuple[str, ...] = ("*",)
    """The stacks: names or patterns. The rule begins for a stack with its first reading of the metric."""
    limits: dict[Period, float]
    """The highest mean allowed, by period, in the metric's unit and at the reference oxygen."""
    standard: str = ""
    """Where the limits come from, such as `GB 13271-2014 table 3`; it is in every verdict."""
    oxygen: Oxygen | None = None
    """Left out, the measured concentration is judged as it is, as GB 16297-1996 wants it."""
    flow: str | None = None
    """The dry flow at standard conditions, m3/h, of the same asset: the emitted mass is added up with it."""
    confidence: Annotated[float, Meta(ge=0, lt=1)] | None = None
    """Share of the limit that is subtracted from a mean as the measurement's confidence interval; left out, as the
    pack has it for the metric."""
    changes: Changes = Changes()
    """What local rules have otherwise than the pack."""

    def __post_init__(self) -> None:
        pack = PACKS[self.pack]
        if not self.limits:
            raise ValueError("limits is empty: give at least one period a limit")
        for period, limit in self.limits.items():
            if period not in pack.periods:
                raise ValueError(f"limits has {period}, which {self.pack} does not judge: {', '.join(pack.periods)}")
            if not 0 < limit <= LARGEST_VALUE:
                raise ValueError(f"limit {limit:g} of the {period} must be above 0")
        if self.oxygen is not None and self.oxygen.reference >= pack.air_oxygen:
            raise ValueError(
                f"reference oxygen {self.oxygen.reference:g} must be below {pack.air_oxygen:g}, that of air"
            )
        if self.flow is not None and not pack.substitutions:
            raise ValueError(f"flow: {self.pack} has no rule for emitted mass; leave it out")
        if pack.confidence is not None and self.confidence is None and self.metric not in pack.confidence:
            raise ValueError(f"confidence: {self.pack} has none for {self.metric}; give it here")
        if not self.assets:
            raise ValueError("assets must name at least one asset or pattern")
        for field in self.changes.__struct_fields__:
            if getattr(self.changes, field) is not None and not getattr(pack, field):
                raise ValueError(f"changes: {self.pack} has no {field} to change")
        if pack.periods[0] == "half_hour" and (self.changes.minutes or 0) > 30:
            raise ValueError(f"changes: minutes {self.changes.minutes} must be at most 30, a half-hour has no more")

    def rules(self) -> Pack:
        """The pack with this rule's changes."""
        changed = {
            field: number
            for field in self.changes.__struct_fields__
            if (number := getattr(self.changes, field)) is not None
        }
        pack = PACKS[self.pack]
        return pack._replace(**changed, version=f"{pack.version}+local") if changed else pack

    def share(self) -> float:
        """Share of the limit that is subtracted as confidence interval."""
        if self.confidence is not None:
            return self.confidence
        return (PACKS[self.pack].confidence or {}).get(self.metric, 0.0)


class Compliance(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What stacks have to comply with."""

    utc_offset: UtcOffset = "+00:00"
    """Where hours, days and months begin. Standard time all the year, as regulators count."""
    rules: tuple[Rule, ...] = ()
