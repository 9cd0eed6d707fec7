"""What a topology declares of logistics."""

from typing import Annotated

import msgspec
from msgspec import Meta

from schemas.durations import Duration
from schemas.shop_floor import Name


class Cutting(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the saws cut; what `headrace picking plan` reckons with."""

    kerf_mm: Annotated[int, Meta(ge=0, le=100)] = 4
    """Width of a cut, mm: so much is lost between two lengths."""
    reusable_mm: Annotated[int, Meta(ge=1, le=100_000)] = 1_000
    """What is left of a piece goes back to stock where it is at least so long, mm; else it is waste."""


class Logistics(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The topic `logistics.events` and what becomes of it."""

    partitions: Annotated[int, Meta(ge=1, le=1000)] = 2
    """Partitions of the topic."""
    retention: Duration = Duration.parse("30d")
    """How long the broker keeps records."""
    stores: tuple[Name, ...] = ()
    """The stores (yards and racks), `asset` of the events. An event of another one is a dead letter; left out, every
    store is taken."""
    exits: tuple[Name, ...] = ()
    """Destinations of moves at which nothing waits: what arrives there has left the plant."""
    length_tolerance_mm: Annotated[int, Meta(ge=0, le=1_000)] = 5
    """By how much the measured length of a picked piece may differ from that of the pick list, mm."""
    cutting: Cutting = Cutting()
