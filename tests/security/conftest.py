"""Servers with log-ins, for the tests of security."""

from collections.abc import Iterator

import pytest

from infra.local import processes
from tests.security.servers import Servers, start


@pytest.fixture(scope="session")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """The servers, up for the whole session."""
    servers = start(tmp_path_factory.mktemp("secured"))
    try:
        yield servers
    finally:
        processes.stop(servers.running, 10)
