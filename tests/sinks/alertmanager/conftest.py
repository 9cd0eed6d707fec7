from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.sinks.alertmanager.server import Server


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    """An Alertmanager of the test's own."""
    server = Server(tmp_path).start()
    yield server
    server.stop()
