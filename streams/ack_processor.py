"""The processor of a partition of acknowledgements: each goes on to the alarm actions of its stack. No I/O, no clock.

There they are judged, in one order with the commands that they answer.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from schemas.errors import EventError
from schemas.events import Scope
from schemas.process_acks import ProcessAck
from schemas.results import Alarm
from streams.chunk import Chunk
from streams.compute.control_loop.ack_engine import AckEngine
from streams.compute.engine import Stage, untimed
from streams.compute.events import Refusal
from streams.partition_processor import PartitionProcessor
from streams.strict_record import strict
from streams.topology.model import Topology

_decode: Final[Callable[[bytes], ProcessAck]] = msgspec.json.Decoder(ProcessAck).decode


class AckProcessor(PartitionProcessor):
    """Acknowledgements in, alarm actions out."""

    engine: AckEngine

    def __init__(
        self, topology: Topology, topic: str, partition: int, first_offset: int, stage: Stage = untimed
    ) -> None:
        super().__init__(topology, topic, partition, first_offset, AckEngine())
        self._stage = stage

    def feed(self, chunk: Chunk) -> list[Alarm]:
        self._expect(chunk)
        refusals: list[Refusal] = []
        with self._stage("alarm"):
            columns = zip(chunk.offsets.tolist(), chunk.broker_ts.tolist(), chunk.values, strict=True)
            for record, (offset, broker_ts, value) in enumerate(columns):
                ack = strict(_decode, value)
                self.engine.feed(broker_ts, ack)
                if isinstance(ack, EventError):
                    refusals.append(Refusal(record, 0, Scope.RECORD, ack.reason, ack.detail))
                else:
                    self.outbox.add_acks([(offset, ack)])
        self.outbox.add_refusals(refusals, chunk)
        self._advance(chunk)
        return []
