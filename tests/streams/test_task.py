"""A partition's task, without a broker."""

from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from streams.task import Task
from streams.telemetry import Telemetry
from tests.streams.test_processor import TOPOLOGY


def test_a_partition_that_is_let_go_before_it_was_open_is_not_said_to_be_closed() -> None:
    task = Task(TOPOLOGY, "machine.events", 0, Telemetry(CollectorRegistry(), TOPOLOGY))
    with capture_logs() as logs:
        task.close()
        task.open = True
        task.close()
    assert [line["event"] for line in logs] == ["partition_closed"]
