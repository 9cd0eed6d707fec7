"""The engine of a partition of `quality.events`."""

from collections.abc import Mapping
from fnmatch import fnmatchcase
from typing import Any

from schemas.errors import EventError
from schemas.events import Reason
from schemas.quality import Inspection, QualityEvent, Sample
from streams.compute.quality.inspections import NONCONFORMING, InspectionSeries
from streams.compute.quality.samples import SampleSeries
from streams.compute.quality.signals import Flagging, Subject
from streams.compute.quality.spec import Characteristic, Quality
from streams.compute.shop_floor import Believed, Origin, Outcome, ShopFloorEngine


class QualityEngine(ShopFloorEngine[QualityEvent]):
    """Samples and inspections in; rows of them, points of control charts and flags out.

    State: per series, that is per characteristic of a product of an asset, a few sums and its newest points.
    """

    def __init__(self, origin: Origin, believed: Believed, spec: Quality) -> None:
        super().__init__(origin, believed)
        self._spec = spec
        self._samples: dict[Subject, SampleSeries] = {}
        self._inspections: dict[Subject, InspectionSeries] = {}
        self._flagging = Flagging(origin)

    def _take(self, offset: int, broker_ts: int, event: QualityEvent) -> Outcome:
        self._expect(event)
        if isinstance(event, Sample):
            subject = Subject(event.site, event.asset, event.product, event.characteristic)
            series = self._samples.get(subject) or self._new_samples(subject)
            ts = self._time(event.ts, broker_ts)
            taken = self._samples.setdefault(subject, series).take(offset, ts, event)
        else:
            if event.passed + event.reworked > event.inspected:
                detail = f"of {event.inspected} inspected, {event.passed} passed and {event.reworked} were reworked"
                raise EventError(Reason.BAD_VALUE, detail)
            subject = Subject(event.site, event.asset, event.product, NONCONFORMING)
            inspections = self._inspections.get(subject) or self._new_inspections(subject)
            ts = self._time(event.ts, broker_ts)
            taken = self._inspections.setdefault(subject, inspections).take(offset, ts, event)
        self._found.rows.extend(taken.rows)
        for number, signal in enumerate(taken.signals):
            self._found.anomalies.append(self._flagging.flag(signal, subject, ts, offset, number))
        return taken.outcome

    def _state(self) -> dict[str, Any]:
        return {
            "samples": [[*subject, series.snapshot()] for subject, series in self._samples.items()],
            "inspections": [[*subject, series.snapshot()] for subject, series in self._inspections.items()],
            "incidents": self._flagging.snapshot(),
        }

    def _restore(self, state: Mapping[str, Any]) -> list[str]:
        anew: dict[str, None] = {}
        for *names, kept in state["samples"]:
            subject = Subject(*names)
            series = self._samples[subject] = SampleSeries(self.origin, subject, self._declared(subject))
            if not series.restore(kept):
                anew[f"{subject.characteristic} (declared otherwise)"] = None
        for *names, kept in state["inspections"]:
            subject = Subject(*names)
            inspections = InspectionSeries(self.origin, subject, self._spec.inspections)
            self._inspections[subject] = inspections
            if not inspections.restore(kept):
                anew["inspections (declared otherwise)"] = None
        self._flagging.restore(state["incidents"])
        return list(anew)

    def _new_samples(self, subject: Subject) -> SampleSeries:
        declared = self._declared(subject)
        if declared is None and self._believed.assets is not None:
            detail = f"characteristic {subject.characteristic!r} of {subject.product!r} is not declared"
            raise EventError(Reason.UNKNOWN_METRIC, detail)
        self._make_room()
        return SampleSeries(self.origin, subject, declared)

    def _new_inspections(self, subject: Subject) -> InspectionSeries:
        self._make_room()
        return InspectionSeries(self.origin, subject, self._spec.inspections)

    def _make_room(self) -> None:
        if len(self._samples) + len(self._inspections) >= self._spec.series:
            raise EventError(Reason.TOO_MANY_SERIES, f"the partition has {self._spec.series} series already")

    def _declared(self, subject: Subject) -> Characteristic | None:
        for one in self._spec.characteristics:
            if (
                one.name == subject.characteristic
                and any(fnmatchcase(subject.product, pattern) for pattern in one.products)
                and any(fnmatchcase(subject.asset, pattern) for pattern in one.assets)
            ):
                return one
        return None

    def _expect(self, event: Sample | Inspection) -> None:
        assets = self._believed.assets
        if assets is not None and (event.site, event.asset) not in assets:
            raise EventError(Reason.UNKNOWN_ASSET, f"{event.site}/{event.asset} is not declared")
