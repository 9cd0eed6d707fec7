"""The source service, without a broker."""

import asyncio

from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from streams.pipe import Server, pair
from streams.publisher import Lost
from streams.source import Source
from streams.task import Task
from streams.telemetry import Telemetry
from tests.streams.test_processor import TOPOLOGY

HERE, THERE = ("machine.events", 0), ("machine.events", 1)


def test_a_partition_whose_connection_was_lost_is_let_go_of_although_it_has_nothing_to_commit() -> None:
    closed: list[tuple[str, int]] = []

    async def close(position: tuple[str, int]) -> None:
        closed.append(position)

    async def run() -> None:
        ours, theirs = pair()
        answering = asyncio.create_task(Server(theirs).serve({"close": close}))
        telemetry = Telemetry(CollectorRegistry(), TOPOLOGY)
        source = Source(TOPOLOGY, {}, ours, telemetry, None)
        source.tasks = {position: Task(TOPOLOGY, *position, telemetry) for position in (HERE, THERE)}
        listening = asyncio.create_task(source._publisher.listen(source._heard))
        source._heard(Lost(THERE))
        source._heard(Lost(("machine.events", 2)))  # has been let go of meanwhile
        while not closed:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
        source._publisher.close()
        await asyncio.gather(answering, listening, return_exceptions=True)
        assert list(source.tasks) == [HERE]

    with capture_logs() as logs:
        asyncio.run(run())
    assert closed == [THERE]
    assert [line["event"] for line in logs] == ["partition_reopening"]
