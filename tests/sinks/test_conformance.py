"""What every sink owes to its caller (`sinks.base.Sink`), held by each of them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from clickhouse_driver import Client

from schemas.errors import SinkRejected
from sinks.base import Batch, Coded, Rows, Sink, length
from sinks.clickhouse.writer import ClickHouseSink
from sinks.memory import MemorySink

T0 = 1_760_000_000_123

Row = dict[str, Any]


@dataclass
class Subject:
    """A sink and the way to read back what it holds, in the values that went in: times as epoch ms, none as None."""

    sink: Sink
    read: Callable[[str], list[Row]]

    def rows(self, table: str) -> list[Row]:
        return sorted(self.read(table), key=lambda row: repr(sorted(row.items())))


def memory() -> Subject:
    sink = MemorySink()
    return Subject(sink, sink.rows)


def clickhouse(sink: ClickHouseSink, client: Client) -> Subject:
    def read(table: str) -> list[Row]:
        types = client.execute(f"DESCRIBE TABLE headrace.{table}")
        columns = [
            f"toUnixTimestamp64Milli(`{name}`)" if "DateTime64" in type_ else f"`{name}`" for name, type_, *_ in types
        ]
        names = [name for name, *_ in types]
        rows = client.execute(f"SELECT {', '.join(columns)} FROM headrace.{table}")
        return [dict(zip(names, row, strict=True)) for row in rows]

    return Subject(sink, read)


@pytest.fixture(params=["memory", "clickhouse"])
def subject(request: pytest.FixtureRequest) -> Iterator[Subject]:
    if request.param == "memory":
        yield memory()
    else:
        yield clickhouse(request.getfixturevalue("sink"), request.getfixturevalue("client"))


def constant(word: str, rows: int) -> Coded:
    return Coded(np.zeros(rows, np.int32), [word])


def origin(rows: int, first: int) -> Rows:
    return {
        "topology": constant("plant", rows),
        "topic": constant("machine.events", rows),
        "partition": np.full(rows, 3, np.int32),
        "offset": first + np.arange(rows),
    }


def series(rows: int) -> Rows:
    codes = np.arange(rows, dtype=np.int32)
    return {
        "site": constant("hongyang", rows),
        "asset": Coded(codes % 2, ["stack-1", "press-2"]),
        "metric": Coded(codes % 3, ["so2", "nox", "o2"]),
    }


def readings(rows: int, first: int = 0) -> Rows:
    return {
        **origin(rows, first),
        **series(rows),
        "ts": T0 + 1000 * np.arange(rows),
        "value": np.linspace(-1.5, 1e100, rows),
        "flag": constant("N", rows),
        "state": constant("running", rows),
        "late": np.arange(rows, dtype=np.uint8) % 2,
        "index": np.arange(rows, dtype=np.uint32),
    }


def aggregates(rows: int, first: int = 0) -> Rows:
    values = np.linspace(0.1, 0.3, rows)
    statistics = dict.fromkeys(("sum", "min", "max", "mean", "stddev", "first", "last"), values)
    return {
        **origin(rows, first),
        **series(rows),
        **statistics,
        "id": [f"a-{first + row:x}" for row in range(rows)],
        "window": constant("10s", rows),
        "window_ms": np.full(rows, 10_000),
        "window_start": np.arange(rows) * 10_000,
        "window_end": np.arange(rows) * 10_000 + 10_000,
        "count": np.arange(rows),
    }


def anomalies(rows: int, first: int = 0) -> Rows:
    values = np.where(np.arange(rows) % 2 == 0, np.nan, np.arange(rows) / 3)
    return {
        **origin(rows, first),
        **series(rows),
        **dict.fromkeys(("value", "expected", "lower", "upper"), values),
        "id": [f"b-{first + row:x}" for row in range(rows)],
        "ts": np.full(rows, T0),
        "detector": constant("nox-limit", rows),
        "severity": constant("critical", rows),
        "score": np.linspace(0, 1, rows),
        "reason": ["above 100 mg/m³"] * rows,
        "incident": [f"i-{first:x}"] * rows,
    }


def alarms(rows: int, first: int = 0) -> Rows:
    some = np.arange(rows) % 2 == 0
    words = ("name", "priority", "transition", "previous", "state", "by")
    return {
        **origin(rows, first),
        **series(rows),
        **{word: constant(word, rows) for word in words},
        **dict.fromkeys(("value", "limit"), np.where(some, np.nan, np.arange(rows) / 3)),
        **dict.fromkeys(("raised_at", "until"), np.where(some, np.nan, T0 + np.arange(rows))),
        **dict.fromkeys(("active", "flood"), some.astype(np.uint8)),
        "id": [f"d-{first + row:x}" for row in range(rows)],
        "alarm": ["0123"] * rows,
        "ts": np.full(rows, T0),
        "reason": ["250 mg/m³ is above the high limit of 200 mg/m³"] * rows,
    }


def adjustments(rows: int, first: int = 0) -> Rows:
    words = ("site", "asset", "playbook", "mode", "target", "setpoint", "direction", "status")
    return {
        **origin(rows, first),
        **{word: constant(word, rows) for word in words},
        "id": [f"g-{first + row:x}" for row in range(rows)],
        "adjustment": [f"h-{row:x}" for row in range(rows)],
        "alarm": ["0123"] * rows,
        "ts": np.full(rows, T0),
        "before": np.linspace(-1, 60, rows),
        "after": np.linspace(24, 1e6, rows),
        "attempt": np.arange(rows, dtype=np.uint32),
        "expires_at": np.where(np.arange(rows) % 2 == 0, np.nan, T0 + np.arange(rows)),
        "reason": ["the valve is in manual"] * rows,
    }


def feedback(rows: int, first: int = 0) -> Rows:
    return {
        **origin(rows, first),
        **series(rows),
        "id": [f"f-{first + row:x}" for row in range(rows)],
        "anomaly": [f"b-{row}" for row in range(rows)],
        "ts": T0 + np.arange(rows),
        "verdict": constant("false", rows),
        "by": constant("李雷", rows),
        "reason": ["the probe was being cleaned"] * rows,
        "detector": constant("high", rows),
    }


def dead_letters(rows: int, first: int = 0) -> Rows:
    return {
        **origin(rows, first),
        "id": [f"c-{first + row:x}" for row in range(rows)],
        "ts": np.full(rows, T0),
        "reason": constant("malformed", rows),
        "scope": constant("record", rows),
        "detail": ["truncated"] * rows,
        "field": [""] * rows,
        "key": ["hongyang/stack-1"] * rows,
        "payload": ['{"ts": 17'] * rows,
        "payload_bytes": np.full(rows, 9),
        "index": np.zeros(rows, np.uint32),
    }


def ledger(rows: int, first: int = 0) -> Rows:
    counts = "records events accepted late duplicate dead_letter points points_invalid points_duplicate gaps skipped"
    counts += " compliance_late"
    emitted = "aggregates anomalies compliance headroom emitted_mass conditions levels acks feedback alarms adjustments"
    emitted += " dead_letters changes settled"
    by_window = "windowed windows_closed windows_open late_points left_out points_in_open_windows"
    place = dict(origin(rows, first))
    return {
        "next_offset": place.pop("offset"),
        **place,
        **{name: np.arange(rows) + number for number, name in enumerate(f"{counts} {emitted}".split())},
        **{name: [{"10s": row, "1m": number} for row in range(rows)] for number, name in enumerate(by_window.split())},
        "rows": [{"picks": row} for row in range(rows)],
        "first_offset": np.zeros(rows, np.int64),
        "broker_ts": np.full(rows, T0),
    }


def compliance(rows: int, first: int = 0) -> Rows:
    means = dict.fromkeys(
        ("raw_mean", "oxygen_mean", "oxygen_reference", "corrected_mean", "confidence", "judged_mean"),
        np.where(np.arange(rows) % 2 == 0, np.nan, np.arange(rows) / 3),
    )
    minutes = [
        "valid_minutes",
        "stopped_minutes",
        "invalid_minutes",
        "missing_minutes",
        "valid_parts",
        "required_parts",
    ]
    return {
        **origin(rows, first),
        **series(rows),
        **means,
        **dict.fromkeys(minutes, np.arange(rows, dtype=np.uint32)),
        "id": [f"d-{first + row:x}" for row in range(rows)],
        "rule": constant("nox", rows),
        "pack": constant("cn-hj75-2017", rows),
        "pack_version": constant("2017", rows),
        "standard": constant("GB 13271-2014", rows),
        "period": constant("hour", rows),
        "period_start": np.arange(rows) * 3_600_000,
        "period_end": np.arange(rows) * 3_600_000 + 3_600_000,
        "verdict": constant("insufficient_data", rows),
        "reason": ["the plant did not run"] * rows,
        "limit": np.linspace(50, 300, rows),
        "first_offset": np.full(rows, -1),
    }


def headroom(rows: int, first: int = 0) -> Rows:
    place = dict(origin(rows, first))
    del place["offset"]
    return {
        **place,
        **series(rows),
        **dict.fromkeys(("mean", "projected_mean", "allowed_mean", "limit"), np.linspace(-9, 300, rows)),
        **dict.fromkeys(("valid_minutes", "remaining_minutes"), np.arange(rows, dtype=np.uint32)),
        "id": [f"e-{first + row:x}" for row in range(rows)],
        "rule": constant("nox", rows),
        "ts": np.arange(rows) * 60_000,
        "period_start": np.zeros(rows, np.int64),
        "period_end": np.full(rows, 3_600_000),
    }


def emitted_mass(rows: int, first: int = 0) -> Rows:
    place = dict(origin(rows, first))
    del place["offset"]
    return {
        **place,
        **series(rows),
        **dict.fromkeys(("mass", "capture"), np.where(np.arange(rows) % 2 == 0, np.nan, np.arange(rows) / 7)),
        **dict.fromkeys(("valid_minutes", "stopped_minutes", "gap_hours"), np.arange(rows, dtype=np.uint32)),
        "id": [f"f-{first + row:x}" for row in range(rows)],
        "rule": constant("nox", rows),
        "hour_start": np.arange(rows) * 3_600_000,
        "method": constant("max_180", rows),
    }


TABLES = [
    readings, aggregates, anomalies, alarms, adjustments, feedback, dead_letters, ledger, compliance, headroom,
    emitted_mass,
]  # fmt: skip


def plain(rows: Rows) -> list[Row]:
    """The rows that columns stand for, worked out the slow way."""

    def value(column: Any, row: int) -> Any:
        item = column.words[column.codes[row]] if isinstance(column, Coded) else column[row]
        item = item.item() if isinstance(item, np.generic) else item
        return None if item != item else item

    (rows_,) = {length(column) for column in rows.values()}
    listed = [{name: value(column, row) for name, column in rows.items()} for row in range(rows_)]
    return sorted(listed, key=lambda row: repr(sorted(row.items())))


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__name__)
def test_what_is_written_reads_back_value_for_value(subject: Subject, table: Callable[[int], Rows]) -> None:
    assert subject.sink.write({table.__name__: [table(7)]}) == 7
    assert subject.rows(table.__name__) == plain(table(7))


def test_tables_of_one_batch_are_all_written_and_their_rows_counted(subject: Subject) -> None:
    batch: Batch = {table.__name__: [table(3)] for table in TABLES}
    assert subject.sink.write(batch) == 3 * len(TABLES)
    assert all(len(subject.rows(name)) == 3 for name in batch)


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__name__)
def test_a_batch_written_again_changes_nothing(subject: Subject, table: Callable[[int], Rows]) -> None:
    for _ in range(3):
        assert subject.sink.write({table.__name__: [table(5)]}) == 5
    assert subject.rows(table.__name__) == plain(table(5))


def test_up_to_where_rows_of_a_partition_were_written_is_told(subject: Subject) -> None:
    assert subject.sink.written_to("plant", "machine.events", 3, 1) == (-1, 0)
    place = {
        "next_offset": np.array([7, 9, 9, 11]),
        "changes": np.array([1, 1, 1, 2]),
        "settled": np.array([5, 2, 3, 1]),
    }
    subject.sink.write({"ledger": [{**ledger(4), **place}]})
    assert [subject.sink.written_to("plant", "machine.events", 3, changes) for changes in range(4)] == [
        (-1, 0), (9, 3), (11, 1), (-1, 0),
    ]  # fmt: skip
    assert subject.sink.written_to("plant", "machine.events", 4, 1) == (-1, 0)


def test_the_same_rows_cut_into_other_batches_change_nothing(subject: Subject) -> None:
    subject.sink.write({"dead_letters": [dead_letters(4, first=0), dead_letters(4, first=4)]})
    subject.sink.write({"dead_letters": [dead_letters(8)]})
    assert subject.rows("dead_letters") == plain(dead_letters(8))


def test_pieces_with_different_words_are_put_together(subject: Subject) -> None:
    first = {**readings(2, first=0), "asset": Coded(np.array([1, 0], np.int32), ["a", "b"])}
    second = {**readings(2, first=2), "asset": Coded(np.array([1, 2], np.int32), ["unused", "c", "a"])}
    subject.sink.write({"readings": [first, second]})
    assert [row["asset"] for row in sorted(subject.rows("readings"), key=lambda row: row["offset"])] == list("baca")


def test_a_dictionary_may_name_a_word_twice(subject: Subject) -> None:
    twice = {**readings(3), "asset": Coded(np.array([0, 1, 2], np.int32), ["a", "b", "a"])}
    subject.sink.write({"readings": [twice]})
    assert [row["asset"] for row in sorted(subject.rows("readings"), key=lambda row: row["offset"])] == list("aba")


def test_names_may_be_plain_strings_and_texts_may_be_coded(subject: Subject) -> None:
    mixed = {**anomalies(2), "asset": ["x", "y"], "reason": Coded(np.array([1, 0], np.int32), ["low", "high"])}
    subject.sink.write({"anomalies": [mixed]})
    assert subject.rows("anomalies") == plain(mixed)


def test_nan_stands_for_none(subject: Subject) -> None:
    subject.sink.write({"anomalies": [anomalies(2)]})
    rows = sorted(subject.rows("anomalies"), key=lambda row: row["offset"])
    assert [(row["value"], row["upper"]) for row in rows] == [(None, None), (1 / 3, 1 / 3)]


@pytest.mark.parametrize("batch", [{}, {"readings": []}, {"readings": [readings(0)]}, {"readings": [readings(0)] * 2}])
def test_a_batch_without_rows_writes_nothing(subject: Subject, batch: Batch) -> None:
    assert subject.sink.write(batch) == 0
    assert subject.rows("readings") == []


def test_a_piece_without_rows_does_not_hide_its_neighbours(subject: Subject) -> None:
    assert subject.sink.write({"aggregates": [aggregates(0), aggregates(2), aggregates(0)]}) == 2
    assert subject.rows("aggregates") == plain(aggregates(2))


NASTY = [
    "it's",
    '"; DROP TABLE headrace_store.readings; --',
    "back\\slash `tick` %(x)s {x:String} \\0",
    "line\nbreak\r\ttab",
    "nul\0inside",
    "硫化物 ☃ 🏭 é",
    "\ufeffbom\u2028separator",
    "nan",
    "NULL",
    "",
    " ",
    "x" * 100_000,
]


def test_any_text_comes_back_as_it_was(subject: Subject) -> None:
    names = {**readings(len(NASTY)), "asset": Coded(np.arange(len(NASTY), dtype=np.int32), NASTY), "state": NASTY}
    texts = {**dead_letters(len(NASTY)), "payload": NASTY, "field": NASTY, "reason": NASTY}
    subject.sink.write({"readings": [names], "dead_letters": [texts]})
    assert subject.rows("readings") == plain(names)
    assert subject.rows("dead_letters") == plain(texts)


def test_a_batch_is_left_as_it_was(subject: Subject) -> None:
    batch: Batch = {table.__name__: [table(4)] for table in TABLES}
    subject.sink.write(batch)
    assert all(plain(batch[table.__name__][0]) == plain(table(4)) for table in TABLES)


@pytest.mark.parametrize(
    "broken",
    [
        {"value": np.zeros(2)},
        {"asset": Coded(np.array([0, 1, 2], np.int32), ["a", "b"])},
        {"asset": Coded(np.array([0, -1, 1], np.int32), ["a", "b"])},
    ],
    ids=["a column is too short", "a code is too large", "a code is negative"],
)
def test_columns_that_make_no_rows_are_rejected_and_leave_the_sink_usable(subject: Subject, broken: Rows) -> None:
    with pytest.raises(SinkRejected, match="readings"):
        subject.sink.write({"readings": [{**readings(3), **broken}]})
    assert subject.rows("readings") == []
    assert subject.sink.write({"readings": [readings(3)]}) == 3
    assert subject.rows("readings") == plain(readings(3))
