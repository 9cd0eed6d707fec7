"""What the events of the shop floor have in common: those of production, quality and logistics.

One JSON object per message under the key `site/asset`. The field `kind` says which of the structs of its topic it is;
fields that are not listed are refused: an event that is understood in part must not be counted.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from schemas.events import LONGEST_NAME

Name = Annotated[str, Meta(min_length=1, max_length=LONGEST_NAME)]
MaybeName = Annotated[str, Meta(max_length=LONGEST_NAME)]
"""Empty where there is none."""
Amount = Annotated[int, Meta(ge=0, le=1_000_000_000)]


class ShopFloorEvent(msgspec.Struct, frozen=True, gc=False, kw_only=True, tag_field="kind", forbid_unknown_fields=True):
    """What each event has."""

    ts: int | str
    """Event time: epoch milliseconds, UTC, or RFC 3339 with an offset."""
    site: Name
    """The factory."""
    asset: Name
    """The machine, inspection place or store concerned."""
