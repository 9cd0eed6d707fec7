"""What people do on the screen, sent to `alarm.actions` as any client would."""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from schemas.alarm_actions import LONGEST_REASON, Action, AlarmAction
from schemas.codec import encode
from schemas.errors import SinkUnavailable, UserError
from schemas.events import LONGEST_NAME
from schemas.results import Alarm
from schemas.topics import ALARM_ACTIONS
from sinks import producers

_PATIENCE_SECONDS: Final = 10.0


class Actions:
    """Sends actions; each is acknowledged by the brokers before `send` returns."""

    def __init__(self, options: Mapping[str, Any], longest_shelf_ms: int) -> None:
        """`options` are for aiokafka."""
        self._options = options
        self._longest_shelf_ms = longest_shelf_ms
        self._producer: AIOKafkaProducer | None = None
        self._starting = asyncio.Lock()

    async def send(self, alarm: Alarm, action: Action, by: str, reason: str, for_ms: int | None = None) -> None:
        """Do something to an alarm. UserError for what the topic would refuse, SinkUnavailable where Kafka is away."""
        by, reason = by.strip(), reason.strip()
        if not 0 < len(by) <= LONGEST_NAME or not 0 < len(reason) <= LONGEST_REASON:
            raise UserError(
                f"a name of 1 to {LONGEST_NAME} and a reason of 1 to {LONGEST_REASON} characters are needed"
            )
        if for_ms is not None and for_ms > self._longest_shelf_ms:
            raise UserError(f"the longest shelf is {self._longest_shelf_ms // 60_000} minutes")
        message = encode(AlarmAction(action, alarm.topology, alarm.alarm, by, reason, for_ms))
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                producer = await self._started()
                # aiokafka's partitioner is that of the workers, so that it meets the alarm's conditions.
                await producer.send_and_wait(ALARM_ACTIONS.name, message, key=f"{alarm.site}/{alarm.asset}".encode())
        except TimeoutError as error:  # what waits in the producer is sent when Kafka is back
            raise SinkUnavailable("Kafka does not answer: it may be done later, or not at all", 1.0) from error
        except KafkaError as error:
            raise SinkUnavailable(f"Kafka did not take it: {error}", 1.0) from error

    async def stop(self) -> None:
        """Close the connection."""
        if self._producer is not None:
            await producers.stop(self._producer)

    async def _started(self) -> AIOKafkaProducer:
        """The producer; started at first use, for most screens never send."""
        async with self._starting:
            if self._producer is None:
                producer = AIOKafkaProducer(**self._options, enable_idempotence=True, acks="all", retry_backoff_ms=500)
                try:
                    await producer.start()
                except BaseException:
                    await producers.stop(producer)
                    raise
                self._producer = producer
            return self._producer
