"""The HTTP interface as curl and BI tools use it."""

import base64
import gzip
import http.client
import json
import socket
import threading
import zlib
from typing import Any

import cramjam
import lz4.frame
import pytest
from clickhouse_driver import Client

from infra.local.clickhouse.blocks import reader_of
from infra.local.clickhouse.frames import read_frame, write_frames
from tests.infra.local.clickhouse.endpoint import HOST, LATE_ERROR, PASSWORDS, READER, WRITER, Endpoint

ROWS = b"1\tone\n2\ttwo\n3\t\\N\n"


@pytest.fixture
def table(client: Client, database: str) -> str:
    """The name of an empty table."""
    client.execute("CREATE TABLE t (n UInt64, s Nullable(String)) ENGINE = MergeTree ORDER BY n")
    return f"{database}.t"


def rows_of(endpoint: Endpoint, table: str) -> bytes:
    return endpoint.http(f"SELECT * FROM {table} ORDER BY n").body


@pytest.mark.parametrize(
    ("output_format", "body"),
    [
        ("TabSeparated", b"0\tx\n1\tx\n"),
        ("CSV", b'0,"x"\n1,"x"\n'),
        ("CSVWithNames", b'"n","s"\n0,"x"\n1,"x"\n'),
        ("JSONEachRow", b'{"n":0,"s":"x"}\n{"n":1,"s":"x"}\n'),
        ("Values", b"(0,'x'),(1,'x')"),
        ("RowBinary", b"\0" * 8 + b"\1x" + b"\1" + b"\0" * 7 + b"\1x"),
    ],
)
@pytest.mark.parametrize("where", ["clause", "parameter", "header"])
def test_a_result_has_the_format_that_was_asked_for(
    endpoint: Endpoint, output_format: str, body: bytes, where: str
) -> None:
    sql = "SELECT number AS n, 'x' AS s FROM numbers(2)"
    reply = {
        "clause": lambda: endpoint.http(f"{sql} FORMAT {output_format}"),
        "parameter": lambda: endpoint.http(sql, default_format=output_format),
        "header": lambda: endpoint.http(sql, headers={"X-ClickHouse-Format": output_format}),
    }[where]()
    assert (reply.status, reply.body) == (200, body)
    assert reply.headers["x-clickhouse-format"] == output_format


def test_json_tells_names_types_and_counts(endpoint: Endpoint) -> None:
    result = json.loads(endpoint.http("SELECT 1 AS a, 'x' AS b FORMAT JSON").body)
    assert result["meta"] == [{"name": "a", "type": "UInt8"}, {"name": "b", "type": "String"}]
    assert result["data"] == [{"a": 1, "b": "x"}]


def test_an_answer_tells_about_itself(endpoint: Endpoint) -> None:
    headers = endpoint.http("SELECT 1 FORMAT JSON", query_id="mine").headers
    assert headers["x-clickhouse-query-id"] == "mine"
    assert headers["x-clickhouse-timezone"]
    assert json.loads(headers["x-clickhouse-summary"])["read_rows"] == "1"
    assert headers["content-type"] == "application/json; charset=UTF-8"


def test_a_large_result_is_streamed_whole(endpoint: Endpoint) -> None:
    body = endpoint.http("SELECT number FROM numbers(500000)").body
    assert body == b"".join(b"%d\n" % number for number in range(500_000))


def test_totals_are_in_the_result(endpoint: Endpoint) -> None:
    sql = "SELECT number % 2 AS k, count() FROM numbers(4) GROUP BY k WITH TOTALS ORDER BY k"
    assert endpoint.http(sql).body == b"0\t2\n1\t2\n\n0\t4\n"


def test_parameters_are_bound(endpoint: Endpoint) -> None:
    reply = endpoint.http(
        "SELECT {n:UInt8} + 1, {s:String}, {a:Array(String)}", param_n="5", param_s="it's", param_a="['x']"
    )
    assert reply.body == b"6\tit\\'s\t['x']\n"


