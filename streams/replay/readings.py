"""Rows of a history file in numbers, by the column mapping of the topology."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from schemas.errors import UserError
from streams.replay.cells import Bools, Floats, Ints, numbers, row_times, texts, times
from streams.replay.files import Rows, read_rows
from streams.replay.refusals import Refusals
from streams.topology.mapping import Replay, TimeColumn, TimeRows


class Readings(NamedTuple):
    """A stretch of n rows. What stands in a row that was refused has no meaning."""

    number: Ints
    """Position of each row in the file, counted from 0; rows that do not fit the file's format are not among them."""
    ts: Ints
    """Event times, epoch milliseconds."""
    assets: list[str]
    states: list[str | None]
    x: Floats
    """float64[metrics, n] in the order of the mapping; NaN where a cell is empty."""
    refused: Bools
    done: float
    """Share of the file that has been read, 0 to 1."""


class _Bad(NamedTuple):
    """The bad cells of one column."""

    column: str
    wanted: str
    cells: pa.Array
    bad: Bools


class RowReader:
    """Reads the rows of one file."""

    def __init__(self, path: Path, replay: Replay, refusals: Refusals) -> None:
        """Raises UserError where row times need a year that the file's name does not have."""
        self._path = path
        self._replay = replay
        self._refusals = refusals
        self._year = _year_in(path.name, replay.time) if isinstance(replay.time, TimeRows) else 0

    def read(self) -> Iterator[Readings]:
        """The whole file. Raises UserError for a file, column or (unless skipped) row that is bad."""
        for rows in read_rows(self._path, self._columns(), self._refusals):
            yield self._readings(rows)

    def _columns(self) -> list[str]:
        replay = self._replay
        time = replay.time.column if isinstance(replay.time, TimeColumn) else None
        wanted = [time, replay.asset_column, replay.state_column, *replay.values.values()]
        return list(dict.fromkeys(column for column in wanted if column is not None))

    def _readings(self, rows: Rows) -> Readings:
        replay = self._replay
        size = len(rows.number)
        flaws: list[_Bad] = []
        ts = self._times(rows, flaws)
        assets = self._assets(rows, flaws)
        column = replay.state_column
        states: list[str | None] = [None] * size if column is None else self._texts(rows, column)
        x = np.empty((len(replay.values), size))
        for metric, column in enumerate(replay.values.values()):
            x[metric], bad = numbers(rows.columns[column])
            flaws.append(_Bad(column, "finite number", rows.columns[column], bad))
        return Readings(rows.number, ts, assets, states, x, self._refuse(rows, flaws), rows.done)

    def _times(self, rows: Rows, flaws: list[_Bad]) -> Ints:
        time = self._replay.time
        if isinstance(time, TimeRows):
            try:
                return row_times(rows.number, time.interval, self._year)
            except ValueError as error:
                raise UserError(f"{self._path}: {error}") from None
        cells = rows.columns[time.column]
        try:
            ts, bad = times(cells, time)
        except (ValueError, re.error) as error:  # a directive that strptime does not know, or twice the same
            raise UserError(f"time format {time.format!r} of column {time.column}: {error}") from None
        flaws.append(_Bad(time.column, f"time in the format {time.format}", cells, bad))
        return ts

    def _assets(self, rows: Rows, flaws: list[_Bad]) -> list[str]:
        if self._replay.asset_column is None:
            return [self._replay.asset or ""] * len(rows.number)
        cells = rows.columns[self._replay.asset_column]
        assets = self._texts(rows, self._replay.asset_column)
        absent = np.array([asset is None for asset in assets], bool)
        flaws.append(_Bad(self._replay.asset_column, "asset", cells, absent))
        return [asset or "" for asset in assets]

    def _texts(self, rows: Rows, column: str) -> list[str | None]:
        try:
            return texts(rows.columns[column])
        except ValueError as error:
            raise UserError(f"{self._path}: column {column}: {error}") from None

    def _refuse(self, rows: Rows, flaws: list[_Bad]) -> Bools:
        """Refuse every row with a bad cell, once, for its first one."""
        refused = np.zeros(len(rows.number), bool)
        for flaw in flaws:
            refused |= flaw.bad
        for row in np.flatnonzero(refused).tolist():
            flaw = next(flaw for flaw in flaws if flaw.bad[row])
            reason = f"column {flaw.column}: {_shown(flaw.cells[row])} is no {flaw.wanted}"
            self._refusals(self._path, int(rows.number[row]), reason)
        return refused


def _shown(cell: pa.Scalar) -> str:
    try:
        return repr(cell.as_py()) if cell.is_valid else "an empty cell"
    except (OverflowError, ValueError):  # Python has no such date
        return f"a {cell.type} out of range"


def _year_in(name: str, time: TimeRows) -> int:
    match = re.search(time.year_in_name, name)
    if match is None or not match.groups() or not (match[1] or "").isdecimal() or not 1 <= int(match[1]) <= 9999:
        raise UserError(f"{name}: no year where year_in_name, {time.year_in_name!r}, looks for it")
    return int(match[1])
