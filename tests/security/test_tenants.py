"""An account of an enterprise sees the rows of that enterprise alone, whatever it asks the local ClickHouse."""

from collections.abc import Iterator

import pytest
from clickhouse_driver import Client, errors

from infra.local.clickhouse.policies import FILTERS, OF_ENTERPRISES
from sinks.clickhouse import connection, migrations
from sinks.clickhouse.connection import Address
from tests.infra.local.clickhouse.endpoint import HOST, PASSWORDS, READER, WRITER, Endpoint

MILL, YARD = "88.118.8", "6901234"
MARK = f"row of {YARD}"
"""Stands in each row that the mill must not see."""
READONLY, ACCESS_DENIED, UNKNOWN_TABLE = 164, 497, 60

QUESTIONS = [
    "SELECT * FROM headrace_store.trace_events",
    "SELECT * FROM headrace.trace_items",
    f"SELECT * FROM headrace_store.trace_items WHERE enterprise = '{YARD}'",
    f"SELECT * FROM headrace_store.trace_items PREWHERE item = '{MARK}'",
    f"SELECT * FROM headrace.trace_items WHERE item = '{MARK}' OR 1",
    "SELECT * FROM merge('headrace_store', '^trace_')",
    "SELECT id FROM merge(REGEXP('headrace.*'), '^(trace|code)_')",
    "SELECT * FROM headrace_store.trace_items FINAL",
    "SELECT * FROM headrace_store.trace_items SAMPLE 1",
    "SELECT b.id FROM system.one AS a CROSS JOIN headrace_store.code_scans AS b",
    "SELECT b.id FROM headrace_store.trace_items AS a FULL JOIN headrace.trace_links AS b ON a.id = b.id",
    "SELECT (SELECT groupArray(item) FROM headrace_store.trace_items)",
    "WITH t AS (SELECT * FROM headrace_store.trace_items) SELECT * FROM t",
    "SELECT * FROM view(SELECT * FROM headrace_store.trace_items)",
    f"SELECT if('{MARK}' IN (SELECT item FROM headrace_store.trace_items), concat('row of ', '{YARD}'), '')",
    "SELECT min(item), max(item), uniq(item) FROM headrace_store.trace_items",
    "SELECT * FROM (SELECT * FROM headrace_store.trace_items SETTINGS promql_table = '')",
    "SELECT * FROM headrace_store.trace_items UNION ALL SELECT * FROM headrace.trace_items",
    "SELECT arrayJoin(groupArray(item)) FROM headrace_store.trace_items GROUP BY ALL WITH ROLLUP",
    "SELECT topKMerge(10)(s) FROM (SELECT topKState(10)(item) AS s FROM headrace_store.trace_items)",
    "SELECT * FROM headrace_store.trace_items SETTINGS profile = 'default'",
    "SELECT * FROM headrace_store.readings",
    "SELECT * FROM headrace.dead_letters",
    "SELECT * FROM headrace.readings",
    "SELECT query FROM system.processes",
    "SELECT last_error_message FROM system.errors",
]
"""Each shows the mark to who may see everything, or nothing where the mark is not in rows."""

REFUSED = [
    "SELECT * FROM headrace_store.trace_items SETTINGS promql_table = ''",
    f"SELECT * FROM headrace_store.trace_items SETTINGS promql_table = '{YARD}'",
    "SET promql_table = ''",
    "SET readonly = 0",
    "SET use_query_cache = 1",
    "SELECT * FROM headrace_store.trace_items SETTINGS use_query_cache = 1",
    "SELECT * FROM mergeTreeIndex('headrace_store', 'trace_items')",
    "SELECT * FROM (EXPLAIN ESTIMATE SELECT * FROM headrace_store.trace_items)",
    "CREATE TEMPORARY TABLE t AS SELECT * FROM headrace_store.trace_items",
    "CREATE VIEW headrace.mine AS SELECT * FROM headrace_store.trace_items",
    "CREATE TABLE headrace.mine ENGINE = Merge('headrace_store', '.*')",
    "CREATE FUNCTION mine AS () -> 1",
    "INSERT INTO headrace_store.trace_items (id) SELECT 'x'",
    "INSERT INTO headrace_store.trace_items (id) VALUES ('x')",
    "ALTER TABLE headrace_store.trace_items DELETE WHERE 1",
    "DROP ROW POLICY p ON headrace_store.trace_items",
    "CREATE ROW POLICY p ON headrace_store.trace_items USING 1",
    "SHOW ROW POLICIES",
    "SELECT * FROM system.row_policies",
    "OPTIMIZE TABLE headrace_store.trace_items",
    "SYSTEM DROP QUERY CACHE",
    "SELECT 1; SET promql_table = ''",
    "SELECT * FROM remote('127.0.0.1', headrace_store.trace_items)",
]


