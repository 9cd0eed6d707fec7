"""Fixtures for tests against real parts."""

import signal
from collections.abc import Iterator
from itertools import islice

import pytest

from infra.local.ports import free_ports
from infra.local.stack import Ports, Stack, down, up


def pytest_configure() -> None:
    signal.signal(signal.SIGTERM, end_like_ctrl_c)


def end_like_ctrl_c(*_: object) -> None:
    """A test run that is told to end takes its stack along, and is not disturbed by being told twice."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    raise KeyboardInterrupt


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Kafka and ClickHouse, up for the whole session: name your topics and tables after your test."""
    data = tmp_path_factory.mktemp("stack")
    try:
        yield up(data, Ports(*islice(free_ports(), 3)), print)
    finally:
        down(data)
