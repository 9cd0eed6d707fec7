"""The processor of production, quality, logistics and traceability. No I/O, no clock."""

from collections.abc import Callable, Mapping
from typing import Any, Final, NamedTuple

import msgspec

from schemas.events import Scope
from schemas.logistics import LogisticsEvent
from schemas.production import ProductionEvent
from schemas.quality import QualityEvent
from schemas.results import Anomaly
from schemas.topics import LOGISTICS_EVENTS, PRODUCTION_EVENTS, QUALITY_EVENTS, TRACE_EVENTS
from schemas.trace import TraceMessage
from streams.chunk import Chunk
from streams.compute.engine import Stage, untimed
from streams.compute.events import Refusal
from streams.compute.logistics.engine import LogisticsEngine
from streams.compute.logistics.spec import Logistics
from streams.compute.production.engine import ProductionEngine
from streams.compute.production.spec import Production
from streams.compute.quality.engine import QualityEngine
from streams.compute.quality.spec import Quality
from streams.compute.shop_floor import Believed, Origin, ShopFloorEngine
from streams.compute.trace.engine import TraceEngine
from streams.compute.trace.spec import Trace
from streams.partition_processor import PartitionProcessor
from streams.processor import rules
from streams.strict_record import strict
from streams.topology.model import Topology


class _Part(NamedTuple):
    """How events of a topic are read, and the engine of one of its partitions."""

    decode: Callable[[bytes], Any]
    engine: Callable[[Origin, Believed, Topology], ShopFloorEngine[Any]]


_PARTS: Final[Mapping[str, _Part]] = {
    PRODUCTION_EVENTS.name: _Part(
        msgspec.json.Decoder(ProductionEvent).decode,
        lambda origin, believed, topology: ProductionEngine(origin, believed, topology.production or Production()),
    ),
    QUALITY_EVENTS.name: _Part(
        msgspec.json.Decoder(QualityEvent).decode,
        lambda origin, believed, topology: QualityEngine(origin, believed, topology.quality or Quality()),
    ),
    LOGISTICS_EVENTS.name: _Part(
        msgspec.json.Decoder(LogisticsEvent).decode,
        lambda origin, believed, topology: LogisticsEngine(origin, believed, topology.logistics or Logistics()),
    ),
    TRACE_EVENTS.name: _Part(
        msgspec.json.Decoder(TraceMessage).decode,
        lambda origin, believed, topology: TraceEngine(origin, believed, topology.trace or Trace()),
    ),
}


class ShopFloorProcessor(PartitionProcessor):
    """Events in, rows and anomaly flags out."""

    engine: ShopFloorEngine[Any]

    def __init__(
        self, topology: Topology, topic: str, partition: int, first_offset: int, stage: Stage = untimed
    ) -> None:
        part, known = _PARTS[topic], rules(topology)
        believed = Believed(known.earliest, known.max_future, known.assets)
        engine = part.engine(Origin(topology.topology, topic, partition), believed, topology)
        super().__init__(topology, topic, partition, first_offset, engine)
        self._stage = stage
        self._decode = part.decode

    def feed(self, chunk: Chunk) -> list[Anomaly]:
        self._expect(chunk)
        refusals: list[Refusal] = []
        with self._stage("shop_floor"):
            columns = zip(chunk.offsets.tolist(), chunk.broker_ts.tolist(), chunk.values, strict=True)
            for record, (offset, broker_ts, value) in enumerate(columns):
                refused = self.engine.feed(offset, broker_ts, strict(self._decode, value))
                if refused is not None:
                    refusals.append(Refusal(record, 0, Scope.RECORD, refused.reason, refused.detail))
            found = self.engine.drain()
        self.outbox.add_refusals(refusals, chunk)
        self.outbox.add_rows(found.rows)
        self.outbox.add_anomalies(found.anomalies)
        self._advance(chunk)
        return found.anomalies

    def next_due(self) -> int | None:
        return self.engine.next_due()
