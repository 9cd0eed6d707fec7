"""What things cost and what is compared with: the rows of `tariffs` and `baselines`, as `topology apply` writes them.

A row is valid from `valid_from` until before `valid_to`; of everything else it says, nothing ever changes.
"""

from typing import Literal

import msgspec

CostKind = Literal["energy", "reagent", "scrap", "downtime", "labour"]


class TariffRow(msgspec.Struct, frozen=True, kw_only=True):
    """The price of one thing of one asset, in one part of the day. Fields that do not concern its kind are empty or 0.

    Times are epoch milliseconds, UTC.
    """

    topology: str
    site: str
    tariff: str
    """Name of the tariff in the topology."""
    kind: CostKind
    line: str = ""
    """Line of the asset; empty if it is in none."""
    asset: str = ""
    """Whose cost it is; empty for labour."""
    metric: str = ""
    """What is metered."""
    window: str = ""
    """The window whose aggregates are counted."""
    per_hour: float | None = None
    """Units per hour where the metric stands at 1; None where its values are amounts, which are added up."""
    product: str = ""
    """Whose scrap it is; empty for that of every product that has no price of its own."""
    other_products: tuple[str, ...] = ()
    """Those that have one."""
    shift: str = ""
    """Whose people they are."""
    people: float = 0
    """How many."""
    start_minute: int = 0
    end_minute: int = 1440
    """Part of the local day in which the price holds: [start, end), minutes since midnight."""
    utc_offset_minutes: int
    """Local time against UTC, east positive."""
    unit: str
    """Of the quantity that is paid for."""
    price: float
    """Of a unit."""
    currency: str
    valid_from: int = 0
    valid_to: int | None = None


class BaselineRow(msgspec.Struct, frozen=True, kw_only=True):
    """What the costs and the output of a topology are compared with: a period, or figures that are given."""

    topology: str
    site: str
    currency: str
    output: tuple[str, ...]
    """The assets whose good items are what the plant turns out."""
    hours_per_year: float
    """Hours of operation."""
    utc_offset_minutes: int
    """Local time against UTC, east positive."""
    first_day: str = ""
    last_day: str = ""
    """The period: local dates, both included. Empty where figures are given."""
    money_per_good: float | None = None
    good_per_hour: float | None = None
    valid_from: int = 0
    valid_to: int | None = None
