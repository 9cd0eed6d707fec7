"""clickhouse-connect, the client that BI tools written in Python use."""

from collections.abc import Iterator
from typing import Any

import clickhouse_connect
import pyarrow as pa
import pytest
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError, DatabaseError

from tests.infra.local.clickhouse.endpoint import HOST, LATE_ERROR, PASSWORDS, READER, WRITER, Endpoint


def connect(endpoint: Endpoint, user: str = WRITER, **options: Any) -> Client:
    return clickhouse_connect.get_client(
        host=HOST, port=endpoint.http_port, username=user, password=PASSWORDS[user], **options
    )


@pytest.fixture
def connected(endpoint: Endpoint, database: str) -> Iterator[Client]:
    """A client with a table t."""
    client = connect(endpoint, database=database)
    client.command("CREATE TABLE t (n Int64, s String, v Nullable(Float64)) ENGINE = MergeTree ORDER BY n")
    yield client
    client.close()


def test_rows_and_names_are_queried(connected: Client) -> None:
    result = connected.query("SELECT number AS n, toString(number) AS s FROM numbers(2)")
    assert (result.column_names, result.result_rows) == (("n", "s"), [(0, "0"), (1, "1")])
    assert connected.query("SELECT * FROM t").column_names == ("n", "s", "v")
    assert connected.query("SHOW TABLES").result_rows == [("t",)]
    assert connected.command("SELECT 1 + 1") == 2


def test_time_zones_are_kept(connected: Client) -> None:
    result = connected.query("SELECT toDateTime(0, 'Asia/Tokyo') AS a, toDateTime64(0, 3, 'Asia/Tokyo') AS b")
    assert [kind.name for kind in result.column_types] == ["DateTime('Asia/Tokyo')", "DateTime64(3, 'Asia/Tokyo')"]


def test_parameters_are_bound_by_the_server(connected: Client) -> None:
    result = connected.query("SELECT {n:Int32} + 1, {s:String}", parameters={"n": 5, "s": "it's\ta"})
    assert result.result_rows == [(6, "it's\ta")]


@pytest.mark.parametrize("compress", [False, "lz4", "zstd", "gzip"])
def test_rows_are_inserted(endpoint: Endpoint, connected: Client, database: str, compress: bool | str) -> None:
    client = connect(endpoint, database=database, compress=compress)
    rows = [[n, f"name-{n}", None if n % 2 else n / 4] for n in range(1000)]
    assert client.insert("t", rows, column_names=["n", "s", "v"]).written_rows == 1000
    assert client.query("SELECT * FROM t ORDER BY n").result_rows == [tuple(row) for row in rows]
    client.close()


def test_arrow_goes_in_and_out(connected: Client) -> None:
    table = pa.table({"n": [1, 2], "s": ["a", "b"], "v": [0.5, None]})
    assert connected.insert_arrow("t", table).written_rows == 2
    assert connected.query_arrow("SELECT * FROM t ORDER BY n", use_strings=True).to_pydict() == table.to_pydict()


def test_a_result_is_streamed(connected: Client) -> None:
    with connected.query_row_block_stream("SELECT number FROM numbers(300000)") as blocks:
        assert sum(len(block) for block in blocks) == 300_000


def test_a_session_keeps_a_temporary_table(connected: Client) -> None:
    connected.command("CREATE TEMPORARY TABLE kept (n Int8)")
    connected.command("INSERT INTO kept VALUES (1)")
    assert connected.command("SELECT count() FROM kept") == 1


def test_errors_are_raised_also_in_the_middle_of_a_result(connected: Client) -> None:
    with pytest.raises(DatabaseError, match="Code: 47"):
        connected.query("SELECT no_such_column")
    result = connected.query(LATE_ERROR)
    with pytest.raises(ClickHouseError, match="Code: 395"):
        _ = result.result_rows  # read from the connection only now
    assert connected.command("SELECT 1") == 1


def test_the_reader_reads(endpoint: Endpoint, connected: Client, database: str) -> None:
    client = connect(endpoint, READER, database=database)
    assert client.query("SELECT count() FROM t").result_rows == [(0,)]
    with pytest.raises(DatabaseError, match="Code: 164"):
        client.insert("t", [[1, "a", None]], column_names=["n", "s", "v"])
    client.close()
