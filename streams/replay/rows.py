"""Rows of a history file as events, by the column mapping of the topology."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import pyarrow as pa

from schemas.errors import UserError
from streams.replay.cells import Bools, Ints, numbers, row_times, texts, times
from streams.replay.files import Rows, read_rows
from streams.replay.refusals import Refusals
from streams.replay.stretch import Stretch
from streams.topology.mapping import Replay, TimeColumn, TimeRows

_encode = msgspec.json.Encoder().encode


class _Bad(NamedTuple):
    """The bad cells of one column."""

    column: str
    wanted: str
    cells: pa.Array
    bad: Bools


class RowEvents:
    """Turns the rows of one file into events."""

    def __init__(self, path: Path, replay: Replay, site: str, refusals: Refusals) -> None:
        """Raises UserError where row times need a year that the file's name does not have."""
        self._path = path
        self._replay = replay
        self._site = site
        self._refusals = refusals
        self._year = _year_in(path.name, replay.time) if isinstance(replay.time, TimeRows) else 0
        self._keys: dict[str, bytes] = {}

    def read(self) -> Iterator[Stretch]:
        """The whole file, one event a row. Raises UserError for a file, column or (unless skipped) row that is bad."""
        for rows in read_rows(self._path, self._columns(), self._refusals):
            yield self._stretch(rows)

    def _columns(self) -> list[str]:
        replay = self._replay
        time = replay.time.column if isinstance(replay.time, TimeColumn) else None
        wanted = [time, replay.asset_column, replay.state_column, *replay.values.values()]
        return list(dict.fromkeys(column for column in wanted if column is not None))

    def _stretch(self, rows: Rows) -> Stretch:
        replay = self._replay
        size = len(rows.number)
        flaws: list[_Bad] = []
        ts = self._times(rows, flaws)
        assets = self._assets(rows, flaws)
        states = texts(rows.columns[replay.state_column]) if replay.state_column is not None else [None] * size
        x = np.empty((len(replay.values), size))
        for metric, column in enumerate(replay.values.values()):
            x[metric], bad = numbers(rows.columns[column])
            flaws.append(_Bad(column, "finite number", rows.columns[column], bad))
        refused = self._refuse(rows, flaws)
        given = ~np.isnan(x)
        empty = ~given.any(axis=0) & np.array([state is None for state in states], bool)
        sent = np.flatnonzero(~refused & ~empty)
        records = []
        for row, when, values in zip(sent.tolist(), ts[sent].tolist(), self._values(x[:, sent]), strict=True):
            asset = assets[row]
            event: dict[str, object] = {"ts": when, "site": self._site, "asset": asset, "values": values}
            if states[row] is not None:
                event["state"] = states[row]
            records.append((self._key(asset), _encode(event)))
        return Stretch(ts[sent], records, int(np.count_nonzero(empty & ~refused)), rows.done)

    def _times(self, rows: Rows, flaws: list[_Bad]) -> Ints:
        time = self._replay.time
        if isinstance(time, TimeRows):
            return row_times(rows.number, time.interval, self._year)
        cells = rows.columns[time.column]
        try:
            ts, bad = times(cells, time)
        except ValueError as error:  # a directive that strptime does not know
            raise UserError(f"time format {time.format!r} of column {time.column}: {error}") from None
        flaws.append(_Bad(time.column, f"time in the format {time.format}", cells, bad))
        return ts

    def _assets(self, rows: Rows, flaws: list[_Bad]) -> list[str]:
        if self._replay.asset_column is None:
            return [self._replay.asset or ""] * len(rows.number)
        cells = rows.columns[self._replay.asset_column]
        assets = texts(cells)
        absent = np.array([asset is None for asset in assets], bool)
        flaws.append(_Bad(self._replay.asset_column, "asset", cells, absent))
        return [asset or "" for asset in assets]

    def _refuse(self, rows: Rows, flaws: list[_Bad]) -> Bools:
        """Refuse every row with a bad cell, once, for its first one."""
        refused = np.zeros(len(rows.number), bool)
        for flaw in flaws:
            refused |= flaw.bad
        for row in np.flatnonzero(refused).tolist():
            flaw = next(flaw for flaw in flaws if flaw.bad[row])
            cell = flaw.cells[row].as_py()
            shown = "an empty cell" if cell is None else repr(cell)
            self._refusals(self._path, int(rows.number[row]), f"column {flaw.column}: {shown} is no {flaw.wanted}")
        return refused

    def _values(self, x: np.ndarray[tuple[int, int], np.dtype[np.float64]]) -> list[dict[str, float]]:
        """Per event (column of `x`) its metrics and values, without the NaN."""
        metrics = list(self._replay.values)
        rows = x.T.tolist()
        if not np.isnan(x).any():
            return [dict(zip(metrics, row, strict=True)) for row in rows]
        return [{metric: value for metric, value in zip(metrics, row, strict=True) if value == value} for row in rows]

    def _key(self, asset: str) -> bytes:
        key = self._keys.get(asset)
        if key is None:
            key = self._keys[asset] = f"{self._site}/{asset}".encode()
        return key


def _year_in(name: str, time: TimeRows) -> int:
    match = re.search(time.year_in_name, name)
    if match is None or not match.groups() or not match[1].isdecimal():
        raise UserError(f"{name}: no year where year_in_name, {time.year_in_name!r}, looks for it")
    return int(match[1])
