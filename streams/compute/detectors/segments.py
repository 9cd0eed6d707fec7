"""A chunk of points put in order: series by series, or in rounds of at most one point a series."""

from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple, Self

import numpy as np

from streams.compute.detectors.base import BoolArray, IntArray, SlotArray


class Rounds(NamedTuple):
    """Points in rounds: round r takes the r-th point of every segment that has so many.

    Segments are ranked by their number of points, so the segments of a round are the first of the ranking.
    """

    ranking: SlotArray
    """Segments by descending number of points."""
    bounds: list[int]
    """Round r is [bounds[r], bounds[r + 1]) of `take`."""
    take: SlotArray
    """Indices into `Segments.at`, round by round."""


class Segments:
    """Points grouped by series, in the order of the log within each; arrays of s series and m points.

    `series` intp[s] ascending; `start` and `count` intp[s], no count is 0; `at` intp[m] positions in the chunk.
    """

    def __init__(self, series: SlotArray, count: SlotArray, at: SlotArray) -> None:
        self.series, self.count, self.at = series, count, at
        self.start: SlotArray = np.cumsum(count) - count

    @classmethod
    def of(cls, series: SlotArray) -> Self:
        """Group a chunk of n > 0 points, whose series is intp[n]."""
        at = _stable_order(series)
        ordered = series[at]
        start, count = runs(ordered)
        return cls(ordered[start], count, at)

    def __len__(self) -> int:
        return len(self.series)

    @property
    def end(self) -> SlotArray:
        """Where the last point of each series stands in `at`."""
        return self.start + self.count - 1

    def only(self, chosen: BoolArray) -> "Segments":
        """The points of some of the series: bool[s]."""
        series, count = self.series[chosen], self.count[chosen]
        shift = self.start[chosen] - (np.cumsum(count) - count)
        return Segments(series, count, self.at[np.arange(count.sum()) + np.repeat(shift, count)])

    def keep(self, kept: BoolArray) -> "Segments":
        """Some of the points: bool[m]."""
        count = np.add.reduceat(kept, self.start, dtype=np.intp)
        left = count > 0
        return Segments(self.series[left], count[left], self.at[kept])

    @cached_property
    def rounds(self) -> Rounds:
        """The same points in rounds."""
        ranking = np.argsort(-self.count, kind="stable")
        height = self.count[ranking]
        rounds = np.arange(height[0])
        width = np.searchsorted(-height, -rounds)
        bounds = np.concatenate(([0], np.cumsum(width)))
        rank = np.arange(bounds[-1]) - np.repeat(bounds[:-1], width)
        take = self.start[ranking][rank] + np.repeat(rounds, width)
        return Rounds(ranking, bounds.tolist(), take)

    def each_round(self) -> Iterator[tuple[SlotArray, SlotArray]]:
        """Round by round the series, each once, and the position of the point of each."""
        ranking, bounds, take = self.rounds
        series, at = self.series[ranking], self.at[take]
        for begin, end in pairwise(bounds):
            yield series[: end - begin], at[begin:end]

    def segment_of(self, points: SlotArray) -> SlotArray:
        """Which segment each of some points belongs to, given as indices into `at`."""
        return np.searchsorted(self.start, points, "right") - 1

    def newest(self, ts: IntArray, before: IntArray) -> IntArray:
        """The newest event time of each point's series up to and with the point, int64[m].

        `ts` int64[m] is in the order of `at`; `before` int64[s] is the newest event time of each series before.
        """
        first = np.zeros(len(ts), np.bool_)
        first[self.start] = True
        ascending = np.concatenate(([True], ts[1:] > ts[:-1])) | first
        if ascending.all():
            newest = ts
        else:
            # A running maximum that never crosses into the next series: of ranks, each series' above the one before.
            order = np.argsort(ts, kind="stable")
            rank = np.empty_like(order)
            rank[order] = np.arange(len(ts))
            segment = np.repeat(np.arange(len(self)) * len(ts), self.count)
            newest = ts[order[np.maximum.accumulate(rank + segment) - segment]]
        return np.maximum(newest, np.repeat(before, self.count))


def runs(values: SlotArray) -> tuple[SlotArray, SlotArray]:
    """Where each run of equal values begins in n > 0 of them, and its length."""
    start = np.concatenate(([0], (values[1:] != values[:-1]).nonzero()[0] + 1))
    return start, np.diff(start, append=len(values))


def _stable_order(series: SlotArray) -> SlotArray:
    """Like argsort(kind="stable"), as a radix sort: numpy has one for 16 bits."""
    order = np.argsort(series.astype(np.uint16), kind="stable")
    if series.max() >= 1 << 16:
        order = order[np.argsort((series[order] >> 16).astype(np.uint16), kind="stable")]
    return order
