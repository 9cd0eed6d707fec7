"""How the columns of a history file become events: the `replays` part of a topology."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from schemas.durations import Duration


class TimeColumn(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="from", tag="column"):
    """Event time stands in a column."""

    column: str
    format: str = "iso"
    """A strptime format, `iso` (RFC 3339 or ISO 8601), `epoch_ms` or `epoch_s`."""
    utc_offset: Annotated[str, Meta(pattern=r"^[+-]\d\d:\d\d$")] = "+00:00"
    """Applied to times that carry no offset of their own."""
    midnight_ends_day: bool = False
    """A row stamped 00:00 follows 23:45 of the same date: one day is added to it."""


class TimeRows(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True, tag_field="from", tag="rows"):
    """The file has no times: row k stands for the start of a year plus k intervals.

    The year is the first group of `year_in_name`, matched against the file's name.
    """

    interval: Duration
    year_in_name: str


class Replay(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One kind of history file."""

    files: str
    """Pattern of the file names it is for, such as `gt_*.csv`."""
    topic: Literal["machine.events", "emission.events"]
    time: TimeColumn | TimeRows
    values: dict[str, str]
    """Metric to column. An empty cell gives no value."""
    asset: str | None = None
    """The asset that all rows belong to."""
    asset_column: str | None = None
    state_column: str | None = None

    def __post_init__(self) -> None:
        if (self.asset is None) == (self.asset_column is None):
            raise ValueError("give either asset or asset_column")
        if not self.values:
            raise ValueError("values must map at least one metric to a column")
