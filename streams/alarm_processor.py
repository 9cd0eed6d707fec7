"""The processor of a partition of alarm actions. No I/O, no clock: time is that of the broker, as the log has it."""

from collections.abc import Callable
from typing import Final

import msgspec

from schemas.alarm_actions import AlarmAction
from schemas.events import Scope
from schemas.results import Adjustment, Alarm
from streams.chunk import Chunk
from streams.compute.alarms.engine import AlarmEngine
from streams.compute.alarms.lifecycle import Lifecycle, Origin
from streams.compute.control_loop.loop import ControlLoop
from streams.compute.engine import Stage, untimed
from streams.compute.events import Refusal
from streams.partition_processor import PartitionProcessor
from streams.strict_record import strict
from streams.topology.model import Topology

_decode: Final[Callable[[bytes], AlarmAction]] = msgspec.json.Decoder(AlarmAction).decode


class AlarmProcessor(PartitionProcessor):
    """Alarm actions in; transitions of alarms and adjustments of set-points out."""

    engine: AlarmEngine

    def __init__(
        self, topology: Topology, topic: str, partition: int, first_offset: int, stage: Stage = untimed
    ) -> None:
        rules = {rule.name: rule for rule in topology.alarms}
        origin = Origin(topology.topology, topic, partition)
        lifecycle = Lifecycle(origin, rules, topology.alarm_system)
        loop = ControlLoop(origin, topology.site, topology.playbooks, rules, topology.metric_infos())
        super().__init__(topology, topic, partition, first_offset, AlarmEngine(lifecycle, loop))
        self._stage = stage

    def feed(self, chunk: Chunk) -> list[Alarm | Adjustment]:
        self._expect(chunk)
        refusals: list[Refusal] = []
        with self._stage("alarm"):
            columns = zip(chunk.offsets.tolist(), chunk.broker_ts.tolist(), chunk.values, strict=True)
            for record, (offset, broker_ts, value) in enumerate(columns):
                refused = self.engine.feed(offset, broker_ts, strict(_decode, value))
                if refused is not None:
                    refusals.append(Refusal(record, 0, Scope.RECORD, refused.reason, refused.detail))
            transitions, adjustments = self.engine.drain()
        self.outbox.add_refusals(refusals, chunk)
        self.outbox.add_alarms(transitions)
        self.outbox.add_adjustments(adjustments)
        self._advance(chunk)
        return [*transitions, *adjustments]

    def next_due(self) -> int | None:
        return self.engine.next_due()
