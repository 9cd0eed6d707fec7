"""The ClickHouse sink on the real engine, beyond the conformance suite."""

from typing import Any

import numpy as np
import pytest
from clickhouse_driver import Client

from schemas.errors import SinkRejected, SinkUnavailable
from sinks.base import Batch, Coded, Rows
from sinks.clickhouse import migrations, writer
from sinks.clickhouse.connection import connect
from sinks.clickhouse.writer import ClickHouseSink

T0 = 1_760_000_000_000
MONTH_MS = 31 * 86_400_000


def constant(word: str, rows: int) -> Coded:
    return Coded(np.zeros(rows, np.int32), [word])


def readings(rows: int, first: int = 0) -> Rows:
    return {
        "topology": constant("plant", rows),
        "site": constant("hongyang", rows),
        "asset": constant("stack-1", rows),
        "metric": constant("nox", rows),
        "ts": T0 + first + np.arange(rows),
        "value": np.arange(rows) / 7,
        "topic": constant("machine.events", rows),
        "partition": np.zeros(rows, np.int32),
        "offset": first + np.arange(rows),
        "index": np.zeros(rows, np.uint32),
    }


def dead_letters(rows: int) -> Rows:
    return {
        "id": [f"c-{row:x}" for row in range(rows)],
        "ts": np.full(rows, T0),
        "detail": ["truncated"] * rows,
        "field": [""] * rows,
        "key": [""] * rows,
        "payload": ["{"] * rows,
        "payload_bytes": np.ones(rows, np.int64),
        **dict.fromkeys(("reason", "scope", "topology", "topic"), constant("x", rows)),
        "partition": np.zeros(rows, np.int32),
        "offset": np.arange(rows),
        "index": np.zeros(rows, np.uint32),
    }


def count(client: Client, table: str = "readings", database: str = "headrace") -> int:
    [(rows,)] = client.execute(f"SELECT count() FROM {database}.{table}")
    return int(rows)


def test_columns_left_out_take_their_defaults(sink: ClickHouseSink, client: Client) -> None:
    sink.write({"readings": [readings(1)]})
    assert client.execute("SELECT flag, state, late FROM headrace.readings") == [("N", "", 0)]


def test_retention_counts_from_the_moment_of_writing(sink: ClickHouseSink, client: Client) -> None:
    sink.write({"readings": [{**readings(1), "ts": np.array([0])}]})
    client.execute("OPTIMIZE TABLE headrace_store.readings FINAL")
    assert count(client) == 1
    assert client.execute("SELECT now() - stored_at < 600 FROM headrace_store.readings") == [(1,)]


def test_four_years_of_months_go_in_at_once(sink: ClickHouseSink, client: Client) -> None:
    months = 48 * 3
    sink.write({"readings": [{**readings(months), "ts": np.arange(months) * MONTH_MS}]})
    assert count(client) == months
    [(partitions,)] = client.execute(
        "SELECT uniqExact(partition) FROM system.parts WHERE active AND table = 'readings'"
    )
    assert partitions > 100, "the server's own limit"


@pytest.mark.parametrize("words", [1, 255, 256, 257, 65_535, 65_536, 65_537])
def test_names_survive_at_every_width_of_codes(sink: ClickHouseSink, client: Client, words: int) -> None:
    names = Coded(np.arange(words, dtype=np.int32), [f"asset-{word}" for word in range(words)])
    sink.write({"readings": [{**readings(words), "asset": names}]})
    wrong = client.execute("SELECT count() FROM headrace.readings WHERE asset != concat('asset-', toString(offset))")
    assert (count(client), wrong) == (words, [(0,)])


def test_a_dictionary_may_be_far_larger_than_its_rows(sink: ClickHouseSink, client: Client) -> None:
    words = [f"asset-{word}" for word in range(200_000)]
    sink.write({"readings": [{**readings(3), "asset": Coded(np.array([199_999, 0, 70_000], np.int32), words)}]})
    assert client.execute("SELECT asset FROM headrace.readings ORDER BY offset") == [
        ("asset-199999",),
        ("asset-0",),
        ("asset-70000",),
    ]


def test_more_rows_than_a_block_go_in_as_several(
    sink: ClickHouseSink, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "BLOCK_ROWS", 100)
    client.execute("SYSTEM STOP MERGES headrace_store.readings")
    names = Coded(np.arange(1001, dtype=np.int32) % 333, [f"asset-{word}" for word in range(333)])
    assert sink.write({"readings": [{**readings(1001), "asset": names}]}) == 1001
    parts = client.execute("SELECT max(rows), count() FROM system.parts WHERE active AND table = 'readings'")
    assert parts == [(100, 11)]
    assert client.execute(
        "SELECT count(), countIf(asset = concat('asset-', toString(offset %% 333))) FROM headrace.readings", {}
    ) == [(1001, 1001)]


