"""ClickHouse with TLS and passwords: what is amiss is told in a line, and never with the password."""

import re
from pathlib import Path

import pytest
from clickhouse_driver import errors

from infra.local.clickhouse_server import READER
from infra.local.ports import free_ports
from schemas.errors import SinkError
from sinks.clickhouse import connection, migrations
from sinks.clickhouse.writer import ClickHouseSink
from tests.security.servers import MARK, Servers

READONLY = 164
TOPOLOGY = """
topology: NAME
site: s
sources: {machine.events: {partitions: 1}}
"""
EVENT = b'{"ts": 1760000000000, "site": "s", "asset": "a", "values": {"t": 1}}'


def refusal(url: str) -> str:
    """What the sink says that cannot write."""
    sink = ClickHouseSink(connection.parse(url))
    with pytest.raises(SinkError) as told:
        sink.write({"readings": []})
    sink.close()
    assert "\n" not in str(told.value)
    assert MARK not in str(told.value) + repr(told.value.__cause__)
    return str(told.value)


def test_a_password_with_odd_characters_is_taken_through_tls(servers: Servers) -> None:
    client = connection.connect(connection.parse(servers.clickhouse_url()))
    assert client.execute("SELECT 1") == [(1,)]
    client.disconnect()


WRONG = {
    "the password": ({"password": f"{MARK}, but another"}, "^ClickHouse error 516: headrace: Authentication failed"),
    "the authority": ({"authority": "other"}, "^the certificate of ClickHouse is not trusted: .+; ca_certs in its"),
    "the host's name": ({"host": "localhost"}, "^the certificate of ClickHouse is not trusted: .+ Hostname mismatch"),
    "nobody there": ({"port": next(free_ports())}, "^ClickHouse is away: Connection refused"),
}


@pytest.mark.parametrize("amiss", WRONG)
def test_what_is_amiss_with_the_log_in_is_told_in_one_line(amiss: str, servers: Servers) -> None:
    options, says = WRONG[amiss]
    assert re.search(says, refusal(servers.clickhouse_url(**options)))


def test_tls_where_there_is_none_and_none_where_there_is_tls_is_told_in_one_line(servers: Servers) -> None:
    assert "WRONG_VERSION_NUMBER" in refusal(servers.clickhouse_url(port=servers.stack.ports.clickhouse_tcp))
    assert "hung up" in refusal(servers.clickhouse_url().partition("?")[0])


def test_the_certificate_is_not_looked_at_where_the_address_says_so(servers: Servers) -> None:
    client = connection.connect(connection.parse(servers.clickhouse_url(authority="other") + "&verify=false"))
    assert client.execute("SELECT 1") == [(1,)]
    client.disconnect()


def test_the_account_that_reads_writes_nothing(servers: Servers) -> None:
    writer = connection.connect(connection.parse(servers.clickhouse_url()))
    migrations.apply(writer)
    writer.disconnect()
    reader = connection.connect(connection.parse(servers.clickhouse_url(READER)))
    for sql in (
        "INSERT INTO headrace_store.migrations SELECT 1, 'x', 'x', now()",
        "TRUNCATE TABLE headrace_store.readings",
        "DROP VIEW headrace.readings",
    ):
        with pytest.raises(errors.ServerException) as told:
            reader.execute(sql)
        assert told.value.code == READONLY
    reader.disconnect()


def test_a_worker_that_clickhouse_refuses_says_so_and_keeps_what_it_has(servers: Servers, tmp_path: Path) -> None:
    with servers.deployed(TOPOLOGY, tmp_path) as plant:
        plant.send("machine.events", [(0, EVENT)])
        url = servers.clickhouse_url(password=f"{MARK}, but another")
        worker = plant.worker("w1", "--log-level", "debug", HEADRACE_CLICKHOUSE=url)
        worker.wait_for("a refusal", lambda: "event=insert_failed" in worker.log.read_text())
        worker.kill()
        log = worker.log.read_text()
    assert "ClickHouse error 516: headrace: Authentication failed" in log
    assert " refused " in log
    assert "Traceback" not in log
    assert MARK not in log
