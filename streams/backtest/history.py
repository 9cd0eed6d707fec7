"""What a backtest runs over: values with their times, and the table that they stand in."""

import csv
import datetime
import gzip
import io
from collections.abc import Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path, PurePath
from typing import Any, Final, NamedTuple, Protocol, cast

import numpy as np
import pyarrow.parquet

from schemas.errors import UserError
from schemas.events import LARGEST_VALUE
from schemas.topics import MACHINE_EVENTS
from streams.compute.detectors.base import BoolArray, FloatArray, IntArray
from streams.compute.series import SeriesKey
from streams.replay.files import STRETCH_ROWS, format_of, is_gzip, named_errors, plain_name
from streams.replay.readings import Readings, RowReader
from streams.replay.refusals import Refusals
from streams.topology.mapping import Replay, TimeColumn

SUFFIXES: Final = (".csv", ".csv.gz", ".parquet")
_TIMES: Final = ("ts", "time", "timestamp", "date", "datetime")
_ASSET: Final = "asset"


class Points(NamedTuple):
    """n > 0 values, row by row in the order of the table."""

    row: IntArray
    """Which row of the table each stands in, counted from 0 without the header."""
    keys: list[SeriesKey]
    ts: IntArray
    """Event time, epoch milliseconds."""
    x: FloatArray
    """Finite, at most LARGEST_VALUE."""
    states: Sequence[str | None] = ()
    """The machine's state in each point's row; none where the table has no such column."""


class History(Protocol):
    """A table of history."""

    @property
    def name(self) -> PurePath:
        """What its scores are called in the folder of results, with the suffix `.csv`."""

    def points(self, refusals: Refusals) -> Iterator[Points]:
        """Its values, a stretch at a time. Raises UserError for what cannot be read, and from `refusals`."""

    def table(self) -> Iterator[list[str]]:
        """The header, then every row as it stands, also those that were refused."""


class FileHistory:
    """A CSV or Parquet file."""

    def __init__(self, path: Path, name: PurePath, mapping: Replay, site: str) -> None:
        self._path, self._mapping, self._site = path, mapping, site
        self.name = name

    def points(self, refusals: Refusals) -> Iterator[Points]:
        for readings in RowReader(self._path, self._mapping, refusals).read():
            given = ~np.isnan(readings.x) & ~readings.refused
            given &= ~self._too_large(readings, given, refusals)
            at, metric = given.T.nonzero()
            if at.size:
                keys, states = self._keys(readings, at, metric), [readings.states[row] for row in at.tolist()]
                yield Points(readings.number[at], keys, readings.ts[at], readings.x[metric, at], states)

    def _keys(self, readings: Readings, at: IntArray, metric: IntArray) -> list[SeriesKey]:
        metrics, assets = list(self._mapping.values), readings.assets
        return [
            SeriesKey(self._site, assets[row], metrics[number])
            for row, number in zip(at.tolist(), metric.tolist(), strict=True)
        ]

    def _too_large(self, readings: Readings, given: BoolArray, refusals: Refusals) -> BoolArray:
        """The values that no quantity has; a worker makes dead letters of them."""
        large: BoolArray = given & (np.abs(readings.x) > LARGEST_VALUE)
        columns = list(self._mapping.values.values())
        for metric, at in zip(*(axis.tolist() for axis in large.nonzero()), strict=True):
            value = float(readings.x[metric, at])
            reason = f"column {columns[metric]}: no quantity is as large as {value:g}"
            refusals(self._path, int(readings.number[at]), reason)
        return large

    def table(self) -> Iterator[list[str]]:
        return read_table(self._path)


def read_table(path: Path) -> Iterator[list[str]]:
    """The header of a CSV or Parquet file and then its rows, each with as many cells as the header.

    Raises UserError for a file that is absent or broken.
    """
    with named_errors(path):
        rows = _parquet_table(path) if format_of(path) == "parquet" else _csv_table(path)
        yield from rows


def _csv_table(path: Path) -> Iterator[list[str]]:
    with path.open("rb") as raw:
        text = io.TextIOWrapper(gzip.GzipFile(fileobj=raw) if is_gzip(path) else raw, encoding="utf-8-sig", newline="")
        rows = (row for row in csv.reader(text) if row)  # empty lines are no rows to whoever reads the values either
        header = next(rows, [])
        yield header
        for row in rows:
            # A row of another length was refused; the columns that are put after it have to stay where they belong.
            yield (row + [""] * (len(header) - len(row)))[: len(header)]


def _parquet_table(path: Path) -> Iterator[list[str]]:
    with pyarrow.parquet.ParquetFile(path) as file:
        yield file.schema_arrow.names
        for batch in file.iter_batches(STRETCH_ROWS):
            for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                yield [as_text(cell) for cell in row]


def as_text(cell: object) -> str:
    """A cell that brings its own type, as CSV has it."""
    if cell is None:
        return ""
    return cell.isoformat() if isinstance(cell, datetime.datetime) else str(cell)


def plain_mapping(path: Path, asset: str | None, metrics: Sequence[str], time_format: str) -> Replay:
    """How a file is read that no topology has a mapping for.

    Its time stands in the column `ts`, `time`, `timestamp`, `date` or `datetime`, else in the first one. All rows
    belong to `asset`; where that is None, a column `asset` names the asset, else it is the file's name. The other
    columns are metrics, or those of them that match a name or pattern of `metrics`. UserError where no metric is left.
    """
    header = next(read_table(path))
    if not header:
        raise UserError(f"{path} is empty: its first row names the columns")
    time = next((name for wanted in _TIMES for name in header if name.lower() == wanted), header[0])
    asset_column = _ASSET if _ASSET in header and asset is None else None
    others = [name for name in header if name not in (time, asset_column)]
    for pattern in metrics:
        if not any(fnmatchcase(name, pattern) for name in others):
            raise UserError(f"{path} has no column {pattern}; besides {time} it has {', '.join(others) or 'none'}")
    chosen = [name for name in others if not metrics or any(fnmatchcase(name, pattern) for pattern in metrics)]
    if not chosen:
        raise UserError(f"{path} has no column besides {time}: values stand in columns of their own")
    return Replay(
        files="*",
        topic=cast(Any, MACHINE_EVENTS.name),
        time=TimeColumn(column=time, format=time_format),
        values={name: name for name in chosen},
        asset=None if asset_column else asset or plain_name(path).rpartition(".")[0],
        asset_column=asset_column,
    )


def find(files: Sequence[Path]) -> list[tuple[Path, PurePath]]:
    """The files that are named and those in the folders that are, each with the name of its scores.

    That of a file in a folder is its place there. UserError for what is absent, of an unknown kind, or would have the
    scores of another.
    """
    found: dict[PurePath, Path] = {}
    for given in files:
        with named_errors(given):
            if given.is_dir():
                inside = sorted(path for path in given.rglob("*") if path.name.lower().endswith(SUFFIXES))
                if not inside:
                    raise UserError(f"{given} has no file that ends in {', '.join(SUFFIXES)}")
                named = [(path, PurePath(path.relative_to(given))) for path in inside]
            elif given.is_file():
                named = [(given, PurePath(given.name))]
            else:
                raise UserError(f"{given}: no such file")
        for path, place in named:
            if not path.name.lower().endswith(SUFFIXES):
                raise UserError(f"{path}: unknown kind of file; a backtest reads {', '.join(SUFFIXES)}")
            name = place.with_name(plain_name(path)).with_suffix(".csv")
            if name in found:
                raise UserError(f"the scores of {found[name]} and {path} would both be {name}; take them one at a time")
            found[name] = path
    return [(path, name) for name, path in found.items()]
