"""Layouts: which series the values of an event belong to, looked up once per shape of event, not once per value."""

from collections.abc import Sequence
from operator import attrgetter

import numpy as np

from schemas.events import Event
from streams.compute.events import Bools, Index
from streams.compute.series import SeriesKey, SeriesTable
from streams.second_look import EventRules

_MOST_LAYOUTS = 100_000
_site, _asset, _values = attrgetter("site"), attrgetter("asset"), attrgetter("values")

Layout = tuple[str, str, tuple[str, ...]]
"""Site, asset and the metrics of an event in the order in which they stand there."""


class Layouts(dict[Layout, int]):
    """Gives every layout a number, and to the number the series of its values. A cache: emptied when it grows large."""

    def __init__(self, series: SeriesTable, rules: EventRules) -> None:
        super().__init__()
        self._series = series
        self._rules = rules
        self._starts: list[int] = []
        self._lengths: list[int] = []
        self._plains: list[bool] = []
        self._flats: list[int] = []
        self._freeze()

    def __missing__(self, layout: Layout) -> int:
        site, asset, metrics = layout
        plain = self._rules.accepts(site, asset, metrics)
        number = self[layout] = len(self._starts)
        self._starts.append(len(self._flats))
        self._lengths.append(len(metrics))
        self._plains.append(plain)
        if plain:
            self._flats += [self._series.id_of(SeriesKey(site, asset, metric)) for metric in metrics]
        return number

    def trim(self) -> None:
        """Bound the memory. Numbers given before are void."""
        if len(self) > _MOST_LAYOUTS:
            for part in (self, self._starts, self._lengths, self._plains, self._flats):
                part.clear()
            self._freeze()

    def look_up(self, events: Sequence[Event]) -> tuple[Index, Bools]:
        """Per event the number of its layout, and whether its names can be accepted as they stand."""
        # Lazily from end to end: 10,000 tuples alive at once would set the garbage collector to work.
        layouts = zip(map(_site, events), map(_asset, events), map(tuple, map(_values, events)), strict=True)
        number = np.fromiter(map(self.__getitem__, layouts), np.intp, len(events))
        if len(self._starts) > len(self._start):
            self._freeze()
        return number, self._plain[number]

    def points(self, number: Index) -> tuple[Index, Index]:
        """Per value of events with these (accepted) layouts: the position of its event, and its series."""
        length = self._length[number]
        if len(length) and length.min() == length.max() == 1:
            return np.arange(len(number)), self._flat[self._start[number]]
        event = np.repeat(np.arange(len(number)), length)
        within = np.arange(len(event)) - np.repeat(np.cumsum(length) - length, length)
        return event, self._flat[self._start[number][event] + within]

    def _freeze(self) -> None:
        self._start = np.array(self._starts, np.intp)
        self._length = np.array(self._lengths, np.intp)
        self._plain = np.array(self._plains, bool)
        self._flat = np.array(self._flats, np.intp)
