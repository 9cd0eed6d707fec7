"""The committer, with a fake publisher."""

import asyncio
import json
from typing import Any, cast

from prometheus_client import CollectorRegistry

from streams.chunk import Chunk
from streams.committer import Committer
from streams.pipe import Caller
from streams.publisher import Failure, Published, SinkTrouble
from streams.task import Task
from streams.telemetry import Telemetry
from tests.streams.processing import NOW, TOPOLOGY, chunk, event

HERE = ("machine.events", 0)


class Answers:
    """Stands for the publisher: gives the same answer to every call."""

    def __init__(self, published: Published) -> None:
        self.calls: list[str] = []
        self._published = published

    async def call(self, name: str, *arguments: Any) -> Published:
        self.calls.append(name)
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


def given_out(
    published: Published, flagged: bool = True, sink_away: bool = False
) -> tuple[list[str], list[Task], bool]:
    """What the publisher is called for, which tasks are reopened, and whether something is still on its way."""
    reopened: list[Task] = []

    async def reopen(task: Task, error: BaseException) -> None:
        reopened.append(task)

    async def run() -> tuple[list[str], list[Task], bool]:
        telemetry, publisher = Telemetry(CollectorRegistry(), TOPOLOGY), Answers(published)
        committer = Committer(cast(Caller, publisher), telemetry, reopen)
        committer.sink_away = sink_away
        task = Task(TOPOLOGY, *HERE, telemetry)
        task.open = True
        task.feed(a_chunk(9.0 if flagged else 1.0), 0.0)
        await committer.give_out(task)
        await committer.give_out(task)  # there is nothing more
        return publisher.calls, reopened, task.ahead is not None

    return asyncio.run(run())


def a_chunk(value: float) -> Chunk:
    """Of a value that is flagged above 5; the second event closes the window of the first."""
    values = [json.dumps(event(ts, "press", {"t": value})).encode() for ts in (NOW, NOW + 15_000)]
    return chunk([(offset, NOW + 15_000, one) for offset, one in enumerate(values)], 0)


def test_flags_are_given_out_once() -> None:
    assert given_out(Published({}, {}, {})) == (["give_out"], [], False)


def test_what_nobody_waits_for_goes_with_the_next_cut_unless_the_sink_is_away() -> None:
    assert given_out(Published({}, {}, {}), flagged=False) == ([], [], False)
    assert given_out(Published({}, {}, {}), flagged=False, sink_away=True) == (["give_out"], [], False)


def test_a_partition_whose_flags_could_not_be_given_out_goes_back_to_its_checkpoint() -> None:
    calls, reopened, _ = given_out(Published({HERE: Failure("lost", False)}, {}, {}))
    assert calls == ["give_out"]
    assert len(reopened) == 1
