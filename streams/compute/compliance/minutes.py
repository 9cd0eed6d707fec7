"""Minutes: what is known of each watched series in each minute that may still take readings.

As in `streams.compute.cells`, every sum is updated reading by reading in log order, never from partial sums.
"""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from schemas.events import FLAGS
from streams.compute.events import MEASURED, Floats, Index, Ints

MINUTE: Final = 60_000
NEVER: Final = -1
"""As an offset: no record."""

_STOPPED: Final = FLAGS.index("F")
_FIELDS: Final[dict[str, type[np.generic]]] = {
    "count": np.int64,
    "sum": np.float64,
    "stopped": np.int64,
    "invalid": np.int64,
    "first_offset": np.int64,
    "offset": np.int64,
}


class Minute(NamedTuple):
    """One minute, an entry for each slot."""

    start: int
    """Epoch milliseconds."""
    mean: Floats
    """Of the readings whose flag says that they were measured; NaN where there is none."""
    stopped: NDArray[np.bool_]
    """Whether there are readings flagged as stopped."""
    invalid: NDArray[np.bool_]
    """Whether there are other readings that were not measured."""
    first_offset: Ints
    """Of the first record of the minute, `NEVER` where there is none."""
    offset: Ints
    """Of the last one."""


class Minutes:
    """Open minutes of the watched series; each series has a slot, 0, 1, 2, ..."""

    def __init__(self) -> None:
        self._slots = 0
        self._cells: dict[int, dict[int, int]] = {}
        """By start of the minute and slot."""
        self._columns: dict[str, NDArray[Any]] = {name: np.zeros(0, kind) for name, kind in _FIELDS.items()}
        self._free: list[int] = []

    def grow(self, slots: int) -> None:
        """Make room for `slots` more series."""
        self._slots += slots

    def first(self) -> int | None:
        """Start of the earliest open minute; None if none is open."""
        return min(self._cells, default=None)

    def add(self, slot: Index, start: Ints, x: Floats, flag: NDArray[np.int8], offset: Ints) -> None:
        """Add readings in log order; `start` is that of their minute, `flag` a position in `schemas.events.FLAGS`."""
        if not len(slot):
            return
        # A number for each minute and slot, so that the cells are looked up once for all their readings.
        keys, which = np.unique(start // MINUTE * self._slots + slot, return_inverse=True)
        minutes, slots = np.divmod(keys, self._slots)
        cells = [self._cell(*place) for place in zip((minutes * MINUTE).tolist(), slots.tolist(), strict=True)]
        cell = np.array(cells, np.intp)[which]
        column, measured = self._columns, MEASURED[flag]
        stopped = flag == _STOPPED
        np.add.at(column["count"], cell[measured], 1)
        np.add.at(column["sum"], cell[measured], x[measured])
        np.add.at(column["stopped"], cell[stopped], 1)
        np.add.at(column["invalid"], cell[~measured & ~stopped], 1)
        column["offset"][cell] = offset
        # Assigning to repeated indices keeps the last, hence [::-1]: the first reading that found its cell empty.
        fresh = np.flatnonzero(column["first_offset"][cell] == NEVER)[::-1]
        column["first_offset"][cell[fresh]] = offset[fresh]

    def ended(self, until: int) -> list[int]:
        """Starts of the open minutes that end at `until` or before, in order."""
        return sorted(start for start in self._cells if start + MINUTE <= until)

    def close(self, start: int) -> Minute:
        """Take a minute out."""
        cells = self._cells.pop(start)
        slot, cell = np.array(list(cells), np.intp), np.array(list(cells.values()), np.intp)
        self._free += cells.values()
        dense = {}
        for name, column in self._columns.items():
            dense[name] = np.full(self._slots, NEVER if "offset" in name else 0, column.dtype)
            dense[name][slot] = column[cell]
        with np.errstate(invalid="ignore"):
            mean = dense["sum"] / dense["count"]
        return Minute(
            start, mean, dense["stopped"] > 0, dense["invalid"] > 0, dense["first_offset"], dense["offset"]
        )  # fmt: skip

    def snapshot(self) -> dict[str, NDArray[Any]]:
        """The open minutes as columns, an entry for each minute and slot."""
        places = [(start, slot, cell) for start in sorted(self._cells) for slot, cell in self._cells[start].items()]
        start, slot, cell = np.array(places, np.int64).reshape(-1, 3).T
        return {"start": start, "slot": slot, **{name: column[cell] for name, column in self._columns.items()}}

    def restore(self, state: Mapping[str, NDArray[Any]], slot_of: Mapping[int, int]) -> None:
        """Take over a snapshot; `slot_of` leads from its slots to those of today, where a series is still watched."""
        for row, (start, slot) in enumerate(zip(state["start"].tolist(), state["slot"].tolist(), strict=True)):
            if slot in slot_of:
                cell = self._cell(start, slot_of[slot])
                for name, column in self._columns.items():
                    column[cell] = state[name][row]

    def _cell(self, start: int, slot: int) -> int:
        of_minute = self._cells.setdefault(start, {})
        cell = of_minute.get(slot)
        if cell is None:
            if not self._free:
                self._widen()
            cell = of_minute[slot] = self._free.pop()
            for name, column in self._columns.items():
                column[cell] = NEVER if "offset" in name else 0
        return cell

    def _widen(self) -> None:
        before = len(self._columns["count"])
        after = max(2 * before, 64)
        for name, column in self._columns.items():
            wider = np.zeros(after, column.dtype)
            wider[:before] = column
            self._columns[name] = wider
        self._free = list(range(before, after))
