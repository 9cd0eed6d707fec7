"""The GRANTs of docs/SECURITY.md are enough for what each account does, and for no more.

The local endpoint manages no users; its engine has one, which is given the rights of each account in turn.
"""

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from clickhouse_driver import Client, errors

from infra.local.clickhouse import engine
from infra.local.clickhouse.policies import OF_ENTERPRISES
from infra.local.ports import HOST
from schemas.errors import SinkRejected
from sinks.base import Coded, Rows
from sinks.clickhouse import connection, migrations
from sinks.clickhouse.connection import Address
from sinks.clickhouse.writer import ClickHouseSink
from sinks.resolver import facts, reading
from sinks.resolver.enterprises import Enterprises
from sinks.resolver.following import Following
from tests.security.servers import DOCUMENT
from tests.sinks.resolver.parts import FakeEvents

_START = """
import os, sys
from pathlib import Path
from infra.local.clickhouse import engine
from infra.local.clickhouse.policies import OF_ENTERPRISES
from infra.local.clickhouse.__main__ import main
engine._CONFIG = Path(sys.argv.pop(1))
os._exit(main())
"""
ACCESS_DENIED = 497


def grants(account: str) -> list[str]:
    """What docs/SECURITY.md grants to an account."""
    return re.findall(rf"^(GRANT [^;]+) TO {account};$", DOCUMENT, re.MULTILINE)


@contextmanager
def server(folder: Path, account: str) -> Iterator[Address]:
    """ClickHouse over the data in `folder`, for an account with the rights that are documented."""
    stock = engine._CONFIG.read_text()
    queries = "".join(f"<query>{grant}</query>" for grant in grants(account))
    config = folder / engine._CONFIG.name
    config.write_text(re.sub("<grants>.*</grants>", f"<grants>{queries}</grants>", stock, flags=re.DOTALL))
    (folder / "users.json").write_text(json.dumps({account: {"password": "p"}}))
    options = ("--path", folder / "data", "--tcp-port", "0", "--http-port", "0", "--users", folder / "users.json")
    process = subprocess.Popen([sys.executable, "-c", _START, config, *options], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        ready = process.stdout.readline().split()
        yield Address(HOST, int(ready[3]), account, "p")
    finally:
        process.terminate()
        process.communicate(timeout=30)


def refused(client: Client, sql: str) -> bool:
    """Whether a statement is refused for want of rights."""
    with pytest.raises(errors.ServerException) as told:
        client.execute(sql)
    return told.value.code == ACCESS_DENIED


def readings() -> Rows:
    """A row."""
    names = ("topology", "site", "asset", "metric", "topic")
    return {
        **{name: Coded(np.zeros(1, np.int32), [name]) for name in names},
        "ts": np.array([1_760_000_000_000]),
        "value": np.ones(1),
        "partition": np.zeros(1, np.int32),
        "offset": np.zeros(1, np.int64),
        "index": np.zeros(1, np.uint32),
    }


def test_the_documented_grants_are_enough_and_no_more(tmp_path: Path) -> None:
    with server(tmp_path, "deployer") as address:
        client = connection.connect(address)
        assert migrations.apply(client)
        assert migrations.apply(client) == []
        assert refused(client, "DROP TABLE headrace_store.readings")
        assert refused(client, "DROP DATABASE headrace_store")
        client.disconnect()
    with server(tmp_path, "worker") as address:
        sink = ClickHouseSink(address)
        assert sink.write({"readings": [readings()]}) == 1
        sink.close()
        client = connection.connect(address)
        for sql in ("SELECT * FROM headrace.readings", "SELECT * FROM headrace_store.readings"):
            assert refused(client, sql)
        for sql in ("TRUNCATE TABLE", "DROP TABLE", "OPTIMIZE TABLE"):
            assert refused(client, f"{sql} headrace_store.readings")
        assert refused(client, "ALTER TABLE headrace_store.readings DELETE WHERE 1")
        client.disconnect()
    with server(tmp_path, "reader") as address:
        client = connection.connect(address)
        assert client.execute("SELECT asset, value FROM headrace.readings") == [("asset", 1.0)]
        assert refused(client, "INSERT INTO headrace_store.readings SELECT * FROM headrace_store.readings")
        assert refused(client, "DROP VIEW headrace.readings")
        assert refused(client, "CREATE TABLE headrace.more (a Int8) ENGINE = Memory")
        client.disconnect()
        with pytest.raises(SinkRejected, match="error 497"):
            ClickHouseSink(address).write({"readings": [readings()]})
    with server(tmp_path, "resolver") as address:
        client = connection.connect(address)
        assert facts.ask(client, "plant", ("88.118.8/A/0",)) == {}
        assert reading._read(client, {"topology": "plant", "since": 0})[:2] == ([], [])
        asyncio.run(follow(address))
        for table in ("readings", "trace_events", "alarms"):
            assert refused(client, f"SELECT * FROM headrace_store.{table}")
        assert refused(client, "INSERT INTO headrace_store.code_scans SELECT * FROM headrace_store.code_scans")
        client.disconnect()


async def follow(address: Address) -> None:
    subject = Following(partial(connection.connect, address), "plant", Enterprises(()), FakeEvents())
    await subject.poll()
    await subject.close()


def test_the_account_of_an_enterprise_reads_what_its_policies_filter_and_no_more(tmp_path: Path) -> None:
    """The engine takes no policies from a statement: that these are on the same tables is all that can be seen here."""
    with server(tmp_path, "deployer") as address:
        client = connection.connect(address)
        migrations.apply(client)
        client.disconnect()
    [policy] = re.findall(r"^CREATE ROW POLICY mill ON ([^;]+)\n    USING enterprise", DOCUMENT, re.MULTILINE)
    filtered = {name.strip() for name in policy.split(",")}
    assert filtered == {f"headrace_store.{table}" for table in OF_ENTERPRISES}
    granted = {grant.removeprefix("GRANT SELECT ON ") for grant in grants("tenant")}
    assert granted == filtered | {"headrace.*"}
    with server(tmp_path, "tenant") as address:
        client = connection.connect(address)
        for table in OF_ENTERPRISES:
            assert client.execute(f"SELECT count() FROM headrace.{table}") == [(0,)]
        for sql in ("SELECT * FROM headrace.readings", "SELECT * FROM headrace_store.dead_letters"):
            assert refused(client, sql)
        assert refused(client, "INSERT INTO headrace_store.trace_events (id) SELECT ''")
        client.disconnect()
