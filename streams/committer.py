"""The committer: at a steady pace, the cuts of all tasks go to the sink in one write, then each into its transaction.

The order is what makes it exactly once: rows first (keyed and bit-identical, so that writing them again after a crash
changes nothing), then the transaction that moves the partition on. While the sink is away the cuts are kept and the
agents stop feeding; nothing is given up and the group membership is kept.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from schemas.errors import SinkRejected, SinkUnavailable
from sinks.base import Rows, Sink, length
from streams.task import Task
from streams.telemetry import Telemetry

_LONGEST_WAIT = 10.0
_SLOW_SECONDS = 5.0
"""A write that takes longer makes the worker not ready: the sink hangs."""


class Committer:
    """Commits tasks; `reopen` is called for a task that has to go back to its checkpoint."""

    def __init__(
        self,
        sink: Sink | None,
        telemetry: Telemetry,
        reopen: Callable[[Task, BaseException], Coroutine[Any, Any, None]],
    ) -> None:
        self.sink_away = False
        self.cut_seconds = 0.0
        """How long the last cuts held up the event loop."""
        self._sink = sink
        self._telemetry = telemetry
        self._reopen = reopen
        self._lock = asyncio.Lock()
        self._thread = ThreadPoolExecutor(1, "sink")

    async def commit(self, tasks: Sequence[Task]) -> None:
        """Commit what the open ones of these tasks have to commit; returns when it is durable or a task has failed."""
        async with self._lock:
            begin = time.monotonic()
            due = [task for task in tasks if task.open and task.cut()]
            self.cut_seconds = time.monotonic() - begin
            if not due:
                return
            await self._write(due)
            due = [task for task in due if task.open]
            outcomes = await asyncio.gather(*(task.commit() for task in due), return_exceptions=True)
        for task, outcome in zip(due, outcomes, strict=True):
            if isinstance(outcome, BaseException):
                await self._reopen(task, outcome)

    def close(self) -> None:
        """Close the sink. A write that is under way is waited for no longer."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        if self._sink is not None:
            self._sink.close()

    async def _write(self, tasks: Sequence[Task]) -> None:
        """Write the rows of the pending cuts, again and again until the sink has taken them or nobody needs them."""
        if self._sink is None:
            return
        batch = _merge([task.pending.tables for task in tasks if task.pending is not None])
        wait = 0.1
        while any(task.open for task in tasks):
            try:
                with self._telemetry.stage("insert"):
                    writing = asyncio.get_running_loop().run_in_executor(self._thread, self._sink.write, batch)
                    await asyncio.wait([writing], timeout=_SLOW_SECONDS)
                    self.sink_away = self.sink_away or not writing.done()
                    await writing
            except (SinkUnavailable, SinkRejected) as error:
                wait = min(max(2 * wait, getattr(error, "retry_after", _LONGEST_WAIT)), _LONGEST_WAIT)
                self._telemetry.insert_failed(error, wait)
                self.sink_away = True
                await asyncio.sleep(wait)
            else:
                self.sink_away = False
                self._telemetry.inserted({table: sum(map(_rows, pieces)) for table, pieces in batch.items()})
                for task in tasks:
                    task.inserted()
                return


def _merge(tables: Sequence[Mapping[str, Sequence[Rows]]]) -> dict[str, list[Rows]]:
    batch: dict[str, list[Rows]] = {}
    for of_task in tables:
        for table, pieces in of_task.items():
            batch.setdefault(table, []).extend(pieces)
    return batch


def _rows(piece: Rows) -> int:
    return length(next(iter(piece.values())))
