"""What the processors of all source topics share: their place in the log, cuts and checkpoints. No I/O, no clock."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any

from schemas.results import Adjustment, Alarm, Anomaly
from streams.checkpoint import Checkpoint
from streams.chunk import Chunk
from streams.compute.alarms.engine import AlarmEngine
from streams.compute.detectors.lane import Flag
from streams.compute.engine import Engine
from streams.compute.relay import RelayEngine
from streams.compute.shop_floor import ShopFloorEngine
from streams.ledger import ledger
from streams.outbox import Cut, Outbox
from streams.topology.model import Topology


class PartitionProcessor(ABC):
    """Chunks of one source partition in, an outbox of results and a checkpoint out."""

    def __init__(
        self,
        topology: Topology,
        topic: str,
        partition: int,
        first_offset: int,
        engine: Engine | AlarmEngine | RelayEngine | ShopFloorEngine[Any],
    ) -> None:
        self._topology = topology
        self._topic = topic
        self._partition = partition
        self.first_offset = first_offset
        self.next_offset = first_offset
        self.broker_ts = 0
        self.engine = engine
        self.outbox = Outbox(topology, topic, partition, engine.series)

    @abstractmethod
    def feed(self, chunk: Chunk) -> Sequence[Flag | Alarm | Adjustment | Anomaly]:
        """Process the next stretch of log, which must begin at `next_offset`; gives what somebody waits for."""

    def skip_to(self, offset: int) -> int:
        """The log was deleted up to `offset` before it was read; gives how many offsets were lost."""
        lost = offset - self.next_offset
        self.engine.counts.skipped += lost
        self.engine.counts.settled += 1
        self.next_offset = offset
        return lost

    def next_due(self) -> int | None:
        """Broker's time, ms, from which any record in the log brings something about; None if none does."""
        return None

    def declare_idle(self, silence: int) -> Cut | None:
        """Decide that the partition is idle. The cut carries the decision; call `settle` once it has been taken."""
        del silence
        return None  # where nothing waits for the end of a silence

    def settle(self) -> Sequence[Flag]:
        """Give out what follows from an idle decision that a cut or a restored checkpoint carries."""
        return []

    def cut(self) -> Cut:
        """Take the outbox together with the state that it belongs to."""
        row = ledger(self.engine, self.next_offset, self.first_offset, self.broker_ts)
        return self.outbox.take(self.next_offset, self._checkpoint(), row)

    def cut_ahead(self) -> Cut:
        """Take the outbox alone: its messages are given out, its rows and the state follow with the next cut."""
        return self.outbox.take(self.next_offset, None, {})

    def restore(self, checkpoint: Checkpoint) -> list[str]:
        """Continue from `checkpoint`; names the windows, detectors and alarms that start without state."""
        self.next_offset, self.first_offset = checkpoint.next_offset, checkpoint.first_offset
        self.broker_ts = checkpoint.broker_ts
        anew = self.engine.restore(checkpoint.engine)
        self.engine.counts.changes += bool(anew)
        self.settle()
        return anew

    def _expect(self, chunk: Chunk) -> None:
        if chunk.begin != self.next_offset:
            raise ValueError(f"expected offset {self.next_offset}, the chunk begins at {chunk.begin}")

    def _advance(self, chunk: Chunk) -> None:
        """The chunk has been processed."""
        self.engine.counts.gaps += chunk.end - chunk.begin - len(chunk.values)
        self.next_offset = chunk.end
        if len(chunk.broker_ts):
            self.broker_ts = int(chunk.broker_ts[-1])

    def _checkpoint(self) -> Checkpoint:
        return Checkpoint(
            topology=self._topology.topology,
            topic=self._topic,
            partition=self._partition,
            next_offset=self.next_offset,
            first_offset=self.first_offset,
            broker_ts=self.broker_ts,
            engine=self.engine.snapshot(),
        )
