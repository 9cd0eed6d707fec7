"""Duplicates: readings that have been there before, as a producer that sends again makes them.

A reading is known by its series and its event time. What the last stretch of event time (the horizon) has brought is
remembered, exactly; a reading from before the horizon is not compared with anything. As stream time only grows, every
earlier copy of a reading that is inside the horizon is still remembered, so the answer does not depend on how the log
is cut.
"""

import numpy as np
from numpy.typing import NDArray

from streams.compute.events import Bools, Index, Ints

_TIME_BITS = 42
"""A reading as one number: series, then event time modulo 2^42 ms (139 years), for up to 4 million series."""
_TIME = np.uint64((1 << _TIME_BITS) - 1)
_MOST_RUNS = 24
"""Merging many rarely costs less than searching few often: most readings are not searched for."""

Keys = NDArray[np.uint64]


class Duplicates:
    """The readings of one partition within the horizon, as sorted runs of numbers.

    Most readings are newer than all before of their series, which one comparison tells; the runs are searched for the
    others alone.
    """

    def __init__(self, horizon: int) -> None:
        """`horizon` in ms of event time; 0 finds and remembers nothing."""
        self.horizon = horizon
        self._newest = np.full(64, np.iinfo(np.int64).min)
        """Event time by series."""
        self._runs: list[tuple[int, Keys]] = []
        """Sorted keys, each run with its newest event time."""

    def __len__(self) -> int:
        """Readings remembered."""
        return sum(len(keys) for _, keys in self._runs)

    def find(self, series: Index, ts: Ints, stream_time: Ints) -> Bools | None:
        """Which of these points, given in log order, repeat an earlier one; None if none does.

        `stream_time` is the largest event time up to and including each point.
        """
        if not self.horizon or not len(ts):
            return None
        self._forget(int(stream_time[0]))
        recent = ts > stream_time - self.horizon
        if recent.all():
            return self._find(series, ts)
        found = self._find(series[recent], ts[recent])
        if found is None:
            return None
        repeated = np.zeros(len(ts), bool)
        repeated[np.flatnonzero(recent)[found]] = True
        return repeated

    def snapshot(self) -> dict[str, Keys]:
        """What is remembered, run by run. As differences, which compress well."""
        keys = np.concatenate([run for _, run in self._runs]) if self._runs else np.zeros(0, np.uint64)
        return {"steps": np.diff(keys, prepend=np.uint64(0))}

    def restore(self, state: dict[str, Keys], stream_time: int) -> None:
        """Take over the state of a snapshot taken at `stream_time`. Only for a new object."""
        keys = np.cumsum(np.asarray(state["steps"], np.uint64), dtype=np.uint64)
        if not self.horizon or not len(keys):
            return
        keys.sort()
        series = (keys >> np.uint64(_TIME_BITS)).astype(np.intp)
        self._make_room(series)
        self._remember(series, _times(keys, stream_time), keys)

    def _find(self, series: Index, ts: Ints) -> Bools | None:
        if not len(ts):
            return None
        self._make_room(series)
        keys = _keys(series, ts)
        run = np.sort(keys)
        known = self._known(series, ts, keys)
        within = bool((run[1:] == run[:-1]).any())
        if known is None and not within:
            self._remember(series, ts, run)
            return None
        repeated = np.zeros(len(keys), bool) if known is None else known
        if within:
            first = np.unique(keys, return_index=True)[1]
            again = np.ones(len(keys), bool)
            again[first] = False
            repeated |= again
        new = ~repeated
        self._remember(series[new], ts[new], np.sort(keys[new]))
        return repeated

    def _known(self, series: Index, ts: Ints, keys: Keys) -> Bools | None:
        """Which points the runs hold."""
        suspect = np.flatnonzero(ts <= self._newest[series])
        if not len(suspect):
            return None
        wanted = keys[suspect]
        held = np.zeros(len(suspect), bool)
        for _, run in self._runs:
            at = np.searchsorted(run, wanted)
            held |= run[np.minimum(at, len(run) - 1)] == wanted
        if not held.any():
            return None
        known = np.zeros(len(keys), bool)
        known[suspect[held]] = True
        return known

    def _remember(self, series: Index, ts: Ints, run: Keys) -> None:
        if not len(run):
            return
        np.maximum.at(self._newest, series, ts)
        self._runs.append((int(ts.max()), run))

    def _forget(self, stream_time: int) -> None:
        limit = stream_time - self.horizon
        self._runs = [(newest, run) for newest, run in self._runs if newest > limit]
        if len(self._runs) > _MOST_RUNS:
            self._merge(stream_time)

    def _merge(self, stream_time: int) -> None:
        """Make one run of all, without what has left the horizon."""
        keys = np.concatenate([run for _, run in self._runs])
        keys = np.sort(keys[_times(keys, stream_time) > stream_time - self.horizon])
        self._runs = [(max(newest for newest, _ in self._runs), keys)] if len(keys) else []

    def _make_room(self, series: Index) -> None:
        wanted, there = int(series.max()) + 1, len(self._newest)
        if wanted > there:
            wider = np.full(max(wanted, 2 * there), np.iinfo(np.int64).min)
            wider[:there] = self._newest
            self._newest = wider


def _keys(series: Index, ts: Ints) -> Keys:
    keys: Keys = (series.astype(np.uint64) << np.uint64(_TIME_BITS)) | (ts.astype(np.uint64) & _TIME)
    return keys


def _times(keys: Keys, stream_time: int) -> Ints:
    """Event times of keys: those nearest to `stream_time`."""
    half = 1 << (_TIME_BITS - 1)
    base = stream_time - half
    ts: Ints = (((keys & _TIME) - np.uint64(base & int(_TIME))) & _TIME).astype(np.int64) + base
    return ts
