"""History files read a stretch of rows at a time, in bounded memory: CSV and NDJSON, also as .gz, and Parquet.

CSV cells stay text, so that a bad one can be named; so do the cells of NDJSON. Parquet brings its own types.
"""

import csv
import gzip
import io
import itertools
import zlib
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final, NamedTuple

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet
from numpy.typing import NDArray

from schemas.errors import UserError
from streams.replay.refusals import Refusals

STRETCH_ROWS: Final = 8192
_BLOCK_BYTES: Final = 1 << 20
_FORMATS: Final = {".csv": "csv", ".ndjson": "ndjson", ".jsonl": "ndjson", ".parquet": "parquet"}


class Rows(NamedTuple):
    """A stretch of a file."""

    number: NDArray[np.int64]
    """Position of each row in the file, counted from 0."""
    columns: dict[str, pa.Array]
    done: float
    """Share of the file that has been read, 0 to 1."""


class Lines(NamedTuple):
    """A stretch of an NDJSON file; blank lines are left out."""

    number: NDArray[np.int64]
    lines: list[bytes]
    done: float


def format_of(path: Path) -> str:
    """`csv`, `ndjson` or `parquet`, by the file's name; UserError for another."""
    kind = _FORMATS.get(Path(plain_name(path)).suffix.lower())
    if kind is None or (kind == "parquet" and is_gzip(path)):
        raise UserError(
            f"{path}: unknown kind of file; replay reads .csv, .ndjson and .jsonl (each also .gz), .parquet"
        )
    return kind


def is_gzip(path: Path) -> bool:
    return path.suffix.lower() == ".gz"


def plain_name(path: Path) -> str:
    """The file's name without `.gz`."""
    return path.stem if is_gzip(path) else path.name


def read_rows(path: Path, columns: Sequence[str], refuse: Refusals) -> Iterator[Rows]:
    """The rows of a file with these of its columns.

    A row that does not fit its file's format is refused. Raises UserError for a file that is absent, broken or lacks a
    column.
    """
    readers: dict[str, Callable[..., Iterator[Rows]]] = {
        "csv": _read_csv,
        "ndjson": _read_ndjson,
        "parquet": _read_parquet,
    }
    with named_errors(path):
        yield from readers[format_of(path)](path, columns, refuse)


def read_lines(path: Path) -> Iterator[Lines]:
    """The lines of a text file. Raises UserError for a file that is absent or broken."""
    with named_errors(path), path.open("rb") as raw:
        size = max(path.stat().st_size, 1)
        text = gzip.GzipFile(fileobj=raw) if is_gzip(path) else raw
        numbered = ((number, line) for number, line in enumerate(text) if not line.isspace())
        while stretch := list(itertools.islice(numbered, STRETCH_ROWS)):
            numbers, lines = zip(*stretch, strict=True)
            yield Lines(np.array(numbers, np.int64), list(lines), raw.tell() / size)


def _read_csv(path: Path, columns: Sequence[str], refuse: Refusals) -> Iterator[Rows]:
    _require_columns(path, columns, _csv_header(path))
    ragged: list[pyarrow.csv.InvalidRow] = []

    def skip(row: pyarrow.csv.InvalidRow) -> str:
        ragged.append(row)
        return "skip"

    with pa.OSFile(str(path)) as raw:
        size = max(raw.size(), 1)
        reader = pyarrow.csv.open_csv(
            pa.CompressedInputStream(raw, "gzip") if is_gzip(path) else raw,
            # With threads a row that does not parse has no number.
            read_options=pyarrow.csv.ReadOptions(use_threads=False, block_size=_BLOCK_BYTES),
            parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True, invalid_row_handler=skip),
            convert_options=pyarrow.csv.ConvertOptions(
                include_columns=list(columns),
                column_types=dict.fromkeys(columns, pa.string()),
                strings_can_be_null=True,
                null_values=[""],
            ),
        )
        good = 0
        gaps: list[int] = []
        for batch in reader:
            # Ragged rows are given ahead of the batch that they stood in.
            _refuse_ragged(path, ragged, gaps, refuse)
            position = np.arange(good, good + batch.num_rows)
            number = position + np.searchsorted(np.array(gaps, np.int64), position, "right")
            good += batch.num_rows
            yield Rows(number, dict(zip(columns, batch.columns, strict=True)), 1.0 if raw.closed else raw.tell() / size)
        _refuse_ragged(path, ragged, gaps, refuse)


def _refuse_ragged(path: Path, ragged: list[pyarrow.csv.InvalidRow], gaps: list[int], refuse: Refusals) -> None:
    """Refuse rows that do not have as many cells as the header, and note how many good rows came before each."""
    for row in ragged:
        number = row.number - 2  # the reader counts from 1 and takes the header for a row
        gaps.append(number - len(gaps))
        refuse(path, number, f"{row.actual_columns} cells where the header has {row.expected_columns}")
    ragged.clear()


def _csv_header(path: Path) -> list[str]:
    with path.open("rb") as raw:
        text = io.TextIOWrapper(gzip.GzipFile(fileobj=raw) if is_gzip(path) else raw, encoding="utf-8-sig", newline="")
        return next((row for row in csv.reader(text) if row), [])


def _read_ndjson(path: Path, columns: Sequence[str], refuse: Refusals) -> Iterator[Rows]:
    decode = msgspec.json.Decoder(dict[str, Any]).decode
    known = False
    for stretch in read_lines(path):
        numbers, rows = [], []
        for number, line in zip(stretch.number.tolist(), stretch.lines, strict=True):
            try:
                rows.append(decode(line))
                numbers.append(number)
            except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
                refuse(path, number, f"no JSON object: {error}")
        if rows and not known:  # a row may lack a value; a column that no row has is a slip in the mapping
            _require_columns(path, columns, list({name: None for row in rows for name in row}))
            known = True
        cells = {column: pa.array([_text(row.get(column)) for row in rows], pa.string()) for column in columns}
        yield Rows(np.array(numbers, np.int64), cells, stretch.done)


def _text(cell: object) -> str | None:
    return cell if cell is None or isinstance(cell, str) else msgspec.json.encode(cell).decode()


def _read_parquet(path: Path, columns: Sequence[str], refuse: Refusals) -> Iterator[Rows]:
    with pyarrow.parquet.ParquetFile(path) as file:
        _require_columns(path, columns, file.schema_arrow.names)
        rows = 0
        for batch in file.iter_batches(STRETCH_ROWS, columns=list(columns)):
            number = np.arange(rows, rows + batch.num_rows)
            rows += batch.num_rows
            cells = {column: _plain(batch.column(column)) for column in columns}
            yield Rows(number, cells, rows / file.metadata.num_rows)


def _plain(column: pa.Array) -> pa.Array:
    return column.dictionary_decode() if pa.types.is_dictionary(column.type) else column


def _require_columns(path: Path, columns: Sequence[str], present: Sequence[str]) -> None:
    missing = [column for column in columns if column not in present]
    if missing:
        raise UserError(f"{path} has no column {', '.join(missing)}; it has {', '.join(present)}")
    double = [column for column in columns if present.count(column) > 1]
    if double:
        raise UserError(f"{path} has more than one column {', '.join(double)}")


@contextmanager
def named_errors(path: Path) -> Iterator[None]:
    """Turn what readers raise into one line that names the file."""
    try:
        yield
    except (pa.ArrowException, OSError, EOFError, ValueError, OverflowError, csv.Error, zlib.error) as error:
        reason = getattr(error, "strerror", None) or str(error).partition("\n")[0]
        raise UserError(f"{path} cannot be read: {reason}") from None
