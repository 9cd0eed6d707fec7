"""A ClickHouse of its own for the tests of the sinks: the real engine behind the local endpoint."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from clickhouse_driver import Client

from infra.local.ports import HOST, answers, free_ports
from sinks.clickhouse import connection, migrations
from sinks.clickhouse.connection import Address
from sinks.clickhouse.writer import ClickHouseSink

PASSWORD = "s3cret/@:%"
USERS = {"writer": {"password": PASSWORD}, "reader": {"password": PASSWORD, "readonly": 2}}


class Endpoint:
    """The engine in a process of its own, which can be killed and started again on the same data."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.tcp, self.http = islice(free_ports(), 2)
        (folder / "users.json").write_text(json.dumps(USERS))

    def address(self, user: str = "writer") -> Address:
        return Address(HOST, self.tcp, user, PASSWORD)

    def start(self) -> None:
        command = [sys.executable, "-m", "infra.local.clickhouse", "--path", str(self._folder / "data"), "--host", HOST]
        command += ["--tcp-port", str(self.tcp), "--http-port", str(self.http)]
        command += ["--users", str(self._folder / "users.json")]
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log)
        while not answers(self.tcp):
            if self._process.poll() is not None:
                pytest.fail(f"the endpoint did not start:\n{(self._folder / 'log').read_text()}")
            time.sleep(0.05)

    def kill(self) -> None:
        """End it as a power cut would: SIGKILL, nothing flushed."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """The endpoint that the tests share."""
    endpoint = Endpoint(tmp_path_factory.mktemp("clickhouse"))
    endpoint.start()
    yield endpoint
    endpoint.kill()


@pytest.fixture
def own_endpoint(tmp_path: Path) -> Iterator[Endpoint]:
    """An endpoint that a test may kill."""
    endpoint = Endpoint(tmp_path)
    endpoint.start()
    yield endpoint
    endpoint.kill()


@pytest.fixture
def blank_client(endpoint: Endpoint) -> Iterator[Client]:
    """A client of the shared endpoint as it is before the first migration."""
    client = connection.connect(endpoint.address())
    for database in ("headrace", "headrace_store"):
        client.execute(f"DROP DATABASE IF EXISTS {database} SYNC")
    yield client
    client.disconnect()


@pytest.fixture
def client(blank_client: Client) -> Client:
    """A client of the shared endpoint, migrated, its tables empty."""
    migrations.apply(blank_client)
    return blank_client


@pytest.fixture
def sink(endpoint: Endpoint, client: Client) -> Iterator[ClickHouseSink]:
    """A sink that writes into the shared endpoint; read back with `client`."""
    sink = ClickHouseSink(endpoint.address())
    yield sink
    sink.close()
