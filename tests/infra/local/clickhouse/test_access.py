"""What no client may do, whichever account and protocol it uses."""

from pathlib import Path

import pytest
from clickhouse_driver import Client, errors

from tests.infra.local.clickhouse.endpoint import HOST, READER, WRITER, Endpoint

ACCESS_DENIED, READONLY = 497, 164

REACHING_THE_HOST = [
    "SELECT * FROM file('{secret}', 'LineAsString')",
    "SELECT * FROM `{secret}`",
    "SELECT * FROM '{secret}'",
    "SELECT * FROM _local.`{secret}`",
    "SELECT file('{secret}')",
    "SELECT `fi\\x6ce`('{secret}')",
    "SELECT * FROM format(Values, 'a String', $$(file('{secret}'))$$)",
    "SELECT * FROM view(SELECT * FROM file('{secret}', 'LineAsString'))",
    "SELECT * FROM loop(file('{secret}', 'LineAsString')) LIMIT 1",
    "SELECT * FROM filesystem('/')",
    "SELECT * FROM icebergLocal('{secret}')",
    "SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
    "SELECT * FROM remote('127.0.0.1', system.one)",
    "SELECT * FROM s3('http://127.0.0.1:1/bucket/key', 'LineAsString')",
    "SELECT * FROM mysql('127.0.0.1:1', 'a', 'b', 'c', 'd')",
    "SELECT * FROM sqlite('{secret}', 'a')",
    "SELECT * FROM executable('ls', 'TSV', 'a String')",
    "SELECT * FROM Python(users)",
    "SELECT * FROM eval('SELECT 1')",
    "SELECT 1 INTO OUTFILE '{folder}/out'",
    "DESCRIBE file('{secret}', 'LineAsString')",
]

