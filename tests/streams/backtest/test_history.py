"""Tables of history, as values and as they stand."""

import csv
import gzip
from pathlib import Path, PurePath

import pyarrow as pa
import pyarrow.parquet
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import UserError
from streams.backtest.history import find, plain_mapping, read_table
from streams.replay.files import read_rows
from streams.replay.refusals import Refusals
from tests.streams.backtest.histories import plain, write_csv

CELL = st.text(st.sampled_from('ab,"\n é'), max_size=4)


@given(rows=st.lists(st.lists(CELL, min_size=1, max_size=4), max_size=12), blank=st.integers(0, 3))
def test_the_table_has_the_rows_that_the_reader_of_values_counts(
    rows: list[list[str]], blank: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Also where rows are too long or too short, lines are empty, and cells have line ends in them."""
    file = tmp_path_factory.mktemp("table") / "a.csv"
    with file.open("w", newline="", encoding="utf-8") as text:
        writer = csv.writer(text, quoting=csv.QUOTE_ALL, lineterminator="\n" * (1 + blank))
        writer.writerows([["x", "y"], *rows])
    table = list(read_table(file))
    assert table[0] == ["x", "y"]
    refusals = Refusals(skip=True)
    read = {}
    for stretch in read_rows(file, ["x", "y"], refusals):
        x, y = (stretch.columns[name].to_pylist() for name in "xy")
        read.update(zip(stretch.number.tolist(), zip(x, y, strict=True), strict=True))
    assert len(table) - 1 == len(rows) == len(read) + refusals.count
    for number, cells in read.items():
        assert [cell or "" for cell in cells] == table[1 + number]


def test_points_come_row_by_row_with_their_series(tmp_path: Path) -> None:
    file = write_csv(
        tmp_path / "a.csv", [["2024-01-01", "m-1", 1, 2], ["2024-01-02", "m-2", "", 4]], ["date", "asset", "p", "q"]
    )
    [points] = plain(file).points(Refusals())
    assert points.row.tolist() == [0, 0, 1]
    assert [(key.asset, key.metric) for key in points.keys] == [("m-1", "p"), ("m-1", "q"), ("m-2", "q")]
    assert points.ts.tolist() == [1704067200000, 1704067200000, 1704153600000]
    assert points.x.tolist() == [1, 2, 4]


def test_a_value_that_no_quantity_has_is_refused_and_the_others_of_its_row_are_not(tmp_path: Path) -> None:
    refusals = Refusals(skip=True)
    [points] = plain(write_csv(tmp_path / "a.csv", [["2024-01-01", "1e101", 2]], ["ts", "p", "q"])).points(refusals)
    assert points.x.tolist() == [2]
    assert refusals.first == [f"{tmp_path / 'a.csv'}: row 1: column p: no quantity is as large as 1e+101"]


def test_a_table_may_be_parquet(tmp_path: Path) -> None:
    times = pa.array([1704067200000, None], pa.timestamp("ms", tz="UTC"))
    pyarrow.parquet.write_table(pa.table({"ts": times, "value": [1.5, None]}), tmp_path / "a.parquet")
    history = plain(tmp_path / "a.parquet")
    assert list(history.table()) == [["ts", "value"], ["2024-01-01T00:00:00+00:00", "1.5"], ["", ""]]
    refusals = Refusals(skip=True)
    [points] = history.points(refusals)
    assert (points.row.tolist(), points.x.tolist()) == ([0], [1.5])
    assert refusals.count == 1


def test_a_table_with_a_time_that_python_cannot_say_is_one_line(tmp_path: Path) -> None:
    pyarrow.parquet.write_table(pa.table({"ts": pa.array([9 * 10**18], pa.timestamp("ms"))}), tmp_path / "a.parquet")
    with pytest.raises(UserError, match=r"a\.parquet cannot be read: .*too large"):
        list(read_table(tmp_path / "a.parquet"))


@pytest.mark.parametrize(
    ("header", "asset", "metrics", "time", "expected"),
    [
        (["Timestamp", "a", "b"], None, (), "Timestamp", ["a", "b"]),
        (["a", "ts", "b"], None, (), "ts", ["a", "b"]),
        (["when", "a", "b"], None, ("b",), "when", ["b"]),
        (["when", "t_1", "t_2", "x"], "boiler", ("t_*",), "when", ["t_1", "t_2"]),
    ],
)
def test_columns_find_their_meaning_without_a_topology(
    tmp_path: Path, header: list[str], asset: str | None, metrics: tuple[str, ...], time: str, expected: list[str]
) -> None:
    mapping = plain_mapping(write_csv(tmp_path / "pump-1.csv", [], header), asset, metrics, "iso")
    assert getattr(mapping.time, "column", None) == time
    assert list(mapping.values) == expected
    assert mapping.asset == (asset or "pump-1")


@pytest.mark.parametrize(
    ("header", "metrics", "reason"),
    [
        ([""], (), "is empty: its first row"),
        (["ts"], (), "has no column besides ts"),
        (["ts", "a"], ("b",), "has no column b; besides ts it has a"),
    ],
)
def test_a_table_without_values_is_refused(
    tmp_path: Path, header: list[str], metrics: tuple[str, ...], reason: str
) -> None:
    with pytest.raises(UserError, match=reason):
        plain_mapping(write_csv(tmp_path / "a.csv", [], header), None, metrics, "iso")


def test_files_of_a_folder_keep_their_places(tmp_path: Path) -> None:
    write_csv(tmp_path / "in" / "line-1" / "a.csv", [])
    (tmp_path / "in" / "line-2").mkdir()
    (tmp_path / "in" / "line-2" / "a.csv.gz").write_bytes(gzip.compress(b"ts,value\n"))
    (tmp_path / "in" / "readme.txt").touch()
    other = write_csv(tmp_path / "other.csv", [])
    names = [name for _, name in find([tmp_path / "in", other])]
    assert names == [PurePath("line-1/a.csv"), PurePath("line-2/a.csv"), PurePath("other.csv")]


def test_what_cannot_be_read_or_told_apart_is_refused(tmp_path: Path) -> None:
    for name in ("x/a.csv", "y/a.csv", "z/a.ndjson"):
        write_csv(tmp_path / name, [])
    (tmp_path / "empty").mkdir()
    for names, reason in [
        (["absent.csv"], r"absent\.csv: no such file"),
        (["x" * 300], "cannot be read: File name too long"),
        (["empty"], "has no file that ends in .csv"),
        (["x/a.csv", "y/a.csv"], r"would both be a\.csv"),
        (["z/a.ndjson"], "unknown kind of file; a backtest reads .csv"),
    ]:
        with pytest.raises(UserError, match=reason):
            find([tmp_path / name for name in names])
