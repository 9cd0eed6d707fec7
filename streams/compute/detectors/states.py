"""Which state each asset's machine is in, for detectors that are to forget what they learned when it leaves one."""

import hashlib
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from streams.compute.detectors.base import BoolArray, IntArray, SlotArray
from streams.compute.detectors.segments import Segments
from streams.compute.detectors.slots import Slots
from streams.compute.series import SeriesKey

_UNKNOWN: Final = 0
"""Stands for the state of an asset that has not told any."""


class Told(NamedTuple):
    """What the events of a chunk tell of machine states, s of them in the order of the log."""

    series: SlotArray
    """Any series of the event's asset."""
    ts: IntArray
    state: IntArray
    """By `code`."""
    at: SlotArray
    """How many points of the chunk come before the event."""


NOTHING_TOLD: Final = Told(*(np.zeros(0, np.int64) for _ in range(4)))


class Stretch(NamedTuple):
    """A part of a chunk for one detector."""

    left: SlotArray
    """Series that it is to forget first: those of assets that have left a state that it names."""
    points: BoolArray
    """Which points it is to judge then, bool[n]."""


class History(NamedTuple):
    """The states of assets at n points of a chunk."""

    of_series: SlotArray
    """Asset of every series."""
    asset: SlotArray
    """[s], ascending: the assets that told a state, as often as they did."""
    state: IntArray
    """[s]"""
    previous: IntArray
    """[s]: the state before that."""
    start: SlotArray
    """[s]: where an asset's first one stands."""
    told: SlotArray
    """[n]: what was told last of the point's asset, an index into these; -1 for nothing in this chunk."""
    before: IntArray
    """[n]: the state of the point's asset before this chunk."""

    def stretches(self, named: IntArray) -> Iterator[Stretch]:
        """The chunk as a detector is to see it that forgets an asset whenever it leaves one of the named states.

        Each stretch has the points of all assets between one such time and the next, without those inside the states:
        assets have nothing to do with one another, so it is no matter at which times.
        """
        inside = np.isin(self.state, named)
        leaves = np.isin(self.previous, named) & ~inside
        passed = np.cumsum(leaves)
        times: IntArray = passed - (passed - leaves)[self.start]
        known = self.told >= 0
        judged, after = ~np.isin(self.before, named), np.zeros(len(self.told), np.intp)
        judged[known], after[known] = ~inside[self.told[known]], times[self.told[known]]
        for time in range(int(times.max(initial=0)) + 1):
            left = self.asset[leaves & (times == time)]
            series = np.isin(self.of_series, left).nonzero()[0] if left.size else left
            yield Stretch(series, judged & (after == time))


class AssetStates:
    """State: the newest state that each asset has told, and the event time of that.

    An event that is older than the newest one with a state changes nothing, nor does one without a state.
    """

    def __init__(self) -> None:
        self._asset_of: dict[tuple[str, str], int] = {}
        """By site and name: 0, 1, 2 ... in the order in which their first series appeared."""
        self._of_series = Slots(asset=0)
        self._now = Slots(state=_UNKNOWN, ts=np.iinfo(np.int64).min)

    def grow(self, keys: Sequence[SeriesKey]) -> None:
        """Take in new series."""
        first = self._of_series.size
        self._of_series.grow(len(keys))
        for series, key in enumerate(keys, first):
            number = len(self._asset_of)
            self._of_series["asset"][series] = self._asset_of.setdefault((key.site, key.asset), number)
        self._now.grow(len(self._asset_of) - self._now.size)

    def take(self, told: Told, series: SlotArray) -> History:
        """Bring the states up to date with a chunk whose points are of these `series`, intp[n]."""
        of_series = self._of_series["asset"][: self._of_series.size]
        of_point, before = of_series[series], self._now["state"][of_series[series]]
        if not len(told.series):
            none = np.zeros(0, np.intp)
            nothing = np.full(len(series), -1)
            return History(of_series, none, none, none, none, nothing, before)
        events = Segments.of(of_series[told.series])
        ts = told.ts[events.at]
        newest = events.newest(ts, self._now["ts"][events.series])
        events = events.keep(ts == newest)
        state, start = told.state[events.at], np.repeat(events.start, events.count)
        asset = np.repeat(events.series, events.count)
        previous = np.empty_like(state)
        previous[1:] = state[:-1]
        previous[events.start] = self._now["state"][events.series]
        self._now["state"][events.series] = state[events.end]
        self._now["ts"][events.series] = told.ts[events.at[events.end]]

        # Events by asset and then by place in the log are in ascending order; where would the point be among them?
        places = len(series) + 1
        last = (
            np.searchsorted(asset * places + told.at[events.at], of_point * places + np.arange(len(series)), "right")
            - 1
        )
        own = (last >= 0) & (asset[last] == of_point) if len(asset) else np.zeros(len(series), bool)
        return History(of_series, asset, state, previous, start, np.where(own, last, -1), before)

    def snapshot(self) -> dict[str, npt.NDArray[Any]]:
        """A copy of the state."""
        return self._now.snapshot()

    def restore(self, arrays: dict[str, npt.NDArray[Any]]) -> None:
        """Continue from a snapshot of as many assets. CheckpointError if it does not fit."""
        self._now.restore(arrays)


@lru_cache(1024)
def code(state: str) -> int:
    """Stands for the name of a state in arrays, the same in all versions and topologies."""
    if not state:
        return _UNKNOWN
    return int.from_bytes(hashlib.blake2b(state.encode(), digest_size=8).digest(), signed=True)
