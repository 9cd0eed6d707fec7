"""One declared detector that judges the metrics of an asset together: makes observations of its points."""

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from schemas.events import Verdict
from streams.compute.detectors.base import BoolArray, FloatArray, IntArray, MetricInfo, SlotArray
from streams.compute.detectors.lane import Chunk, Flag, Lane
from streams.compute.detectors.mewma import MOST_METRICS, MewmaDetector, Observations, Signals
from streams.compute.detectors.registry import DetectorSpec
from streams.compute.detectors.segments import Rounds, Segments
from streams.compute.detectors.slots import Slots
from streams.compute.series import SeriesKey

_NEVER: Final = -(1 << 62)
"""Event time of what has not been yet."""
_LANE: Final = "lane_"
"""Begins the names of the lane's own arrays in a snapshot."""
_TIED: Final = 1 - 1e-9
"""Shares that differ by less count as equal, so that rounding does not decide which metric is named."""


class _Runs(NamedTuple):
    """The points of a chunk by runs: points of one asset and one event time with no other time of it in between.

    r runs of up to d metrics, in `rounds` of at most one run an asset.
    """

    asset: SlotArray
    """Slots of the assets in the order of the rounds' ranking."""
    rounds: Rounds
    ts: IntArray
    """[r]"""
    first: SlotArray
    """[r]: position of the first point."""
    x: FloatArray
    """[r, d]; 0 where there is no point."""
    position: SlotArray
    """[r, d]; -1 where there is no point."""


class _Vectors(NamedTuple):
    """Observations of n assets, by slot, each with the position of the point that completed it."""

    slot: SlotArray
    position: SlotArray
    ts: IntArray
    """Event time of the observation."""
    x: FloatArray
    """[n, d]: newest value of each metric."""
    at: IntArray
    """[n, d]: event time of that."""


