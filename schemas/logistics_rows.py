"""Logistics out: the rows of `stock_levels`, `pick_lists`, `picks` and `moves`."""

from typing import ClassVar, Literal

from schemas.rows import Row

Cause = Literal["arrival", "stock_take", "pick"]
Verdict = Literal[
    "right",
    "no_list",
    "not_listed",
    "wrong_bin",
    "wrong_section",
    "wrong_grade",
    "wrong_length",
    "wrong_heat",
    "too_many",
]
"""Of a pick; where several are true, the first of these words."""


class StockLevel(Row, frozen=True, gc=False, kw_only=True):
    """What a bin holds after a change."""

    table: ClassVar[str] = "stock_levels"

    ts: int
    """Event time of the change, epoch ms."""
    bin: str
    """Which bin."""
    grade: str
    """Grade of the steel in it."""
    section: str
    """Its section."""
    length_mm: int
    """Length of a piece, mm."""
    heat: str
    """Heat number."""
    pieces: int
    """Pieces in the bin afterwards."""
    change: int
    """Pieces more than before, negative for fewer."""
    cause: str
    """arrival, stock_take or pick."""
    order: str
    """The cutting order of a pick; else empty."""
    by: str
    """The robot that picked, or who counted; else empty."""


class PickListLine(Row, frozen=True, gc=False, kw_only=True):
    """A line of a pick list."""

    table: ClassVar[str] = "pick_lists"

    ts: int
    """Event time of the list, epoch ms."""
    order: str
    """The cutting order."""
    line: int
    """Position of the line in its list, from 0."""
    bin: str
    """Where the pieces are to be taken."""
    grade: str
    """Grade of the steel."""
    section: str
    """Its section."""
    length_mm: int
    """Length of a piece, mm."""
    heat: str
    """Heat number."""
    pieces: int
    """How many to take."""
    cuts_mm: str
    """Lengths that are cut from each piece, mm: a JSON array."""
    cut_mm: int
    """Their sum times `pieces`, mm."""
    waste_mm: int
    """Length of the whole list that is lost, mm; the same in each of its lines."""
    by: str
    """Who made the list."""


class CheckedPick(Row, frozen=True, gc=False, kw_only=True):
    """A pick, and whether it was the right one."""

    table: ClassVar[str] = "picks"

    ts: int
    """Event time, epoch ms."""
    order: str
    """The cutting order that it was for."""
    robot: str
    """Who took the pieces."""
    bin: str
    """Where from."""
    grade: str
    """Grade as read off the piece."""
    section: str
    """Section as measured."""
    length_mm: int
    """Length as measured, mm."""
    heat: str
    """Heat number as read off the piece."""
    pieces: int
    """How many were taken."""
    counted: int
    """How many of them the pick list wanted."""
    verdict: str
    """One of `Verdict`."""
    reason: str
    """What was taken and what was wanted, in one sentence; empty if it was right."""
    wanted_bin: str
    """The line of the list that is nearest to the pick, and empty if none is: its bin,"""
    wanted_grade: str
    """grade,"""
    wanted_section: str
    """section,"""
    wanted_length_mm: int | None
    """length in mm,"""
    wanted_heat: str
    """heat number,"""
    wanted_pieces: int | None
    """and the pieces that were still to be taken from that bin before the pick."""


class CarriedItem(Row, frozen=True, gc=False, kw_only=True):
    """A move, and how many items lie at both places after it."""

    table: ClassVar[str] = "moves"

    ts: int
    """When it arrived, event time, epoch ms."""
    departed: int
    """When it left, epoch ms."""
    duration_ms: int
    """From one to the other, ms."""
    item: str
    """What was carried."""
    source: str
    """Where from."""
    destination: str
    """Where to."""
    carrier: str
    """What carried it, if that is known."""
    pieces: int
    """How many pieces."""
    items_at_source: int
    """Items that lie at the source now."""
    items_at_destination: int
    """Items that lie at the destination now, this one among them; 0 for an exit."""
    has_left: bool
    """Whether the destination is an exit: the item does not wait there for anything."""
