"""The source service: the partitions that this worker has, from assignment to revocation.

It runs inside the Faust app. It reads chunks and puts them on the channel that the topic's Faust agent reads; the agent
hands each back to `process`, where the partition's task takes it. A slow agent fills its channel, a full channel stops
the reading: backpressure reaches the log without a partition ever being lost.
"""

import asyncio
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, NamedTuple

import faust
from aiokafka import TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from mode import Service

from streams.checkpoint_reader import CheckpointReader
from streams.chunk import Chunk
from streams.committer import Committer
from streams.log_reader import LogReader
from streams.pipe import Caller, Sockets
from streams.publisher import Lost, SinkTrouble
from streams.task import Task
from streams.telemetry import Telemetry
from streams.topology.model import Topology
from streams.transactional_producer import ConnectionLost

MOST_RECORDS = 10_000
"""Records of a chunk, about: whole record batches are taken."""
_LARGEST_BACKLOG = 1_000_000
"""What the tasks together may have in hand beyond the cuts that are being committed (`Task.backlog`): bounds the memory
while the sink is away, or slower than the log."""
_COMMIT_SECONDS = 0.25
_GIVE_OUT_SECONDS = 0.05
"""From one giving out of flags to the next: where they come all the time, more would only load the broker."""
_REPORT_SECONDS = 0.25
_REOPEN_SECONDS = 0.5
_FENCED_SECONDS = 3.0
"""Somebody else has opened the partition: time to hear from the group that it is no longer ours."""
_REVOKE_SECONDS = 3.0
_STOP_SECONDS = 2.0
_LET_GO_SECONDS = 2.5

Position = tuple[str, int]


class Delivery(NamedTuple):
    """A chunk on its way to its agent."""

    chunk: Chunk
    task: Task
    """The task it was read for."""
    fetched_at: float


