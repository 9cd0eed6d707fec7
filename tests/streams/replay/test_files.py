"""Files of rows in every format, and what can be wrong with them."""

import gzip
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import UserError
from streams.replay import files
from streams.replay.refusals import Refusals
from tests.streams.replay.sending import (
    EVENTS,
    HEADER,
    ROWS,
    Replayed,
    history,
    write_csv,
    write_ndjson,
    write_parquet,
    write_text,
)

COLUMNS = b"time,machine,mode,I (A),load.t\n"


@pytest.mark.parametrize(
    ("name", "write"),
    [
        ("readings.csv", write_csv),
        ("readings.csv.gz", write_csv),
        ("readings.CSV", write_csv),
        ("readings.ndjson", write_ndjson),
        ("readings.ndjson.gz", write_ndjson),
        ("readings.jsonl", write_ndjson),
        ("readings.parquet", write_parquet),
    ],
)
def test_every_format_gives_the_same_events_in_file_order(
    tmp_path: Path, name: str, write: Callable[[Path], Path]
) -> None:
    sent = Replayed([history(write(tmp_path / name))])
    assert sent.events == EVENTS
    assert {(topic, key) for topic, key, _ in sent.messages} == {
        ("machine.events", b"mill/saw-1"),
        ("machine.events", b"mill/saw-2"),
    }
    assert (sent.totals.events, sent.totals.files, sent.totals.done) == (4, 1, 1.0)


def test_a_byte_order_mark_windows_line_ends_and_blank_lines_do_no_harm(tmp_path: Path) -> None:
    text = write_csv(tmp_path / "readings.csv").read_text().replace("\n", "\r\n").replace("\r\n", "\r\n\r\n", 2)
    sent = Replayed([history(write_text(tmp_path / "readings.csv", "\ufeff" + text))])
    assert sent.events == EVENTS


def test_a_quoted_cell_may_hold_line_ends(tmp_path: Path) -> None:
    rows = [[*row[:-1], "two\nlines, one cell"] for row in ROWS]
    assert Replayed([history(write_csv(tmp_path / "readings.csv", rows))]).events == EVENTS


def test_a_file_of_nothing_but_bad_rows_has_no_events(tmp_path: Path) -> None:
    for name in ("readings.csv", "readings.ndjson"):
        sent = Replayed([history(write_text(tmp_path / name, COLUMNS.decode() + "]\n[\n"))], skip=True)
        assert sent.events == []
        assert sent.refusals.count >= 2


def test_a_file_with_a_header_alone_has_no_events(tmp_path: Path) -> None:
    sent = Replayed([history(write_csv(tmp_path / "readings.csv", []))])
    assert sent.events == []
    assert sent.totals.files == 1


def test_a_file_is_read_a_stretch_at_a_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "STRETCH_ROWS", 3)
    monkeypatch.setattr(files, "_BLOCK_BYTES", 100)
    for write, name in ((write_csv, "a.csv"), (write_ndjson, "a.ndjson"), (write_parquet, "a.parquet")):
        stretches = list(files.read_rows(write(tmp_path / name), ["machine"], Refusals()))
        assert len(stretches) > 1
        assert [number for rows in stretches for number in rows.number] == [0, 1, 2, 3]
        assert stretches[-1].done == 1.0


@given(ragged=st.sets(st.integers(0, 49)), block=st.sampled_from([40, 64, 1 << 20]))
def test_rows_keep_their_number_when_ragged_ones_between_them_are_left_out(
    tmp_path_factory: pytest.TempPathFactory, ragged: set[int], block: int
) -> None:
    lines = [f"{row}" if row in ragged else f"{row},x" for row in range(50)]
    file = write_text(tmp_path_factory.mktemp("ragged") / "a.csv", "n,other\n" + "\n".join(lines) + "\n")
    refusals = Refusals(skip=True)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(files, "_BLOCK_BYTES", block)
        read = [
            (number, int(cell.as_py()))
            for rows in files.read_rows(file, ["n"], refusals)
            for number, cell in zip(rows.number.tolist(), rows.columns["n"], strict=True)
        ]
    assert read == [(row, row) for row in range(50) if row not in ragged]
    assert refusals.count == len(ragged)


def test_a_ragged_row_is_an_error_that_names_file_and_row(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "readings.csv", [*ROWS, ["2024-01-01T00:00:03Z", "saw-1"]])
    with pytest.raises(UserError, match=r"readings\.csv: row 5: 2 cells where the header has 6"):
        Replayed([history(file)])


def test_missing_columns_are_named_with_those_that_are_there(tmp_path: Path) -> None:
    other = {"values": {"current": "I (A)", "speed": "v"}}
    present = r"has no column v; it has time, machine, mode, I \(A\), load\.t, remark$"
    for write, name in ((write_csv, "a.csv"), (write_ndjson, "a.ndjson"), (write_parquet, "a.parquet")):
        with pytest.raises(UserError, match=present):
            Replayed([history(write(tmp_path / name), **other)])


def test_a_column_that_is_there_twice_is_refused(tmp_path: Path) -> None:
    file = write_csv(tmp_path / "readings.csv", [[*row, 1] for row in ROWS], [*HEADER, "machine"])
    with pytest.raises(UserError, match="more than one column machine"):
        Replayed([history(file)])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("cut.csv.gz", gzip.compress(COLUMNS + b"2024-01-01T00:00:00Z,saw-1,,1,2\n" * 1000, mtime=0)[:-10]),
        ("no.csv.gz", b"time,machine\n"),
        ("no.ndjson.gz", b"{}\n"),
        ("cut.ndjson.gz", gzip.compress(b"{}\n" * 1000, mtime=0)[:-10]),
        ("no.parquet", b"time,machine\n"),
        ("latin.csv", COLUMNS + "2024-01-01T00:00:00Z,säge,,1,2\n".encode("latin-1")),
        ("latin-header.csv", "zeit,säge\n1,2\n".encode("latin-1")),
    ],
)
def test_a_broken_file_is_one_line_that_names_it(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=rf"{name}.* cannot be read: \S[^\n]*$"):
        Replayed([history(tmp_path / name)], skip=True)


def test_an_empty_csv_file_lacks_every_column(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="has no column time"):
        Replayed([history(write_text(tmp_path / "readings.csv", ""))])
