"""A partition's task, without a broker."""

import asyncio
from typing import cast

import msgspec
import pytest
from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from schemas.errors import CheckpointError
from streams.checkpoint import pack
from streams.checkpoint_reader import CheckpointReader
from streams.processor import Processor
from streams.task import Task
from streams.telemetry import Telemetry
from streams.topology.model import Topology
from tests.streams.processing import TOPOLOGY


class Known:
    """Stands for the checkpoint topic and the group: a checkpoint at offset 7, and what else they tell."""

    def __init__(self, committed: int | None, told: int | None = None, topology: Topology = TOPOLOGY) -> None:
        self._committed = committed
        self._told = told
        self._topology = topology

    async def newest(self, topic: str, partition: int) -> tuple[bytes, int | None, int | None]:
        state = Processor(self._topology, topic, partition, 7).cut().checkpoint
        assert state is not None
        state.engine["series"] = []
        return pack(state), self._told, self._committed

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


def test_messages_that_went_ahead_under_another_topology_are_not_computed_anew() -> None:
    """What is computed now has other ids: those that are out would have no rows."""
    before = msgspec.structs.replace(TOPOLOGY, windows=TOPOLOGY.windows[:1])
    task = Task(TOPOLOGY, "machine.events", 0, Telemetry(CollectorRegistry(), TOPOLOGY))
    with pytest.raises(CheckpointError, match=r"given out up to 8, the checkpoint stands at 7, .* once more as it was"):
        asyncio.run(task.start(cast(CheckpointReader, Known(7, 8, before))))


def test_a_partition_that_is_let_go_before_it_was_open_is_not_said_to_be_closed() -> None:
    task = Task(TOPOLOGY, "machine.events", 0, Telemetry(CollectorRegistry(), TOPOLOGY))
    with capture_logs() as logs:
        task.close()
        task.open = True
        task.close()
    assert [line["event"] for line in logs] == ["partition_closed"]
