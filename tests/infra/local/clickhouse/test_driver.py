"""clickhouse-driver's calls, as with any server."""

import datetime as dt
import threading
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from clickhouse_driver import Client, connect, errors
from clickhouse_driver.protocol import ServerPacketTypes

from tests.infra.local.clickhouse.endpoint import HOST, PASSWORDS, WRITER, Endpoint

TABLE = "CREATE TABLE t (n UInt64, name String, value Nullable(Float64)) ENGINE = MergeTree ORDER BY n"
ROWS = [(1, "a", 1.5), (2, "b", None), (3, "", -2.0)]


@pytest.fixture
def table(client: Client) -> Client:
    """A client with an empty table t."""
    client.execute(TABLE)
    return client


class Words(pd.CategoricalDtype):  # type: ignore[misc, unused-ignore]
    """The driver hands a Categorical's dtype to numpy, which takes what has a numpy dtype."""

    dtype = np.dtype(object)


def test_a_query_returns_rows_and_types(client: Client) -> None:
    sql = "SELECT number, toString(number) AS text FROM numbers(2)"
    assert client.execute(sql, with_column_types=True) == (
        [(0, "0"), (1, "1")],
        [("number", "UInt64"), ("text", "String")],
    )


def test_a_result_without_rows_still_has_types(client: Client) -> None:
    rows, types = client.execute("SELECT 1 AS a, 'x' AS b WHERE 0; -- nothing", with_column_types=True)
    assert (rows, types) == ([], [("a", "UInt8"), ("b", "String")])


def test_parameters_are_put_in_by_the_client(client: Client) -> None:
    assert client.execute("SELECT %(a)s, %(b)s", {"a": "it's \\ \n", "b": [1, 2]}) == [("it's \\ \n", [1, 2])]


def test_parameters_for_the_server_are_refused_rather_than_ignored(endpoint: Endpoint) -> None:
    with endpoint.client(settings={"server_side_params": True}) as client:
        with pytest.raises(errors.ServerException) as refused:
            client.execute("SELECT {a:String}", {"a": "x"})
        assert refused.value.code == 456
        assert client.execute("SELECT 1") == [(1,)]


def test_totals_are_refused_rather_than_lost(client: Client) -> None:
    with pytest.raises(errors.ServerException) as refused:
        client.execute("SELECT number % 2 AS k, count() FROM numbers(4) GROUP BY k WITH TOTALS")
    assert refused.value.code == 48


def test_a_large_result_comes_in_blocks(client: Client) -> None:
    rows = client.execute_iter("SELECT number FROM numbers(300000)", settings={"max_block_size": 10_000})
    assert sum(number for (number,) in rows) == 300_000 * 299_999 // 2


def test_statements_other_than_queries_return_their_rows(table: Client) -> None:
    assert table.execute("SHOW TABLES") == [("t",)]
    assert table.execute("DESCRIBE TABLE t")[0][:2] == ("n", "UInt64")
    assert table.execute("EXISTS TABLE t") == [(1,)]
    assert table.execute("EXPLAIN SELECT 1")
    assert table.execute("DROP TABLE t") == []


def test_rows_dicts_and_generators_are_inserted(table: Client) -> None:
    dicts = [{"n": n, "name": name, "value": value} for n, name, value in ROWS]
    assert table.execute("INSERT INTO t VALUES", ROWS) == 3
    assert table.execute("INSERT INTO t (value, name, n) VALUES", dicts) == 3
    assert table.execute("INSERT INTO t (* EXCEPT (value)) VALUES", ((n, "g") for n in range(5))) == 5
    assert table.execute("SELECT count(), sum(n), countIf(value IS NULL) FROM t") == [(11, 22, 7)]


def test_columns_are_inserted(table: Client) -> None:
    assert table.execute("INSERT INTO t (n, name) VALUES", [[1, 2], ["a", "b"]], columnar=True) == 2
    assert table.execute("SELECT n, name FROM t ORDER BY n") == [(1, "a"), (2, "b")]


def test_inline_values_are_inserted(table: Client) -> None:
    table.execute("INSERT INTO t VALUES (1, 'a;b', NULL), (2, upper('c'), 1 + 1)")
    assert table.execute("SELECT * FROM t ORDER BY n") == [(1, "a;b", None), (2, "C", 2.0)]


def test_a_query_is_inserted(table: Client) -> None:
    table.execute("INSERT INTO t SELECT number, 'x', NULL FROM numbers(1000)")
    assert table.execute("SELECT count() FROM t") == [(1000,)]


