"""Samples of one characteristic of one product of one asset: rows, points of its charts, signals."""

from collections.abc import Sequence
from typing import Any

import msgspec

from schemas import identifiers
from schemas.quality import Sample
from schemas.rows import Row
from streams.compute.quality import signals
from streams.compute.quality.baseline import Learner, sigma_of
from streams.compute.quality.capability import Block, Capability, Indices, indices
from streams.compute.quality.charts import build, mean_of
from streams.compute.quality.plotting import Place, Taken, plot
from streams.compute.quality.rows import SampleRow
from streams.compute.quality.rules import Watch
from streams.compute.quality.signals import Signal, Subject
from streams.compute.quality.spec import Characteristic
from streams.compute.quality.turn import Turn
from streams.compute.shop_floor import Origin


class _Process(msgspec.Struct):
    """What is known of the process, under one declaration of it."""

    declared: str
    learner: Learner = msgspec.field(default_factory=Learner)
    previous: float | None = None
    """The newest sample's value, if it had a single one."""
    charts: list[list[float]] = []
    watches: dict[str, Watch] = {}
    """By line."""
    outside: list[int] = []
    """On which sides the newest sample was outside its specification."""
    capability: Capability = msgspec.field(default_factory=Capability)


class SampleSeries:
    """Running state of one series."""

    def __init__(self, origin: Origin, subject: Subject, declared: Characteristic | None) -> None:
        self.turn = Turn()
        self._subject = subject
        self._declared = declared
        self._charts = [build(chart) for chart in declared.charts] if declared else []
        self._process = _Process(identity(declared))
        self._row_prefix = identifiers.prefix("sample", *origin, *subject)
        self._point_prefix = identifiers.prefix("spc", *origin, *subject)

    def take(self, offset: int, ts: int, event: Sample) -> Taken:
        """The next sample of the log."""
        content = identifiers.prefix(ts, event.order, event.item, *map(repr, event.values))
        outcome = self.turn.take(ts, content)
        if outcome == "duplicate":
            return Taken(outcome)
        if outcome == "late" or self._declared is None:
            return Taken(outcome, [self._row(offset, ts, event, outcome == "late", Block())])
        return self._plot(offset, ts, event, self._declared)

    def snapshot(self) -> dict[str, Any]:
        """The state."""
        self._process.charts = [chart.state for chart in self._charts]
        return {"turn": msgspec.to_builtins(self.turn), "process": msgspec.to_builtins(self._process)}

    def restore(self, state: dict[str, Any]) -> bool:
        """Go on from a snapshot; False if its process was declared otherwise and begins anew."""
        self.turn = msgspec.convert(state["turn"], Turn)
        process = msgspec.convert(state["process"], _Process)
        if process.declared != self._process.declared:
            return False
        self._process = process
        for chart, kept in zip(self._charts, process.charts, strict=True):
            chart.state = kept
        return True

    def _plot(self, offset: int, ts: int, event: Sample, declared: Characteristic) -> Taken:
        process = self._process
        sigma = sigma_of(event.values, process.previous)
        normal = process.learner.known(declared.baseline)
        points = [point for chart in self._charts for point in chart.plot(event.values, normal)]
        found = self._outside(event.values, declared)
        rows: list[Row] = []
        for number, point in enumerate(points):
            unit = "sigma" if point.line.startswith("cusum") else declared.unit
            watch = process.watches.setdefault(point.line, Watch())
            id_ = identifiers.at(self._point_prefix, ts, offset, number)
            row, begun = plot(point, watch, self._subject, unit, Place(offset, ts, event), id_)
            rows.append(row)
            found += begun
        if normal is None:
            process.learner.learn(event.values, sigma)
        sums = process.capability.add(event.values, sigma, declared.capability_samples)
        process.previous = event.values[0] if len(event.values) == 1 else None
        return Taken("accepted", [self._row(offset, ts, event, False, sums), *rows], found)

    def _outside(self, values: Sequence[float], declared: Characteristic) -> list[Signal]:
        """A signal for each side on which the specification is left, having been kept by the sample before."""
        passed: dict[int, tuple[float, float]] = {}
        """By side, the worst value and the limit."""
        if declared.upper is not None and max(values) > declared.upper:
            passed[1] = max(values), declared.upper
        if declared.lower is not None and min(values) < declared.lower:
            passed[-1] = min(values), declared.lower
        before, self._process.outside = self._process.outside, list(passed)
        return [
            signals.outside(self._subject, declared, value, limit)
            for side, (value, limit) in passed.items()
            if side not in before
        ]

    def _row(self, offset: int, ts: int, event: Sample, late: bool, sums: Block) -> SampleRow:
        declared = self._declared
        lower, upper = (declared.lower, declared.upper) if declared else (None, None)
        found = indices(sums, lower, upper) if sums.values else Indices()
        too_low = 0 if lower is None else sum(x < lower for x in event.values)
        too_high = 0 if upper is None else sum(x > upper for x in event.values)
        return SampleRow(
            id=identifiers.at(self._row_prefix, ts, offset), site=event.site, asset=event.asset, offset=offset, ts=ts,
            product=event.product, characteristic=event.characteristic, unit=declared.unit if declared else "",
            order=event.order, item=event.item, n=len(event.values), values=" ".join(map(repr, event.values)),
            mean=mean_of(event.values), minimum=min(event.values), maximum=max(event.values), lower_spec=lower,
            upper_spec=upper, target=declared.target if declared else None, outside=too_low + too_high, late=late,
            capability_values=sums.values, cp=found.cp, cpk=found.cpk, pp=found.pp, ppk=found.ppk,
        )  # fmt: skip


def identity(declared: Characteristic | None) -> str:
    """What the state of a series depends on; its specification may change, and its state stays."""
    if declared is None:
        return ""
    depends_on = declared.charts, declared.baseline, declared.capability_samples
    return identifiers.prefix(msgspec.json.encode(depends_on).decode())
