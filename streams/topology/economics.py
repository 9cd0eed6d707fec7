"""What a topology declares of money: what things cost, and what is compared with."""

from datetime import date
from itertools import pairwise
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from schemas.times import UtcOffset
from streams.compute.detectors.base import Name
from streams.compute.production.spec import DAY_MINUTES, TimeOfDay, minute_of_day

_Price = Annotated[float, Meta(ge=0, le=1e12)]
_Patterns = Annotated[tuple[str, ...], Meta(min_length=1)]
_Day = Annotated[str, Meta(pattern=r"^\d{4}-\d{2}-\d{2}\Z")]
"""Local date, such as `2026-01-31`."""


class Metering(msgspec.Struct, frozen=True):
    """How a metric of a unit becomes a quantity that is paid for."""

    unit: str
    """Of the quantity."""
    per_hour: float | None = None
    """Quantity in an hour at 1; None where values are amounts already, such as kWh of a quarter of an hour."""


METERING: Final[dict[str, Metering]] = {
    "W": Metering("kWh", 0.001), "kW": Metering("kWh", 1), "MW": Metering("kWh", 1000),
    "m3/h": Metering("m3", 1), "l/min": Metering("l", 60), "l/h": Metering("l", 1),
    "kg/h": Metering("kg", 1), "t/h": Metering("t", 1),
    **{unit: Metering(unit) for unit in ("kWh", "m3", "l", "kg", "t")},
}  # fmt: skip
"""By unit of the metric."""


class Band(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """A part of every day with a price of its own."""

    start: TimeOfDay
    """When it begins, local time."""
    end: TimeOfDay
    """When it is over: on the next day if that is not after `start`."""
    price: _Price
    """Of a unit."""

    def parts(self) -> list[tuple[int, int]]:
        """Its minutes of the day, [start, end): two parts if it goes over midnight."""
        start, end = minute_of_day(self.start), minute_of_day(self.end) or DAY_MINUTES
        return [(start, end)] if start < end else [(start, DAY_MINUTES), (0, end)]

    def __post_init__(self) -> None:
        if self.start == self.end:
            raise ValueError(f"a band from {self.start} to {self.end} is none; `price` of the tariff holds all day")


class _Metered(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    name: Name
    """Unique within the tariffs; it is in every row."""
    metrics: _Patterns
    """Which metrics: names or patterns. Their unit says how they are counted: W, kW, MW, m3/h, l/min, l/h, kg/h and t/h
    by time; kWh, m3, l, kg and t as amounts that are added up."""
    assets: _Patterns = ("*",)
    """Which assets: names or patterns."""
    price: _Price
    """Of a unit: kWh, m3, l, kg or t."""
    bands: tuple[Band, ...] = ()
    """Parts of the day with another price, such as peak and valley."""

    def prices(self) -> list[tuple[int, int, float]]:
        """Start, end and price of each part of the day, in order; together they are the whole day."""
        found, now = [], 0
        for start, end, price in sorted((*part, band.price) for band in self.bands for part in band.parts()):
            if now < start:
                found.append((now, start, self.price))
            found.append((start, end, price))
            now = end
        return [*found, (now, DAY_MINUTES, self.price)] if now < DAY_MINUTES else found

    def __post_init__(self) -> None:
        parts = sorted(part for band in self.bands for part in band.parts())
        for (_, end), (start, _) in pairwise(parts):
            if start < end:
                raise ValueError(f"two bands hold at {start // 60:02}:{start % 60:02}; allowed is one at a time")


class Energy(_Metered, frozen=True, tag_field="kind", tag="energy"):
    """Electricity, gas and other energy."""


class Reagent(_Metered, frozen=True, tag_field="kind", tag="reagent"):
    """What is used up to clean flue gas, fumes and water."""


class Scrap(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind", tag="scrap"):
    """What a rejected item costs."""

    name: Name
    """Unique within the tariffs; it is in every row."""
    assets: _Patterns = ("*",)
    """Which assets: names or patterns."""
    price: _Price
    """Of an item."""
    products: dict[Name, _Price] = {}
    """Of an item of a product, where that is another."""


class Downtime(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind", tag="downtime"):
    """What an hour costs in which a machine is out of order in planned busy time."""

    name: Name
    """Unique within the tariffs; it is in every row."""
    assets: _Patterns = ("*",)
    """Which assets: names or patterns."""
    price: _Price
    """Of an hour."""


class Labour(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="kind", tag="labour"):
    """What people cost while the plant works: in every minute in which a machine is planned to be busy."""

    name: Name
    """Unique within the tariffs; it is in every row."""
    people: Annotated[dict[Name, Annotated[float, Meta(gt=0, le=1e6)]], Meta(min_length=1)]
    """How many, by shift."""
    price: _Price
    """Of an hour of one of them."""


Tariff = Energy | Reagent | Scrap | Downtime | Labour


class CostBaseline(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What is compared with: a period of which there are data, or figures."""

    first_day: _Day | None = None
    """First day of the period."""
    last_day: _Day | None = None
    """Its last day."""
    money_per_good: _Price | None = None
    """Costs of all kinds per good item."""
    good_per_hour: Annotated[float, Meta(gt=0, le=1e9)] | None = None
    """Good items per hour of operation."""

    def __post_init__(self) -> None:
        period = (self.first_day, self.last_day)
        figures = (self.money_per_good, self.good_per_hour)
        whole = [None not in pair for pair in (period, figures)]
        if sum(whole) != 1 or any(one is not None for one in (figures if whole[0] else period)):
            raise ValueError("give first_day and last_day, or else money_per_good and good_per_hour")
        days = [date.fromisoformat(day) for day in period if day is not None]
        if days != sorted(days):
            raise ValueError(f"first_day {self.first_day} is after last_day {self.last_day}")


class Economics(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What the plant's energy, reagents, scrap, downtime and people cost, and what that is compared with."""

    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}\Z")]
    """Of all prices, as in ISO 4217, such as `CNY`."""
    utc_offset: UtcOffset = "+00:00"
    """Local time, in which days and bands are given. Standard time all the year."""
    window: Name | None = None
    """The window whose aggregates metered tariffs count: one without `advance` that divides an hour."""
    tariffs: tuple[Tariff, ...]
    """What costs something. Several may concern the same thing: they add up."""
    output: _Patterns = ()
    """The assets whose good items are what the plant turns out: names or patterns. Needed for savings."""
    hours_per_year: Annotated[float, Meta(gt=0, le=8784)] = 8760
    """Hours of operation in a year."""
    baseline: CostBaseline | None = None
    """What is compared with; without it there are costs and no savings."""
