"""The committer: at a steady pace, the cuts of all tasks go to the publisher, which makes them durable.

While the sink is away the cuts are kept and the agents stop feeding; nothing is given up and the group membership is
kept.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from schemas.errors import CheckpointError, HeadraceError
from streams.outbox import Cut
from streams.pipe import Caller
from streams.publisher import Failure, Position, Published, SinkTrouble
from streams.task import Task
from streams.telemetry import Telemetry


class PublishingFailed(HeadraceError):
    """The publisher could not open or commit a partition."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.detail)
        self.fenced = failure.fenced


class Committer:
    """Commits tasks; `reopen` is called for a task that has to go back to its checkpoint."""

    def __init__(
        self,
        publisher: Caller,
        telemetry: Telemetry,
        reopen: Callable[[Task, BaseException], Coroutine[Any, Any, None]],
    ) -> None:
        self.sink_away = False
        self.cut_seconds = 0.0
        """How long the last cuts held up the event loop."""
        self._publisher = publisher
        self._telemetry = telemetry
        self._reopen = reopen
        self._lock = asyncio.Lock()

    async def open(self, topic: str, partition: int) -> None:
        """Take a partition over from its last owner. PublishingFailed if that cannot be done now."""
        failure = await self._publisher.call("open", (topic, partition))
        if failure is not None:
            raise PublishingFailed(failure)

    async def check_change(self, task: Task) -> None:
        """CheckpointError where a task's topology has changed and the sink has rows beyond its checkpoint.

        A worker that ended between writing and committing left them there. The topology as it was gives the same again;
        a changed one gives others, and they would stay beside them.
        """
        if task.changed_from is None:
            return
        changes, committed = task.changed_from
        written = await self._publisher.call("written_to", (task.topic, task.partition), changes)
        if isinstance(written, Failure):
            raise PublishingFailed(written)
        if written > committed:
            raise CheckpointError(
                f"rows of {task.topic}/{task.partition} were written up to {written[0]} and committed up to "
                f"{committed[0]}, and the topology has changed since: run it once more as it was"
            )

    async def let_go(self, topic: str, partition: int) -> None:
        """Let go of a partition. What is not committed is read again by its next owner."""
        await self._publisher.call("close", (topic, partition))

    async def give_out(self, task: Task) -> None:
        """Give out what somebody waits for of a task, ahead of rows and state; all it has, while the sink is away."""
        if not task.open or not task.cut_ahead(everything=self.sink_away):
            return
        cuts = {(task.topic, task.partition): task.ahead}
        published: Published = await self._publisher.call("give_out", cuts)
        self._telemetry.given_out(published)
        await self._settle([task], cuts, published, Task.given_out)

    async def commit(self, tasks: Sequence[Task]) -> None:
        """Commit what the open ones of these tasks have to commit; returns when it is durable or a task has failed."""
        async with self._lock:
            begin = time.monotonic()
            cuts = {(task.topic, task.partition): task.pending for task in tasks if task.open and task.cut()}
            self.cut_seconds = time.monotonic() - begin
            if not cuts:
                return
            published: Published = await self._publisher.call("publish", cuts)
            if published.rows:  # else the broker was lost before the sink had answered
                self.sink_away = False
            self._telemetry.published(published)
        await self._settle(tasks, cuts, published, Task.committed)

    async def _settle(
        self,
        tasks: Sequence[Task],
        cuts: Mapping[Position, Cut | None],
        published: Published,
        done: Callable[[Task, Published], None],
    ) -> None:
        """Let tasks know what became of their cuts."""
        reopened = []
        for task in tasks:
            position = task.topic, task.partition
            if not task.open or position not in cuts:
                continue
            if position in published.failures:
                reopened.append(self._reopen(task, PublishingFailed(published.failures[position])))
            else:
                done(task, published)
        await asyncio.gather(*reopened)

    def sink_failed(self, trouble: SinkTrouble) -> None:
        """The sink does not take rows."""
        self.sink_away = True
        self._telemetry.insert_failed(trouble)
