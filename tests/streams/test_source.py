"""The source service, without a broker."""

import asyncio
import json
from collections.abc import Callable
from typing import cast

from prometheus_client import CollectorRegistry
from structlog.testing import capture_logs

from streams.checkpoint_reader import CheckpointReader
from streams.chunk import Chunk
from streams.log_reader import LogReader
from streams.pipe import Server, pair
from streams.publisher import Lost, Published
from streams.source import Delivery, Source
from streams.task import Task
from streams.telemetry import Telemetry
from tests.streams.processing import NOW, TOPOLOGY, chunk, event

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
        while not closed:  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.01)
        source._publisher.close()
        await asyncio.gather(answering, listening, return_exceptions=True)
        assert list(source.tasks) == [HERE]

    with capture_logs() as logs:
        asyncio.run(run())
    assert closed == [THERE]
    assert [line["event"] for line in logs] == ["partition_reopening"]


def test_a_partition_whose_connection_is_lost_while_it_opens_is_opened_again() -> None:
    async def run() -> list[str]:
        ours, theirs = pair()
        server = Server(theirs)
        told: list[str] = []

        async def open_(position: tuple[str, int]) -> None:
            told.append("open")

        async def close(position: tuple[str, int]) -> None:
            told.append("close")

        answering = asyncio.create_task(server.serve({"open": open_, "close": close}))
        source = Source(TOPOLOGY, {}, ours, Telemetry(CollectorRegistry(), TOPOLOGY), None)
        listening = asyncio.create_task(source._publisher.listen(source._heard))
        source._checkpoints = cast(CheckpointReader, Losing(lambda: server.tell(Lost(HERE))))
        source._reader = cast(LogReader, Reading())
        source._assigned = {HERE}
        source._open_soon(HERE, 0.0)
        await source._openings[HERE]
        source._publisher.close()
        await asyncio.gather(answering, listening, return_exceptions=True)
        assert list(source.tasks) == [HERE]
        return told

    assert asyncio.run(run()) == ["open", "close", "open"]


def a_task(source: Source, position: tuple[str, int]) -> Task:
    """One that is open, has nothing in hand and belongs to the source."""
    task = source.tasks[position] = Task(TOPOLOGY, *position, source._telemetry)
    source._assigned.add(position)
    task.open = True
    return task


def a_chunk() -> Chunk:
    return chunk([(0, NOW, json.dumps(event(NOW, "press", {"t": 1.0})).encode())], 0)


def test_a_task_with_nothing_in_hand_waits_for_what_the_others_have() -> None:
    async def run() -> None:
        source = Source(TOPOLOGY, {}, pair()[0], Telemetry(CollectorRegistry(), TOPOLOGY), None)
        full, clean = a_task(source, HERE), a_task(source, THERE)
        full.backlog = 2_000_000
        feeding = asyncio.create_task(source.process(Delivery(a_chunk(), clean, 0.0)))
        await asyncio.sleep(0.05)
        assert clean.next_offset == 0
        full.backlog = 0
        await feeding
        assert clean.next_offset == 1

    asyncio.run(run())


def test_what_was_read_is_committed_before_a_partition_goes_on_behind_what_was_deleted() -> None:
    async def run() -> None:
        ours, theirs = pair()
        answering = asyncio.create_task(Server(theirs).serve({"close": closed}))
        source = Source(TOPOLOGY, {}, ours, Telemetry(CollectorRegistry(), TOPOLOGY), None)
        listening = asyncio.create_task(source._publisher.listen(source._heard))
        task = a_task(source, HERE)
        skipping = asyncio.create_task(source._skip(task, 1))  # the chunk up to there is still under way
        await asyncio.sleep(0.1)
        await source.process(Delivery(a_chunk(), task, 0.0))
        assert task.cut()
        await asyncio.sleep(0.1)
        assert source.tasks == {HERE: task}
        source._assigned.clear()
        task.committed(Published({}, {HERE: 1}, {}))
        await skipping
        assert source.tasks == {}
        source._publisher.close()
        await asyncio.gather(answering, listening, return_exceptions=True)

    async def closed(position: tuple[str, int]) -> None:
        pass

    with capture_logs() as logs:
        asyncio.run(run())
    assert [line["event"] for line in logs] == ["partition_reopening", "partition_closed"]


class Losing:
    """Stands for the checkpoint topic, which is empty; the publisher loses its connection while it is read first."""

    def __init__(self, lose: Callable[[], None]) -> None:
        self._lose: Callable[[], None] | None = lose

    async def newest(self, topic: str, partition: int) -> tuple[None, None, None]:
        if self._lose is not None:
            self._lose()
            self._lose = None
            await asyncio.sleep(0.1)
        return None, None, None

    async def log_range(self, topic: str, partition: int) -> tuple[int, int]:
        return 0, 0


class Reading:
    """Stands for the reader of the log."""

    def hold(self, topic: str, partition: int) -> None:
        """There is nothing to hold."""

    def read_from(self, topic: str, partition: int, offset: int) -> bool:
        return True
