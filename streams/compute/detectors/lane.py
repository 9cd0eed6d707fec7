"""One declared detector within a bank: which series it watches, and which of its findings become flags."""

import hashlib
import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from fnmatch import translate
from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from schemas.events import Verdict
from schemas.results import Severity
from streams.compute.detectors.base import (
    BoolArray,
    Detector,
    FloatArray,
    IntArray,
    MetricInfo,
    Order,
    Points,
    SlotArray,
    Violation,
    Violations,
)
from streams.compute.detectors.budget import Budget
from streams.compute.detectors.feedback import Feedback
from streams.compute.detectors.missing import MissingDetector
from streams.compute.detectors.registry import AnyDetector, DetectorSpec
from streams.compute.detectors.segments import Segments
from streams.compute.detectors.slots import Slots
from streams.compute.series import SeriesKey

_NAN: Final = float("nan")
_SPEC: Final = "lane_spec"
_CONDITION: Final = "lane_condition"
_BUDGET: Final = "lane_budget_"
_FEEDBACK: Final = "lane_feedback_"


class Flag(NamedTuple):
    """One anomaly flag. NaN stands for none."""

    detector: int
    """Index of the detector in the bank; beyond those, of the rule."""
    series: int
    ts: int
    """Event time of the point, epoch milliseconds; of a gap the time at which a point was due."""
    offset: int
    """Offset of the record that brought it about."""
    value: float
    score: float
    expected: float
    lower: float
    upper: float
    reason: str
    severity: Severity | None = None
    """None for that of the detector."""
    incident: int = 0
    """Event time of the first flag of the incident that it belongs to; given by `Incidents`."""


class Chunk(NamedTuple):
    """n points of a partition in the order of its log, and the same grouped by series."""

    ts: IntArray
    x: FloatArray
    offset: IntArray
    stream_time: IntArray
    points: Segments
    """All of them."""
    in_order: Segments
    """Those newer than every point before them in their series."""
    newest: IntArray
    """The newest event time of each point's series, up to and with the point."""

    def only(self, points: BoolArray) -> "Chunk":
        """The same chunk, of whose points only these are to be judged: bool[n]."""
        of_all, in_order = (segments.keep(points[segments.at]) for segments in (self.points, self.in_order))
        return self._replace(points=of_all, in_order=in_order)


class Lane(ABC):
    """What lanes have in common: the selection of series, and the declaration that their state belongs to."""

    def __init__(self, index: int, spec: DetectorSpec, detector: AnyDetector) -> None:
        self.index, self.spec, self._detector = index, spec, detector
        self._metrics = _any_of(spec.metrics)
        self._assets = _any_of(spec.assets)
        self._by_series = Slots(slot=-1)
        self._by_slot = Slots(series=0)
        self._metric_of: list[MetricInfo] = []
        """By slot."""
        self._budget = None if spec.budget is None else Budget(spec.budget)
        self._feedback = Feedback()
        """Both by slot of whatever the detector judges."""

    def grow(self, keys: Sequence[SeriesKey], metrics: Mapping[str, MetricInfo]) -> None:
        """Take in new series; those that the declaration selects get the next slots."""
        first_series, first_slot = self._by_series.size, self._by_slot.size
        watched = [
            series
            for series, key in enumerate(keys, first_series)
            if self._metrics.match(key.metric) and self._assets.match(key.asset)
        ]
        self._by_series.grow(len(keys))
        self._by_slot.grow(len(watched))
        self._by_series["slot"][watched] = np.arange(first_slot, self._by_slot.size)
        self._by_slot["series"][first_slot : self._by_slot.size] = watched
        infos = [metrics.get(name) or MetricInfo(name) for name in (keys[s - first_series].metric for s in watched)]
        self._metric_of += infos
        self._begin([keys[series - first_series] for series in watched], infos)

    def _begin(self, keys: Sequence[SeriesKey], infos: Sequence[MetricInfo]) -> None:
        """Have the detector take in the series that have got the next slots."""
        del keys  # a series has a slot of its own
        self._detector.grow(infos)

    def _grow_thresholds(self, count: int) -> None:
        """Append `count` slots whose thresholds are the declared ones."""
        self._feedback.grow(count)
        if self._budget:
            self._budget.grow(count)

    def hear(self, series: int, verdict: Verdict) -> bool:
        """Take in what was said of a flag; False if none of its flags can be of this series."""
        del verdict  # a gap has no threshold that could be raised
        return bool(self._by_series["slot"][series] >= 0)

    @abstractmethod
    def feed(self, chunk: Chunk) -> list[tuple[int, Flag]]:
        """The flags of a chunk, each with the position of the point that brought it about, in no order."""

    @abstractmethod
    def reset(self, series: SlotArray) -> None:
        """Forget what is known of these series, watched or not; all those of an asset."""

    @abstractmethod
    def tick(self, now: int, offset: int) -> list[Flag]:
        """The flags of time passing without a record, by series."""

    def next_due(self) -> int | None:
        """Event time at which `tick` would next find something; None if time alone brings nothing about."""
        return None

    def snapshot(self) -> dict[str, npt.NDArray[Any]]:
        """A copy of the state."""
        budget = self._budget.snapshot() if self._budget else {}
        feedback = self._feedback.snapshot() if self._feedback else {}
        own = {_BUDGET + name: array for name, array in budget.items()}
        own |= {_FEEDBACK + name: array for name, array in feedback.items()}
        return {**self._detector.snapshot(), **own, _SPEC: self._digest()}

    def restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> bool:
        """Continue from a snapshot; False, and nothing is changed, if it belongs to another declaration."""
        if not np.array_equal(arrays[_SPEC], self._digest()):
            return False
        self._detector.restore({name: array for name, array in arrays.items() if not name.startswith("lane_")})
        for part, prefix in ((self._budget, _BUDGET), (self._feedback, _FEEDBACK)):
            own = {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}
            if part is not None and own:
                part.restore(own)
        return True

    def _digest(self) -> npt.NDArray[np.uint8]:
        """Stands for the declaration: every setting of it that the state depends on, as Python prints it."""
        settings = ((name, getattr(self.spec, name)) for name in self.spec.__struct_fields__)
        told = ", ".join(f"{name}={value!r}" for name, value in settings if not _is_beside_state(name, value))
        declared = f"{type(self.spec).__name__}({told})"
        return np.frombuffer(hashlib.blake2b(declared.encode(), digest_size=16).digest(), np.uint8)

    def _slots_of(self, series: SlotArray) -> SlotArray:
        """The slots of those of the series that it watches."""
        slot: SlotArray = self._by_series["slot"][series]
        return slot[slot >= 0]

    def _watched(self, segments: Segments) -> tuple[Segments, SlotArray]:
        """Those of the segments that it watches, and their slots."""
        slot: SlotArray = self._by_series["slot"][segments.series]
        watched = slot >= 0
        if watched.all():
            return segments, slot
        return segments.only(watched), slot[watched]


