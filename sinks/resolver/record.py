"""What may be told of a code to whoever reads it: nothing of machines, partners and places."""

from datetime import UTC, datetime
from typing import Literal, overload

import msgspec

Status = Literal["genuine", "recalled", "void", "unknown", "forged"]
"""Minted and valid; that, and called back; declared worth nothing; made with the key and never minted; made without."""


class Maker(msgspec.Struct, frozen=True):
    """The enterprise that has a code's prefix."""

    prefix: str
    name: str


class Voiding(msgspec.Struct, frozen=True):
    """Since when a code is worth nothing, and why."""

    since: datetime
    reason: str


class Warranty(msgspec.Struct, frozen=True):
    """From the first scan or sale on."""

    since: datetime
    until: datetime | None
    """None where the enterprise has not said for how long."""


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """The public record. Times are UTC."""

    code: str
    """Its text form."""
    status: Status
    product: str
    enterprise: Maker | None
    minted_at: datetime | None = None
    made_at: datetime | None = None
    """When the item was commissioned."""
    disposition: str | None = None
    """The newest, a word of the Core Business Vocabulary."""
    recalled_at: datetime | None = None
    void: Voiding | None = None
    warranty: Warranty | None = None
    archive: Literal["available", "unavailable"] = "available"
    """Whether the archive could be asked: without it there may be a recall that is not told."""


@overload
def at(ms: int) -> datetime: ...
@overload
def at(ms: None) -> None: ...
@overload
def at(ms: int | None) -> datetime | None: ...
def at(ms: int | None) -> datetime | None:
    """A time in epoch ms."""
    return None if ms is None else datetime.fromtimestamp(ms / 1000, UTC)
