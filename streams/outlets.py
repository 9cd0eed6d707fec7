"""The process behind `headrace outlets`: shares the partitions of `alarms` with others of its kind.

Each partition is read twice. Once by the group's consumer, from what is committed, for the channel; once from the
beginning, for the board. So neither waits for the other: a webhook that is away holds up no alert, and the alerts need
no memory but the log.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Final

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.abc import ConsumerRebalanceListener
from aiokafka.errors import KafkaError

from schemas import topics
from schemas.errors import UserError
from sinks.outlet import Board, Channel
from streams.alarm_log import follow
from streams.deliveries import Deliveries
from streams.outlet_telemetry import OutletTelemetry

_CHECK_SECONDS: Final = 0.5
_REOPEN_SECONDS: Final = 1.0
_STOP_SECONDS: Final = 3.0

Work = Callable[[], Coroutine[Any, Any, None]]


class Outlets(ConsumerRebalanceListener):  # type: ignore[misc]
    """Owns the group's consumer and the tasks of the assigned partitions."""

    def __init__(
        self,
        options: dict[str, Any],
        topology: str,
        telemetry: OutletTelemetry,
        board: Board | None,
        channel: Channel | None,
    ) -> None:
        """`options` are `Settings.client_options()`, `topology` is a name."""
        self._options = options
        self._topology = topology
        self._telemetry = telemetry
        self._board = board
        self._channel = channel
        self._tasks: list[asyncio.Task[None]] = []
        self._known = False
        """Whether the standing alarms are."""
        telemetry.ready_if(lambda: self._known)

    async def run(self) -> None:
        """Work until cancelled, then leave the group. UserError where Kafka refuses."""
        try:
            await self._run()
        except ExceptionGroup as errors:
            refused = errors.subgroup(KafkaError)
            if refused is None:
                raise
            raise UserError(f"Kafka refuses: {_first(refused)}") from errors

    async def _run(self) -> None:
        self._consumer = AIOKafkaConsumer(
            **self._options,
            group_id=topics.outlets_group_id(self._topology),
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="none",  # a silent reset would be a silent loss
            session_timeout_ms=10_000,
            heartbeat_interval_ms=1_000,
            metadata_max_age_ms=10_000,
            max_poll_interval_ms=86_400_000,  # a webhook that is away must not cost the membership
            retry_backoff_ms=100,
        )
        self._consumer.subscribe([topics.ALARMS.name], listener=self)
        async with asyncio.TaskGroup() as self._group:
            if self._board is not None:
                self._group.create_task(self._board.run())
            try:
                await self._consumer.start()
                while True:
                    self._consumer._coordinator.check_errors()
                    await asyncio.sleep(_CHECK_SECONDS)
            finally:
                await self._leave()

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """A rebalance has begun: let go of everything. What is being delivered, its next owner delivers again."""
        await self._release()
        self._telemetry.released(_numbers(revoked))

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:
        """A rebalance has ended. Heartbeats wait for this call: the work is done in tasks."""
        places = sorted(assigned)
        for place in places:
            self._consumer.seek(place, 0)  # any position: without one aiokafka asks the group for its offset
            self._consumer.pause(place)
        if self._channel is not None:
            for place in places:
                deliveries = Deliveries(self._consumer, place, self._topology, self._channel, self._telemetry)
                self._start(f"{place.topic}/{place.partition}", deliveries.run)
        board = self._board
        if board is not None and places:
            self._start("standing alarms", lambda: self._follow(board, places))
        else:
            self._known = True
        self._telemetry.assigned(_numbers(places))

    async def _follow(self, board: Board, places: list[TopicPartition]) -> None:
        begin = time.monotonic()

        def caught_up() -> None:
            self._known = True
            board.caught_up()
            self._telemetry.caught_up(time.monotonic() - begin)

        try:
            await follow(self._options, places, self._topology, board, self._telemetry, caught_up)
        finally:
            self._known = False
            board.clear()

    def _start(self, what: str, work: Work) -> None:
        self._tasks.append(self._group.create_task(self._keep(what, work)))

    async def _keep(self, what: str, work: Work) -> None:
        """Have work done until cancelled, again from the log where Kafka fails it."""
        while True:
            try:
                await work()
            except KafkaError as error:
                self._telemetry.reopening(what, error)
            await asyncio.sleep(_REOPEN_SECONDS)

    async def _release(self) -> None:
        tasks, self._tasks = self._tasks, []
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._known = False

    async def _leave(self) -> None:
        """Bounded also where the broker is away."""
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await self._release()
        except TimeoutError as error:
            self._telemetry.left_abruptly(error)
        try:
            async with asyncio.timeout(_STOP_SECONDS):
                await self._consumer.stop()
        except (TimeoutError, KafkaError) as error:
            self._telemetry.left_abruptly(error)


def _numbers(places: Iterable[TopicPartition]) -> list[int]:
    return sorted(place.partition for place in places)


def _first(errors: ExceptionGroup[KafkaError]) -> BaseException:
    error: BaseException = errors
    while isinstance(error, ExceptionGroup):
        error = error.exceptions[0]
    return error
