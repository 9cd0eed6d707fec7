"""Logistics: stock, picks against the pick list, what waits where."""

from dataclasses import dataclass

from sinks.bigscreen import figures, palette
from sinks.bigscreen.palette import Sign
from sinks.bigscreen.plant import Plant
from sinks.bigscreen.rows import Picking
from sinks.bigscreen.snapshot import Snapshot
from sinks.bigscreen.views.production import Bar
from sinks.bigscreen.words import Words


@dataclass(frozen=True)
class Logistics:
    """The panel."""

    pieces: str
    metres: str
    wrong: str
    picks: str
    sign: Sign
    move: str
    orders: tuple[Bar, ...]
    queues: tuple[Bar, ...]
    last_wrong: str
    """The newest wrong pick; empty if there is none."""


def logistics(snapshot: Snapshot, plant: Plant, words: Words) -> Logistics | None:
    """The panel's content; None where nothing is known yet."""
    known = snapshot.logistics
    if not (known.stock or known.picks or known.moves):
        return None
    wrong = known.picks.wrong if known.picks else 0
    longest = max((queue.items for queue in known.queues), default=1)
    return Logistics(
        pieces=figures.count(sum(one.pieces for one in known.stock)),
        metres=words("metres", metres=figures.number(sum(one.metres for one in known.stock))),
        wrong=figures.count(wrong),
        picks=words("of_picks", picks=figures.count(known.picks.picks if known.picks else 0)),
        sign=palette.PRIORITIES["high"] if wrong else palette.FINE,
        move=figures.duration(known.moves.median_ms) if known.moves else figures.MISSING,
        orders=tuple(_order(order) for order in known.picking),
        queues=tuple(Bar(queue.place, figures.count(queue.items), queue.items / longest) for queue in known.queues),
        last_wrong=_wrong(snapshot, plant),
    )


def _order(order: Picking) -> Bar:
    return Bar(
        order.order, f"{order.picked}/{order.wanted}", min(figures.ratio(order.picked, order.wanted) or 0.0, 1.0)
    )


def _wrong(snapshot: Snapshot, plant: Plant) -> str:
    if not snapshot.logistics.wrong:
        return ""
    newest = snapshot.logistics.wrong[0]
    return f"{figures.clock(newest.ts, plant.utc_offset_ms)} {newest.order}: {newest.reason or newest.verdict}"
