"""Traceability in: what arrives on `trace.events`, from `headrace codes`, whoever captures EPCIS events, and resolvers.

One JSON object per message, under the enterprise's prefix as key, so that all of an enterprise has one order.
"""

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from schemas.alarm_actions import LONGEST_REASON
from schemas.codes import SERIALS
from schemas.shop_floor import Name

Serial = Annotated[int, Meta(ge=0, lt=SERIALS)]


class _Message(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag_field="kind", forbid_unknown_fields=True):
    enterprise: Name
    """Prefix of the enterprise, as the topology declares it."""


class Span(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Serials that follow each other."""

    first: Serial
    """The first serial."""
    count: Annotated[int, Meta(ge=1, le=SERIALS)]
    """How many."""


class Mint(_Message, frozen=True, gc=False, tag="mint"):
    """Codes are given out: one range, however many. Serials that were given out before cannot be given out again."""

    ts: int | str
    """When: epoch milliseconds, UTC, or RFC 3339 with an offset."""
    product: Name
    """What they are put on: `88.118.8/TP-1001`, or `01/` and a GTIN of 14 digits."""
    first: Serial
    """The first serial."""
    count: Annotated[int, Meta(ge=1, le=SERIALS)]
    """How many."""
    key: Annotated[str, Meta(pattern="^[0-9A-HJKMNP-TV-Z]$", max_length=1)]
    """Id of the key that their check part is made with."""


class Void(_Message, frozen=True, gc=False, tag="void"):
    """Codes are worth nothing from now on: lost, stolen, misprinted. They have to be minted."""

    ts: int | str
    """When: epoch milliseconds, UTC, or RFC 3339 with an offset."""
    product: Name
    """As in the mint."""
    spans: Annotated[tuple[Span, ...], Meta(min_length=1, max_length=10_000)]
    """Which serials."""
    reason: Annotated[str, Meta(min_length=1, max_length=LONGEST_REASON)]
    """Why, for people."""
    by: Name
    """Who says so."""


class Capture(_Message, frozen=True, gc=False, tag="event"):
    """Something happened to items."""

    event: dict[str, Any]
    """One event of EPCIS 2.0 in JSON, with its `@context` if it has extensions."""


class Place(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A place on the earth, WGS 84."""

    latitude: Annotated[float, Meta(ge=-90, le=90)]
    """Degrees, north positive."""
    longitude: Annotated[float, Meta(ge=-180, le=180)]
    """Degrees, east positive."""


Found = Literal["genuine", "void", "unknown", "forged"]
"""What a resolver says of a code: minted and valid; voided; genuine but never minted; made without the key."""


class Scan(_Message, frozen=True, gc=False, tag="scan"):
    """Somebody read a code and asked a resolver about it."""

    ts: int | str
    """When: epoch milliseconds, UTC, or RFC 3339 with an offset."""
    code: Name
    """Its text form."""
    found: Found
    """What the resolver answered."""
    disposition: str = ""
    """Condition of the item after the archive, a word of the Core Business Vocabulary; empty if unknown."""
    client: Annotated[str, Meta(max_length=64)] = ""
    """Pseudonym of whoever asked, the same within a day; empty if unknown."""
    place: Place | None = None
    """Where, if whoever asked has told."""


TraceMessage = Mint | Void | Capture | Scan
"""What a message of `trace.events` can be."""
