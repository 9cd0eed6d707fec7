"""The processor of a partition of alarm actions. No I/O, no clock: time is that of the broker, as the log has it."""

from collections.abc import Callable
from typing import Final

import msgspec

from schemas.alarm_actions import AlarmAction
from schemas.errors import EventError
from schemas.events import LARGEST_RECORD, Reason, Scope
from schemas.results import Alarm
from streams.chunk import Chunk
from streams.compute.alarms.engine import AlarmEngine
from streams.compute.alarms.lifecycle import Lifecycle, Origin
from streams.compute.engine import Stage, untimed
from streams.compute.events import Refusal
from streams.partition_processor import PartitionProcessor
from streams.topology.model import Topology

_decode: Final[Callable[[bytes], AlarmAction]] = msgspec.json.Decoder(AlarmAction).decode


class AlarmProcessor(PartitionProcessor):
    """Alarm actions in, transitions of alarms out."""

    engine: AlarmEngine

    def __init__(
        self, topology: Topology, topic: str, partition: int, first_offset: int, stage: Stage = untimed
    ) -> None:
        rules = {rule.name: rule for rule in topology.alarms}
        lifecycle = Lifecycle(Origin(topology.topology, topic, partition), rules, topology.alarm_system)
        super().__init__(topology, topic, partition, first_offset, AlarmEngine(lifecycle))
        self._stage = stage

    def feed(self, chunk: Chunk) -> list[Alarm]:
        self._expect(chunk)
        refusals: list[Refusal] = []
        with self._stage("alarm"):
            columns = zip(chunk.offsets.tolist(), chunk.broker_ts.tolist(), chunk.values, strict=True)
            for record, (offset, broker_ts, value) in enumerate(columns):
                refused = self.engine.feed(offset, broker_ts, decode(value))
                if refused is not None:
                    refusals.append(Refusal(record, 0, Scope.RECORD, refused.reason, refused.detail))
            transitions = self.engine.drain()
        self.outbox.add_refusals(refusals, chunk)
        self.outbox.add_alarms(transitions)
        self._advance(chunk)
        return transitions

    def next_due(self) -> int | None:
        return self.engine.lifecycle.next_due()


def decode(value: bytes) -> AlarmAction | EventError:
    """An alarm action, or why it is none."""
    if not value:
        return EventError(Reason.EMPTY, "the message has no bytes")
    if len(value) > LARGEST_RECORD:
        return EventError(Reason.TOO_LARGE, f"the message has {len(value)} bytes; allowed are {LARGEST_RECORD}")
    try:
        return _decode(value)
    except msgspec.ValidationError as error:
        return EventError(Reason.WRONG_TYPE, str(error))
    except (ValueError, RecursionError) as error:
        return EventError(Reason.MALFORMED, str(error))
