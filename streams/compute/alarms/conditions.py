"""Conditions of alarms: for every reading of a partition's log, whether it brings one on or makes one go off."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from streams.compute.alarms.rule import AlarmRule
from streams.compute.detectors.bank import in_series
from streams.compute.detectors.base import FloatArray, IntArray, MetricInfo, SlotArray, Violation, quantity
from streams.compute.detectors.lane import Chunk, PointLane
from streams.compute.detectors.limit import LimitDetector
from streams.compute.detectors.slots import Slots
from streams.compute.series import SeriesKey

_NAN: Final = float("nan")
_SERIES: Final = ".series"
"""Where a snapshot keeps what belongs to no alarm; the name of an alarm does not begin with a dot."""
_ON: Final = "lane_on"


class Edge(NamedTuple):
    """A condition that comes on or goes off. NaN stands for none."""

    name: str
    """Of the alarm."""
    series: int
    on: bool
    ts: int
    """Event time of the point, epoch milliseconds."""
    offset: int
    """Offset of the record that brought it about."""
    value: float
    limit: float
    reason: str
    """One sentence for people."""


class ConditionBank:
    """Configuration: the declared alarms and metrics. State: whether each condition is on, and its delays.

    The edges are a function of the log, however it is cut into chunks.
    """

    def __init__(self, rules: Sequence[AlarmRule], metrics: Mapping[str, MetricInfo]) -> None:
        """A metric that is not in `metrics` has no unit."""
        self._metrics = metrics
        self._lanes = [_ConditionLane(index, rule) for index, rule in enumerate(rules)]
        self._newest = Slots(ts=np.iinfo(np.int64).min)
        self._watched = Slots(by=False)

    def grow(self, keys: Sequence[SeriesKey]) -> None:
        """Take in new series; their integers go on from those known so far."""
        self._newest.grow(len(keys))
        self._watched.grow(len(keys))
        for lane in self._lanes:
            lane.grow(keys, self._metrics)
            self._watched["by"][lane.watched_series()] = True

    def feed(
        self, series: SlotArray, ts: IntArray, x: FloatArray, offset: IntArray, stream_time: IntArray
    ) -> list[Edge]:
        """Judge n points in the order of the log, as `DetectorBank.feed` does. Edges are ordered by point, alarm."""
        watched = self._watched["by"][series]
        if not watched.any():
            return []
        if not watched.all():
            series, ts, x, offset = series[watched], ts[watched], x[watched], offset[watched]
            stream_time = stream_time[watched]
        chunk = in_series(series, ts, x, offset, stream_time, self._newest)
        # A value may be infinitely many times its limit, which only the score of a flag would tell.
        with np.errstate(over="ignore", divide="ignore"):
            found = [(at, lane.index, edge) for lane in self._lanes for at, edge in lane.edges(chunk)]
        found.sort(key=lambda one: one[:2])
        return [edge for _, _, edge in found]

    def snapshot(self) -> dict[str, dict[str, npt.NDArray[Any]]]:
        """A copy of the state: arrays by name, by name of the alarm."""
        return {_SERIES: self._newest.snapshot(), **{lane.spec.name: lane.snapshot() for lane in self._lanes}}

    def restore(
        self, state: Mapping[str, Mapping[str, npt.NDArray[Any]]], ts: int, offset: int
    ) -> tuple[list[str], list[Edge]]:
        """Continue from a snapshot, after `grow` with the same series.

        Names the alarms that start anew instead, because they are declared otherwise than they were, or are gone. What
        was on of these goes off, or else it would stand for ever: at event time `ts`, after the record at `offset`.
        """
        if _SERIES in state:  # checkpoints from before there were alarms have none
            self._newest.restore(dict(state[_SERIES]))
        lanes = {lane.spec.name: lane for lane in self._lanes}
        anew = [f"alarm {name} (new)" for name in lanes if name not in state]
        ends: list[Edge] = []
        for name, saved in state.items():
            if name == _SERIES or (name in lanes and lanes[name].restore(saved)):
                continue
            how = "declared otherwise" if name in lanes else "removed"
            anew.append(f"alarm {name} ({how})")
            reason = f"the alarm was {how} in the topology"
            ends += [Edge(name, on, False, ts, offset, _NAN, _NAN, reason) for on in saved[_ON].tolist()]
        return anew, ends


class _ConditionLane(PointLane):
    """Runs the limit of one alarm, and tells of both edges of its condition."""

    def __init__(self, index: int, rule: AlarmRule) -> None:
        limit = rule.condition()
        super().__init__(index, limit, LimitDetector(limit))
        self._rule = rule
        self._sign = 1 if rule.low is None else -1

    def watched_series(self) -> SlotArray:
        """All series that it watches."""
        watched: SlotArray = self._by_slot["series"][: self._by_slot.size]
        return watched

    def edges(self, chunk: Chunk) -> list[tuple[int, Edge]]:
        """The edges of a chunk, each with the position of the point that brought it about."""
        segments, slot = self._judged(chunk)
        if not len(segments):
            return []
        held, before = self._conditions(segments, slot, self._step(chunk, segments, slot))
        turns = np.flatnonzero(held != before)
        at = segments.at[turns]
        series = np.repeat(segments.series, segments.count)[turns]
        columns = (at, series, held[turns], chunk.ts[at], chunk.offset[at], chunk.x[at])
        return [
            (position, Edge(self.spec.name, number, condition != 0, ts, offset, x, self._rule.limit, reason))
            for position, number, condition, ts, offset, x in zip(*(one.tolist() for one in columns), strict=True)
            for reason in (self._reason(number, condition, x),)
        ]

    def snapshot(self) -> dict[str, npt.NDArray[Any]]:
        on = np.flatnonzero(self._last["condition"][: self._by_slot.size])
        return {**super().snapshot(), _ON: self._by_slot["series"][on]}

    def _reason(self, series: int, condition: int, x: float) -> str:
        metric = self._metric_of[self._by_series["slot"][series]]
        if condition:
            return self._judge.reason(metric, x, Violation(condition, x, _NAN, _NAN, _NAN, _NAN))
        held = f" for {self._rule.off_delay} or longer" if self._rule.off_delay else ""
        sides = ("below", "above") if self._sign > 0 else ("above", "below")
        if self._rule.deadband:
            clear = quantity(self._rule.limit - self._sign * self._rule.deadband, metric)
            return f"{quantity(x, metric)} is back {sides[0]} {clear}{held}"
        return f"{quantity(x, metric)} is no longer {sides[1]} {quantity(self._rule.limit, metric)}{held}"
