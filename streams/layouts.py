"""Layouts: which series the values of an event belong to, looked up once per shape of event, not once per value."""

from collections.abc import Sequence
from operator import attrgetter
from typing import Final

import numpy as np

from schemas.events import Event
from streams.compute.events import Bools, Index, Ints
from streams.compute.series import SeriesKey, SeriesTable
from streams.second_look import EventRules

NOT_ACCEPTED: Final = -1
"""The number of every layout whose names cannot be accepted as they stand."""

_MOST_CACHED = 1_000_000
"""Layouts and series of layouts together."""
_NOT_YET = -1
_site, _asset, _values = attrgetter("site"), attrgetter("asset"), attrgetter("values")

Layout = tuple[str, str, tuple[str, ...]]
"""Site, asset and the metrics of an event in the order in which they stand there."""


class Layouts(dict[Layout, int]):
    """Gives every layout a number, and to the number the series of its values. A cache: emptied when it grows large."""

    def __init__(self, series: SeriesTable, rules: EventRules) -> None:
        super().__init__()
        self._series = series
        self._rules = rules
        self._empty()

    def __missing__(self, layout: Layout) -> int:
        if not self._rules.accepts(*layout):
            return NOT_ACCEPTED  # and not remembered: refused names are often long or random
        number = self[layout] = len(self._layouts)
        self._layouts.append(layout)
        return number

    def trim(self) -> bool:
        """Bound the memory. True if numbers that were given before have become void."""
        full = len(self) + len(self._flat) > _MOST_CACHED
        if full:
            self._empty()
        return full

    def look_up(self, events: Sequence[Event]) -> Index:
        """Per event the number of its layout."""
        # Lazily from end to end: 10,000 tuples alive at once would set the garbage collector to work.
        layouts = zip(map(_site, events), map(_asset, events), map(tuple, map(_values, events)), strict=True)
        return np.fromiter(map(self.__getitem__, layouts), np.intp, len(events))

    def spread(self, number: Index) -> Index:
        """Per value of events with these layouts, the position of its event."""
        self._extend()
        return spread(self._start[number], self._length[number])[0]

    def admit(self, number: Index, broker_ts: Ints) -> Bools:
        """Have the series of these events' values known, in the order of the log; which events bring too many."""
        self._extend()
        refused = np.zeros(len(number), bool)
        unknown = np.flatnonzero(~self._known[number])
        for position, new, now in zip(
            unknown.tolist(), number[unknown].tolist(), broker_ts[unknown].tolist(), strict=True
        ):
            if not self._known[new]:
                site, asset, metrics = self._layouts[new]
                ids = self._series.admit([SeriesKey(site, asset, metric) for metric in metrics], now)
                if ids is None:
                    refused[position] = True
                else:
                    start = self._start[new]
                    self._flat[start : start + len(ids)] = ids
                    self._known[new] = True
        return refused

    def series(self, number: Index) -> Index:
        """Per value of admitted events its series."""
        return self._flat[spread(self._start[number], self._length[number])[1]]

    def _empty(self) -> None:
        self.clear()
        self._layouts: list[Layout] = []
        self._start: Index = np.zeros(0, np.intp)
        self._length: Index = np.zeros(0, np.intp)
        self._flat: Index = np.zeros(0, np.intp)
        self._known = np.zeros(0, bool)

    def _extend(self) -> None:
        """Make room for the layouts that are new. They have no series until an event of theirs is admitted."""
        new = self._layouts[len(self._length) :]
        if not new:
            return
        length = np.array([len(metrics) for _, _, metrics in new], np.intp)
        self._start = np.append(self._start, len(self._flat) + np.cumsum(length) - length)
        self._length = np.append(self._length, length)
        self._flat = np.append(self._flat, np.full(length.sum(), _NOT_YET))
        self._known = np.append(self._known, np.zeros(len(new), bool))


def spread(start: Index, length: Index) -> tuple[Index, Index]:
    """Of every entry of the ranges [start, start + length): the position of its range, and its place in it."""
    if len(length) and length.min() == length.max() == 1:
        return np.arange(len(length)), start
    owner = np.repeat(np.arange(len(length)), length)
    before = np.cumsum(length) - length
    return owner, (start - before)[owner] + np.arange(len(owner))