class PointLane(Lane):
    """Runs a detector that judges points."""

    def __init__(self, index: int, spec: DetectorSpec, detector: Detector) -> None:
        super().__init__(index, spec, detector)
        self._judge = detector
        self._last = Slots(condition=np.int8(0))
        """By slot: the conditions that held at the newest judged point. What `report: onset` compares with."""

    def grow(self, keys: Sequence[SeriesKey], metrics: Mapping[str, MetricInfo]) -> None:
        super().grow(keys, metrics)
        appeared = self._by_slot.size - self._last.size
        self._last.grow(appeared)
        self._grow_thresholds(appeared)

    def hear(self, series: int, verdict: Verdict) -> bool:
        watched = super().hear(series, verdict)
        if watched:
            self._feedback.hear(int(self._by_series["slot"][series]), verdict)
        return watched

    def feed(self, chunk: Chunk) -> list[tuple[int, Flag]]:
        segments, slot = self._judged(chunk)
        if not len(segments):
            return []
        found = self._step(chunk, segments, slot)
        if found is not None and self._feedback:
            reached = self._feedback.passes(slot[segments.segment_of(found.at)], found.score)
            found = found.only(reached) if reached.any() else None
        if self.spec.report == "onset":
            found = self._onsets(segments, slot, found)
        if found is None:
            return []
        if self._budget:
            slots, ts = slot[segments.segment_of(found.at)], chunk.ts[segments.at[found.at]]
            found = found.only(self._budget.passes(slots, ts, found.score))
        return self._flags(chunk, segments, found)

    def _judged(self, chunk: Chunk) -> tuple[Segments, SlotArray]:
        """The points that it judges, and the slots of their series."""
        return self._watched(chunk.in_order if self._judge.order in (Order.TIME, Order.SERIES) else chunk.points)

    def _step(self, chunk: Chunk, segments: Segments, slot: SlotArray) -> Violations | None:
        """Judge points. `at` of the result is an index into `segments.at`."""
        if self._judge.order in (Order.LOG, Order.TIME):
            return self._in_rounds(chunk, segments, slot)
        at = segments.at
        return self._judge.step(Points(np.repeat(slot, segments.count), chunk.ts[at], chunk.x[at]))

    def _in_rounds(self, chunk: Chunk, segments: Segments, slot: SlotArray) -> Violations | None:
        """Step through at most one point a series at a time. `at` of the result is an index into `segments.at`."""
        ranking, bounds, take = segments.rounds
        at = segments.at[take]
        slot, ts, x = slot[ranking], chunk.ts[at], chunk.x[at]
        step, found = self._judge.step, []
        for begin, end in pairwise(bounds):
            violations = step(Points(slot[: end - begin], ts[begin:end], x[begin:end]))
            if violations is not None:
                found.append(violations._replace(at=take[begin + violations.at]))
        return Violations._make(map(np.concatenate, zip(*found, strict=True))) if found else None

    def _onsets(self, segments: Segments, slot: SlotArray, found: Violations | None) -> Violations | None:
        """Those violations at which a condition holds that did not hold at the series' judged point before."""
        if found is None:
            self._last["condition"][slot] = 0
            return None
        _, before = self._conditions(segments, slot, found)
        begins = (found.condition & ~before[found.at]).astype(np.bool_)
        return found.only(begins) if begins.any() else None

    def _conditions(
        self, segments: Segments, slot: SlotArray, found: Violations | None
    ) -> tuple[npt.NDArray[np.int8], npt.NDArray[np.int8]]:
        """The conditions that hold at each point, and those that held at its series' judged point before."""
        last = self._last["condition"]
        held = np.zeros(len(segments.at), np.int8)
        if found is not None:
            held[found.at] = found.condition
        before = np.empty_like(held)
        before[1:] = held[:-1]
        before[segments.start] = last[slot]
        last[slot] = held[segments.end]
        return held, before

    def _flags(self, chunk: Chunk, segments: Segments, found: Violations) -> list[tuple[int, Flag]]:
        at = segments.at[found.at]
        series = segments.series[segments.segment_of(found.at)]
        columns = (at, series, chunk.ts[at], chunk.offset[at], chunk.x[at], *found[1:])
        flags = []
        for position, number, ts, offset, x, *rest in zip(*(column.tolist() for column in columns), strict=True):
            violation = Violation(*rest)
            reason = self._judge.reason(self._metric_of[self._by_series["slot"][number]], x, violation)
            _, _, score, expected, lower, upper = violation
            flags.append((position, Flag(self.index, number, ts, offset, x, score, expected, lower, upper, reason)))
        return flags

    def reset(self, series: SlotArray) -> None:
        slot = self._slots_of(series)
        self._judge.reset(slot)
        self._last.reset(slot)

    def tick(self, now: int, offset: int) -> list[Flag]:
        del now, offset  # points are judged when they come
        return []

    def snapshot(self) -> dict[str, npt.NDArray[Any]]:
        return {**super().snapshot(), _CONDITION: self._last.snapshot()["condition"]}

    def restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> bool:
        if not super().restore(arrays):
            return False
        self._last.restore({"condition": arrays[_CONDITION]})
        return True


