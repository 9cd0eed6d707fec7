"""Mapped rows as events, and rows that cannot become any."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet
import pytest

from schemas.errors import UserError
from tests.streams.replay.sending import EVENTS, HEADER, ROWS, Replayed, history, write_csv, write_text

GOOD = "2024-01-01T00:00:09Z"


def with_row(*cells: Any) -> list[list[Any]]:
    return [*ROWS[:2], list(cells), *ROWS[2:]]


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ([GOOD, "saw-1", None, "n/a", 1, None], r"column I \(A\): 'n/a' is no finite number"),
        ([GOOD, "saw-1", None, 1, "NaN", None], r"column load\.t: 'NaN' is no finite number"),
        (["noon", "saw-1", None, 1, 1, None], "column time: 'noon' is no time in the format iso"),
        ([None, "saw-1", None, 1, 1, None], "column time: an empty cell is no time in the format iso"),
        ([GOOD, None, None, 1, 1, None], "column machine: an empty cell is no asset"),
        ([GOOD, "saw-1", None, "x", "y", None], r"column I \(A\): 'x' is no finite number"),
    ],
)
def test_a_bad_cell_is_an_error_that_names_row_and_column_or_skipped_and_counted(
    tmp_path: Path, row: list[Any], reason: str
) -> None:
    file = write_csv(tmp_path / "readings.csv", with_row(*row))
    with pytest.raises(UserError, match=rf"readings\.csv: row 3: {reason} \(--skip-bad-rows"):
        Replayed([history(file)])

    sent = Replayed([history(file)], skip=True)
    assert sent.events == EVENTS
    assert sent.refusals.count == 1
    assert sent.refusals.first[0].endswith(reason.replace("\\", ""))


def test_only_the_first_refusals_are_remembered_and_all_are_counted(tmp_path: Path) -> None:
    rows = [[GOOD, "saw-1", None, "x", 1, None]] * 1000
    sent = Replayed([history(write_csv(tmp_path / "readings.csv", rows))], skip=True)
    assert sent.refusals.count == 1000
    assert len(sent.refusals.first) == 10


def test_a_row_without_any_value_or_state_is_no_event_and_is_counted(tmp_path: Path) -> None:
    sent = Replayed([history(write_csv(tmp_path / "readings.csv", with_row(GOOD, "saw-1", None, None, None, "off")))])
    assert sent.events == EVENTS
    assert sent.totals.empty == 1


def test_all_rows_may_belong_to_one_asset(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "readings.csv")
    sent = Replayed([history(file, asset="hall", asset_column=None)])
    assert {event["asset"] for event in sent.events} == {"hall"}
    assert {key for _, key, _ in sent.messages} == {b"mill/hall"}


def test_rows_without_times_stand_for_intervals_also_behind_a_row_that_was_left_out(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "readings_2020.csv", [[None, "saw-1", None, x, None, None] for x in (1, "bad", 3)])
    time = {"from": "rows", "interval": "1h", "year_in_name": r"_(\d{4})"}
    sent = Replayed([history(file, time=time)], skip=True)
    assert [(event["ts"], event["values"]["current"]) for event in sent.events] == [
        (1577836800000, 1),
        (1577836800000 + 2 * 3_600_000, 3),
    ]


@pytest.mark.parametrize("pattern", [r"_(\d{4})", r"readings(_\d{4})?", r"(0000)"])
def test_row_times_need_the_year_in_the_name_of_the_file(tmp_path: Path, pattern: str) -> None:
    file = write_csv(tmp_path / "readings.0000.csv")
    time = {"from": "rows", "interval": "1h", "year_in_name": pattern}
    with pytest.raises(UserError, match=r"readings\.0000\.csv: no year where year_in_name"):
        Replayed([history(file, time=time)])


def test_rows_beyond_the_year_9999_are_refused(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "readings_9999.csv")
    time = {"from": "rows", "interval": "366d", "year_in_name": r"_(\d{4})"}
    with pytest.raises(UserError, match=r"readings_9999\.csv: 4 rows, one each 366d, go beyond the year 9999"):
        Replayed([history(file, time=time)])


@pytest.mark.parametrize("format_", ["%Q", "%d%d"])
def test_a_time_format_that_does_not_exist_is_named(tmp_path: Path, format_: str) -> None:
    file = write_csv(tmp_path / "readings.csv")
    with pytest.raises(UserError, match=f"time format '{format_}' of column time"):
        Replayed([history(file, time={"from": "column", "column": "time", "format": format_})])


def test_a_column_of_parquet_that_cannot_be_text_is_named(tmp_path: Path) -> None:
    columns = {name: [row[place] for row in ROWS] for place, name in enumerate(HEADER)}
    pyarrow.parquet.write_table(pa.table(columns | {"machine": [[1]] * 4}), tmp_path / "a.parquet")
    with pytest.raises(UserError, match=r"a\.parquet: column machine: cells of the type list<.*> are no text"):
        Replayed([history(tmp_path / "a.parquet")])


def test_a_time_of_parquet_that_python_cannot_say_is_refused(tmp_path: Path) -> None:
    columns = {name: [row[place] for row in ROWS] for place, name in enumerate(HEADER)}
    seconds = pa.array([9 * 10**18, 1000, 2000, 3000], pa.timestamp("ms"))
    pyarrow.parquet.write_table(pa.table(columns | {"time": seconds}), tmp_path / "a.parquet")
    sent = Replayed([history(tmp_path / "a.parquet")], skip=True)
    assert [event["ts"] for event in sent.events] == [1000, 2000, 3000]
    assert "out of range is no time" in sent.refusals.first[0]


def test_a_line_of_ndjson_that_is_no_object_is_refused(tmp_path: Path) -> None:
    good = '{"time": "2024-01-01T00:00:00Z", "machine": "saw-1", "mode": "on", "I (A)": "1.5", "load.t": true}'
    file = write_text(tmp_path / "a.ndjson", f"{good.replace('true', '2')}\n[1]\n\n{{\n{good}\n{'[' * 100_000}\n")
    sent = Replayed([history(file)], skip=True)
    assert [event["values"] for event in sent.events] == [{"current": 1.5, "load": 2.0}]
    assert [line.partition("a.ndjson: ")[2].split(":")[0] for line in sent.refusals.first] == [
        "row 2",
        "row 4",
        "row 6",
        "row 5",
    ]


def test_columns_of_parquet_may_be_categories_and_timestamps(tmp_path: Path) -> None:
    columns = {name: [row[place] for row in ROWS] for place, name in enumerate(HEADER)}
    table = pa.table(
        columns
        | {
            "time": pa.array(columns["time"]).cast(pa.timestamp("us", tz="UTC")),
            "machine": pa.array(columns["machine"]).dictionary_encode(),
            "mode": pa.array(columns["mode"]).dictionary_encode(),
        }
    )
    pyarrow.parquet.write_table(table, tmp_path / "a.parquet")
    assert Replayed([history(tmp_path / "a.parquet")]).events == EVENTS