def test_settings_are_parameters_and_unknown_ones_are_errors(endpoint: Endpoint) -> None:
    assert endpoint.http("SELECT getSetting('max_threads')", max_threads="3").body == b"3\n"
    assert endpoint.http("SELECT 1", no_such_setting="3").code == 115


def test_a_statement_may_be_in_the_address_or_in_both(endpoint: Endpoint) -> None:
    assert endpoint.http(query="SELECT 1").body == b"1\n"
    assert endpoint.http(b"+ 1", query="SELECT 1").body == b"2\n"
    assert endpoint.http(method="GET", query="SELECT 1").body == b"1\n"


def test_a_get_request_changes_nothing(endpoint: Endpoint, table: str) -> None:
    for sql in (f"DROP TABLE {table}", f"INSERT INTO {table} FORMAT TSV", f"INSERT INTO {table} VALUES (1, 'x')"):
        reply = endpoint.http(method="GET", query=sql)
        assert (reply.status, reply.code) == (403, 164)
    assert rows_of(endpoint, table) == b""


def test_rows_are_inserted_from_the_body(endpoint: Endpoint, table: str) -> None:
    reply = endpoint.http(ROWS, query=f"INSERT INTO {table} FORMAT TSV")
    assert (reply.status, json.loads(reply.headers["x-clickhouse-summary"])["written_rows"]) == (200, "3")
    endpoint.http(f"INSERT INTO {table} FORMAT JSONEachRow\n".encode() + b'{"n": 4, "s": "a;b"}\n')
    endpoint.http(f"INSERT INTO {table} (s, n) VALUES ('v;w', 5), (upper('x'), 6)")
    assert rows_of(endpoint, table) == ROWS + b"4\ta;b\n5\tv;w\n6\tX\n"


@pytest.mark.parametrize(
    ("encoding", "encode"),
    [
        ("gzip", gzip.compress),
        ("deflate", zlib.compress),
        ("lz4", lz4.frame.compress),
        ("zstd", lambda data: bytes(cramjam.zstd.compress(data))),
    ],
)
def test_compressed_rows_are_inserted(endpoint: Endpoint, table: str, encoding: str, encode: object) -> None:
    assert callable(encode)
    rows = b"".join(b"%d\tname-%d\n" % (n, n) for n in range(100_000))
    reply = endpoint.http(encode(rows), query=f"INSERT INTO {table} FORMAT TSV", headers={"Content-Encoding": encoding})
    assert reply.status == 200, reply.text
    assert rows_of(endpoint, table) == rows


def test_native_frames_go_both_ways(endpoint: Endpoint, table: str) -> None:
    frames = b"".join(write_frames(ROWS))
    assert endpoint.http(frames, query=f"INSERT INTO {table} FORMAT TSV", decompress="1").status == 200
    assert read_frame(reader_of(endpoint.http(f"SELECT * FROM {table} ORDER BY n", compress="1").body)) == ROWS


def test_a_chunked_body_is_inserted(endpoint: Endpoint, table: str) -> None:
    connection = http.client.HTTPConnection(HOST, endpoint.http_port, timeout=60)
    headers = {"X-ClickHouse-User": WRITER, "X-ClickHouse-Key": PASSWORDS[WRITER]}
    chunks = (b"%d\t%s\n" % (n, b"x" * 1000) for n in range(5000))
    connection.request("POST", f"/?query=INSERT+INTO+{table}+FORMAT+TSV", chunks, headers, encode_chunked=True)
    assert connection.getresponse().read() == b""
    connection.close()
    assert endpoint.http(f"SELECT count(), sum(length(s)) FROM {table}").body == b"5000\t5000000\n"


@pytest.mark.parametrize(
    "body", [gzip.compress(ROWS, mtime=0)[:-10], b"no gzip at all", gzip.compress(ROWS * 200_000, mtime=0)[:-100]]
)
def test_a_truncated_body_inserts_nothing(endpoint: Endpoint, table: str, body: bytes) -> None:
    reply = endpoint.http(body, query=f"INSERT INTO {table} FORMAT TSV", headers={"Content-Encoding": "gzip"})
    assert (reply.status, reply.code) == (400, 117)
    assert rows_of(endpoint, table) == b""


