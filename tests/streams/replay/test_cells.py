"""Columns of cells as numbers, texts and times."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.durations import Duration
from streams.replay.cells import numbers, row_times, texts, times
from streams.topology.mapping import TimeColumn


def ms(*args: int, tz: timezone = UTC) -> int:
    return int(datetime(*args, tzinfo=tz).timestamp() * 1000)  # type: ignore[misc, arg-type]


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False) | st.none()))
def test_a_number_written_as_text_is_read_back_to_the_last_bit(values: list[float | None]) -> None:
    x, bad = numbers(pa.array([None if value is None else repr(value) for value in values], pa.string()))
    assert [None if np.isnan(value) else value for value in x] == values
    assert not bad.any()


@pytest.mark.parametrize("cell", ["abc", "1,5", "1_000", "0x10", "nan", "inf", "1e999", "1 2", "true", "--1", "١"])
def test_a_cell_that_is_no_finite_number_is_bad_and_its_neighbours_are_not(cell: str) -> None:
    x, bad = numbers(pa.array(["1", cell, None, "2.5"]))
    assert bad.tolist() == [False, True, False, False]
    np.testing.assert_array_equal(x, [1, np.nan, np.nan, 2.5])


@pytest.mark.parametrize("cell", ["", " ", "\t", None])
def test_an_empty_cell_is_no_number_and_not_bad(cell: str | None) -> None:
    x, bad = numbers(pa.array([cell, "1"], pa.string()))
    assert np.isnan(x[0])
    assert not bad.any()


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ([1, None, 3], pa.int32()),
        ([1.0, None, 3.0], pa.float32()),
        ([Decimal(1), None, Decimal(3)], pa.decimal128(10, 2)),
        (["1", None, " 3 "], pa.large_string()),
        (["1.0", "", "+3"], pa.string()),
    ],
)
def test_every_type_of_number_column_gives_the_same_numbers(cells: list[Any], kind: pa.DataType) -> None:
    x, bad = numbers(pa.array(cells, kind))
    np.testing.assert_array_equal(x, [1, np.nan, 3])
    assert not bad.any()


def test_nan_and_infinity_in_a_column_of_floats_are_bad() -> None:
    _, bad = numbers(pa.array([1.0, float("nan"), float("-inf"), None]))
    assert bad.tolist() == [False, True, True, False]


@pytest.mark.parametrize("column", [pa.array([True, None]), pa.array([datetime(2020, 1, 1), None])])
def test_a_column_of_another_type_has_no_numbers(column: pa.Array) -> None:
    _, bad = numbers(column)
    assert bad.tolist() == [True, False]


def test_texts_are_trimmed_and_empty_ones_are_none() -> None:
    assert texts(pa.array([" a ", "", "  ", None, "b"])) == ["a", None, None, None, "b"]
    assert texts(pa.array([7, None])) == ["7", None]


@pytest.mark.parametrize(
    ("cell", "format_", "expected"),
    [
        ("2018-03-01T12:30:00Z", "iso", ms(2018, 3, 1, 12, 30)),
        ("2018-03-01T12:30:00.25+08:00", "iso", ms(2018, 3, 1, 4, 30) + 250),
        ("2018-03-01 12:30-0330", "iso", ms(2018, 3, 1, 16, 0)),
        # Without an offset of its own a time is one of the mapping's offset, +09:00.
        ("2018-03-01 12:30", "iso", ms(2018, 3, 1, 3, 30)),
        ("2018-03-01", "iso", ms(2018, 2, 28, 15, 0)),
        ("01/03/2018 12:30", "%d/%m/%Y %H:%M", ms(2018, 3, 1, 3, 30)),
        ("01/03/2018 12:30 +0000", "%d/%m/%Y %H:%M %z", ms(2018, 3, 1, 12, 30)),
        # Epochs are UTC by definition.
        ("1519907400000", "epoch_ms", ms(2018, 3, 1, 12, 30)),
        ("1519907400.5", "epoch_s", ms(2018, 3, 1, 12, 30) + 500),
    ],
)
def test_times_are_read_in_every_format(cell: str, format_: str, expected: int) -> None:
    spec = TimeColumn(column="t", format=format_, utc_offset="+09:00")
    ts, bad = times(pa.array([cell, None]), spec)
    assert ts[0] == expected
    assert bad.tolist() == [False, True]


@pytest.mark.parametrize(
    ("cell", "format_"),
    [
        ("yesterday", "iso"),
        ("2018-13-01T00:00:00Z", "iso"),
        ("31/02/2018 00:15", "%d/%m/%Y %H:%M"),
        ("2018-01-01 00:15", "%d/%m/%Y %H:%M"),
        ("1e300", "epoch_ms"),
        ("soon", "epoch_s"),
        ("-62135596800001", "epoch_ms"),
        ("253402300800000", "epoch_ms"),
        ("0000-12-31T23:59:59Z", "iso"),
        ("0001-01-01T00:00:00+14:00", "iso"),
        ("9999-12-31T23:59:59-12:00", "iso"),
    ],
)
def test_what_is_no_time_is_bad(cell: str, format_: str) -> None:
    _, bad = times(pa.array([cell]), TimeColumn(column="t", format=format_))
    assert bad.tolist() == [True]


def test_timestamps_of_parquet_are_taken_as_they_are() -> None:
    spec = TimeColumn(column="t", utc_offset="+09:00")
    seoul = timezone(timedelta(hours=9))
    zoned = pa.array([datetime(2018, 3, 1, 12, 30, tzinfo=seoul), None], pa.timestamp("us", tz="+09:00"))
    naive = pa.array([datetime(2018, 3, 1, 12, 30), None], pa.timestamp("ns"))
    for column in (zoned, naive):
        ts, bad = times(column, spec)
        assert ts[0] == ms(2018, 3, 1, 12, 30, tz=seoul)
        assert bad.tolist() == [False, True]


@pytest.mark.parametrize("format_", ["iso", "epoch_ms"])
@pytest.mark.parametrize(
    "column",
    [
        pa.array([1], pa.time32("s")),
        pa.array([1], pa.duration("s")),
        pa.array([None], pa.null()),
        pa.array([10**17], pa.timestamp("s")),
        pa.array([-(10**17)], pa.timestamp("s", "UTC")),
        pa.array([(1 << 31) - 1], pa.date32()),
    ],
)
def test_a_cell_of_parquet_that_is_no_point_in_time_is_bad(column: pa.Array, format_: str) -> None:
    assert times(column, TimeColumn(column="t", format=format_))[1].tolist() == [True]


@pytest.mark.parametrize(
    "column",
    [pa.array([[1]]), pa.array([{"a": 1}]), pa.array([b"\xff"]), pa.array([[(1, 2)]], pa.map_(pa.int8(), pa.int8()))],
)
def test_a_column_that_cannot_be_text_is_refused_by_its_type(column: pa.Array) -> None:
    with pytest.raises(ValueError, match=r"cells of the type .* are no text"):
        texts(column)


def test_a_column_of_nothing_has_neither_texts_nor_numbers() -> None:
    nothing = pa.array([None, None], pa.null())
    assert texts(nothing) == [None, None]
    assert numbers(nothing)[1].tolist() == [False, False]


def test_midnight_that_ends_a_day_is_moved_to_the_next_one_in_local_time() -> None:
    spec = TimeColumn(column="t", format="%d/%m/%Y %H:%M", utc_offset="+09:00", midnight_ends_day=True)
    cells = ["01/01/2018 23:45", "01/01/2018 00:00", "02/01/2018 00:15", "02/01/2018 09:00"]
    ts, bad = times(pa.array(cells), spec)
    assert not bad.any()
    assert np.diff(ts).tolist() == [15 * 60_000, 15 * 60_000, 525 * 60_000]


def test_rows_without_a_time_count_intervals_from_the_start_of_the_year() -> None:
    ts = row_times(np.array([0, 1, 8759], np.int64), Duration.parse("1h"), 2011)
    assert ts.tolist() == [ms(2011, 1, 1), ms(2011, 1, 1, 1), ms(2011, 12, 31, 23)]


def test_rows_without_a_time_end_with_the_year_9999() -> None:
    number = np.array([0, 366], np.int64)
    assert row_times(number, Duration.parse("1d"), 9998)[1] == ms(9999, 1, 2)
    for interval, year in (("1d", 9999), ("36500d", 2020), ("1d", 0)):
        with pytest.raises(ValueError, match=r"beyond the year 9999|year 0 is out of range"):
            row_times(number, Duration.parse(interval), year)