class Source(Service, ConsumerRebalanceListener):  # type: ignore[misc]
    """Owns the consumer, the tasks of the assigned partitions, and the committer's pace."""

    def __init__(
        self,
        topology: Topology,
        options: dict[str, Any],
        publisher: Sockets,
        telemetry: Telemetry,
        instance: str | None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.channels: Mapping[str, faust.ChannelT[Any]] = {}
        self.tasks: dict[Position, Task] = {}
        self._topology = topology
        self._options = options
        self._telemetry = telemetry
        self._assigned: set[Position] = set()
        self._openings: dict[Position, asyncio.Task[None]] = {}
        self._lost: set[Position] = set()
        """Those of them that were lost again before they were open."""
        self._joined = False
        self._flagged = asyncio.Event()
        self._instance = instance
        self._publisher = Caller(publisher)
        self._committer = Committer(self._publisher, telemetry, self._reopen)

    async def on_start(self) -> None:
        """Join the group."""
        # Here and not in __init__: aiokafka's clients must be made where the event loop runs.
        self._reader = LogReader(
            self._options, self._topology.topology, self._instance, MOST_RECORDS, self._telemetry.stage
        )
        self._checkpoints = CheckpointReader(self._options, self._topology.topology)
        await self._checkpoints.start()
        await self._reader.start(self._topology.inputs, self)

    async def on_stop(self) -> None:
        """Commit what has been processed, hand the partitions back and leave; bounded also where the broker is away."""
        await self._release()
        for stop in (self._reader.stop(), self._checkpoints.stop()):
            try:
                await asyncio.wait_for(stop, _STOP_SECONDS)
            except Exception as error:
                self._telemetry.left_abruptly(error)
        self._publisher.close()

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """A rebalance has begun: commit and let go of everything."""
        await self._release()

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """A rebalance has ended. Opening takes a while and heartbeats wait for this call: open in the background."""
        self._assigned = {(where.topic, where.partition) for where in assigned}
        self._joined = True
        for position in sorted(self._assigned):
            self._open_soon(position, 0.0)

    async def process(self, delivery: Delivery) -> None:
        """Have the partition's task take a chunk. Called by the agents, one chunk of a topic at a time."""
        task = delivery.task
        while task.open and sum(each.backlog for each in self.tasks.values()) > _LARGEST_BACKLOG:  # noqa: ASYNC110
            await asyncio.sleep(0.01)  # the committer's next cuts take it
        if not task.open or (task.topic, task.partition) not in self._assigned:
            return  # whoever owns the partition next reads it again
        try:
            task.feed(delivery.chunk, delivery.fetched_at)
            if task.flagged:
                self._flagged.set()
        except Exception as error:
            await self._reopen(task, error)
        # A commit takes about ten turns of the event loop: with one chunk a turn it is not kept waiting for long.
        await asyncio.sleep(0)

    @Service.task
    async def _read(self) -> None:
        while not self.should_stop:
            chunks, out_of_log = await self._reader.next_chunks()
            fetched_at = time.monotonic()
            # Before anything is awaited: a chunk must not meet the task of a later opening.
            read = [(chunk, self.tasks.get((chunk.topic, chunk.partition))) for chunk in chunks]
            for topic, partition, offset in out_of_log:
                if (task := self.tasks.get((topic, partition))) is not None:
                    self._reader.hold(topic, partition)
                    self.add_future(self._skip(task, offset))
            for chunk, task in read:
                if task is not None:
                    await self.channels[chunk.topic].put(Delivery(chunk, task, fetched_at))  # type: ignore[arg-type]

    async def _skip(self, task: Task, read_to: int) -> None:
        """Go on where the log now begins, once all is committed that was read before it was deleted."""
        while task.open and (task.next_offset < read_to or not task.is_committed()):  # noqa: ASYNC110 - nobody tells
            await asyncio.sleep(0.05)
        await self._reopen(task, IndexError("the log no longer has this position"))

    @Service.task
    async def _listen(self) -> None:
        try:
            await self._publisher.listen(self._heard)
        except ConnectionError:
            if not self.should_stop:
                raise

    def _heard(self, told: Lost | SinkTrouble) -> None:
        """What the publisher tells unasked."""
        if isinstance(told, SinkTrouble):
            self._committer.sink_failed(told)
        elif told.position in self.tasks:
            self.add_future(self._reopen(self.tasks[told.position], ConnectionLost()))
        elif told.position in self._openings:
            self._lost.add(told.position)

    @Service.task
    async def _give_out(self) -> None:
        """Give out flags and alarms as they come: whoever waits for them waits neither for a batch nor for the sink."""
        while not self.should_stop:
            if not any(task.flagged for task in self.tasks.values()):
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._flagged.wait(), _COMMIT_SECONDS)
            self._flagged.clear()
            for position, task in self.tasks.items():
                if position not in self._assigned:
                    continue
                if task.is_due() and self._reader.is_at_end(*position, task.next_offset):
                    task.tick()
                if task.flagged or self._committer.sink_away:
                    self.add_future(self._committer.give_out(task))
            await self.sleep(_GIVE_OUT_SECONDS)

    @Service.task
    async def _commit(self) -> None:
        begun = time.monotonic()
        while not self.should_stop:
            due = begun + max(_COMMIT_SECONDS, 4 * self._committer.cut_seconds)
            await self.sleep(max(due - time.monotonic(), 0.0))
            begun = time.monotonic()
            self._declare_idle()
            await self._committer.commit(list(self.tasks.values()))

    @Service.task
    async def _report(self) -> None:
        """Tell where the partitions stand; also, and above all, while a commit waits for the sink."""
        while not self.should_stop:
            for position, task in self.tasks.items():
                task.report(self._reader.end(*position))
            await self.sleep(_REPORT_SECONDS)

    def is_ready(self) -> bool:
        """Whether this worker is in the group, every assigned partition is open, and broker and sink answer."""
        all_open = self._joined and self._assigned == set(self.tasks)
        return all_open and not self._committer.sink_away and self._reader.is_in_touch()

    def _declare_idle(self) -> None:
        """Let time pass in partitions that have been silent for long."""
        now = time.monotonic()
        for position, task in self.tasks.items():
            silent = (now - task.last_active) * 1000 >= self._topology.time.idle_timeout
            if silent and self._reader.is_at_end(*position, task.next_offset):
                task.declare_idle()

    def _open_soon(self, position: Position, delay: float) -> None:
        if position not in self._openings and position not in self.tasks:  # else a rebalance was faster
            self._reader.hold(*position)
            self._openings[position] = asyncio.create_task(self._open(position, delay))

    async def _open(self, position: Position, delay: float) -> None:
        """Open a task for the position and read from where it stands; try again while it stays assigned."""
        while position in self._assigned:
            await asyncio.sleep(delay)
            task = Task(self._topology, *position, self._telemetry)
            self._lost.discard(position)
            try:
                await self._committer.open(*position)  # which fences the last owner
                await task.start(self._checkpoints)
                await self._committer.check_change(task)
                if position in self._lost:
                    raise ConnectionLost()
                if position in self._assigned and self._reader.read_from(*position, task.next_offset):
                    self.tasks[position] = task
                    break
            except Exception as error:
                self._telemetry.reopening(*position, error)
            finally:
                if self.tasks.get(position) is not task:
                    await self._let_go(task)
            delay = min(max(2 * delay, _REOPEN_SECONDS), 10.0)
        self._openings.pop(position, None)

    async def _reopen(self, task: Task, error: BaseException) -> None:
        """Drop a failed task's state and begin again from its last checkpoint."""
        position = task.topic, task.partition
        if self.tasks.get(position) is not task:
            return
        del self.tasks[position]
        self._telemetry.reopening(*position, error)
        await self._let_go(task)
        if position in self._assigned:
            self._open_soon(position, _FENCED_SECONDS if getattr(error, "fenced", False) else _REOPEN_SECONDS)

    async def _release(self) -> None:
        """Last commit if it can be had in time, then let go of all partitions."""
        self._assigned = set()
        self._joined = False
        openings = list(self._openings.values())
        for opening in openings:
            opening.cancel()
        await asyncio.gather(*openings, return_exceptions=True)
        self._openings.clear()
        tasks = list(self.tasks.values())
        try:
            await asyncio.wait_for(self._committer.commit(tasks), _REVOKE_SECONDS)
        except Exception as error:
            self._telemetry.last_commit_missed(error)
        for task in tasks:
            task.close()  # before anything goes ahead of what was not sent
        self.tasks.clear()
        await asyncio.gather(*map(self._let_go, tasks))
        self._committer.sink_away = False  # nothing waits for it any more

    async def _let_go(self, task: Task) -> None:
        task.close()
        # The publisher goes on trying, and the broker, once back, fences or ends it; or the publisher is gone.
        with suppress(TimeoutError, ConnectionError):
            await asyncio.wait_for(self._committer.let_go(task.topic, task.partition), _LET_GO_SECONDS)
