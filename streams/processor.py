"""The processor of a partition of readings: chunks of log in, results and a checkpoint out. No I/O, no clock."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from schemas.events import Reason, Scope
from schemas.times import parse_time
from streams.chunk import Chunk
from streams.compute.alarms.conditions import ConditionBank
from streams.compute.compliance.compliance import Compliance
from streams.compute.control_loop.loop import needed
from streams.compute.control_loop.sampler import Sampler
from streams.compute.detectors.bank import DetectorBank
from streams.compute.detectors.lane import Flag
from streams.compute.duplicates import Duplicates
from streams.compute.engine import Engine, Results, Stage, untimed
from streams.compute.events import Refusal, Said
from streams.compute.series import SeriesTable
from streams.compute.windows import Windows
from streams.decode import Decoder, capped, in_log_order
from streams.outbox import Cut
from streams.partition_processor import PartitionProcessor
from streams.second_look import EventRules
from streams.topology.model import Topology

_SHORTEST_HORIZON: Final = 5_000
"""ms; where no window takes late points, what a producer sends again must be found all the same."""
_LONGEST_HORIZON: Final = 60_000
"""ms, unless the topology asks for more: every reading within it is in each checkpoint."""


class Processor(PartitionProcessor):
    """Decoder, engine and outbox of one partition of readings."""

    engine: Engine

    def __init__(
        self, topology: Topology, topic: str, partition: int, first_offset: int, stage: Stage = untimed
    ) -> None:
        metrics = topology.metric_infos()
        engine = Engine(
            SeriesTable(topology.series.new_per_minute, topology.series.most),
            {window.name: Windows(window.size, window.advance, window.lateness) for window in topology.windows},
            DetectorBank(topology.detectors, metrics),
            Duplicates(_horizon(topology)),
            Compliance(
                topology.compliance,
                {name: metric.unit for name, metric in topology.metrics.items()},
                _lateness(topology),
                len(topology.detectors),
            ),
            stage,
            ConditionBank(topology.alarms, metrics),
            Sampler(needed(topology.site, topology.playbooks, {rule.name: rule for rule in topology.alarms})),
        )
        super().__init__(topology, topic, partition, first_offset, engine)
        self._stage = stage
        self._decoder = Decoder(engine.series, rules(topology))

    def feed(self, chunk: Chunk) -> list[Flag]:
        """Process the next stretch of log, which must begin at `next_offset`; gives the flags it raised."""
        self._expect(chunk)
        with self._stage("decode"):
            events, refusals = self._decoder.decode(chunk.values, chunk.offsets, chunk.broker_ts)
        ours = [said for said in events.feedback if said.topology == self._topology.topology]
        results = self.engine.feed(replace(events, feedback=ours) if len(ours) < len(events.feedback) else events)
        counts = self.engine.counts
        heard = len(events.feedback) - len(results.unheard)
        counts.events += heard
        counts.accepted += heard
        if results.unheard:
            refusals = sorted([*refusals, *map(_unknown, results.unheard)], key=in_log_order)
        refusals = capped(refusals)
        counts.records += len(chunk.values)
        refused = _whole(refusals)
        counts.events += refused
        counts.dead_letter += refused
        counts.dead_letters += len(refusals)
        self.outbox.add_refusals(refusals, chunk)
        self.outbox.add_readings(events.without(results.repeated), results.late)
        self._collect(results)
        self._advance(chunk)
        return results.flags

    def declare_idle(self, silence: int) -> Cut | None:
        return self.cut() if self.engine.declare_idle(silence) else None

    def settle(self) -> list[Flag]:
        before = replace(self.engine.counts)
        results = self.engine.settle()
        self.engine.counts.settled += self.engine.counts != before
        self._collect(results)
        return results.flags

    def _collect(self, results: Results) -> None:
        self.outbox.add_aggregates(results.aggregates)
        self.outbox.add_flags(results.flags)
        self.outbox.add_judged(results.judged)
        self.outbox.add_edges(results.edges)
        self.outbox.add_levels(results.levels)


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


def _unknown(said: Said) -> Refusal:
    """That of feedback on a flag that cannot have been raised here."""
    detail = f"no detector {said.detector!r} has looked at {said.key.metric!r} of {said.key.site}/{said.key.asset}"
    return Refusal(said.record, said.element, Scope.EVENT, Reason.UNKNOWN_FLAG, detail)


def _whole(refusals: Sequence[Refusal]) -> int:
    """Whole records and events that were refused."""
    return sum(refusal.count for refusal in refusals if refusal.scope != Scope.FIELD)