class AssetLane(Lane):
    """Runs a detector that judges observations, vectors of what an asset's metrics are at one event time.

    An observation is open from the first point of an asset that is newer than all before. It is judged once, as early
    as the log allows: at the point with which the last metric has come that is expected, or else before the next newer
    point. Expected are the metrics that had a value, not older than `hold`, at the observation before. The values are
    the newest then known; points that come later for its time, or are older, are values that later ones may hold.
    """

    def __init__(self, index: int, spec: DetectorSpec, detector: MewmaDetector) -> None:
        super().__init__(index, spec, detector)
        self._judge, self._hold = detector, detector.hold
        self._slot_of: dict[tuple[str, str], int] = {}
        """Of an asset, by site and name."""
        self._width = 0
        """The largest number of metrics of an asset."""
        self._place = Slots(asset=0, column=0)
        """By slot of a series."""
        self._columns = Slots(series=np.full(MOST_METRICS, -1), count=0)
        """By slot of an asset, like the others."""
        self._state = Slots(
            ts=_NEVER,
            before=_NEVER,
            judged=True,
            signalled=False,
            x=np.zeros(MOST_METRICS),
            at=np.full(MOST_METRICS, _NEVER),
        )
        """Event time of the newest observation and of the one before, whether the newest is judged already and whether
        the last judged one signalled; each metric's newest value and its event time."""

    def _begin(self, keys: Sequence[SeriesKey], infos: Sequence[MetricInfo]) -> None:
        first = self._place.size
        self._place.grow(len(keys))
        for slot, (key, info) in enumerate(zip(keys, infos, strict=True), first):
            asset = self._slot_of.setdefault((key.site, key.asset), len(self._slot_of))
            if asset == self._state.size:
                self._columns.grow(1)
                self._state.grow(1)
                self._judge.grow([info])
                self._grow_thresholds(1)
            series, column = self._by_slot["series"][slot], int(self._columns["count"][asset])
            if column == MOST_METRICS:
                self._by_series["slot"][series] = -1
                continue
            self._place["asset"][slot], self._place["column"][slot] = asset, column
            self._columns["series"][asset, column], self._columns["count"][asset] = series, column + 1
            self._width = max(self._width, column + 1)

    def hear(self, series: int, verdict: Verdict) -> bool:
        watched = super().hear(series, verdict)
        if watched:
            self._feedback.hear(int(self._place["asset"][self._by_series["slot"][series]]), verdict)
        return watched

    def feed(self, chunk: Chunk) -> list[tuple[int, Flag]]:
        segments, slot = self._watched(chunk.in_order)
        if not len(segments):
            return []
        runs, flags = self._runs(chunk, segments, slot), []
        for begin, end in pairwise(runs.rounds.bounds):
            for vectors in self._observe(runs, runs.asset[: end - begin], runs.rounds.take[begin:end]):
                flags += self._flags(chunk, vectors)
        return flags

    def _runs(self, chunk: Chunk, segments: Segments, slot: SlotArray) -> _Runs:
        slots = np.full(len(chunk.ts), -1)
        slots[segments.at] = np.repeat(slot, segments.count)
        at = (slots >= 0).nonzero()[0]
        slots = slots[at]
        by_asset = Segments.of(self._place["asset"][slots])
        at, column = at[by_asset.at], self._place["column"][slots[by_asset.at]]
        ts = chunk.ts[at]
        begins = np.concatenate(([True], ts[1:] != ts[:-1]))
        begins[by_asset.start] = True
        run = np.cumsum(begins) - 1
        shape = (int(run[-1]) + 1, self._width)
        x, position = np.zeros(shape), np.full(shape, -1)
        x[run, column], position[run, column] = chunk.x[at], at
        count = np.add.reduceat(begins, by_asset.start, dtype=np.intp)
        rounds = Segments(by_asset.series, count, np.arange(len(x))).rounds
        return _Runs(by_asset.series[rounds.ranking], rounds, ts[begins], at[begins], x, position)

    def _observe(self, runs: _Runs, slot: SlotArray, run: SlotArray) -> list[_Vectors]:
        """Take in at most one run of each asset; the observations that this completes, at most two of each asset."""
        state, ts, first = self._state, runs.ts[run], runs.first[run]
        newest, judged = state["ts"][slot], state["judged"][slot]
        x, at = state["x"][slot, : self._width], state["at"][slot, : self._width]
        newer = ts > newest
        done = []
        late = (newer & ~judged).nonzero()[0]
        if late.size:
            done.append(_Vectors(slot[late], first[late], newest[late], x[late], at[late]))

        before = np.where(newer, newest, state["before"][slot])
        newest, judged = np.where(newer, ts, newest), judged & ~newer
        position, now = runs.position[run], ts == newest
        came = position >= 0
        expected = (at >= (before - self._hold)[:, None]) & (at > _NEVER)
        waiting = expected & (at < newest[:, None])
        complete = (~judged & now & ~(waiting & ~came).any(axis=1)).nonzero()[0]
        if complete.size:
            # What of the run comes after the last that was waited for is too late for this observation.
            last = np.maximum(np.where(waiting, position, -1).max(axis=1), first)[complete]
            within = came[complete] & (position[complete] <= last[:, None])
            known_x = np.where(within, runs.x[run[complete]], x[complete])
            known_at = np.where(within, ts[complete, None], at[complete])
            done.append(_Vectors(slot[complete], last, newest[complete], known_x, known_at))
            judged[complete] = True

        state["ts"][slot], state["before"][slot], state["judged"][slot] = newest, before, judged
        state["x"][slot, : self._width] = np.where(came, runs.x[run], x)
        state["at"][slot, : self._width] = np.where(came, ts[:, None], at)
        return done

    def _flags(self, chunk: Chunk, seen: _Vectors) -> list[tuple[int, Flag]]:
        """Judge observations."""
        came = seen.at == seen.ts[:, None]
        concerned = self._judge.concerned(seen.slot, came)
        if not concerned.all():
            seen, came = _Vectors._make(column[concerned] for column in seen), came[concerned]
        present = seen.at >= (seen.ts - self._hold)[:, None]
        found = self._judge.step(Observations(seen.slot, seen.x, present))
        if found is not None and self._feedback:
            reached = self._feedback.passes(seen.slot[found.at], found.score)
            found = Signals._make(column[reached] for column in found) if reached.any() else None
        signalled = np.zeros(len(seen.slot), bool)
        if found is not None:
            signalled[found.at] = True
        before = self._state["signalled"][seen.slot]
        self._state["signalled"][seen.slot] = signalled
        if found is None:
            return []
        told = (~before[found.at] if self.spec.report == "onset" else np.full(len(found.at), True)).nonzero()[0]
        if self._budget and told.size:
            at = found.at[told]
            told = told[self._budget.passes(seen.slot[at], seen.ts[at], found.score[told])]
        return [self._flag(chunk, seen, came, found, number) for number in told.tolist()]

    def _flag(self, chunk: Chunk, seen: _Vectors, came: BoolArray, found: Signals, number: int) -> tuple[int, Flag]:
        """The flag of one of the signals."""
        row, share, judged = found.at[number], found.share[number], found.judged[number]
        own = np.where(judged & came[row], share, -1.0)
        column = int((own >= _TIED * own.max()).argmax())
        series_of = self._columns["series"][seen.slot[row]]
        metric_of = {one: self._metric_of[self._by_series["slot"][series_of[one]]] for one in judged.nonzero()[0]}
        x, expected, reach = (float(one[column]) for one in (seen.x[row], found.expected[number], found.reach[number]))
        shares = [(metric.name, float(share[one])) for one, metric in metric_of.items()]
        reason = self._judge.reason(metric_of[column], x, float(found.t2[number]), shares)
        position, series, ts = int(seen.position[row]), int(series_of[column]), int(seen.ts[row])
        numbers = (x, float(found.score[number]), expected, expected - reach, expected + reach)
        return position, Flag(self.index, series, ts, int(chunk.offset[position]), *numbers, reason)

    def reset(self, series: SlotArray) -> None:
        assets = np.unique(self._place["asset"][self._slots_of(series)])
        self._judge.reset(assets)
        self._state.reset(assets)

    def tick(self, now: int, offset: int) -> list[Flag]:
        del now, offset  # an observation that is waited for in vain is judged when the next one begins
        return []

    def snapshot(self) -> dict[str, npt.NDArray[Any]]:
        own = {_LANE + name: array for name, array in self._state.snapshot().items()}
        return {**super().snapshot(), **own}

    def restore(self, arrays: Mapping[str, npt.NDArray[Any]]) -> bool:
        if not super().restore(arrays):
            return False
        own = self._state.snapshot().keys()
        self._state.restore({name: arrays[_LANE + name] for name in own})
        return True
