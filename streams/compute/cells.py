"""Cells: what is known of one series in one open window, many of them as a structure of arrays.

Every statistic is updated point by point in log order straight on the state (`np.add.at` and its like are sequential),
never from partial sums of a chunk: so the same log gives the same bits however it is cut.
"""

import numpy as np
from numpy.typing import NDArray

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
        column: dict[str, NDArray] = self._columns  # type: ignore[type-arg]
        np.add.at(column["count"], cell, 1)
        np.add.at(column["sum"], cell, x)
        # Variance from sums of the distance to the cell's first value (Chan, Golub, LeVeque 1983, "shifted data"): as
        # that value is part of the sample, what cancels is bounded by the spread itself.
        distance = x - column["shift"][cell]
        np.add.at(column["shifted_sum"], cell, distance)
        np.add.at(column["shifted_squares"], cell, distance * distance)
        np.minimum.at(column["min"], cell, x)
        np.maximum.at(column["max"], cell, x)
        before = column["first_ts"][cell]
        np.minimum.at(column["first_ts"], cell, ts)
        # Of equal times the first in the log counts; assigning to repeated indices keeps the last, hence [::-1].
        first = np.flatnonzero((ts < before) & (ts == column["first_ts"][cell]))[::-1]
        column["first"][cell[first]] = x[first]
        before = column["last_ts"][cell]
        np.maximum.at(column["last_ts"], cell, ts)
        last = np.flatnonzero((ts >= before) & (ts == column["last_ts"][cell]))
        column["last"][cell[last]] = x[last]
        column["offset"][cell] = offset

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
