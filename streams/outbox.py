"""The outbox of a partition: results on their way out, as messages for the topics and as columns for the sink."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from itertools import repeat
from typing import Any, NamedTuple

import numpy as np

from schemas import identifiers
from schemas.codec import encode
from schemas.events import FLAGS, LONGEST_NAME
from schemas.results import Aggregate, Anomaly, DeadLetter
from schemas.topics import AGGREGATES, ANOMALIES, DEAD_LETTERS
from sinks.base import Coded, Rows
from streams.chunk import Chunk
from streams.compute.detectors.lane import Flag
from streams.compute.engine import Engine
from streams.compute.events import Bools, Events, Refusal
from streams.compute.series import SeriesTable
from streams.compute.windows import Rows as WindowRows
from streams.names import Names, constant
from streams.topology.model import Topology

_PAYLOAD_SHOWN = 4096
"""Characters of a refused record that its dead letter carries; the whole is in the log."""


class Message(NamedTuple):
    """One result message."""

    topic: str
    key: bytes
    id: str
    value: bytes


class Outbox:
    """Collects what a partition gives out between two checkpoints."""

    def __init__(self, topology: Topology, topic: str, partition: int, series: SeriesTable) -> None:
        self._topology = topology
        self._topic = topic
        self._partition = partition
        self._series = series
        self._names = Names(series, topology.topology, topic, partition)
        self._sink = topology.sinks.clickhouse
        self.messages: list[Message] = []
        self.tables: dict[str, list[Rows]] = {}

    def __len__(self) -> int:
        return len(self.messages)

    def take(self) -> tuple[list[Message], dict[str, list[Rows]]]:
        """Everything collected so far; the outbox is empty afterwards."""
        taken = self.messages, self.tables
        self.messages, self.tables = [], {}
        return taken

    def add_aggregates(self, window: int, rows: WindowRows) -> None:
        """Closed windows of the declaration at this position."""
        names, declared = self._names, self._topology.windows[window]
        names.update()
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
        self.messages += map(Message, repeat(AGGREGATES.name), keys, ids, map(encode, messages))
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

    def add_flags(self, flags: Sequence[Flag]) -> None:
        """Anomaly flags."""
        if not flags:
            return
        self._names.update()
        anomalies: list[Anomaly] = []
        repeats: Counter[tuple[int, int, int, int]] = Counter()
        for flag in flags:
            # Only within a frame can one detector flag a series twice at one time, and a frame is never cut.
            repeats[flag[:4]] += 1
            repeat = repeats[flag[:4]] - 1
            spec = self._topology.detectors[flag.detector]
            site, asset, metric = self._series.keys[flag.series]
            prefix = self._names.id_prefixes("anomaly", spec.name)[flag.series]
            id_ = identifiers.at(prefix, flag.ts, flag.offset, *([repeat] if repeat else []))
            anomaly = Anomaly(
                id_, flag.ts, site, asset, metric, spec.name, spec.severity, flag.score,
                _none_for_nan(flag.value), _none_for_nan(flag.expected), _none_for_nan(flag.lower),
                _none_for_nan(flag.upper), flag.reason, *self._origin(), flag.offset,
            )  # fmt: skip
            anomalies.append(anomaly)
            self.messages.append(Message(ANOMALIES.name, self._names.keys[flag.series], anomaly.id, encode(anomaly)))
        series = np.array([flag.series for flag in flags])
        self._to_sink("anomalies", len(flags), {
            "id": [anomaly.id for anomaly in anomalies],
            "ts": np.array([flag.ts for flag in flags], np.int64),
            **self._names.columns(series),
            "detector": _coded([anomaly.detector for anomaly in anomalies]),
            "severity": _coded([anomaly.severity for anomaly in anomalies]),
            **{
                name: np.array([getattr(flag, name) for flag in flags], np.float64)
                for name in ("score", "value", "expected", "lower", "upper")
            },
            "reason": [flag.reason for flag in flags],
            "offset": np.array([flag.offset for flag in flags], np.int64),
        })  # fmt: skip

    def add_refusals(self, refusals: Sequence[Refusal], chunk: Chunk) -> None:
        """Dead letters for what was refused of a chunk."""
        if not refusals:
            return
        letters: list[DeadLetter] = []
        for refusal in refusals:
            value = chunk.values[refusal.record]
            offset = int(chunk.offsets[refusal.record])
            prefix = identifiers.prefix("dead_letter", *self._origin(), refusal.scope, refusal.field)
            letter = DeadLetter(
                identifiers.at(prefix, offset, refusal.index), int(chunk.broker_ts[refusal.record]),
                refusal.reason, refusal.scope, refusal.detail, refusal.field,
                (chunk.keys[refusal.record] or b"")[:LONGEST_NAME].decode(errors="backslashreplace"),
                value[:_PAYLOAD_SHOWN].decode(errors="backslashreplace")[:_PAYLOAD_SHOWN], len(value),
                *self._origin(), offset, refusal.index,
            )  # fmt: skip
            letters.append(letter)
            self.messages.append(Message(DEAD_LETTERS.name, letter.key.encode(), letter.id, encode(letter)))
        text = ("id", "detail", "field", "key", "payload")
        numbers = {"ts": np.int64, "payload_bytes": np.uint64, "offset": np.int64, "index": np.uint32}
        self._to_sink("dead_letters", len(letters), {
            **{name: [getattr(letter, name) for letter in letters] for name in text},
            **{name: _coded([getattr(letter, name) for letter in letters]) for name in ("reason", "scope")},
            **{name: np.array([getattr(letter, name) for letter in letters], kind) for name, kind in numbers.items()},
        })  # fmt: skip

    def add_readings(self, events: Events, late: Bools) -> None:
        """Every value, for the archive."""
        if self._sink is None or not self._sink.readings or not len(events.x):
            return
        self._names.update()
        event = events.event
        self._to_sink("readings", len(event), {
            "offset": events.offset[event],
            "index": events.index[event],
            **self._names.columns(events.series),
            "ts": events.ts[event],
            "value": events.x,
            "flag": Coded(events.flag.astype(np.int32), list(FLAGS)),
            "state": Coded(events.state[event], events.states),
            "late": late[event].astype(np.uint8),
        })  # fmt: skip

    def add_ledger(self, engine: Engine, next_offset: int, first_offset: int, broker_ts: int) -> None:
        """What became of everything below `next_offset`. True whoever writes it: it is a function of the log."""
        counts, windows = asdict(engine.counts), engine.windows
        self._to_sink("ledger", 1, {
            "next_offset": np.array([next_offset]),
            "first_offset": np.array([first_offset]),
            "broker_ts": np.array([broker_ts]),
            **{name: np.array([count], np.uint64) for name, count in counts.items()},
            "windowed": [{name: one.windowed for name, one in windows.items()}],
            "late_points": [{name: one.late for name, one in windows.items()}],
            "windows_closed": [{name: one.closed for name, one in windows.items()}],
            "windows_open": [{name: len(one) for name, one in windows.items()}],
            "points_in_open_windows": [{name: one.points_open for name, one in windows.items()}],
        })  # fmt: skip

    def _to_sink(self, table: str, rows: int, columns: dict[str, Any]) -> None:
        if self._sink is None or not rows:
            return
        topology, topic, partition = self._origin()
        columns |= {"topology": constant(topology, rows), "topic": constant(topic, rows)}
        columns["partition"] = np.full(rows, partition, np.int32)
        self.tables.setdefault(table, []).append(columns)

    def _origin(self) -> tuple[str, str, int]:
        return self._topology.topology, self._topic, self._partition


def _lists(rows: WindowRows) -> list[list[Any]]:
    names = ("count", "sum", "min", "max", "mean", "stddev", "first", "last")
    return [getattr(rows, name).tolist() for name in names]


def _none_for_nan(number: float) -> float | None:
    return None if number != number else number


def _coded(words: Sequence[str]) -> Coded:
    """Dictionary-encode a short list of words."""
    distinct = list(dict.fromkeys(words))
    code = {word: number for number, word in enumerate(distinct)}
    return Coded(np.array([code[word] for word in words], np.int32), distinct)
