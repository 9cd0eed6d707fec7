"""Production: OEE of the running shift (ISO 22400), by line, and where time is lost.

Sums first, ratios last: the OEE of a line is that of its machines' times and items together.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from sinks.bigscreen import figures
from sinks.bigscreen.plant import Plant
from sinks.bigscreen.rows import Oee, Order
from sinks.bigscreen.snapshot import Snapshot
from sinks.bigscreen.words import Words

LINES: Final = 5
"""Lines that there is room for."""


@dataclass(frozen=True)
class Ratios:
    """Shares, None where there is nothing to divide by."""

    availability: float | None
    performance: float | None
    quality: float | None
    oee: float | None


@dataclass(frozen=True)
class Bar:
    """A name, a figure and how long its bar is, 0 to 1."""

    name: str
    figure: str
    share: float


@dataclass(frozen=True)
class Production:
    """The panel."""

    note: str
    oee: str
    availability: str
    performance: str
    quality: str
    good: str
    rejected: str
    plan: str
    lines: tuple[Bar, ...]
    downtime: tuple[Bar, ...]


def production(snapshot: Snapshot, plant: Plant, words: Words) -> Production | None:
    """The panel's content; None where nothing is known yet."""
    rows = snapshot.production.oee
    if not rows:
        return None
    whole = ratios(rows)
    until = figures.minute(max(row.until for row in rows), plant.utc_offset_ms)
    lost = snapshot.production.downtime
    most = max((one.lost_ms for one in lost), default=1)
    return Production(
        note=f"{words('shift', shift=rows[0].shift)} · {until}",
        oee=figures.percent(whole.oee),
        availability=figures.percent(whole.availability),
        performance=figures.percent(whole.performance),
        quality=figures.percent(whole.quality),
        good=figures.count(sum(row.good for row in rows)),
        rejected=figures.count(sum(row.rejected for row in rows)),
        plan=figures.percent(_made(snapshot.production.orders)),
        lines=tuple(_line(line, rows, words) for line in sorted({row.line for row in rows})[:LINES]),
        downtime=tuple(Bar(one.reason, figures.duration(one.lost_ms), one.lost_ms / most) for one in lost),
    )


def ratios(rows: Sequence[Oee]) -> Ratios:
    """Of machines together."""
    production_ms = sum(row.production_ms for row in rows)
    good = sum(row.good for row in rows)
    produced = good + sum(row.rejected for row in rows)
    availability = figures.ratio(production_ms, sum(row.planned_ms for row in rows))
    performance = figures.ratio(sum(row.ideal_ms for row in rows), production_ms)
    quality = figures.ratio(good, produced)
    if availability is None or performance is None or quality is None:
        return Ratios(availability, performance, quality, None)
    return Ratios(availability, performance, quality, availability * performance * quality)


def _line(line: str, rows: Sequence[Oee], words: Words) -> Bar:
    oee = ratios([row for row in rows if row.line == line]).oee
    return Bar(words.name("area", line) if line else words("no_line"), figures.percent(oee), min(oee or 0.0, 1.0))


def _made(orders: Sequence[Order]) -> float | None:
    """Share of what the machines' present orders want of them that is made."""
    known = [order for order in orders if order.quantity]
    return figures.ratio(sum(order.good for order in known), sum(order.quantity for order in known))
