"""The processors of production, quality, logistics and traceability. No I/O, no clock."""

from collections.abc import Callable
from typing import Any, Final, Generic, TypeVar

import msgspec

from schemas.events import Scope
from schemas.logistics import LogisticsEvent
from schemas.production import ProductionEvent
from schemas.quality import QualityEvent
from schemas.results import Anomaly
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

E = TypeVar("E")
_production: Final = msgspec.json.Decoder(ProductionEvent)
_quality: Final = msgspec.json.Decoder(QualityEvent)
_logistics: Final = msgspec.json.Decoder(LogisticsEvent)
_trace: Final = msgspec.json.Decoder(TraceMessage)


class ShopFloorProcessor(PartitionProcessor, Generic[E]):
    """Events in, rows and anomaly flags out."""

    engine: ShopFloorEngine[E]

    def __init__(
        self,
        topology: Topology,
        topic: str,
        partition: int,
        first_offset: int,
        stage: Stage,
        engine: ShopFloorEngine[E],
        decode: Callable[[bytes], E],
    ) -> None:
        super().__init__(topology, topic, partition, first_offset, engine)
        self._stage = stage
        self._decode = decode

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


def production_processor(
    topology: Topology, topic: str, partition: int, first_offset: int, stage: Stage = untimed
) -> ShopFloorProcessor[Any]:
    """That of a partition of production events."""
    origin = Origin(topology.topology, topic, partition)
    engine = ProductionEngine(origin, _believed(topology), topology.production or Production())
    return ShopFloorProcessor(topology, topic, partition, first_offset, stage, engine, _production.decode)


def quality_processor(
    topology: Topology, topic: str, partition: int, first_offset: int, stage: Stage = untimed
) -> ShopFloorProcessor[Any]:
    """That of a partition of quality events."""
    origin = Origin(topology.topology, topic, partition)
    engine = QualityEngine(origin, _believed(topology), topology.quality or Quality())
    return ShopFloorProcessor(topology, topic, partition, first_offset, stage, engine, _quality.decode)


def logistics_processor(
    topology: Topology, topic: str, partition: int, first_offset: int, stage: Stage = untimed
) -> ShopFloorProcessor[Any]:
    """That of a partition of logistics events."""
    origin = Origin(topology.topology, topic, partition)
    engine = LogisticsEngine(origin, _believed(topology), topology.logistics or Logistics())
    return ShopFloorProcessor(topology, topic, partition, first_offset, stage, engine, _logistics.decode)


def trace_processor(
    topology: Topology, topic: str, partition: int, first_offset: int, stage: Stage = untimed
) -> ShopFloorProcessor[Any]:
    """That of a partition of trace events."""
    origin = Origin(topology.topology, topic, partition)
    engine = TraceEngine(origin, _believed(topology), topology.trace or Trace())
    return ShopFloorProcessor(topology, topic, partition, first_offset, stage, engine, _trace.decode)


def _believed(topology: Topology) -> Believed:
    known = rules(topology)
    return Believed(known.earliest, known.max_future, known.assets)