def test_a_client_that_leaves_in_the_middle_inserts_nothing(endpoint: Endpoint, table: str, client: Client) -> None:
    account = base64.b64encode(f"{WRITER}:{PASSWORDS[WRITER]}".encode()).decode()
    head = f"POST /?query=INSERT+INTO+{table}+FORMAT+TSV HTTP/1.1\r\nAuthorization: Basic {account}\r\n"
    with socket.create_connection((HOST, endpoint.http_port)) as raw:
        raw.sendall(f"{head}Content-Length: 100000000\r\n\r\n".encode() + b"1\tx\n" * 1_000_000)
    sql = f"SELECT count() FROM system.processes WHERE query LIKE 'INSERT INTO {table}%'"
    while client.execute(sql) != [(0,)]:
        threading.Event().wait(0.02)
    assert rows_of(endpoint, table) == b""


@pytest.mark.parametrize(
    ("sql", "status", "code"),
    [
        ("SELECT no_such_column", 404, 47),
        ("SELECT * FROM no_such_table", 404, 60),
        ("SELEC 1", 400, 62),
        ("SELECT 1; SELECT 2", 400, 62),
        ("", 400, 62),
        ("SELECT 1 FORMAT NoSuchFormat", 500, 73),
        ("INSERT INTO no_such_table FORMAT TSV\n1\n", 404, 60),
    ],
)
def test_an_error_has_a_status_a_code_and_a_text(endpoint: Endpoint, sql: str, status: int, code: int) -> None:
    reply = endpoint.http(sql)
    assert (reply.status, reply.code) == (status, code)
    assert reply.text.startswith(f"Code: {code}. DB::Exception: ")


def test_statements_and_errors_need_not_be_utf8(endpoint: Endpoint) -> None:
    assert endpoint.http(b"SELECT '\xff', length('\xff')").body == b"\xff\t1\n"
    reply = endpoint.http(b"SELECT throwIf(1, '\xff')")
    assert reply.code == 395
    assert b"\xff" in reply.body


def test_large_inline_values_are_inserted(endpoint: Endpoint, table: str) -> None:
    values = ",".join(f"({n}, 'profile; {n}')" for n in range(200_000))
    assert endpoint.http(f"INSERT INTO {table} VALUES {values}").status == 200
    assert endpoint.http(f"SELECT count(), max(n) FROM {table}").body == b"200000\t199999\n"


@pytest.mark.parametrize(
    "headers",
    [{"Content-Encoding": "unknown"}, {"Content-Type": "multipart/form-data"}, {"Authorization": "Basic §"}],
    ids=["encoding", "multipart", "authorization"],
)
def test_a_request_that_is_not_understood_is_an_error(endpoint: Endpoint, headers: dict[str, str]) -> None:
    assert endpoint.http("SELECT 1", headers=headers).code in {48, 89, 516}


def test_an_error_in_the_middle_of_a_result_is_tagged_and_breaks_the_body_off(endpoint: Endpoint) -> None:
    connection = http.client.HTTPConnection(HOST, endpoint.http_port, timeout=60)
    headers = {"X-ClickHouse-User": WRITER, "X-ClickHouse-Key": PASSWORDS[WRITER]}
    connection.request("POST", "/", LATE_ERROR, headers)
    with connection.getresponse() as response, pytest.raises(http.client.IncompleteRead) as broken:
        response.read()
    tag = response.headers["X-ClickHouse-Exception-Tag"].encode()
    _, _, message = broken.value.partial.partition(b"__exception__\r\n" + tag + b"\r\n")
    assert message.startswith(b"Code: 395. DB::Exception: ")
    assert message.endswith(tag + b"\r\n__exception__\r\n")
    connection.close()


