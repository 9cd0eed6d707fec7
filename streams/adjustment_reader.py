"""Reads adjustments as they come: what a plant that is controlled, such as the simulated one, listens to."""

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from schemas.errors import UserError
from schemas.topics import PROCESS_ACKS, PROCESS_ADJUSTMENTS
from streams import login


class AdjustmentReader:
    """The committed messages of `process.adjustments` from now on; an async context manager.

    It joins no group: whoever was away for a while has nothing to make up for, commands expire.

    Both methods raise UserError: where Kafka cannot be reached, refuses, or lacks the topic of adjustments or that of
    their acknowledgements.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        """`options` are `Settings.client_options()`. To be called with the event loop running."""
        self._options = dict(options)
        self._servers = ",".join(options["bootstrap_servers"])
        self._consumer = AIOKafkaConsumer(
            **options,
            group_id=None,
            isolation_level="read_committed",
            enable_auto_commit=False,
            auto_offset_reset="latest",
            retry_backoff_ms=500,
        )

    async def __aenter__(self) -> Self:
        try:
            await self._consumer.start()
            await self._seek_to_end()
        except KafkaError as error:
            await self._consumer.stop()
            await login.answering(self._options)  # says why, where it can be told
            raise UserError(f"cannot read {PROCESS_ADJUSTMENTS.name} from Kafka at {self._servers}: {error}") from None
        except BaseException:
            await self._consumer.stop()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._consumer.stop()

    async def newest(self) -> Sequence[bytes]:
        """The messages that have come since this was last called, without waiting for more."""
        try:
            records = await self._consumer.getmany(timeout_ms=0)
        except KafkaError as error:
            raise UserError(f"cannot read {PROCESS_ADJUSTMENTS.name} from Kafka at {self._servers}: {error}") from None
        return [record.value or b"" for of_partition in records.values() for record in of_partition]

    async def _seek_to_end(self) -> None:
        cluster = await self._consumer._client.fetch_all_metadata()
        needed = (PROCESS_ADJUSTMENTS.name, PROCESS_ACKS.name)
        missing = [name for name in needed if not cluster.partitions_for_topic(name)]
        if missing:
            raise UserError(
                f"Kafka at {self._servers} has no topic {', '.join(missing)}: run `headrace topology apply`"
            )
        partitions = cluster.partitions_for_topic(PROCESS_ADJUSTMENTS.name)
        self._consumer.assign([TopicPartition(PROCESS_ADJUSTMENTS.name, number) for number in sorted(partitions)])
        if not await self._consumer.seek_to_end():
            raise UserError(f"Kafka at {self._servers} does not say where {PROCESS_ADJUSTMENTS.name} ends")
