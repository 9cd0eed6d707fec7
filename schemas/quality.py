"""Quality in: what arrives on `quality.events`, from gauges, test benches and inspectors."""

from typing import Annotated

import msgspec
from msgspec import Meta

from schemas.events import LARGEST_VALUE
from schemas.shop_floor import Amount, MaybeName, Name, ShopFloorEvent

_Value = Annotated[float, Meta(ge=-LARGEST_VALUE, le=LARGEST_VALUE)]


class Sample(ShopFloorEvent, frozen=True, gc=False, tag="sample", omit_defaults=True):
    """A characteristic as measured on one item, or on a subgroup of several made one after the other."""

    characteristic: Name
    """What was measured, as the topology declares it with its unit and specification limits."""
    values: Annotated[tuple[_Value, ...], Meta(min_length=1, max_length=25)]
    """The measurements, in the characteristic's unit."""
    product: MaybeName = ""
    """What was made; characteristics of different products have charts of their own."""
    order: MaybeName = ""
    """Number of the order."""
    item: MaybeName = ""
    """Which item, or the first of them."""


class Inspection(ShopFloorEvent, frozen=True, gc=False, tag="inspection", omit_defaults=True):
    """The result of looking at one item or at a lot."""

    product: Name
    """What was inspected."""
    inspected: Annotated[int, Meta(ge=1, le=1_000_000_000)]
    """Items looked at."""
    passed: Amount
    """Items that passed at once, without rework: at most `inspected`."""
    reworked: Amount = 0
    """Items that are good after rework; the rest is scrap."""
    defects: Annotated[dict[Name, Amount], Meta(max_length=1_000)] = msgspec.field(default_factory=dict)
    """How often each defect was found. An item can have several."""
    order: MaybeName = ""
    """Number of the order."""
    item: MaybeName = ""
    """Which item, or the lot."""


QualityEvent = Sample | Inspection
"""What a message of `quality.events` can be."""