def test_a_connection_is_kept_after_errors(endpoint: Endpoint) -> None:
    connection = http.client.HTTPConnection(HOST, endpoint.http_port, timeout=60)
    headers = {"X-ClickHouse-User": WRITER, "X-ClickHouse-Key": PASSWORDS[WRITER]}
    for sql, body in (("SELEC", b"Code: 62."), ("SELECT 1", b"1\n"), ("INSERT INTO no FORMAT TSV\n1", b"Code: 60.")):
        connection.request("POST", "/", sql, headers)
        port = connection.sock.getsockname()
        assert connection.getresponse().read().startswith(body)
        assert connection.sock.getsockname() == port
    connection.close()


def test_a_session_keeps_temporary_tables_and_settings(endpoint: Endpoint, database: str) -> None:
    session: Any = {"session_id": f"session-{database}"}
    assert endpoint.http("SELECT 1", **session, session_check="1").code == 372
    endpoint.http("CREATE TEMPORARY TABLE kept (n UInt8)", **session)
    endpoint.http("SET max_threads = 3", **session)
    assert endpoint.http("SELECT count(), getSetting('max_threads') FROM kept", **session).body == b"0\t3\n"
    assert endpoint.http("SELECT count() FROM kept", user=READER, **session).code == 60
    assert endpoint.http("SELECT count() FROM kept").code == 60


def test_a_session_ends_when_its_time_is_over(endpoint: Endpoint, database: str) -> None:
    session: Any = {"session_id": f"short-{database}", "session_timeout": "0"}
    endpoint.http("SELECT 1", **session)
    assert endpoint.http("SELECT 1", **session, session_check="1").code == 372
    assert endpoint.http("SELECT 1", session_id="x", session_timeout="nan").code == 117


def test_a_database_is_chosen(endpoint: Endpoint, database: str) -> None:
    assert endpoint.http("SELECT currentDatabase()", database=database).text == f"{database}\n"
    assert (
        endpoint.http("SELECT currentDatabase()", headers={"X-ClickHouse-Database": database}).text == f"{database}\n"
    )
    assert endpoint.http("SELECT 1", database="nowhere").code == 81


@pytest.mark.parametrize("how", ["headers", "address", "basic"])
def test_an_account_can_be_given_in_three_ways(endpoint: Endpoint, how: str) -> None:
    password = PASSWORDS[WRITER]
    basic = "Basic " + base64.b64encode(f"{WRITER}:{password}".encode()).decode()
    for secret, status in ((password, 200), ("wrong", 403)):
        connection = http.client.HTTPConnection(HOST, endpoint.http_port, timeout=60)
        address, headers = {
            "headers": ("/", {"X-ClickHouse-User": WRITER, "X-ClickHouse-Key": secret}),
            "address": (f"/?user={WRITER}&password={secret.replace('%', '%25')}", {}),
            "basic": ("/", {"Authorization": basic if secret == password else "Basic " + "eDp5"}),
        }[how]
        connection.request("POST", address, "SELECT 1", headers)
        response = connection.getresponse()
        assert response.status == status, response.read()
        assert response.headers["X-ClickHouse-Exception-Code"] == (None if status == 200 else "516")
        connection.close()


def test_a_ping_needs_no_account(endpoint: Endpoint) -> None:
    for path in ("/ping", "/"):
        connection = http.client.HTTPConnection(HOST, endpoint.http_port, timeout=60)
        connection.request("GET", path)
        assert connection.getresponse().read() == b"Ok.\n"
        connection.close()


def test_a_query_ends_when_its_client_leaves(endpoint: Endpoint, client: Client) -> None:
    account = base64.b64encode(f"{WRITER}:{PASSWORDS[WRITER]}".encode()).decode()
    sql = b"SELECT sum(sipHash64(number)) AS left_over_http FROM numbers(1000000000000)"
    head = f"POST / HTTP/1.1\r\nAuthorization: Basic {account}\r\nContent-Length: {len(sql)}\r\n\r\n"
    count = "SELECT count() FROM system.processes WHERE query LIKE '%left_over_http%' AND query NOT LIKE '%processes%'"
    with socket.create_connection((HOST, endpoint.http_port)) as raw:
        raw.sendall(head.encode() + sql)
        while client.execute(count) == [(0,)]:
            threading.Event().wait(0.02)
    while client.execute(count) != [(0,)]:
        threading.Event().wait(0.02)
