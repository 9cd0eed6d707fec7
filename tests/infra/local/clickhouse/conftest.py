"""One endpoint for all tests, and for each test a database of its own."""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from clickhouse_driver import Client

from tests.infra.local.clickhouse.endpoint import READER, Endpoint


@pytest.fixture(scope="session")
def endpoint(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    running = Endpoint(tmp_path_factory.mktemp("clickhouse"))
    yield running
    running.kill()


@pytest.fixture
def database(endpoint: Endpoint) -> Iterator[str]:
    """An empty database."""
    name = f"test_{uuid4().hex}"
    with endpoint.client() as admin:
        admin.execute(f"CREATE DATABASE {name} ENGINE = Atomic")
        yield name
        admin.execute(f"DROP DATABASE {name} SYNC")


@pytest.fixture
def client(endpoint: Endpoint, database: str) -> Iterator[Client]:
    """A client of the account that may write."""
    with endpoint.client(database=database) as connected:
        yield connected


@pytest.fixture
def reader(endpoint: Endpoint, database: str) -> Iterator[Client]:
    """A client of the account that may only read."""
    with endpoint.client(READER, database=database) as connected:
        yield connected


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Endpoint]]:
    """Starts endpoints of the test's own, over the same data unless a folder is given; they end with the test."""
    started: list[Endpoint] = []

    def _start(*options: str, folder: Path = tmp_path) -> Endpoint:
        started.append(Endpoint(folder, *options))
        return started[-1]

    yield _start
    for running in started:
        if running.process.poll() is None:
            running.kill()
