"""Renders what a partition gives out: messages for the topics, columns for the sink, bytes of the checkpoint."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from itertools import repeat
from operator import itemgetter
from typing import Any, NamedTuple

import msgspec
import numpy as np

from schemas import identifiers
from schemas.alarm_actions import AlarmAction, Condition, Level
from schemas.codec import encode
from schemas.errors import CheckpointError
from schemas.events import FLAGS, Event, Judgement
from schemas.feedback import Feedback
from schemas.process_acks import ProcessAck
from schemas.production import Tick
from schemas.results import Adjustment, Aggregate, Alarm, Anomaly, DeadLetter
from schemas.rows import Row
from schemas.topics import AGGREGATES, ALARM_ACTIONS, ALARMS, ANOMALIES, DEAD_LETTERS, PROCESS_ADJUSTMENTS
from sinks.base import Coded, Rows, length
from streams.checkpoint import pack
from streams.compute.alarms.conditions import Edge
from streams.compute.control_loop.sampler import Sample
from streams.compute.detectors.lane import Flag
from streams.compute.series import SeriesTable
from streams.compute.window_rows import Rows as WindowRows
from streams.emission_rows import rows_of
from streams.names import Names, coded, constant
from streams.outbox import Cut, Readings
from streams.struct_columns import columns_of
from streams.topology.model import Topology


class Message(NamedTuple):
    """One result message."""

    topic: str
    key: bytes
    id: str
    value: bytes
    partition: int = -1
    """Where it goes; -1 where that follows from the topic."""


class Rendered(NamedTuple):
    """A cut, ready to be written."""

    next_offset: int
    out_to: int
    """As in the cut."""
    blob: bytes
    """The checkpoint; empty in a cut that goes ahead."""
    messages: list[Message]
    tables: dict[str, list[Rows]]
    """Rows, also of the cuts that went ahead of this one; none in one that goes ahead."""


class Renderer:
    """Renders the cuts of one partition, one after the other: each names only the series that are new."""

    def __init__(self, topology: Topology, topic: str, partition: int) -> None:
        self._topology = topology
        self._topic = topic
        self._partition = partition
        self._series = SeriesTable()
        self._names = Names(self._series, topology.topology, topic, partition)
        self._sink = topology.sinks.clickhouse
        self._messages: list[Message] = []
        self._tables: dict[str, list[Rows]] = {}

    def render(self, cut: Cut) -> Rendered:
        """The messages, rows and bytes of the next cut. CheckpointError where a cut between has not come here."""
        for again in cut.again:
            self.render(again)
        if cut.named != len(self._series):
            raise CheckpointError(f"{cut.named} series were named before this cut, and {len(self._series)} here")
        for key in cut.series:
            self._series.id_of(key)
        self._names.update()
        self._add_letters(cut.letters)
        self._add_flags(cut.flags)
        for window, rows in cut.aggregates:
            self._add_aggregates(window, rows)
        for table, found in rows_of(cut.judged, self._topology, self._names):
            self._to_sink(table, length(found["id"]), dict(found))
        self._add_conditions(cut.edges, cut.levels)
        self._add_acks(cut.acks)
        self._add_feedback(cut.feedback)
        self._add_alarms(cut.alarms)
        self._add_adjustments(cut.adjustments)
        self._add_rows(cut.rows)
        self._add_anomalies(cut.anomalies)
        if cut.tick:
            id_ = identifiers.at(identifiers.prefix("tick", *self._origin()), cut.next_offset)
            tick = AlarmAction("tick") if self._topic == ALARM_ACTIONS.name else Tick()
            self._messages.append(Message(self._topic, b"tick", id_, encode(tick)))
        for readings in cut.readings:
            self._add_readings(readings)
        messages, self._messages = self._messages, []
        if cut.checkpoint is None:
            return Rendered(cut.next_offset, cut.out_to, b"", messages, {})
        self._to_sink("ledger", 1, dict(cut.ledger))
        tables, self._tables = self._tables, {}
        engine = {"series": self._names.lists, **cut.checkpoint.engine}
        blob = pack(msgspec.structs.replace(cut.checkpoint, engine=engine))
        return Rendered(cut.next_offset, cut.out_to, blob, messages, tables)

    def _add_aggregates(self, window: int, rows: WindowRows) -> None:
        names, declared = self._names, self._topology.windows[window]
        series, start, end = rows.series.tolist(), rows.start.tolist(), (rows.start + int(declared.size)).tolist()
        prefixes = names.id_prefixes("aggregate", declared.name)
        ids = [f"{prefixes[number]}-{begin:x}" for number, begin in zip(series, start, strict=True)]
        key_of, name_of = names.keys, self._series.keys
        # `map` all the way: a bytecode less per field and window is worth it here.
        messages = map(
            Aggregate, ids, start, end, repeat(int(declared.size)), repeat(declared.name),
            *zip(*map(name_of.__getitem__, series), strict=True),
            *_lists(rows), *map(repeat, self._origin()), rows.offset.tolist(),
        )  # fmt: skip
        keys = map(key_of.__getitem__, series)
        self._messages += map(Message, repeat(AGGREGATES.name), keys, ids, map(encode, messages))
        self._to_sink("aggregates", len(ids), {
            "id": ids,
            "window": constant(declared.name, len(ids)),
            "window_ms": np.full(len(ids), int(declared.size), np.uint64),
            "window_start": rows.start,
            "window_end": rows.start + int(declared.size),
            **self._names.columns(rows.series),
            "count": rows.count.astype(np.uint64),
            "sum": rows.sum, "min": rows.min, "max": rows.max, "mean": rows.mean, "stddev": rows.stddev,
            "first": rows.first, "last": rows.last, "offset": rows.offset,
        })  # fmt: skip

    def _add_flags(self, flags: Sequence[Flag]) -> None:
        anomalies: list[Anomaly] = []
        repeats: Counter[tuple[int, int, int, int]] = Counter()
        for flag in flags:
            # Only within a frame can one detector flag a series twice at one time, and a frame is never cut.
            repeats[flag[:4]] += 1
            again = repeats[flag[:4]] - 1
            detector, severity = self._topology.raised_by(flag)
            site, asset, metric = self._series.keys[flag.series]
            prefix = self._names.id_prefixes("anomaly", detector)[flag.series]
            id_ = identifiers.at(prefix, flag.ts, flag.offset, *([again] if again else []))
            anomaly = Anomaly(
                id_, flag.ts, site, asset, metric, detector, severity, flag.score,
                _none_for_nan(flag.value), _none_for_nan(flag.expected), _none_for_nan(flag.lower),
                _none_for_nan(flag.upper), flag.reason, *self._origin(), flag.offset,
                identifiers.at(identifiers.prefix("incident", self._topology.topology, site, asset), flag.incident),
            )  # fmt: skip
            anomalies.append(anomaly)
        self._add_anomalies(anomalies)

    def _add_anomalies(self, anomalies: Sequence[Anomaly]) -> None:
        if not anomalies:
            return
        self._messages += (
            Message(ANOMALIES.name, _key(anomaly.site, anomaly.asset), anomaly.id, encode(anomaly))
            for anomaly in anomalies
        )
        columns = _columns(
            anomalies,
            text=("id", "reason", "incident"),
            words=("site", "asset", "metric", "detector", "severity"),
            numbers={
                "ts": np.int64, "offset": np.int64, "score": np.float64, "value": np.float64, "expected": np.float64,
                "lower": np.float64, "upper": np.float64,
            },
        )  # fmt: skip
        self._to_sink("anomalies", len(anomalies), columns)

    def _add_rows(self, rows: Sequence[Row]) -> None:
        by_kind: dict[type[Row], list[Row]] = {}
        for row in rows:
            by_kind.setdefault(type(row), []).append(row)
        for kind, found in by_kind.items():
            self._to_sink(kind.table, len(found), columns_of(kind, found))

    def _add_conditions(self, edges: Sequence[Edge], levels: Sequence[Sample]) -> None:
        """In the order of their readings, however they were cut; what a playbook has to know comes first."""
        sent = [*self._levels(levels), *self._edges(edges)]
        self._messages += [message for _, message in sorted(sent, key=itemgetter(0))]

    def _edges(self, edges: Sequence[Edge]) -> Iterator[tuple[int, Message]]:
        repeats: Counter[tuple[object, ...]] = Counter()
        for edge in edges:
            # Only within a frame can a condition turn and turn again at one time, and a frame is never cut.
            place = (edge.name, edge.series, edge.ts, edge.offset)
            repeats[place] += 1
            prefix = self._names.id_prefixes("condition", edge.name)[edge.series]
            condition = Condition(
                identifiers.at(prefix, edge.ts, edge.offset, repeats[place] - 1), edge.ts,
                *self._series.keys[edge.series], edge.name, _none_for_nan(edge.value), _none_for_nan(edge.limit),
                edge.reason, *self._origin()[1:], edge.offset,
            )  # fmt: skip
            action = AlarmAction("on" if edge.on else "off", self._topology.topology, condition=condition)
            key = self._names.keys[edge.series]
            yield edge.offset, Message(ALARM_ACTIONS.name, key, condition.id, encode(action))

    def _levels(self, levels: Sequence[Sample]) -> Iterator[tuple[int, Message]]:
        """To the partition of the asset whose playbook needs it, which need not be that of the series."""
        for one in levels:
            id_ = identifiers.at(self._names.id_prefixes("level", one.asset)[one.series], one.ts, one.offset)
            key = self._series.keys[one.series]
            level = Level(id_, one.ts, *key, one.value, *self._origin()[1:], one.offset)
            action = AlarmAction("level", self._topology.topology, level=level)
            yield one.offset, Message(ALARM_ACTIONS.name, _key(key.site, one.asset), id_, encode(action))

    def _add_acks(self, acks: Sequence[tuple[int, ProcessAck]]) -> None:
        prefix = identifiers.prefix("ack", *self._origin())
        for offset, ack in acks:
            action = AlarmAction("ack", self._topology.topology, ack=ack)
            id_ = identifiers.at(prefix, offset)
            self._messages.append(Message(ALARM_ACTIONS.name, _key(ack.site, ack.asset), id_, encode(action)))

    def _add_feedback(self, feedback: Sequence[tuple[int, int, Feedback]]) -> None:
        """Rows; and, where it concerns a detector's threshold, events for the partition of the flag."""
        if not feedback:
            return
        prefix = identifiers.prefix("feedback", *self._origin())
        ids = [identifiers.at(prefix, offset) for offset, _, _ in feedback]
        detectors = {detector.name for detector in self._topology.detectors}
        for id_, (_, ts, one) in zip(ids, feedback, strict=True):
            if one.verdict != "expected" and one.detector in detectors:
                judgement = Judgement(one.topology, one.metric, one.detector, one.verdict)
                event = Event(ts, one.site, one.asset, feedback=judgement)
                self._messages.append(Message(one.topic, _key(one.site, one.asset), id_, encode(event), one.partition))
        columns = _columns(
            [one for _, _, one in feedback],
            text=("anomaly", "by", "reason"),
            words=("verdict", "site", "asset", "metric", "detector"),
            numbers={},
        )
        columns |= {
            "id": ids,
            "ts": np.array([ts for _, ts, _ in feedback], np.int64),
            "offset": np.array([offset for offset, _, _ in feedback], np.int64),
        }
        self._to_sink("feedback", len(feedback), columns)

    def _add_adjustments(self, adjustments: Sequence[Adjustment]) -> None:
        if not adjustments:
            return
        self._messages += (
            Message(PROCESS_ADJUSTMENTS.name, _key(one.site, one.asset), one.id, encode(one)) for one in adjustments
        )
        columns = _columns(
            adjustments,
            text=("id", "adjustment", "alarm", "reason"),
            words=("site", "asset", "playbook", "mode", "target", "setpoint", "direction", "status"),
            numbers={
                "ts": np.int64, "offset": np.int64, "attempt": np.uint32, "before": np.float64, "after": np.float64,
                "expires_at": np.float64,
            },
        )  # fmt: skip
        self._to_sink("adjustments", len(adjustments), columns)

    def _add_alarms(self, alarms: Sequence[Alarm]) -> None:
        if not alarms:
            return
        self._messages += (
            Message(ALARMS.name, _key(alarm.site, alarm.asset), alarm.id, encode(alarm)) for alarm in alarms
        )
        columns = _columns(
            alarms,
            text=("id", "alarm", "by", "reason"),
            words=("site", "asset", "metric", "name", "priority", "transition", "previous", "state"),
            numbers={
                "active": np.uint8, "flood": np.uint8, "ts": np.int64, "offset": np.int64,
                "raised_at": np.float64, "value": np.float64, "limit": np.float64, "until": np.float64,
            },
        )  # fmt: skip
        self._to_sink("alarms", len(alarms), columns)

    def _add_letters(self, letters: Sequence[DeadLetter]) -> None:
        if not letters:
            return
        self._messages += (
            Message(DEAD_LETTERS.name, letter.key.encode(), letter.id, encode(letter)) for letter in letters
        )
        columns = _columns(
            letters,
            text=("id", "detail", "field", "key", "payload"),
            words=("reason", "scope"),
            numbers={"ts": np.int64, "payload_bytes": np.uint64, "offset": np.int64, "index": np.uint32},
        )
        self._to_sink("dead_letters", len(letters), columns)

    def _add_readings(self, readings: Readings) -> None:
        self._to_sink("readings", len(readings.value), {
            "offset": readings.offset,
            "index": readings.index,
            **self._names.columns(readings.series),
            "ts": readings.ts,
            "value": readings.value,
            "flag": Coded(readings.flag.astype(np.int32), list(FLAGS)),
            "state": Coded(readings.state, readings.states),
            "late": readings.late,
        })  # fmt: skip

    def _to_sink(self, table: str, rows: int, columns: dict[str, Any]) -> None:
        if self._sink is None or not rows:
            return
        topology, topic, partition = self._origin()
        columns |= {"topology": constant(topology, rows), "topic": constant(topic, rows)}
        columns["partition"] = np.full(rows, partition, np.int32)
        self._tables.setdefault(table, []).append(columns)

    def _origin(self) -> tuple[str, str, int]:
        return self._topology.topology, self._topic, self._partition


def _lists(rows: WindowRows) -> list[list[Any]]:
    names = ("count", "sum", "min", "max", "mean", "stddev", "first", "last")
    return [getattr(rows, name).tolist() for name in names]


def _key(site: str, asset: str) -> bytes:
    return f"{site}/{asset}".encode()


def _columns(
    found: Sequence[Any], text: Sequence[str], words: Sequence[str], numbers: Mapping[str, type[np.generic]]
) -> dict[str, Any]:
    """Fields of structs as columns: of a text each its own, of few different words, and numbers, NaN for none."""
    columns: dict[str, Any] = {name: [getattr(one, name) for one in found] for name in text}
    columns |= {name: coded([getattr(one, name) for one in found]) for name in words}
    columns |= {name: np.array([getattr(one, name) for one in found], kind) for name, kind in numbers.items()}
    return columns


def _none_for_nan(number: float) -> float | None:
    return None if number != number else number
