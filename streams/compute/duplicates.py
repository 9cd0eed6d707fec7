"""Duplicates: readings that have been there before, as a producer that sends again makes them.

A reading is known by its series and its event time. What the last stretch of event time (the horizon) has brought is
remembered, exactly; a reading from before the horizon is not compared with anything. As stream time only grows, every
earlier copy of a reading that is inside the horizon is still remembered, so the answer does not depend on how the log
is cut.
"""

import os
from typing import Final

import numpy as np
from numpy.typing import NDArray

from streams.compute.compiled import compiled
from streams.compute.events import Bools, Index, Ints

_TIME_BITS: Final = 42
"""A reading as one number: series, then event time modulo 2^42 ms (139 years), for up to 4 million series."""
_SERIES_SHIFT: Final = np.uint64(_TIME_BITS)
_TIME: Final = np.uint64((1 << _TIME_BITS) - 1)
_EMPTY: Final = np.uint64(2**64 - 1)
_LEAST_PLACES: Final = 1024
_MIX: Final = np.frombuffer(os.urandom(8), np.uint64)[0] | np.uint64(1)
"""Secret, or else a sender could choose which readings share a place."""

Keys = NDArray[np.uint64]


class Duplicates:
    """The readings of one partition within the horizon: a hash table with open addressing, at most half full.

    It also holds readings that have left the horizon. They are never asked for, and go when there is no more room.
    """

    def __init__(self, horizon: int) -> None:
        """`horizon` in ms of event time; 0 finds and remembers nothing."""
        self.horizon = horizon
        self._places: Keys = np.full(_LEAST_PLACES, _EMPTY)
        self._used = 0
        self._swept = 0
        """Stream time of the last time when those that have left the horizon went."""

    def __len__(self) -> int:
        """Readings held."""
        return self._used

    def find(self, series: Index, ts: Ints, stream_time: Ints) -> Bools | None:
        """Which of these points, given in log order, repeat an earlier one; None if none does.

        `stream_time` is the largest event time up to and including each point.
        """
        if not self.horizon or not len(ts):
            return None
        # Within half a turn of the modulus every time that is held can be told.
        if 2 * (self._used + len(ts)) > len(self._places) or stream_time[-1] - self._swept > 1 << (_TIME_BITS - 2):
            self._sweep(int(stream_time[0]), len(ts))
        repeated = np.zeros(len(ts), np.bool_)
        new = _find(*self._table(), series, ts, stream_time, self.horizon, repeated)
        self._used += new
        return repeated if new < len(ts) and repeated.any() else None

    def snapshot(self, stream_time: int) -> dict[str, Keys]:
        """What is remembered at `stream_time`. As differences, which compress well."""
        keys = self._held(stream_time)
        keys.sort()
        return {"steps": np.diff(keys, prepend=np.uint64(0))}

    def restore(self, state: dict[str, Keys], stream_time: int) -> None:
        """Take over the state of a snapshot taken at `stream_time`. Only for a new object."""
        keys = np.cumsum(np.asarray(state["steps"], np.uint64), dtype=np.uint64)
        if self.horizon and len(keys):
            self._fill(keys, stream_time, 0)

    def _sweep(self, stream_time: int, more: int) -> None:
        """Let those go that have left the horizon at `stream_time`, and make room for so many more."""
        self._fill(self._held(stream_time), stream_time, more)

    def _held(self, stream_time: int) -> Keys:
        keys = self._places[self._places != _EMPTY]
        recent: Keys = keys[_times(keys, stream_time) > stream_time - self.horizon]
        return recent

    def _fill(self, keys: Keys, stream_time: int, more: int) -> None:
        places = _LEAST_PLACES
        while places < 4 * (len(keys) + more):  # a quarter full: it takes as many again until the next time
            places *= 2
        self._places = np.full(places, _EMPTY)
        self._used = len(keys)
        self._swept = stream_time
        _fill(*self._table(), keys)

    def _table(self) -> tuple[Keys, np.uint64, np.uint64]:
        """The places, and what tells that of a key: the upper bits of a product (Dietzfelbinger et al. 1997)."""
        return self._places, np.uint64(65 - len(self._places).bit_length()), _MIX


@compiled
def _find(
    places: Keys, shift: np.uint64, mix: np.uint64,
    series: Index, ts: Ints, stream_time: Ints, horizon: int, repeated: Bools,
) -> int:  # fmt: skip
    """Marks the points that are held, and takes the others; how many these are."""
    new = 0
    for point in range(len(ts)):
        if ts[point] > stream_time[point] - horizon:
            key = (np.uint64(series[point]) << _SERIES_SHIFT) | (np.uint64(ts[point]) & _TIME)
            place = _place(places, shift, mix, key)
            if places[place] == key:
                repeated[point] = True
            else:
                places[place] = key
                new += 1
    return new


@compiled
def _fill(places: Keys, shift: np.uint64, mix: np.uint64, keys: Keys) -> None:
    for key in keys:
        places[_place(places, shift, mix, key)] = key


@compiled
def _place(places: Keys, shift: np.uint64, mix: np.uint64, key: np.uint64) -> int:
    """Where a key is, or belongs."""
    place = np.intp((key * mix) >> shift)
    while places[place] != key and places[place] != _EMPTY:
        place = (place + 1) & (len(places) - 1)
    return int(place)


def _times(keys: Keys, stream_time: int) -> Ints:
    """Event times of keys: those nearest to `stream_time`."""
    half = 1 << (_TIME_BITS - 1)
    base = stream_time - half
    ts: Ints = (((keys & _TIME) - np.uint64(base & int(_TIME))) & _TIME).astype(np.int64) + base
    return ts