@pytest.mark.parametrize(
    ("batch", "says"),
    [
        ({"reading": [readings(1)]}, "no table 'reading'"),
        ({"migrations": [readings(1)]}, "no table 'migrations'"),
        ({"readings` (x) VALUES; DROP TABLE y; --": [readings(1)]}, "no table"),
        ({"readings": [{**readings(1), "colour": np.zeros(1)}]}, "unknown columns .'colour'."),
        ({"readings": [{**readings(1), "stored_at": np.zeros(1)}]}, "unknown columns .'stored_at'."),
        ({"readings": [{key: value for key, value in readings(1).items() if key != "ts"}]}, "missing columns .'ts'."),
        ({"readings": [readings(1), {**readings(1, 1), "flag": ["T"]}]}, "different columns"),
        ({"readings": [{**readings(1), "value": np.array(["1.5"])}]}, "does not fit Float64"),
        ({"readings": [{**readings(1), "asset": ["\ud800"]}]}, "cannot take the rows"),
    ],
)
def test_rows_that_fit_no_table_are_rejected(sink: ClickHouseSink, client: Client, batch: Any, says: str) -> None:
    with pytest.raises(SinkRejected, match=says):
        sink.write(batch)
    assert count(client) == 0
    assert sink.write({"readings": [readings(1)]}) == 1


def test_without_migrations_the_rows_are_rejected_until_they_are_made(endpoint: Any, blank_client: Client) -> None:
    sink = ClickHouseSink(endpoint.address())
    with pytest.raises(SinkRejected, match="topology apply"):
        sink.write({"readings": [readings(1)]})
    migrations.apply(blank_client)
    assert sink.write({"readings": [readings(1)]}) == 1
    sink.close()


def test_columns_that_a_migration_adds_are_found_on_the_next_try(sink: ClickHouseSink, client: Client) -> None:
    sink.write({"readings": [readings(1)]})
    client.execute("ALTER TABLE headrace_store.readings ADD COLUMN `quality` UInt8 DEFAULT 1")
    assert sink.write({"readings": [readings(1)]}) == 1
    batch = {"readings": [{**readings(1), "quality": np.array([2])}]}
    with pytest.raises(SinkRejected, match="quality"):
        sink.write(batch)
    assert sink.write(batch) == 1


def test_a_table_that_went_away_is_rejected_and_found_again(sink: ClickHouseSink, client: Client) -> None:
    sink.write({"readings": [readings(1)]})
    client.execute("RENAME TABLE headrace_store.readings TO headrace_store.elsewhere")
    with pytest.raises(SinkRejected, match="error 60"):
        sink.write({"readings": [readings(1)]})
    client.execute("RENAME TABLE headrace_store.elsewhere TO headrace_store.readings")
    assert sink.write({"readings": [readings(1)]}) == 1


def test_too_many_parts_ask_for_patience_and_the_retry_doubles_nothing(sink: ClickHouseSink, client: Client) -> None:
    client.execute("SYSTEM STOP MERGES headrace_store.dead_letters")
    table = "ALTER TABLE headrace_store.dead_letters"
    client.execute(f"{table} MODIFY SETTING parts_to_throw_insert = 1, parts_to_delay_insert = 1")
    sink.write({"dead_letters": [dead_letters(1)]})
    batch = {"readings": [readings(10)], "dead_letters": [dead_letters(5)]}
    with pytest.raises(SinkUnavailable, match="error 252") as caught:
        sink.write(batch)
    assert caught.value.retry_after == 5.0
    assert count(client, "readings") == 10, "the first table of the batch is in, the second is not"
    client.execute(f"{table} RESET SETTING parts_to_throw_insert, parts_to_delay_insert")
    assert sink.write(batch) == 15
    assert (count(client, "readings"), count(client, "dead_letters")) == (10, 5)


def test_one_table_that_is_refused_fails_the_write_and_the_others_are_written_again_unharmed(
    sink: ClickHouseSink, client: Client
) -> None:
    broken: Batch = {"ledger": [{"records": np.zeros(1)}], "readings": [readings(2)]}
    with pytest.raises(SinkRejected, match="ledger"):
        sink.write(broken)
    assert sink.write({"readings": [readings(2)]}) == 2
    assert client.execute("SELECT count() FROM headrace.readings") == [(2,)]


def test_an_account_that_may_only_read_writes_nothing(endpoint: Any, client: Client) -> None:
    sink = ClickHouseSink(endpoint.address("reader"))
    with pytest.raises((SinkRejected, SinkUnavailable)):
        sink.write({"readings": [readings(1)]})
    assert count(client) == 0


def test_a_killed_server_loses_no_written_row_and_the_retry_doubles_none(own_endpoint: Any) -> None:
    client = connect(own_endpoint.address())
    migrations.apply(client)
    sink = ClickHouseSink(own_endpoint.address())
    sink.write({"readings": [readings(1000)]})
    own_endpoint.kill()
    batch = {"readings": [readings(1000, first=500)], "dead_letters": [dead_letters(5)]}
    for _ in range(2):
        with pytest.raises(SinkUnavailable):
            sink.write(batch)
    own_endpoint.start()
    for _ in range(2):
        assert sink.write(batch) == 1005
    sink.close()
    assert (count(client), count(client, "dead_letters")) == (1500, 5)
    assert client.execute("SELECT sum(offset) FROM headrace.readings") == [(sum(range(1500)),)]
    client.disconnect()
