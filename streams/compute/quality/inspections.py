"""Inspections of one product at one place: rows, the p chart of the share that did not pass at once, signals.

p chart with n items to a point: p ± 3 sqrt(p (1 - p) / n), within 0 and 1; p is given, or the share over the first
points.

Source: NIST/SEMATECH e-Handbook of Statistical Methods, 6.3.3.2; Montgomery, Introduction to Statistical Quality
Control, chapter 7.
"""

import math
from typing import Any, Final

import msgspec

from schemas import identifiers
from schemas.quality import Inspection
from schemas.rows import Row
from streams.compute.quality.charts import Point
from streams.compute.quality.plotting import Place, Taken, plot
from streams.compute.quality.rows import DefectRow, InspectionRow, SpcPoint
from streams.compute.quality.rules import Limits, Watch, expand
from streams.compute.quality.signals import Signal, Subject
from streams.compute.quality.spec import Inspections
from streams.compute.quality.turn import Turn
from streams.compute.shop_floor import Origin

NONCONFORMING: Final = "nonconforming"
"""The characteristic of p charts."""
_UNIT: Final = "1"


class _Process(msgspec.Struct):
    """What is known of the process, under one declaration of it. All are numbers of items, but for `points`."""

    declared: str
    points: int = 0
    """Points that have been learned from."""
    learned: int = 0
    learned_bad: int = 0
    pending: int = 0
    pending_bad: int = 0
    """Not yet plotted."""
    watch: Watch = msgspec.field(default_factory=Watch)


class InspectionSeries:
    """Running state of one series."""

    def __init__(self, origin: Origin, subject: Subject, declared: Inspections) -> None:
        self.turn = Turn()
        self._subject = subject
        self._declared = declared
        self._rules = expand(declared.rules)
        self._process = _Process(identity(declared))
        self._row_prefix = identifiers.prefix("inspection", *origin, *subject)
        self._point_prefix = identifiers.prefix("spc", *origin, *subject)

    def take(self, offset: int, ts: int, event: Inspection) -> Taken:
        """The next inspection of the log."""
        counts = event.inspected, event.passed, event.reworked
        defects = [part for defect in event.defects.items() for part in defect]
        outcome = self.turn.take(ts, identifiers.prefix(ts, event.order, event.item, *counts, *defects))
        if outcome == "duplicate":
            return Taken(outcome)
        rows = self._rows(offset, ts, event, outcome == "late")
        if outcome == "late":
            return Taken(outcome, rows)
        process = self._process
        process.pending += event.inspected
        process.pending_bad += event.inspected - event.passed
        if process.pending < self._declared.subgroup:
            return Taken(outcome, rows)
        point, found = self._plot(offset, ts, event)
        return Taken(outcome, [*rows, point], found)

    def snapshot(self) -> dict[str, Any]:
        """The state."""
        return {"turn": msgspec.to_builtins(self.turn), "process": msgspec.to_builtins(self._process)}

    def restore(self, state: dict[str, Any]) -> bool:
        """Go on from a snapshot; False if its process was declared otherwise and begins anew."""
        self.turn = msgspec.convert(state["turn"], Turn)
        process = msgspec.convert(state["process"], _Process)
        if process.declared != self._process.declared:
            return False
        self._process = process
        return True

    def _plot(self, offset: int, ts: int, event: Inspection) -> tuple[SpcPoint, list[Signal]]:
        process = self._process
        n, bad = process.pending, process.pending_bad
        process.pending = process.pending_bad = 0
        limits = self._limits(n)
        if limits is None:
            process.points += 1
            process.learned += n
            process.learned_bad += bad
        point = Point("p", n, bad / n, limits, self._rules)
        id_ = identifiers.at(self._point_prefix, ts, offset)
        return plot(point, process.watch, self._subject, _UNIT, Place(offset, ts, event), id_)

    def _limits(self, n: int) -> Limits | None:
        p = self._declared.fraction
        if p is None:
            process = self._process
            # A share of 0 or 1 has no spread: the next item would be beyond any limit.
            if process.points < self._declared.subgroups or not 0 < process.learned_bad < process.learned:
                return None
            p = process.learned_bad / process.learned
        sigma = math.sqrt(p * (1 - p) / n)
        return Limits(p, max(0.0, p - 3 * sigma), min(1.0, p + 3 * sigma), sigma)

    def _rows(self, offset: int, ts: int, event: Inspection, late: bool) -> list[Row]:
        id_ = identifiers.at(self._row_prefix, ts, offset)
        inspection = InspectionRow(
            id=id_, site=event.site, asset=event.asset, offset=offset, ts=ts, product=event.product,
            order=event.order, item=event.item, inspected=event.inspected, passed=event.passed,
            reworked=event.reworked, scrapped=event.inspected - event.passed - event.reworked, late=late,
        )  # fmt: skip
        defects = [
            DefectRow(
                id=f"{id_}-{number:x}", site=event.site, asset=event.asset, offset=offset, ts=ts,
                product=event.product, order=event.order, item=event.item, defect=defect, count=count,
            )
            for number, (defect, count) in enumerate(event.defects.items())
            if count
        ]  # fmt: skip
        return [inspection, *defects]


def identity(declared: Inspections) -> str:
    """What the state of a series depends on."""
    return identifiers.prefix(msgspec.json.encode(declared).decode())
