"""The outbox of a partition: results on their way out, as the computing left them.

They are rendered elsewhere (`streams.rendering`), in another process: what crosses are arrays and few objects.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from schemas import identifiers
from schemas.events import LONGEST_NAME
from schemas.feedback import Feedback
from schemas.process_acks import ProcessAck
from schemas.results import Adjustment, Alarm, Anomaly, DeadLetter
from schemas.rows import Row
from sinks.base import Rows
from streams.checkpoint import Checkpoint
from streams.chunk import Chunk
from streams.compute.alarms.conditions import Edge
from streams.compute.compliance.compliance import Outcome, joined
from streams.compute.control_loop.sampler import Sample
from streams.compute.detectors.lane import Flag
from streams.compute.events import Bools, Codes, Events, Floats, Index, Ints, Refusal
from streams.compute.series import SeriesKey, SeriesTable
from streams.compute.window_rows import Rows as WindowRows
from streams.topology.model import Topology

_PAYLOAD_SHOWN = 4096
"""Characters of a refused record that its dead letter carries; the whole is in the log."""


@dataclass(frozen=True, slots=True)
class Readings:
    """Values for the archive, one entry each."""

    offset: Ints
    index: NDArray[np.uint32]
    series: Index
    ts: Ints
    value: Floats
    flag: NDArray[np.int8]
    state: Codes
    states: Sequence[str]
    late: NDArray[np.uint8]


class Cut(NamedTuple):
    """A consistent cut through a partition: the state at a log position and all results since the cut before it."""

    next_offset: int
    checkpoint: Checkpoint | None
    """The state; without the names of the series, which are those of this cut and all before it. None in a cut that
    goes ahead: its messages are given out, its rows and the state follow with the next cut."""
    named: int
    """Series that earlier cuts have named."""
    series: list[SeriesKey]
    """Series that are new."""
    aggregates: list[tuple[int, WindowRows]]
    """Closed windows, each piece with the position of its declaration."""
    flags: list[Flag]
    judged: Outcome
    """Verdicts, headroom and emitted masses."""
    letters: list[DeadLetter]
    readings: list[Readings]
    ledger: Rows
    edges: list[Edge]
    """Conditions of alarms, for the alarm actions."""
    levels: list[Sample]
    """Readings that playbooks need, for the alarm actions."""
    acks: list[tuple[int, ProcessAck]]
    """Acknowledgements with their offsets, for the alarm actions."""
    feedback: list[tuple[int, int, Feedback]]
    """What people said of flags, with offset and broker's time of the record."""
    alarms: list[Alarm]
    adjustments: list[Adjustment]
    rows: list[Row]
    """Of production, quality and logistics, and their flags:"""
    anomalies: list[Anomaly]
    tick: bool
    """Whether to write the time into the partition itself."""
    again: "Sequence[Cut]" = ()
    """What belongs before it, whose rows alone are to be written: the last owner gave out the messages, and did not
    come to commit the state."""
    out_to: int = -1
    """Up to where the last owner gave out messages; -1 if that is not beyond this."""


