"""Levels of the series that playbooks name, sampled where their readings are."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from streams.compute.control_loop.playbook import SAMPLED_EVERY
from streams.compute.detectors.base import FloatArray, IntArray, SlotArray
from streams.compute.detectors.slots import Slots
from streams.compute.series import SeriesKey


class Sample(NamedTuple):
    """One reading that is told."""

    series: int
    asset: str
    """Whose playbooks need it."""
    ts: int
    """Event time, at most the broker's time of the record: epoch milliseconds."""
    value: float
    offset: int


class Sampler:
    """The first reading of each 5 s of event time, of each series that is wanted.

    Event time counts at most as the broker's time of the record, as for stream time: one reading from the future must
    not silence its series. What is told is a function of the log, however it is cut into chunks.
    """

    def __init__(self, wanted: Mapping[SeriesKey, Sequence[str]]) -> None:
        """`wanted`: the series, each with the assets whose playbooks need it."""
        self._wanted = wanted
        self._assets: list[Sequence[str]] = []
        """By series: who needs it."""
        self._slots = Slots(wanted=False, told=np.iinfo(np.int64).min)

    def grow(self, keys: Sequence[SeriesKey]) -> None:
        """Take in new series; their integers go on from those known so far."""
        begin = self._slots.size
        self._slots.grow(len(keys))
        self._assets += [self._wanted.get(key, ()) for key in keys]
        self._slots["wanted"][begin : self._slots.size] = [len(assets) > 0 for assets in self._assets[begin:]]

    def feed(self, series: SlotArray, ts: IntArray, x: FloatArray, offset: IntArray) -> list[Sample]:
        """The samples among n points in the order of the log; `ts` is at most the broker's time."""
        if not self._wanted:
            return []
        wanted, told = self._slots["wanted"], self._slots["told"]
        interval = ts // SAMPLED_EVERY
        found = []
        for at in np.flatnonzero(wanted[series] & (interval > told[series])).tolist():
            number = int(series[at])
            if interval[at] > told[number]:  # else an earlier point of these has been told
                told[number] = interval[at]
                place = int(ts[at]), float(x[at]), int(offset[at])
                found += [Sample(number, asset, *place) for asset in self._assets[number]]
        return found

    def snapshot(self) -> dict[str, npt.NDArray[Any]]:
        """The state: which series have been told, and up to which interval."""
        size = self._slots.size
        known = np.flatnonzero(self._slots["wanted"][:size])
        return {"series": known, "told": self._slots["told"][known]}

    def restore(self, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Continue from a snapshot, after `grow` with the same series. A series that is newly wanted begins anew."""
        if state:  # checkpoints from before there were playbooks have none
            self._slots["told"][state["series"]] = state["told"]
