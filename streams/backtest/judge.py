"""The detectors over a history, as a partition task would run them over its log."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from streams.backtest.history import Points
from streams.compute.detectors.bank import DetectorBank
from streams.compute.detectors.base import MetricInfo, SlotArray
from streams.compute.detectors.lane import Flag
from streams.compute.detectors.registry import DetectorSpec
from streams.compute.detectors.states import Told, code
from streams.compute.series import SeriesKey, SeriesTable


class Finding(NamedTuple):
    """A flag and what it belongs to."""

    row: int
    """Row of the table that brought it about."""
    key: SeriesKey
    detector: str
    flag: Flag


class Judge:
    """A bank, with the series of the history so far and its stream time: the largest event time."""

    def __init__(self, specs: Sequence[DetectorSpec], metrics: Mapping[str, MetricInfo]) -> None:
        self._specs = specs
        self._bank = DetectorBank(specs, metrics)
        self._series = SeriesTable()
        self._stream_time = np.iinfo(np.int64).min

    def judge(self, points: Points) -> list[Finding]:
        """The flags of the next points."""
        known = len(self._series)
        series = np.array([self._series.id_of(key) for key in points.keys], np.intp)
        self._bank.grow(self._series.keys[known:])
        stream_time = np.maximum(np.maximum.accumulate(points.ts), self._stream_time)
        self._stream_time = stream_time[-1]
        told = self._told(points, series) if self._bank.needs_states else None
        flags = self._bank.feed(series, points.ts, points.x, points.row, stream_time, told)
        return [
            Finding(flag.offset, self._series.keys[flag.series], self._specs[flag.detector].name, flag)
            for flag in flags
        ]

    def _told(self, points: Points, series: SlotArray) -> Told:
        """What the rows tell of machine states."""
        first = np.flatnonzero(np.diff(points.row, prepend=-1))
        told = np.array([at for at in first.tolist() if points.states and points.states[at]], np.intp)
        codes = np.array([code(points.states[at] or "") for at in told.tolist()], np.int64)
        return Told(series[told], points.ts[told], codes, told)
