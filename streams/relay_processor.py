"""What processors have in common that judge no more than the form of a record, and send it on. No I/O, no clock."""

from abc import abstractmethod

from schemas.errors import EventError
from schemas.events import Scope
from schemas.results import Alarm
from streams.chunk import Chunk
from streams.compute.engine import Stage, untimed
from streams.compute.events import Refusal
from streams.compute.relay import RelayEngine
from streams.partition_processor import PartitionProcessor
from streams.topology.model import Topology


class RelayProcessor(PartitionProcessor):
    """Records in, one after the other; what is sent on or kept of them out."""

    engine: RelayEngine

    def __init__(
        self, topology: Topology, topic: str, partition: int, first_offset: int, stage: Stage = untimed
    ) -> None:
        super().__init__(topology, topic, partition, first_offset, RelayEngine())
        self._stage = stage

    def feed(self, chunk: Chunk) -> list[Alarm]:
        self._expect(chunk)
        refusals: list[Refusal] = []
        with self._stage("alarm"):
            columns = zip(chunk.offsets.tolist(), chunk.broker_ts.tolist(), chunk.values, strict=True)
            for record, (offset, broker_ts, value) in enumerate(columns):
                error = self._take(offset, broker_ts, value)
                self.engine.feed(broker_ts, error is not None)
                if error is not None:
                    refusals.append(Refusal(record, 0, Scope.RECORD, error.reason, error.detail))
        self.outbox.add_refusals(refusals, chunk)
        self._advance(chunk)
        return []

    @abstractmethod
    def _take(self, offset: int, broker_ts: int, value: bytes) -> EventError | None:
        """Put the next record into the outbox; or why it is refused."""
