"""Cells: what is known of one series in one open window, many of them as a structure of arrays.

Every statistic is updated point by point in log order straight on the state, never from partial sums of a chunk: so the
same log gives the same bits however it is cut.
"""

import numpy as np
from numpy.typing import NDArray

from streams.compute.compiled import compiled
from streams.compute.events import Floats, Index, Ints

_FIELDS: dict[str, type[np.generic]] = {
    "start": np.int64,
    "series": np.int64,
    "count": np.int64,
    "sum": np.float64,
    "shift": np.float64,
    "shifted_sum": np.float64,
    "shifted_squares": np.float64,
    "min": np.float64,
    "max": np.float64,
    "first_ts": np.int64,
    "first": np.float64,
    "last_ts": np.int64,
    "last": np.float64,
    "offset": np.int64,
}

_ADDED_TO = (
    "count", "sum", "shift", "shifted_sum", "shifted_squares", "min", "max",
    "first_ts", "first", "last_ts", "last", "offset",
)  # fmt: skip
_FIRST, _LAST = np.iinfo(np.int64).min, np.iinfo(np.int64).max

Columns = dict[str, NDArray[np.generic]]


class Cells:
    """A growing store of cells, addressed by small integers that are handed out and taken back."""

    def __init__(self) -> None:
        self._columns: dict[str, NDArray[np.generic]] = {name: np.zeros(0, kind) for name, kind in _FIELDS.items()}
        self._free = np.zeros(0, np.intp)

    def __len__(self) -> int:
        """Number of cells in use."""
        return len(self._columns["start"]) - len(self._free)

    def take(self, start: Ints, series: Index, first_value: Floats) -> Index:
        """New cells, one for each window start and series, that expect their first point."""
        wanted = len(start)
        if wanted > len(self._free):
            self._grow(wanted - len(self._free))
        cells, self._free = self._free[:wanted], self._free[wanted:]
        fresh: Columns = {name: np.zeros(wanted, kind) for name, kind in _FIELDS.items()}
        fresh |= {"start": start, "series": series, "shift": first_value}
        fresh |= {"min": np.full(wanted, np.inf), "max": np.full(wanted, -np.inf)}
        fresh |= {"first_ts": np.full(wanted, _LAST), "last_ts": np.full(wanted, _FIRST)}
        for name, column in self._columns.items():
            column[cells] = fresh[name]
        return cells

    def add(self, cell: Index, ts: Ints, x: Floats, offset: Ints) -> None:
        """Add points, in log order, each to its cell."""
        _add(cell, ts, x, offset, *(self._columns[name] for name in _ADDED_TO))  # type: ignore[arg-type]

    def read(self, cells: Index) -> Columns:
        """The fields of `cells`, copied."""
        return {name: column[cells] for name, column in self._columns.items()}

    def give_back(self, cells: Index) -> None:
        """These cells are no longer needed."""
        self._free = np.concatenate((self._free, cells))

    def restore(self, columns: Columns) -> Index:
        """Cells with the given fields, as `read` gave them."""
        cells = self.take(columns["start"], columns["series"], columns["shift"])  # type: ignore[arg-type]
        for name, column in self._columns.items():
            column[cells] = columns[name]
        return cells

    def _grow(self, by: int) -> None:
        before = len(self._columns["start"])
        after = max(before + by, 2 * before, 256)
        for name, column in self._columns.items():
            grown = np.zeros(after, column.dtype)
            grown[:before] = column
            self._columns[name] = grown
        self._free = np.concatenate((self._free, np.arange(before, after)))


@compiled
def _add(
    cells: Index, ts: Ints, x: Floats, offsets: Ints,
    count: Ints, total: Floats, shift: Floats, shifted_sum: Floats, shifted_squares: Floats,
    least: Floats, most: Floats, first_ts: Ints, first: Floats, last_ts: Ints, last: Floats, offset: Ints,
) -> None:  # fmt: skip
    for point in range(len(cells)):
        cell, value, time = cells[point], x[point], ts[point]
        count[cell] += 1
        total[cell] += value
        # Variance from sums of the distance to the cell's first value (Chan, Golub, LeVeque 1983, "shifted data"): as
        # that value is part of the sample, what cancels is bounded by the spread itself.
        distance = value - shift[cell]
        shifted_sum[cell] += distance
        shifted_squares[cell] += distance * distance
        if value < least[cell]:
            least[cell] = value
        if value > most[cell]:
            most[cell] = value
        if time < first_ts[cell]:  # of equal times the first in the log counts
            first_ts[cell], first[cell] = time, value
        if time >= last_ts[cell]:
            last_ts[cell], last[cell] = time, value
        offset[cell] = offsets[point]