def test_many_blocks_make_one_insert(table: Client) -> None:
    rows = ((n, f"name-{n}", n / 2) for n in range(100_000))
    assert table.execute("INSERT INTO t VALUES", rows, settings={"insert_block_size": 1000}) == 100_000
    parts = table.execute("SELECT count() FROM system.parts WHERE table = 't' AND database = currentDatabase()")
    assert parts == [(1,)]
    assert table.execute("SELECT sum(length(name)) FROM t") == [(sum(len(f"name-{n}") for n in range(100_000)),)]


@pytest.mark.parametrize("compression", [False, True, "lz4hc"])
def test_arrays_and_categoricals_are_inserted(endpoint: Endpoint, database: str, compression: Any) -> None:
    count = 200_000
    options = {"database": database, "compression": compression, "settings": {"use_numpy": True}}
    codes = np.arange(count) % 300
    words = pd.Index([f"asset-{n}" for n in range(300)], dtype=object)
    times = np.datetime64("2026-01-01", "ms") + np.arange(count).astype("m8[ms]")
    with endpoint.client(**options) as client:
        client.execute(
            "CREATE TABLE t (asset LowCardinality(String), ts DateTime64(3, 'UTC'), value Float64, n UInt64) "
            "ENGINE = MergeTree ORDER BY n"
        )
        asset = pd.Categorical.from_codes(codes, dtype=Words(words))
        columns = [asset, times.astype("M8[ns]"), np.arange(count) / 4, np.arange(count, dtype=np.uint64)]
        assert client.execute("INSERT INTO t VALUES", columns, columnar=True) == count
        back = client.execute("SELECT asset, ts, value, n FROM t ORDER BY n", columnar=True)
    assert list(back[0]) == list(words[codes])
    assert (np.asarray(back[1]).astype("M8[ms]") == times).all()
    assert (back[2] == columns[2]).all()
    assert (back[3] == columns[3]).all()


def test_data_frames_go_in_and_out(endpoint: Endpoint, database: str) -> None:
    frame = pd.DataFrame({"n": np.arange(3, dtype=np.uint64), "name": np.array(["a", "b", "c"], dtype=object)})
    with endpoint.client(database=database, settings={"use_numpy": True}) as client:
        client.execute("CREATE TABLE t (n UInt64, name String) ENGINE = Memory")
        assert client.insert_dataframe("INSERT INTO t VALUES", frame) == 3
        back = client.query_dataframe("SELECT * FROM t ORDER BY n")
    assert back["name"].tolist() == ["a", "b", "c"]


def test_settings_hold_for_their_query_alone(client: Client) -> None:
    sql = "SELECT getSetting('max_threads'), getSetting('async_insert'), getSetting('max_rows_to_read')"
    before = client.execute(sql)
    changed = client.execute(sql, settings={"max_threads": 7, "async_insert": 1, "max_rows_to_read": 99})
    assert changed == [(7, True, 99)]
    assert client.execute(sql) == before


def test_settings_of_the_session_come_back_after_those_of_a_query(client: Client) -> None:
    client.execute("SET max_threads = 3")
    assert client.execute("SELECT getSetting('max_threads')", settings={"max_threads": 7}) == [(7,)]
    assert client.execute("SELECT getSetting('max_threads')") == [(3,)]


def test_asynchronous_inserts_are_off(client: Client) -> None:
    assert client.execute("SELECT getSetting('async_insert')") == [(False,)]


def test_unknown_settings_are_ignored_unless_they_are_important(endpoint: Endpoint) -> None:
    settings = {"no_such_setting": 1, "max_threads": 7}
    with endpoint.client() as client:
        assert client.execute("SELECT getSetting('max_threads')", settings=settings) == [(7,)]
    with endpoint.client(settings_is_important=True) as client, pytest.raises(errors.ServerException) as refused:
        client.execute("SELECT 1", settings=settings)
    assert refused.value.code == 115


def test_a_query_id_can_be_seen_while_the_query_runs(client: Client) -> None:
    sql = "SELECT Settings['log_comment'] FROM system.processes WHERE Settings['log_comment'] = 'my-id'"
    assert client.execute(sql, query_id="my-id") == [("my-id",)]
    assert client.execute("SELECT getSetting('log_comment')") == [("",)]


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("SELECT no_such_column", 47),
        ("SELECT * FROM no_such_table", 60),
        ("SELEC 1", 62),
        ("SELECT 1; SELECT 2", 62),
        ("INSERT INTO t VALUES (1, 'a', 1); DROP TABLE t", 62),
        ("  ", 62),
        ("SELECT throwIf(number = 200000) FROM numbers(300000)", 395),
        ("CREATE TABLE t (n UInt8) ENGINE = Memory", 57),
        ("INSERT INTO no_such_table VALUES", 60),
        ("INSERT INTO t (no_such_column) VALUES", 47),
    ],
)
def test_errors_have_the_engines_code_and_the_connection_goes_on(table: Client, sql: str, code: int) -> None:
    connection = table.connection  # the client itself would connect anew after any error
    ask(connection, "SET max_threads = 3")
    assert ask(connection, sql) == code
    assert ask(connection, "SELECT throwIf(getSetting('max_threads') != 3)") == 0
    assert ask(connection, "SELECT throwIf(count() != 0) FROM t") == 0