@pytest.fixture(scope="module")
def tenants(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """ClickHouse with the tables and views, in each a row of the mill and one of the yard."""
    endpoint = Endpoint(tmp_path_factory.mktemp("tenants"), tenants={"mill": MILL, "yard": YARD})
    client = connection.connect(Address(HOST, endpoint.tcp_port, WRITER, PASSWORDS[WRITER]))
    migrations.apply(client)
    for table, columns in tables(client).items():
        texts = [name for name, type_ in columns.items() if type_ in {"String", "LowCardinality(String)"}]
        values = ["one" if name == "enterprise" else "'row of ' || one" for name in texts]
        each = f"SELECT {', '.join(values)} FROM (SELECT arrayJoin(['{MILL}', '{YARD}']) AS one)"
        if table != "migrations":
            names = ", ".join(f"`{name}`" for name in texts)
            client.execute(f"INSERT INTO headrace_store.{table} ({names}) {each}")
    client.disconnect()
    yield endpoint
    endpoint.kill()


def answer(client: Client, sql: str) -> str:
    """What a client is told: rows, or why not."""
    try:
        return str(client.execute(sql))
    except errors.ServerException as error:
        return str(error).replace(sql, "")


def tables(client: Client) -> dict[str, dict[str, str]]:
    """The tables of `headrace_store`: columns and their types."""
    found: dict[str, dict[str, str]] = {}
    for table, name, type_ in client.execute(
        "SELECT table, name, type FROM system.columns WHERE database = 'headrace_store' AND default_kind = ''"
    ):
        found.setdefault(table, {})[name] = type_
    return found


def test_every_table_with_an_enterprise_has_its_policy(tenants: Endpoint) -> None:
    with tenants.client() as client:
        known = tables(client)
    assert {table for table, columns in known.items() if "enterprise" in columns} == set(OF_ENTERPRISES)
    assert "" in FILTERS["headrace_store"]
    assert "" in FILTERS["system"]


def test_of_every_table_it_sees_its_own_rows_or_none(tenants: Endpoint) -> None:
    with tenants.client() as everybody, tenants.client("mill") as mill:
        for table in tables(everybody):
            for database in ("headrace_store", "headrace"):
                if (database, table) == ("headrace", "migrations"):
                    continue
                seen = mill.execute(f"SELECT * FROM {database}.{table}")
                assert len(seen) == (table in OF_ENTERPRISES), table
                assert MARK not in str(seen)
                assert mill.execute(f"SELECT count() FROM {database}.{table}") == [(len(seen),)]
                assert everybody.execute(f"SELECT count() FROM {database}.{table}") >= [(2,)]


def test_every_view_can_be_asked_and_tells_of_nobody_else(tenants: Endpoint) -> None:
    with tenants.client("mill") as mill:
        views = [name for (name,) in mill.execute("SELECT name FROM system.tables WHERE database = 'headrace'")]
        assert len(views) > 30
        for view in views:
            assert MARK not in str(mill.execute(f"SELECT * FROM headrace.{view}"))


@pytest.mark.parametrize("sql", QUESTIONS)
def test_no_question_shows_the_row_of_another(tenants: Endpoint, sql: str) -> None:
    with tenants.client() as everybody, tenants.client("mill") as mill:
        if "SAMPLE" not in sql and "system." not in sql.replace("system.one", ""):
            assert MARK in str(everybody.execute(sql)), "what shows nothing to anybody proves nothing"
        assert MARK not in answer(mill, sql)
    assert MARK not in tenants.http(sql, user="mill").text.replace(sql, "")


@pytest.mark.parametrize("clause", [
    "headrace_store.trace_items WHERE", "headrace_store.trace_items PREWHERE", "headrace_store.trace_items GROUP BY",
    "headrace_store.trace_items FINAL PREWHERE", "headrace.trace_items WHERE",
])  # fmt: skip
def test_no_error_tells_of_the_row_of_another(tenants: Endpoint, clause: str) -> None:
    sql = f"SELECT 1 FROM {clause} toInt64(if(enterprise = '{YARD}', item, '1'))"
    with tenants.client() as everybody, tenants.client("mill") as mill:
        assert MARK in answer(everybody, sql), "what fails for nobody proves nothing"
        assert answer(mill, sql) == "[(1,)]"


@pytest.mark.parametrize("sql", REFUSED)
def test_it_cannot_step_out_of_its_session(tenants: Endpoint, sql: str) -> None:
    with tenants.client("mill") as mill, pytest.raises(errors.ServerException) as refused:
        mill.execute(sql)
    assert refused.value.code in {READONLY, ACCESS_DENIED, 62, UNKNOWN_TABLE}
    assert MARK not in str(refused.value)
    over_http = tenants.http(sql, user="mill")
    assert over_http.status >= 400
    assert MARK not in over_http.text


def test_a_setting_of_the_request_does_not_change_who_asks(tenants: Endpoint) -> None:
    for name, value in (("promql_table", ""), ("promql_table", YARD), ("readonly", "0"), ("use_query_cache", "1")):
        with tenants.client("mill") as mill, pytest.raises(errors.ServerException) as refused:
            mill.execute("SELECT item FROM headrace.trace_items", settings={name: value})
        assert refused.value.code == READONLY
        reply = tenants.http("SELECT item FROM headrace.trace_items", user="mill", **{name: value})
        assert (reply.status, reply.code) == (403, READONLY)
        in_session = tenants.http("SELECT 1", user="mill", session_id="s", **{name: value})
        assert (in_session.status, in_session.code) == (403, READONLY)
    tables_sent = [{"name": "ext", "structure": [("n", "Int32")], "data": [{"n": 2}]}]
    with tenants.client("mill") as mill, pytest.raises(errors.ServerException) as refused:
        mill.execute("SELECT n FROM ext", external_tables=tables_sent)
    assert refused.value.code == READONLY


def test_sessions_over_http_belong_to_their_account(tenants: Endpoint) -> None:
    sql = "SELECT item FROM headrace.trace_items"
    for user, item in (("mill", f"row of {MILL}\n"), ("yard", f"row of {YARD}\n")):
        for session in ({}, {"session_id": "same"}, {"session_id": "same"}):
            assert tenants.http(sql, user=user, query_id="mine", **session).text == item
    everything = tenants.http(sql, user=READER, session_id="same").text.splitlines()
    assert sorted(everything) == sorted(["row of " + MILL, "row of " + YARD])


def test_one_tenants_answer_is_not_kept_for_the_next(tenants: Endpoint) -> None:
    """The engine remembers which stretches of a table hold no row for a condition: that must not go to others."""
    with tenants.client() as everybody:
        everybody.execute("INSERT INTO headrace_store.code_scans (id, item, enterprise) "
                          f"SELECT toString(number), 'many', if(number < 60000, '{MILL}', '{YARD}') "
                          "FROM numbers(120000)")  # fmt: skip
        sql = "SELECT count(), uniq(enterprise) FROM headrace_store.code_scans WHERE item = 'many' AND latitude IS NULL"
        for _ in range(3):
            for user in ("mill", "yard"):
                with tenants.client(user) as client:
                    assert client.execute(sql) == [(60_000, 1)]
            for settings in ({}, {"use_query_cache": 1}):
                assert everybody.execute(sql, settings=settings) == [(120_000, 2)]


def test_it_kills_nobodys_query_and_sees_none(tenants: Endpoint) -> None:
    with tenants.client() as everybody:
        running = everybody.execute_iter("SELECT number, sleepEachRow(0.01) FROM numbers(100)",
                                         settings={"max_block_size": 1})  # fmt: skip
        assert next(running)[0] == 0
        with tenants.client("mill") as mill:
            assert mill.execute("SELECT count() FROM system.processes") == [(0,)]
            assert answer(mill, "KILL QUERY WHERE 1 SYNC") == "[]"
        assert [number for number, _ in running] == list(range(1, 100))


def test_of_the_system_it_sees_what_its_tools_ask(tenants: Endpoint) -> None:
    with tenants.client("mill") as mill:
        assert mill.execute("SHOW DATABASES") == [("headrace",)]
        assert ("trace_events",) in mill.execute("SHOW TABLES FROM headrace")
        assert mill.execute("SHOW TABLES FROM headrace_store") == []
        assert mill.execute("SELECT count() FROM system.parts") == [(0,)]
        assert mill.execute("SELECT sum(total_rows) FROM system.tables") == [(None,)]
        assert mill.execute("SELECT count() > 100 FROM system.settings") == [(1,)]
        assert mill.execute("SELECT item FROM headrace.trace_items", query_id="mine") == [(f"row of {MILL}",)]