WRITING_TO_THE_HOST = [
    "INSERT INTO t FROM INFILE '{secret}' FORMAT LineAsString",
    "INSERT INTO t VALUES (file('{secret}'))",
    "INSERT INTO FUNCTION file('{folder}/out', 'TSV', 'a String') VALUES ('x')",
    "INSERT INTO FUNCTION file('{folder}/out', 'TSV', 'a String') SELECT 'x'",
    "CREATE TABLE f (a String) ENGINE = File(TSV, '{folder}/out')",
    "CREATE TABLE f (a Int8) ENGINE = EmbeddedRocksDB(0, '{folder}/out') PRIMARY KEY a",
    "CREATE TABLE f (a String) ENGINE = URL('http://127.0.0.1:1/', TSV)",
    "CREATE TABLE f AS file('{secret}', 'LineAsString')",
    "CREATE DATABASE f ENGINE = Filesystem('{folder}')",
    "CREATE DATABASE f ENGINE = SQLite('{folder}/out')",
    "CREATE VIEW v SQL SECURITY NONE AS SELECT * FROM system.one",
    "CREATE DICTIONARY d (a UInt64) PRIMARY KEY a SOURCE(EXECUTABLE(COMMAND 'id' FORMAT TSV)) LAYOUT(FLAT())",
    "CREATE FUNCTION read_it AS () -> file('{secret}')",
    "BACKUP TABLE t TO File('{folder}/out')",
    "CREATE USER somebody",
    "GRANT FILE ON *.* TO default",
    "SYSTEM SHUTDOWN",
    "SYSTEM KILL",
]


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file of the host that nobody may see."""
    path = tmp_path / "secret"
    path.write_text("the secret\n")
    return path


def refusal_of(client: Client, sql: str, secret: Path) -> errors.ServerException:
    with pytest.raises(errors.ServerException) as refused:
        client.execute(sql.format(secret=secret, folder=secret.parent))
    assert "the secret" not in str(refused.value)
    assert [path.name for path in secret.parent.iterdir()] == [secret.name]
    return refused.value


@pytest.mark.parametrize(("user", "password"), [(WRITER, "wrong"), (READER, ""), ("nobody", ""), ("default", "")])
def test_wrong_credentials_are_refused(endpoint: Endpoint, user: str, password: str) -> None:
    client = Client(HOST, endpoint.tcp_port, user=user, password=password)
    with client, pytest.raises(errors.ServerException) as refused:
        client.execute("SELECT 1")
    assert refused.value.code == 516


def test_an_unknown_database_is_refused(endpoint: Endpoint) -> None:
    with endpoint.client(database="no`such") as client, pytest.raises(errors.ServerException) as refused:
        client.execute("SELECT 1")
    assert refused.value.code == 81


@pytest.mark.parametrize("sql", REACHING_THE_HOST)
def test_no_query_reaches_the_host(client: Client, reader: Client, secret: Path, sql: str) -> None:
    assert refusal_of(client, sql, secret).code in {ACCESS_DENIED, 60}
    assert refusal_of(reader, sql, secret).code in {ACCESS_DENIED, 60}


@pytest.mark.parametrize("sql", WRITING_TO_THE_HOST)
def test_no_statement_writes_to_the_host(client: Client, reader: Client, secret: Path, sql: str) -> None:
    client.execute("CREATE TABLE t (a String) ENGINE = Memory")
    assert refusal_of(client, sql, secret).code == ACCESS_DENIED
    assert refusal_of(reader, sql, secret).code in {ACCESS_DENIED, READONLY}
    assert client.execute("SELECT count() FROM t") == [(0,)]


@pytest.mark.parametrize("user", [WRITER, READER])
@pytest.mark.parametrize(
    "sql",
    ["SELECT * FROM file('{secret}', 'LineAsString')", "SELECT file('{secret}')", "SELECT 1 INTO OUTFILE '{folder}/x'"],
)
def test_the_same_holds_over_http(endpoint: Endpoint, secret: Path, user: str, sql: str) -> None:
    reply = endpoint.http(sql.format(secret=secret, folder=secret.parent), user=user)
    assert (reply.status, reply.code) == (403, ACCESS_DENIED)
    assert "the secret" not in reply.text


@pytest.mark.parametrize(
    "sql",
    [
        "INSERT INTO t VALUES ('x')",
        "INSERT INTO t SELECT 'x'",
        "CREATE TABLE u (a Int8) ENGINE = Memory",
        "DROP TABLE t",
        "ALTER TABLE t DELETE WHERE 1",
        "TRUNCATE TABLE t",
        "SET readonly = 0",
        "CREATE DATABASE another",
    ],
)
def test_the_reader_changes_nothing(client: Client, reader: Client, sql: str) -> None:
    client.execute("CREATE TABLE t (a String) ENGINE = MergeTree ORDER BY a")
    client.execute("INSERT INTO t VALUES", [("kept",)])
    with pytest.raises(errors.ServerException) as refused:
        reader.execute(sql)
    assert refused.value.code == READONLY
    with pytest.raises(errors.ServerException) as refused:
        reader.execute("INSERT INTO t VALUES", [("more",)])
    assert refused.value.code == READONLY
    assert reader.execute("SELECT a FROM t") == [("kept",)]


def test_the_reader_may_choose_settings_but_not_the_right_to_write(client: Client, reader: Client) -> None:
    assert reader.execute("SELECT getSetting('max_threads')", settings={"max_threads": 3}) == [(3,)]
    with pytest.raises(errors.ServerException) as refused:
        reader.execute("DROP TABLE IF EXISTS t", settings={"readonly": 0})
    assert refused.value.code == READONLY


def test_the_reader_may_send_external_tables(reader: Client) -> None:
    tables = [{"name": "ext", "structure": [("n", "Int32")], "data": [{"n": 2}]}]
    assert reader.execute("SELECT n FROM ext", external_tables=tables) == [(2,)]


def test_passwords_are_not_logged(endpoint: Endpoint) -> None:
    endpoint.http("SELECT 1", query_id="x", password="not to be seen")
    log = endpoint.log.read_text()
    assert "not to be seen" not in log
    assert "s3cret" not in log
