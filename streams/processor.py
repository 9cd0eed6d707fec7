"""The processor of a partition: chunks of log in, an outbox of results and a checkpoint out. No I/O, no clock."""

from collections.abc import Sequence
from typing import Final

from schemas.events import Scope
from streams.checkpoint import Checkpoint
from streams.chunk import Chunk
from streams.compute.compliance.compliance import Compliance
from streams.compute.detectors.bank import DetectorBank
from streams.compute.detectors.base import MetricInfo
from streams.compute.detectors.lane import Flag
from streams.compute.duplicates import Duplicates
from streams.compute.engine import Engine, Results, Stage, untimed
from streams.compute.events import Refusal
from streams.compute.series import SeriesTable
from streams.compute.windows import Windows
from streams.decode import Decoder
from streams.outbox import Cut, Outbox, ledger
from streams.second_look import EventRules, parse_time
from streams.topology.model import Topology

_SHORTEST_HORIZON: Final = 5_000
"""ms; where no window takes late points, what a producer sends again must be found all the same."""
_LONGEST_HORIZON: Final = 60_000
"""ms, unless the topology asks for more: every reading within it is in each checkpoint."""


class Processor:
    """Decoder, engine and outbox of one source partition."""

    def __init__(
        self, topology: Topology, topic: str, partition: int, first_offset: int, stage: Stage = untimed
    ) -> None:
        self._topology = topology
        self._topic = topic
        self._partition = partition
        self.first_offset = first_offset
        self.next_offset = first_offset
        self.broker_ts = 0
        self.engine = Engine(
            SeriesTable(topology.series.new_per_minute, topology.series.most),
            {window.name: Windows(window.size, window.advance, window.lateness) for window in topology.windows},
            DetectorBank(topology.detectors, _metric_infos(topology)),
            Duplicates(_horizon(topology)),
            Compliance(
                topology.compliance,
                {name: metric.unit for name, metric in topology.metrics.items()},
                _lateness(topology),
                len(topology.detectors),
            ),
            stage,
        )
        self._stage = stage
        self._decoder = Decoder(self.engine.series, rules(topology))
        self.outbox = Outbox(topology, topic, partition, self.engine.series)

    def feed(self, chunk: Chunk) -> list[Flag]:
        """Process the next stretch of log, which must begin at `next_offset`; gives the flags it raised."""
        if chunk.begin != self.next_offset:
            raise ValueError(f"expected offset {self.next_offset}, the chunk begins at {chunk.begin}")
        with self._stage("decode"):
            events, refusals = self._decoder.decode(chunk.values, chunk.offsets, chunk.broker_ts)
        results = self.engine.feed(events)
        counts = self.engine.counts
        counts.records += len(chunk.values)
        counts.gaps += chunk.end - chunk.begin - len(chunk.values)
        refused = _whole(refusals)
        counts.events += refused
        counts.dead_letter += refused
        counts.dead_letters += len(refusals)
        self.outbox.add_refusals(refusals, chunk)
        self.outbox.add_readings(events.without(results.repeated), results.late)
        self._collect(results)
        self.next_offset = chunk.end
        if len(chunk.broker_ts):
            self.broker_ts = int(chunk.broker_ts[-1])
        return results.flags

    def skip_to(self, offset: int) -> int:
        """The log was deleted up to `offset` before it was read; gives how many offsets were lost."""
        lost = offset - self.next_offset
        self.engine.counts.skipped += lost
        self.next_offset = offset
        return lost

    def declare_idle(self, silence: int) -> Cut | None:
        """Decide that the partition is idle. The cut carries the decision; call `settle` once it has been taken."""
        return self.cut() if self.engine.declare_idle(silence) else None

    def settle(self) -> list[Flag]:
        """Give out what follows from an idle decision that a cut or a restored checkpoint carries."""
        results = self.engine.settle()
        self._collect(results)
        return results.flags

    def cut(self) -> Cut:
        """Take the outbox together with the state that it belongs to."""
        row = ledger(self.engine, self.next_offset, self.first_offset, self.broker_ts)
        return self.outbox.take(self._checkpoint(), row)

    def restore(self, checkpoint: Checkpoint) -> list[str]:
        """Continue from `checkpoint`; names the windows and detectors that start without state."""
        self.next_offset, self.first_offset = checkpoint.next_offset, checkpoint.first_offset
        self.broker_ts = checkpoint.broker_ts
        anew = self.engine.restore(checkpoint.engine)
        self.settle()
        return anew

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

    def _collect(self, results: Results) -> None:
        self.outbox.add_aggregates(results.aggregates)
        self.outbox.add_flags(results.flags)
        self.outbox.add_judged(results.judged)


def rules(topology: Topology) -> EventRules:
    """What the topology believes of an event."""
    strict = topology.unknown == "dead_letter"
    return EventRules(
        earliest=parse_time(topology.time.earliest),
        max_future=topology.time.max_future,
        assets=frozenset((topology.site, asset) for asset in topology.assets) if strict else None,
        metrics=frozenset(topology.metrics) if strict else None,
    )


def _horizon(topology: Topology) -> int:
    """How far back duplicates are looked for, ms."""
    if topology.time.duplicates is not None:
        return int(topology.time.duplicates)
    return min(max(_lateness(topology), _SHORTEST_HORIZON), _LONGEST_HORIZON)


def _lateness(topology: Topology) -> int:
    """The largest lateness of a window, ms: an event that is late for all windows is late for the rules too."""
    return max((int(window.lateness) for window in topology.windows), default=0)


def _whole(refusals: Sequence[Refusal]) -> int:
    """Whole records and events that were refused."""
    return sum(refusal.count for refusal in refusals if refusal.scope != Scope.FIELD)


def _metric_infos(topology: Topology) -> dict[str, MetricInfo]:
    return {name: MetricInfo(name, metric.unit, metric.low, metric.high) for name, metric in topology.metrics.items()}
