"""From a cutting order and the bins of a store to the lines of a pick list."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from schemas.errors import UserError
from schemas.logistics import PickLine
from streams.picking.cutting import CuttingPlan, Shortage, cut
from streams.picking.orders import CuttingOrder
from streams.picking.patterns import Saw


class Bin(NamedTuple):
    """Pieces of one kind that may be taken."""

    name: str
    section: str
    grade: str
    length_mm: int
    heat: str
    pieces: int


class PickPlan(NamedTuple):
    """A pick list before it is sent, and what it leaves."""

    order: str
    lines: tuple[PickLine, ...]
    wanted_mm: int
    """Length that the order wants, mm."""
    waste_mm: int
    """What is lost, mm: kerfs, and rests that are too short to use."""
    gap_mm: int
    """By how much, at most, waste and handling are above those of the best plan there can be, mm."""
    rests: Counter[tuple[str, str, int]]
    """Section, grade and length (mm) of what goes back to stock, to how many."""


def plan(order: CuttingOrder, bins: Sequence[Bin], saw: Saw, seconds: float) -> PickPlan:
    """What to take for an order with the least waste and handling; of plans with the same, few pieces, from few bins.

    The search takes at most about `seconds` for each section and grade. UserError says what the stock lacks.
    """
    demands: dict[tuple[str, str], Counter[int]] = defaultdict(Counter)
    for demand in order.demands:
        demands[demand.section, demand.grade][demand.length_mm] += demand.quantity
    lines: list[PickLine] = []
    rests: Counter[tuple[str, str, int]] = Counter()
    lacking: list[str] = []
    plans: list[CuttingPlan] = []
    for (section, grade), wanted in demands.items():
        alike = [bin_ for bin_ in bins if (bin_.section, bin_.grade) == (section, grade)]
        stock: Counter[int] = Counter()
        for bin_ in alike:
            stock[bin_.length_mm] += bin_.pieces
        try:
            found = cut(wanted, stock, saw, seconds)
        except Shortage as shortage:
            missing = ", ".join(f"{pieces} x {length} mm" for length, pieces in shortage.lacking.items())
            lacking.append(f"{missing} of {section} {grade}")
            continue
        plans.append(found)
        lines += _lines(found, alike)
        for (length, cuts), pieces in found.pieces.items():
            if rest := saw.rest(length, saw.occupied(cuts)):
                rests[section, grade, rest] += pieces
    if lacking:
        raise UserError(f"order {order.order}: what is free in stock lacks {'; '.join(lacking)}")
    return PickPlan(
        order.order,
        tuple(lines),
        sum(demand.length_mm * demand.quantity for demand in order.demands),
        sum(one.waste for one in plans),
        sum(one.gap for one in plans),
        rests,
    )


def _lines(found: CuttingPlan, bins: Sequence[Bin]) -> list[PickLine]:
    """Pieces of each length out of the fullest bins, so that they are few; what is cut most often comes first."""
    left = {bin_: bin_.pieces for bin_ in sorted(bins, key=lambda bin_: (-bin_.pieces, bin_.name))}
    lines = []
    for (length, cuts), pieces in sorted(found.pieces.items(), key=lambda pair: (-pair[0][0], -pair[1], pair[0][1])):
        wanted = pieces
        for bin_, there in left.items():
            taken = min(wanted, there) if bin_.length_mm == length else 0
            if taken:
                left[bin_] -= taken
                wanted -= taken
                lines.append(PickLine(bin_.name, bin_.grade, bin_.section, length, bin_.heat, taken, cuts))
    return lines