class GapLane(Lane):
    """Runs a detector that looks for what does not come."""

    def __init__(self, index: int, spec: DetectorSpec, detector: MissingDetector) -> None:
        super().__init__(index, spec, detector)
        self._gaps = detector

    def feed(self, chunk: Chunk) -> list[tuple[int, Flag]]:
        if not self._by_slot.size:
            return []
        segments, slot = self._watched(chunk.points)
        gaps = self._gaps.gaps(slot, segments, chunk.newest[segments.at], chunk.stream_time)
        columns = (*gaps, chunk.offset[gaps.at])
        return [
            (position, self._flag(number, due, offset))
            for number, position, due, offset in zip(*(column.tolist() for column in columns), strict=True)
        ]

    def reset(self, series: SlotArray) -> None:
        del series  # a declaration of gaps names no states

    def next_due(self) -> int | None:
        return self._gaps.next_due()

    def tick(self, now: int, offset: int) -> list[Flag]:
        slot, _, due = self._gaps.tick(now)
        return [self._flag(*gap, offset) for gap in zip(slot.tolist(), due.tolist(), strict=True)]

    def _flag(self, slot: int, due: int, offset: int) -> Flag:
        series = int(self._by_slot["series"][slot])
        return Flag(self.index, series, due, offset, _NAN, 1.0, _NAN, _NAN, _NAN, self._gaps.reason(due))


def _is_beside_state(name: str, value: object) -> bool:
    """Whether a setting may change without the detector's having to learn anew, or is one that older versions did not
    know and that is not made use of.
    """
    return name == "budget" or (name in ("season", "reset_after") and not value)


def _any_of(patterns: Sequence[str]) -> re.Pattern[str]:
    """Matches what at least one of the patterns matches, case-sensitively."""
    return re.compile("|".join(map(translate, patterns)))
