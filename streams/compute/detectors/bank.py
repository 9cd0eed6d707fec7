"""All declared detectors of one partition, run over the chunks of its log."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from schemas.errors import CheckpointError
from schemas.events import Verdict
from streams.compute.detectors.asset_lane import AssetLane
from streams.compute.detectors.base import FloatArray, IntArray, MetricInfo, SlotArray
from streams.compute.detectors.lane import Chunk, Flag, GapLane, Lane, PointLane
from streams.compute.detectors.mewma import MewmaDetector
from streams.compute.detectors.missing import MissingDetector
from streams.compute.detectors.registry import DetectorSpec, build
from streams.compute.detectors.segments import Segments
from streams.compute.detectors.slots import Slots
from streams.compute.detectors.states import NOTHING_TOLD, AssetStates, History, Told, code
from streams.compute.series import SeriesKey

_NEVER: Final = np.iinfo(np.int64).min
_SERIES: Final = ".series"
_STATES: Final = ".states"
"""Where a snapshot keeps what belongs to no detector; the name of a detector does not begin with a dot."""


class DetectorBank:
    """Configuration: the declared detectors and metrics. State: that of the detectors, each series' newest time, and
    each asset's machine state where a detector has to know it.

    The flags are a function of the log: however it is cut into chunks, and wherever the state is saved and restored
    between two of them, they are the same to the last bit.
    """

    def __init__(self, specs: Sequence[DetectorSpec], metrics: Mapping[str, MetricInfo]) -> None:
        """A metric that is not in `metrics` has no unit and no physical range. ValueError if two names are equal."""
        names = [spec.name for spec in specs]
        if len(set(names)) < len(names):
            raise ValueError(f"names of detectors must differ, not {sorted(names)}")
        self._metrics = metrics
        self._lanes = [_lane(index, spec) for index, spec in enumerate(specs)]
        self._newest = Slots(ts=_NEVER)
        named = {spec.name: np.array([code(state) for state in spec.reset_after]) for spec in specs if spec.reset_after}
        self._named: Mapping[str, IntArray] = named
        """By name of the detector: the states after which it forgets."""
        self._states = AssetStates() if named else None

    @property
    def needs_states(self) -> bool:
        """Whether `feed` has to be told of machine states."""
        return self._states is not None

    def grow(self, keys: Sequence[SeriesKey]) -> None:
        """Take in new series; their integers go on from those known so far."""
        self._newest.grow(len(keys))
        if self._states is not None:
            self._states.grow(keys)
        for lane in self._lanes:
            lane.grow(keys, self._metrics)

    def feed(
        self,
        series: SlotArray,
        ts: IntArray,
        x: FloatArray,
        offset: IntArray,
        stream_time: IntArray,
        told: Told | None = None,
    ) -> list[Flag]:
        """Judge n points in the order of the log, all arrays of length n.

        `ts` event time and `stream_time` (largest event time of the partition up to and with the point's record, never
        falling) in epoch milliseconds; `x` finite, at most `schemas.events.LARGEST_VALUE`; `offset` of each point's
        record; `told` what the same records tell of machine states. Series must be known by `grow`. Flags are ordered
        by position of the point, detector, series.
        """
        history = None if self._states is None else self._states.take(told or NOTHING_TOLD, series)
        if not len(series):
            self._forget(history)
            return []
        if not self._lanes:
            return []
        chunk = in_series(series, ts, x, offset, stream_time, self._newest)
        # A violation may be infinitely many times its threshold; its score is 1 then.
        with np.errstate(over="ignore", divide="ignore"):
            found = [flag for lane in self._lanes for flag in self._judge(lane, chunk, history)]
        found.sort(key=lambda at: (at[0], at[1].detector, at[1].series))
        return [flag for _, flag in found]

    def _judge(self, lane: Lane, chunk: Chunk, history: History | None) -> list[tuple[int, Flag]]:
        named = self._named.get(lane.spec.name)
        if named is None or history is None:
            return lane.feed(chunk)
        flags = []
        for left, points in history.stretches(named):
            if left.size:
                lane.reset(left)
            flags += lane.feed(chunk if points.all() else chunk.only(points))
        return flags

    def _forget(self, history: History | None) -> None:
        """What `_judge` does where there are no points."""
        for lane in self._lanes:
            if history is not None and lane.spec.name in self._named:
                for left, _ in history.stretches(self._named[lane.spec.name]):
                    lane.reset(left)

    def hear(self, series: int, detector: str, verdict: Verdict) -> bool:
        """Take in what was said of a flag; False, and nothing is changed, if there can have been no such flag."""
        if self._newest["ts"][series] == _NEVER:  # it is known, from what comes later in the chunk
            return False
        return any(lane.hear(series, verdict) for lane in self._lanes if lane.spec.name == detector)

    def tick(self, now: int, offset: int) -> list[Flag]:
        """Flags of time that passes without points: the caller decides that event time has come to `now` (epoch
        milliseconds) after the record at `offset`. Ordered by detector, series."""
        return [flag for lane in self._lanes for flag in lane.tick(now, offset)]

    def next_due(self) -> int | None:
        """Event time at which `tick` would next find something; None if time alone brings nothing about."""
        return min((due for lane in self._lanes if (due := lane.next_due()) is not None), default=None)

    def snapshot(self) -> dict[str, dict[str, npt.NDArray[Any]]]:
        """A copy of the state: arrays by name, by name of the detector."""
        shared = {_SERIES: self._newest.snapshot()}
        if self._states is not None:
            shared[_STATES] = self._states.snapshot()
        return {**shared, **{lane.spec.name: lane.snapshot() for lane in self._lanes}}

    def restore(self, state: Mapping[str, Mapping[str, npt.NDArray[Any]]]) -> list[str]:
        """Continue from a snapshot, after `grow` with the same series. CheckpointError if it does not fit them.

        Names the detectors that start anew instead, because they are new or are declared otherwise than they were, and
        those that are gone.
        """
        if _SERIES not in state:
            raise CheckpointError(f"state of detectors has no {_SERIES}")
        self._newest.restore(dict(state[_SERIES]))
        if self._states is not None and _STATES in state:  # or else no asset has told one yet
            self._states.restore(dict(state[_STATES]))
        anew, names = [], [lane.spec.name for lane in self._lanes]
        for lane in self._lanes:
            if lane.spec.name not in state:
                anew.append(f"{lane.spec.name} (new)")
            elif not lane.restore(state[lane.spec.name]):
                anew.append(f"{lane.spec.name} (declared otherwise)")
        return anew + [f"{name} (removed)" for name in state if name not in (*names, _SERIES, _STATES)]


def in_series(
    series: SlotArray, ts: IntArray, x: FloatArray, offset: IntArray, stream_time: IntArray, newest: Slots
) -> Chunk:
    """Group n > 0 points by series. `newest` holds the newest event time of each series; brought up to date."""
    points = Segments.of(series)
    ordered = ts[points.at]
    before = newest["ts"][points.series]
    upto = points.newest(ordered, before)
    newest["ts"][points.series] = upto[points.end]

    previous = np.empty_like(upto)
    previous[1:] = upto[:-1]
    previous[points.start] = before
    advances = upto > previous
    in_order = points if advances.all() else points.keep(advances)

    newest_at = np.empty_like(upto)
    newest_at[points.at] = upto
    return Chunk(ts, x, offset, stream_time, points, in_order, newest_at)


def _lane(index: int, spec: DetectorSpec) -> Lane:
    detector = build(spec)
    if isinstance(detector, MissingDetector):
        return GapLane(index, spec, detector)
    if isinstance(detector, MewmaDetector):
        return AssetLane(index, spec, detector)
    return PointLane(index, spec, detector)
