"""What a topology declares of logistics."""

from typing import Annotated

import msgspec
from msgspec import Meta

from schemas.durations import Duration


class Logistics(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The topic `logistics.events` and what becomes of it."""

    partitions: Annotated[int, Meta(ge=1, le=1000)] = 2
    """Partitions of the topic."""
    retention: Duration = Duration.parse("30d")
    """How long the broker keeps records."""