class Outbox:
    """Collects what a partition gives out between two cuts."""

    def __init__(self, topology: Topology, topic: str, partition: int, series: SeriesTable) -> None:
        self._topology = topology
        self._topic = topic
        self._partition = partition
        self._series = series
        self._named = 0
        """Series that an earlier cut has named."""
        sink = topology.sinks.clickhouse
        self._archive = sink is not None and sink.readings
        self._empty()

    def __len__(self) -> int:
        """Rows that wait, readings aside."""
        judged = sum(len(rows) for one in self._judged for rows in (one.verdicts, one.headroom, one.masses))
        closed = sum(len(rows.start) for _, rows in self._aggregates)
        sent = len(self._edges) + len(self._levels) + len(self._acks) + len(self._feedback)
        told = len(self._flags) + len(self._alarms) + len(self._adjustments) + len(self._letters)
        return closed + judged + sent + told + len(self._rows) + len(self._anomalies)

    @property
    def urgent(self) -> bool:
        """Whether there is something that somebody waits for: levels can wait, all else about alarms cannot."""
        told = self._flags or self._edges or self._acks or self._feedback or self._alarms or self._adjustments
        return bool(told or self._anomalies or self._tick)

    def take(self, next_offset: int, checkpoint: Checkpoint | None, ledger: Rows) -> Cut:
        """Everything collected so far, with the state that it belongs to; the outbox is empty afterwards."""
        series = self._series.keys[self._named :]
        cut = Cut(
            next_offset, checkpoint, self._named, series,
            self._aggregates, self._flags, joined(self._judged), self._letters, self._readings, ledger,
            self._edges, self._levels, self._acks, self._feedback, self._alarms, self._adjustments, self._rows,
            self._anomalies, self._tick,
        )  # fmt: skip
        self._named += len(series)
        self._empty()
        return cut

    def add_aggregates(self, aggregates: Sequence[tuple[int, WindowRows]]) -> None:
        """Closed windows, each piece with the position of its declaration."""
        self._aggregates += aggregates

    def add_flags(self, flags: Sequence[Flag]) -> None:
        """Anomaly flags."""
        self._flags += flags

    def add_judged(self, judged: Outcome) -> None:
        """What the rules have found; their flags come with the others."""
        if judged.headroom or judged.verdicts or judged.masses:
            self._judged.append(judged._replace(flags=()))

    def add_edges(self, edges: Sequence[Edge]) -> None:
        """Conditions of alarms that have come on or gone off."""
        self._edges += edges

    def add_levels(self, levels: Sequence[Sample]) -> None:
        """Readings that playbooks need."""
        self._levels += levels

    def add_acks(self, acks: Sequence[tuple[int, ProcessAck]]) -> None:
        """Acknowledgements of adjustments, with their offsets."""
        self._acks += acks

    def add_feedback(self, feedback: Sequence[tuple[int, int, Feedback]]) -> None:
        """What people said of flags, with offset and broker's time of the record."""
        self._feedback += feedback

    def add_adjustments(self, adjustments: Sequence[Adjustment]) -> None:
        """What became of adjustments."""
        self._adjustments += adjustments

    def add_alarms(self, transitions: Sequence[Alarm]) -> None:
        """Transitions of alarms."""
        self._alarms += transitions

    def add_rows(self, rows: Sequence[Row]) -> None:
        """Rows of production, quality and logistics."""
        self._rows += rows

    def add_anomalies(self, anomalies: Sequence[Anomaly]) -> None:
        """Flags of theirs."""
        self._anomalies += anomalies

    def add_tick(self) -> None:
        """Let time pass in the partition itself: its log is to hold a record of now."""
        self._tick = True

    def add_refusals(self, refusals: Sequence[Refusal], chunk: Chunk) -> None:
        """Dead letters for what was refused of a chunk."""
        for refusal in refusals:
            value = chunk.values[refusal.record]
            offset = int(chunk.offsets[refusal.record])
            prefix = identifiers.prefix("dead_letter", *self._origin(), refusal.scope, refusal.field)
            self._letters.append(DeadLetter(
                identifiers.at(prefix, offset, refusal.index), int(chunk.broker_ts[refusal.record]),
                refusal.reason, refusal.scope, refusal.detail, refusal.field,
                chunk.keys[refusal.record][:LONGEST_NAME].decode(errors="backslashreplace"),
                value[:_PAYLOAD_SHOWN].decode(errors="backslashreplace")[:_PAYLOAD_SHOWN], len(value),
                *self._origin(), offset, refusal.index,
            ))  # fmt: skip

    def add_readings(self, events: Events, late: Bools) -> None:
        """Every value, for the archive."""
        if self._archive and len(events.x):
            event = events.event
            self._readings.append(Readings(
                events.offset[event], events.index[event], events.series, events.ts[event], events.x, events.flag,
                events.state[event], events.states, late[event].astype(np.uint8),
            ))  # fmt: skip

    def _empty(self) -> None:
        self._aggregates: list[tuple[int, WindowRows]] = []
        self._flags: list[Flag] = []
        self._judged: list[Outcome] = []
        self._letters: list[DeadLetter] = []
        self._readings: list[Readings] = []
        self._edges: list[Edge] = []
        self._levels: list[Sample] = []
        self._acks: list[tuple[int, ProcessAck]] = []
        self._feedback: list[tuple[int, int, Feedback]] = []
        self._alarms: list[Alarm] = []
        self._adjustments: list[Adjustment] = []
        self._rows: list[Row] = []
        self._anomalies: list[Anomaly] = []
        self._tick = False

    def _origin(self) -> tuple[str, str, int]:
        return self._topology.topology, self._topic, self._partition
