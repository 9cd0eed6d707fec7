"""A partition's task, without a broker."""

import asyncio
from typing import cast

import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from streams.checkpoint import pack
from streams.checkpoint_reader import CheckpointReader
from streams.processor import Processor
from streams.task import Task
from streams.telemetry import Telemetry
from tests.streams.processing import TOPOLOGY


class Known:
    """Stands for the checkpoint topic and the group: a checkpoint at offset 7, and what the group has committed."""

    def __init__(self, committed: int | None) -> None:
        self._committed = committed

    async def newest(self, topic: str, partition: int) -> tuple[bytes, None, int | None]:
        state = Processor(TOPOLOGY, topic, partition, 7).cut().checkpoint
        assert state is not None
        state.engine["series"] = []
        return pack(state), None, self._committed

    async def log_range(self, topic: str, partition: int) -> tuple[int, int]:
        return 0, 9


@pytest.mark.parametrize(("committed", "behind"), [(7, False), (5, True), (None, True)])
def test_where_the_offset_of_the_group_is_behind_the_checkpoint_it_is_committed_anew(
    committed: int | None, behind: bool
) -> None:
    task = Task(TOPOLOGY, "machine.events", 0, Telemetry(CollectorRegistry(), TOPOLOGY))
    asyncio.run(task.start(cast(CheckpointReader, Known(committed))))
    assert task.cut() == behind
    assert task.next_offset == 7


def test_a_partition_that_is_let_go_before_it_was_open_is_not_said_to_be_closed() -> None:
    task = Task(TOPOLOGY, "machine.events", 0, Telemetry(CollectorRegistry(), TOPOLOGY))
    with capture_logs() as logs:
        task.close()
        task.open = True
        task.close()
    assert [line["event"] for line in logs] == ["partition_closed"]
