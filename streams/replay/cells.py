"""Columns of cells as numbers, texts and times, a whole column at once; each says which of its cells are bad."""

from datetime import UTC, datetime
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from schemas.durations import Duration
from schemas.times import FIRST_DATED, LAST_DATED
from streams.topology.mapping import TimeColumn

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_DAY_MS: Final = 86_400_000
_NUMBER: Final = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_OWN_OFFSET: Final = r"[T ].*(Z|z|[+-][0-9]{2}:?([0-9]{2})?)$"
_ISO: Final = "ISO8601"


def numbers(column: pa.Array) -> tuple[Floats, Bools]:
    """The column as numbers, NaN where a cell is empty or bad, and which are bad: neither empty nor a finite number."""
    kind = column.type
    if _is_text(kind):
        column = _trimmed(column)
        given = _valid(column)
        try:
            column = pc.cast(column, pa.float64())
        except pa.ArrowInvalid:
            column = pc.cast(pc.if_else(pc.match_substring_regex(column, _NUMBER), column, None), pa.float64())
    else:
        given = _valid(column)
        castable = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
        column = pc.cast(column, pa.float64(), safe=False) if castable else pa.nulls(len(column), pa.float64())
    x = np.array(column.to_numpy(zero_copy_only=False), np.float64)
    bad = given & ~np.isfinite(x)
    x[bad] = np.nan
    return x, bad


def texts(column: pa.Array) -> list[str | None]:
    """The column as text without spaces around it, None where a cell is empty. ValueError where it cannot be text."""
    cells: list[str | None] = _trimmed(_as_text(column)).to_pylist()
    return cells


def times(column: pa.Array, spec: TimeColumn) -> tuple[Ints, Bools]:
    """The column as epoch milliseconds, and which cells are bad: an empty one is, for an event needs its time.

    ValueError where the column cannot be text, or the format is none.
    """
    offset = _offset_ms(spec.utc_offset)
    if pa.types.is_temporal(column.type):
        utc, bad = _from_timestamps(column, offset)
    elif spec.format in ("epoch_ms", "epoch_s"):
        x = numbers(column)[0] * (1000 if spec.format == "epoch_s" else 1)
        bad = ~(np.abs(x) <= LAST_DATED)  # also where x is NaN
        utc = np.rint(np.where(bad, 0, x)).astype(np.int64)
    else:
        utc, bad = _from_text(_trimmed(_as_text(column)), spec.format, offset)
    if spec.midnight_ends_day:
        utc = utc + np.where((utc + offset) % _DAY_MS == 0, _DAY_MS, 0)
    return utc, bad | (utc < FIRST_DATED) | (utc > LAST_DATED)


def row_times(number: Ints, interval: Duration, year: int) -> Ints:
    """Epoch milliseconds of rows that have no time: the start of `year` in UTC plus the row's number of intervals.

    ValueError where the year or a time is outside the years 1 to 9999.
    """
    start = int(datetime(year, 1, 1, tzinfo=UTC).timestamp() * 1000)
    if start + int(number.max(initial=0)) * int(interval) > LAST_DATED:
        raise ValueError(f"{number.max() + 1:,} rows, one each {interval}, go beyond the year 9999")
    return start + number * int(interval)


def _from_timestamps(column: pa.Array, offset: int) -> tuple[Ints, Bools]:
    if not (pa.types.is_timestamp(column.type) or pa.types.is_date(column.type)):  # a time of day, a length of time
        return np.zeros(len(column), np.int64), np.ones(len(column), np.bool_)
    zoned = pa.types.is_timestamp(column.type) and column.type.tz is not None
    seconds, ms = (
        pc.fill_null(
            pc.cast(pc.cast(column, pa.timestamp(unit, column.type.tz if zoned else None), safe=False), pa.int64()), 0
        ).to_numpy(zero_copy_only=False)
        for unit in ("s", "ms")
    )
    bad = ~_valid(column) | (np.abs(seconds) > LAST_DATED // 1000)  # of such seconds the milliseconds may overflow
    return (ms if zoned else ms - offset), bad


def _from_text(column: pa.Array, format_: str, offset: int) -> tuple[Ints, Bools]:
    # Times without an offset of their own are read as if they were UTC.
    parsed = pd.to_datetime(column.to_pandas(), format=_ISO if format_ == "iso" else format_, errors="coerce", utc=True)
    bad = parsed.isna().to_numpy()
    ms = parsed.where(~bad, pd.Timestamp(0, tz="UTC")).dt.as_unit("ms").astype("int64").to_numpy()
    if format_ == "iso":
        own = pc.fill_null(pc.match_substring_regex(column, _OWN_OFFSET), False).to_numpy(zero_copy_only=False)
        return ms - np.where(own, 0, offset), bad
    return (ms if "%z" in format_.lower() else ms - offset), bad


def _offset_ms(utc_offset: str) -> int:
    sign = -1 if utc_offset[0] == "-" else 1
    return sign * (int(utc_offset[1:3]) * 60 + int(utc_offset[4:6])) * 60_000


def _trimmed(column: pa.Array) -> pa.Array:
    column = pc.utf8_trim_whitespace(column)
    return pc.if_else(pc.equal(column, ""), None, column)


def _as_text(column: pa.Array) -> pa.Array:
    try:
        return column if _is_text(column.type) else pc.cast(column, pa.string())
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        raise ValueError(f"cells of the type {column.type} are no text") from None


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind))


def _valid(column: pa.Array) -> Bools:
    valid: Bools = column.is_valid().to_numpy(zero_copy_only=False)
    return valid
