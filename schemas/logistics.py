"""Logistics in: what arrives on `logistics.events`, from goods-in, robots, cranes and `headrace picking`.

`asset` is the store (a yard or a rack) whose stock is concerned, so that everything about it has one order.
"""

from typing import Annotated

import msgspec
from msgspec import Meta

from schemas.shop_floor import Amount, MaybeName, Name, ShopFloorEvent

_Pieces = Annotated[int, Meta(ge=1, le=1_000_000)]
_Length = Annotated[int, Meta(ge=1, le=100_000)]


class Arrival(ShopFloorEvent, frozen=True, gc=False, tag="arrival", omit_defaults=True):
    """Raw material is put into a bin."""

    bin: Name
    """Where it lies. A bin holds one grade, section, length and heat."""
    grade: Name
    """Grade of the steel, such as Q355B."""
    section: Name
    """Its section, such as L100x8."""
    length_mm: _Length
    """Length of a piece, mm."""
    heat: Name
    """Heat number of the steelworks' certificate."""
    pieces: _Pieces
    """How many."""


class StockTake(ShopFloorEvent, frozen=True, gc=False, tag="stock_take", omit_defaults=True):
    """Somebody has counted what is in a bin."""

    bin: Name
    """Which bin."""
    pieces: Amount
    """How many pieces are there."""
    by: MaybeName = ""
    """Who counted."""


class PickLine(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Pieces to be taken from one bin, and what is cut from each."""

    bin: Name
    """Where they lie."""
    grade: Name
    """Grade of the steel."""
    section: Name
    """Its section."""
    length_mm: _Length
    """Length of a piece, mm."""
    heat: Name
    """Heat number."""
    pieces: _Pieces
    """How many to take."""
    cuts_mm: Annotated[tuple[_Length, ...], Meta(min_length=1, max_length=1_000)]
    """Lengths that are cut from each piece, mm."""


class PickList(ShopFloorEvent, frozen=True, gc=False, tag="pick_list", omit_defaults=True):
    """What a robot is to fetch for a cutting order. A newer one of the same order takes its place: it says what is
    still to be fetched. One without lines cancels the order.
    """

    order: Name
    """Number of the cutting order."""
    lines: Annotated[tuple[PickLine, ...], Meta(max_length=10_000)]
    """What is to be taken from where."""
    waste_mm: Annotated[int, Meta(ge=0, le=1_000_000_000_000)]
    """Length that is lost, mm: what is taken less what is cut and what goes back to stock."""
    by: MaybeName = ""
    """Who made it."""


class Pick(ShopFloorEvent, frozen=True, gc=False, tag="pick", omit_defaults=True):
    """A robot has taken pieces, and read what they are."""

    order: Name
    """The cutting order that they are for."""
    robot: Name
    """Who took them."""
    bin: Name
    """Where from."""
    grade: Name
    """Grade as read off the piece."""
    section: Name
    """Section as measured."""
    length_mm: _Length
    """Length as measured, mm."""
    heat: Name
    """Heat number as read off the piece."""
    pieces: _Pieces
    """How many."""


class Move(ShopFloorEvent, frozen=True, gc=False, tag="move", omit_defaults=True):
    """Something has been carried from one place to another; sent when it arrives."""

    item: Name
    """What: an item, a pack or a lot."""
    source: Name
    """Where from: an asset, a buffer or a bin."""
    destination: Name
    """Where to."""
    departed: int | str
    """When it left, as `ts`."""
    carrier: MaybeName = ""
    """What carried it, such as `crane-1`."""
    pieces: _Pieces = 1
    """How many pieces."""


LogisticsEvent = Arrival | StockTake | PickList | Pick | Move
"""What a message of `logistics.events` can be."""
