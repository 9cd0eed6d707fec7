"""Tumbling and hopping windows over many series, with the semantics of Kafka Streams.

Windows are [start, start + size), every `advance`, aligned to the epoch. Stream time is the largest event time seen so
far; a point is late for a window when the window's end + lateness <= stream time at that point, the point itself
included (`TimeWindows.ofSizeAndGrace`). Whether a point is late is decided point by point, also where a chunk closes
windows in its middle, so the rows do not depend on how the log is cut.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from streams.compute.cells import Cells, Columns
from streams.compute.events import LONG_AGO, Bools, Floats, Index, Ints
from streams.compute.window_rows import Rows

_NO_CELL = -1


class Counted(NamedTuple):
    """What a declaration has brought about that is gone; its open windows, which were never closed, aside."""

    windowed: int = 0
    late: int = 0
    closed: int = 0
    closed_until: int = LONG_AGO
    """No window that was closed by an idle decision ends later."""

    @classmethod
    def of(cls, state: Columns) -> "Counted":
        """Of the snapshot of a declaration."""
        windowed, late, closed, _, closed_until, _ = map(int, state["counters"])
        return cls(windowed - int(state["count"].sum()), late, closed, closed_until)


class Windows:
    """The open windows of one declaration in one partition."""

    def __init__(self, size: int, advance: int | None = None, lateness: int = 0) -> None:
        """All in ms; tumbling where `advance` is left out."""
        self.size = size
        self.advance = advance or size
        self.lateness = lateness
        self.windowed = 0
        """Points added so far, counted once for each window they went into."""
        self.late = 0
        """Points so far that were late for a window, counted once for each."""
        self.closed = 0
        """Windows of a series closed so far."""
        self.left_out = 0
        """Points that came when this window was not yet declared, or otherwise, and those of windows that had begun by
        then; counted like the others, once for each window they would have gone into."""
        self._closed_until = LONG_AGO
        self._first = LONG_AGO
        """No window starts earlier."""
        self._cells = Cells()
        self._row_of: dict[int, int] = {}
        self._cell_of: NDArray[np.int32] = np.full((4, 64), _NO_CELL, np.int32)
        """By row (an open window) and series."""
        self._free_rows = list(range(len(self._cell_of)))

    def __len__(self) -> int:
        """Open windows, counted per series."""
        return len(self._cells)

    @property
    def points_open(self) -> int:
        """Points in windows that are still open."""
        return int(self._cells.read(self._live())["count"].sum())

    def late_for_all(self, ts: Ints, stream_time: Ints) -> Bools:
        """Which points are late for every window that contains them."""
        newest = ts - ts % self.advance
        return self._is_late(newest, stream_time)

    def add(self, series: Index, ts: Ints, x: Floats, offset: Ints, stream_time: Ints) -> None:
        """Add points in log order; `stream_time` is the largest event time up to and including each."""
        point = np.arange(len(ts))
        start = ts - ts % self.advance
        if self.advance != self.size:
            # All windows of a point, then those of the next, so that a cell still sees its points in log order.
            steps = np.arange(self.size // self.advance) * self.advance
            start = (start[:, None] - steps).ravel()
            point = np.repeat(point, len(steps))
        late = self._is_late(start, stream_time if len(start) == len(ts) else stream_time[point])
        if late.any():
            self.late += int(np.count_nonzero(late))
            start, point = start[~late], point[~late]
        if len(start) and start.min() < self._first:
            kept = start >= self._first
            self.left_out += len(start) - int(np.count_nonzero(kept))
            start, point = start[kept], point[kept]
        if len(start):
            self.windowed += len(start)
            if len(point) != len(ts) or self.advance != self.size:
                series, ts, x, offset = series[point], ts[point], x[point], offset[point]
            self._cells.add(self._find(start, series, x), ts, x, offset)

    def due(self, stream_time: int) -> list[int]:
        """Starts of the open windows that no point can reach any more, in order."""
        limit = max(stream_time - self.lateness, self._closed_until)
        return sorted(start for start in self._row_of if start + self.size <= limit)

    def close(self, starts: list[int]) -> Rows:
        """Close these windows and give their rows."""
        cells = self._release(starts)
        column = self._cells.read(cells)
        self._cells.give_back(cells)
        self.closed += len(cells)
        return _rows(column)

    def declare_idle(self, now: int) -> bool:
        """No more points are waited for in windows that have begun by `now`: they become due. False if there is none.

        Windows that points from the future have opened are not among them: others may yet be on time for those.
        """
        begun = [start for start in self._row_of if start <= now]
        if not begun:
            return False
        self._closed_until = max(self._closed_until, max(begun) + self.size)
        return True

    def snapshot(self) -> Columns:
        """The whole state as arrays."""
        state = self._cells.read(self._live())
        state["declared"] = np.array([self.size, self.advance, self.lateness])
        state["counters"] = np.array(
            [self.windowed, self.late, self.closed, self.left_out, self._closed_until, self._first]
        )
        return state

    def restore(self, state: Columns) -> bool:
        """Take over the state of a snapshot; False, and nothing is changed, if it was declared otherwise.

        Only for a new object.
        """
        if state["declared"].tolist() != [self.size, self.advance, self.lateness]:
            return False
        self.windowed, self.late, self.closed, self.left_out, self._closed_until, self._first = (
            int(number) for number in state["counters"]
        )
        cells = self._cells.restore(state)
        start, series = np.asarray(state["start"], np.int64), np.asarray(state["series"], np.intp)
        rows = self._rows_of(start, series)
        self._cell_of[rows, series] = cells
        return True

    def begin_late(self, counted: Counted, measured: int, stream_time: int) -> None:
        """Begin `measured` points into the log, and count on from what an earlier declaration of this name had counted.

        The first window is one that nothing can have gone into: not half a window, nor one that there is a row of.
        """
        self.windowed, self.late, self.closed, closed_until = counted
        self.left_out = measured * (self.size // self.advance) - self.windowed - self.late
        self._first = max(stream_time + 1, closed_until)

    def _is_late(self, start: Ints, stream_time: Ints) -> Bools:
        end = start + self.size
        late: Bools = (end + self.lateness <= stream_time) | (end <= self._closed_until)
        return late

    def _find(self, start: Ints, series: Index, x: Floats) -> Index:
        """The cell of each point, taken now where it has none."""
        row = self._rows_of(start, series)
        cell = self._cell_of[row, series]
        new = np.flatnonzero(cell == _NO_CELL)
        if len(new):
            place = row[new] * self._cell_of.shape[1] + series[new]
            place, first = np.unique(place, return_index=True)
            first = new[first]
            self._cell_of.ravel()[place] = self._cells.take(start[first], series[first], x[first])
            cell = self._cell_of[row, series]
        return cell.astype(np.intp)

    def _rows_of(self, start: Ints, series: Index) -> Index:
        """The row of `_cell_of` that belongs to each window start, made now where there is none; room for `series`."""
        if not len(start):
            return np.zeros(0, np.intp)
        most = int(series.max())
        if most >= self._cell_of.shape[1]:
            self._widen(most + 1)
        number = (start - start.min()) // self.advance
        span = int(number.max()) + 1
        if span <= 4 * len(start) + 64:
            present = np.flatnonzero(np.bincount(number, minlength=span))
            row_of = np.zeros(span, np.intp)
            lowest = int(start.min())
            row_of[present] = [self._row(lowest + window * self.advance) for window in present.tolist()]
        else:
            present, number = np.unique(start, return_inverse=True)
            row_of = np.array([self._row(window) for window in present.tolist()], np.intp)
        rows: Index = row_of[number]
        return rows

    def _row(self, start: int) -> int:
        row = self._row_of.get(start)
        if row is None:
            if not self._free_rows:
                rows = len(self._cell_of)
                self._cell_of = np.concatenate((self._cell_of, np.full_like(self._cell_of, _NO_CELL)))
                self._free_rows = list(range(rows, 2 * rows))
            row = self._row_of[start] = self._free_rows.pop()
        return row

    def _widen(self, series: int) -> None:
        rows, before = self._cell_of.shape
        wider = np.full((rows, max(series, 2 * before)), _NO_CELL, np.int32)
        wider[:, :before] = self._cell_of
        self._cell_of = wider

    def _release(self, starts: list[int]) -> Index:
        """Take the windows out of the map; their cells by start, then series."""
        cells = []
        for start in starts:
            row = self._row_of.pop(start)
            cells.append(self._cell_of[row][self._cell_of[row] != _NO_CELL])
            self._cell_of[row] = _NO_CELL
            self._free_rows.append(row)
        return np.concatenate(cells).astype(np.intp) if cells else np.zeros(0, np.intp)

    def _live(self) -> Index:
        """All cells in use, by start, then series."""
        cells = [self._cell_of[self._row_of[start]] for start in sorted(self._row_of)]
        live: Index = (np.concatenate(cells) if cells else np.zeros(0, np.int32)).astype(np.intp)
        used: Index = live[live != _NO_CELL]
        return used


def _rows(column: Columns) -> Rows:
    count = np.asarray(column["count"], np.int64)
    shifted_sum = np.asarray(column["shifted_sum"], np.float64)
    squares = np.asarray(column["shifted_squares"], np.float64)
    variance = np.maximum((squares - shifted_sum * shifted_sum / count) / count, 0.0)
    total = np.asarray(column["sum"], np.float64)
    kept = {name: column[name] for name in ("start", "series", "min", "max", "first", "last", "offset")}
    return Rows(count=count, sum=total, mean=total / count, stddev=np.sqrt(variance), **kept)  # type: ignore[arg-type]
