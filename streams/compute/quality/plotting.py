"""A point that is put on its chart: judged, with its row and with what is to be told of it."""

from collections.abc import Sequence
from typing import NamedTuple

from schemas.quality import QualityEvent
from schemas.rows import Row
from streams.compute.quality import signals
from streams.compute.quality.charts import Point
from streams.compute.quality.rows import SpcPoint
from streams.compute.quality.rules import Watch
from streams.compute.quality.signals import Signal, Subject
from streams.compute.shop_floor import Outcome


class Taken(NamedTuple):
    """What became of an event."""

    outcome: Outcome
    rows: Sequence[Row] = ()
    signals: Sequence[Signal] = ()


class Place(NamedTuple):
    """Where in the log a point comes from."""

    offset: int
    ts: int
    """Event time, epoch ms."""
    event: QualityEvent


def plot(
    point: Point, watch: Watch, subject: Subject, unit: str, place: Place, id_: str
) -> tuple[SpcPoint, list[Signal]]:
    """The row of a point, and the rules that it begins to violate; `watch` is that of its line."""
    limits = point.limits
    violated: list[str] = []
    found: list[Signal] = []
    if limits is not None:
        violated, begun = watch.judge(point.value, limits, point.rules)
        found = [signals.violated(subject, unit, point, limits, rule, side) for rule, side in begun]
    row = SpcPoint(
        id=id_, site=subject.site, asset=subject.asset, offset=place.offset, ts=place.ts, product=subject.product,
        characteristic=subject.characteristic, unit=unit, chart=point.line, n=point.n, value=point.value,
        centre=limits.centre if limits else None, lower=limits.lower if limits else None,
        upper=limits.upper if limits else None, phase="monitoring" if limits else "learning",
        rules=" ".join(violated), order=place.event.order, item=place.event.item,
    )  # fmt: skip
    return row, found