def test_a_query_may_be_readonly_and_the_next_one_not(table: Client) -> None:
    connection = table.connection
    ask(connection, "SET max_threads = 3")
    assert ask(connection, "DROP TABLE t", {"readonly": 1}) == 164
    assert ask(connection, "SELECT throwIf(getSetting('max_threads') != 3) FROM t") == 0
    assert ask(connection, "DROP TABLE t") == 0


def ask(connection: Any, sql: str, settings: dict[str, Any] | None = None) -> int:
    """Runs a statement without data on an open connection. Returns the code of its error, 0 for none."""
    connection.context.settings = settings or {}
    connection.send_query(sql)
    connection.send_external_tables(None)
    while True:
        packet = connection.receive_packet()
        if packet.type == ServerPacketTypes.EXCEPTION:
            return int(packet.exception.code)
        if packet.type == ServerPacketTypes.END_OF_STREAM:
            return 0


def test_a_row_that_violates_a_constraint_fails_the_insert(client: Client) -> None:
    client.execute("CREATE TABLE t (n Int64, CONSTRAINT positive CHECK n > 0) ENGINE = MergeTree ORDER BY n")
    rows = ((n - 5,) for n in range(10, -1, -1))
    with pytest.raises(errors.ServerException) as raised:
        client.execute("INSERT INTO t VALUES", rows, settings={"insert_block_size": 1})
    assert raised.value.code == 469
    assert client.execute("SELECT count() FROM t") == [(0,)]


def test_an_error_in_the_middle_of_a_large_insert_is_raised_at_its_end(client: Client) -> None:
    client.execute("CREATE TABLE t (n Int64, s String, CONSTRAINT c CHECK n >= 0) ENGINE = MergeTree ORDER BY n")
    rows = ((-1 if n == 10 else n, "x" * 1000) for n in range(20_000))  # far beyond the pipe's buffer
    with pytest.raises(errors.ServerException) as raised:
        client.execute("INSERT INTO t VALUES", rows, settings={"insert_block_size": 500})
    assert raised.value.code == 469
    assert client.execute("SELECT count() FROM t") == [(0,)]


def test_a_deduplication_token_drops_a_repeated_insert(client: Client) -> None:
    client.execute(
        "CREATE TABLE t (n Int64) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 100"
    )
    for _ in range(2):
        client.execute("INSERT INTO t VALUES", [(1,), (2,)], settings={"insert_deduplication_token": "chunk-1"})
    assert client.execute("SELECT count() FROM t") == [(2,)]


def test_external_tables_can_be_queried(client: Client) -> None:
    tables = [{"name": "ext", "structure": [("n", "Int32"), ("s", "String")], "data": [{"n": 2, "s": "b"}]}]
    for _ in range(2):
        assert client.execute("SELECT n, s FROM ext", external_tables=tables) == [(2, "b")]
    with pytest.raises(errors.ServerException):
        client.execute("SELECT * FROM ext")


def test_progress_and_profile_are_told(client: Client) -> None:
    progress = client.execute_with_progress("SELECT sum(number) FROM numbers(1000000)")
    assert list(progress)[-1] == (1_000_000, 1_000_000)
    assert progress.get_result() == [(499_999_500_000,)]
    client.execute("SELECT number FROM numbers(5)")
    assert client.last_query.profile_info.rows == 5
    assert client.last_query.progress.rows == 5


def test_a_query_is_cancelled_and_the_connection_goes_on(client: Client) -> None:
    rows = client.execute_iter("SELECT number FROM system.numbers", settings={"max_block_size": 1000})
    assert [next(rows), next(rows)] == [(0,), (1,)]
    client.cancel()
    assert client.execute("SELECT 1") == [(1,)]


@pytest.mark.parametrize("after_start", [False, True], ids=["at once", "while it runs"])
def test_a_query_that_returns_nothing_yet_is_cancelled(endpoint: Endpoint, client: Client, after_start: bool) -> None:
    connection = client.connection
    connection.force_connect()
    connection.send_query(f"SELECT sum(sipHash64(number)) AS cancelled_{after_start} FROM numbers(1000000000000)")
    connection.send_external_tables(None)
    while after_start and not running(endpoint, f"cancelled_{after_start}"):
        threading.Event().wait(0.02)
    connection.send_cancel()
    types: list[int] = []
    while not types or types[-1] != ServerPacketTypes.END_OF_STREAM:
        types.append(connection.receive_packet().type)
    assert ServerPacketTypes.EXCEPTION not in types
    assert ask(connection, "SELECT 1") == 0


