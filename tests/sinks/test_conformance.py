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
from tests.sinks.sample_rows import TABLES, aggregates, anomalies, dead_letters, ledger, readings

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
