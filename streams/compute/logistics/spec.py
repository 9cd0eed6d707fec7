"""What a topology declares of logistics."""

from typing import Annotated

import msgspec
from msgspec import Meta

from schemas.durations import Duration
from schemas.shop_floor import Name

_KeyPart = Annotated[str, Meta(pattern=r"^[^\s/]{1,200}\Z")]
"""Site and store make up the message key `site/store`."""


class Cutting(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How the saws cut; what `headrace picking plan` reckons with."""

    kerf_mm: Annotated[int, Meta(ge=0, le=100)] = 4
    """Width of a cut, mm: so much is lost between two lengths."""
    reusable_mm: Annotated[int, Meta(ge=1, le=100_000)] = 1_000
    """What is left of a piece goes back to stock where it is at least so long, mm; else it is waste."""
    handling_mm: Annotated[int, Meta(ge=0, le=100_000)] = 250
    """What it costs to put such a rest back, as length of steel, mm: a plan has one more only if that saves as much."""

    def __post_init__(self) -> None:
        if self.handling_mm > self.reusable_mm:
            raise ValueError(
                f"handling_mm {self.handling_mm} must be at most reusable_mm {self.reusable_mm}: a rest that goes back "
                "must be worth it"
            )


class Logistics(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The topic `logistics.events` and what becomes of it."""

    partitions: Annotated[int, Meta(ge=1, le=1000)] = 2
    """Partitions of the topic."""
    retention: Duration = Duration.parse("30d")
    """How long the broker keeps records."""
    stores: tuple[_KeyPart, ...] = ()
    """The stores (yards and racks), `asset` of the events. An event of another one is a dead letter; left out, every
    store is taken."""
    exits: tuple[Name, ...] = ()
    """Destinations of moves at which nothing waits: what arrives there has left the plant."""
    length_tolerance_mm: Annotated[int, Meta(ge=0, le=1_000)] = 5
    """By how much the measured length of a picked piece may differ from that of the pick list, mm."""
    cutting: Cutting = Cutting()

    def __post_init__(self) -> None:
        for part, names in (("stores", self.stores), ("exits", self.exits)):
            for name in names:
                if names.count(name) > 1:
                    raise ValueError(f"{part} names {name} twice")