def running(endpoint: Endpoint, marker: str) -> int:
    with endpoint.client() as admin:
        sql = f"SELECT count() FROM system.processes WHERE query LIKE '%{marker}%' AND query NOT LIKE '%processes%'"
        return int(admin.execute(sql)[0][0])


def wait_until_none_runs(endpoint: Endpoint, marker: str) -> None:
    """The test's time limit ends this if the query never does."""
    while running(endpoint, marker):
        threading.Event().wait(0.02)


def test_hanging_up_ends_the_query(endpoint: Endpoint) -> None:
    client = endpoint.client()
    client.connection.force_connect()
    client.connection.send_query("SELECT sum(sipHash64(number)) AS hung_up FROM numbers(1000000000000)")
    client.connection.send_external_tables(None)
    while not running(endpoint, "hung_up"):
        threading.Event().wait(0.02)
    client.disconnect()
    wait_until_none_runs(endpoint, "hung_up")


def test_hanging_up_in_the_middle_of_an_insert_inserts_nothing(endpoint: Endpoint, table: Client) -> None:
    database = table.execute("SELECT currentDatabase()")[0][0]
    client = endpoint.client(database=database)

    def rows() -> Iterator[tuple[int, str, None]]:
        for n in range(30_000):
            if n == 20_000:
                client.connection.socket.shutdown(2)
            yield n, "x" * 200, None

    with pytest.raises((OSError, EOFError, errors.Error)):
        client.execute("INSERT INTO t VALUES", rows(), settings={"insert_block_size": 1000})
    wait_until_none_runs(endpoint, f"INSERT INTO {database}")
    wait_until_none_runs(endpoint, "INSERT INTO t ")
    assert table.execute("SELECT count() FROM t") == [(0,)]


def test_clients_work_side_by_side(endpoint: Endpoint, table: Client) -> None:
    database = table.execute("SELECT currentDatabase()")[0][0]
    failures: list[BaseException] = []

    def work(number: int) -> None:
        try:
            with endpoint.client(database=database) as client:
                for round_ in range(5):
                    client.execute("INSERT INTO t VALUES", [(number * 100 + round_, "x", None)] * 10)
                    client.execute("SELECT count() FROM t")
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert table.execute("SELECT count(), uniqExact(n) FROM t") == [(400, 40)]


def test_the_database_api_works(endpoint: Endpoint, table: Client) -> None:
    database = table.execute("SELECT currentDatabase()")[0][0]
    options = {"host": HOST, "port": endpoint.tcp_port, "user": WRITER, "password": PASSWORDS[WRITER]}
    with connect(**options, database=database) as connection, connection.cursor() as cursor:
        cursor.executemany("INSERT INTO t VALUES", ROWS)
        assert cursor.rowcount == 3
        cursor.execute("SELECT n, name FROM t WHERE n > %(n)s ORDER BY n", {"n": 1})
        assert [column.name for column in cursor.description] == ["n", "name"]
        assert cursor.fetchone() == (2, "b")
        assert cursor.fetchall() == [(3, "")]
        cursor.set_stream_results(True, 100)
        cursor.execute("SELECT number FROM numbers(1000)")
        assert sum(1 for _ in cursor) == 1000


def test_the_server_answers_a_ping(client: Client) -> None:
    client.connection.force_connect()
    assert client.connection.ping()


def test_the_server_introduces_itself(client: Client) -> None:
    client.execute("SELECT 1")
    info = client.connection.server_info
    assert info.name == "ClickHouse"
    assert client.execute("SELECT version()")[0][0].startswith(f"{info.version_major}.{info.version_minor}.")
    assert info.timezone


def test_the_default_database_is_an_ordinary_one(endpoint: Endpoint) -> None:
    with endpoint.client() as client:
        client.execute("CREATE TABLE IF NOT EXISTS here (a Int8) ENGINE = MergeTree ORDER BY a")
        assert client.execute("SELECT engine FROM system.databases WHERE name = currentDatabase()") == [("Atomic",)]
        with pytest.raises(errors.ServerException) as raised:
            client.execute("SELECT * FROM default.nowhere")
        assert raised.value.code == 60
        client.execute("DROP TABLE here SYNC")


def test_times_keep_their_zone(client: Client) -> None:
    client.execute("CREATE TABLE t (ts DateTime64(3, 'UTC')) ENGINE = Memory")
    local = dt.datetime(2026, 1, 1, 8, tzinfo=dt.timezone(dt.timedelta(hours=8)))
    client.execute("INSERT INTO t VALUES", [(local,)])
    assert client.execute("SELECT ts, toUnixTimestamp64Milli(ts) FROM t") == [(local, int(local.timestamp() * 1000))]
