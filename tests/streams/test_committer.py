"""The committer, with a fake publisher."""

import asyncio
from typing import Any, cast

from prometheus_client import CollectorRegistry

from streams.committer import Committer
from streams.pipe import Caller
from streams.publisher import Failure, Published, SinkTrouble
from streams.task import Task
from streams.telemetry import Telemetry
from tests.streams.processing import TOPOLOGY

HERE = ("machine.events", 0)


class Answers:
    """Stands for the publisher: gives the same answer to every commit."""

    def __init__(self, published: Published) -> None:
        self._published = published

    async def call(self, name: str, *arguments: Any) -> Published:
        return self._published


def away_after(published: Published) -> bool:
    """Whether a sink that did not take rows counts as away after this commit."""

    async def nothing(task: Task, error: BaseException) -> None:
        pass

    async def run() -> bool:
        telemetry = Telemetry(CollectorRegistry(), TOPOLOGY)
        committer = Committer(cast(Caller, Answers(published)), telemetry, nothing)
        task = Task(TOPOLOGY, *HERE, telemetry)
        task.open = task._dirty = True
        committer.sink_failed(SinkTrouble("no answer", False, 0.0))
        await committer.commit([task])
        return committer.sink_away

    return asyncio.run(run())


def test_a_sink_is_back_when_it_has_taken_rows() -> None:
    assert not away_after(Published({}, {HERE: 1}, {"ledger": 1}))


def test_a_sink_is_still_away_when_the_broker_was_lost_meanwhile() -> None:
    assert away_after(Published({HERE: Failure("lost", False)}, {HERE: 1}, {}))
