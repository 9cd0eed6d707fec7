"""The audit: that nothing was lost and nothing counted twice, from the broker's and ClickHouse's own figures.

The ledger says what became of every record below a log position. The audit takes the row of the position that the
group has committed and holds it against everything that can be counted independently: offsets and records at the
broker, messages on the result topics (read_committed, distinct ids), rows in ClickHouse.
"""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from schemas.topics import ALARM_ACTIONS
from streams.topology.model import Topology

Query = Callable[[str, dict[str, Any]], Sequence[Sequence[Any]]]
"""Runs a SELECT with parameters against ClickHouse."""


class Position(msgspec.Struct, frozen=True):
    """Where a source partition stands at the broker."""

    topic: str
    partition: int
    log_start: int
    log_end: int
    committed: int | None


class Messages(msgspec.Struct):
    """What a result topic holds of one source partition."""

    messages: int = 0
    ids: dict[str, int] = {}
    """Offset of the message with each id; of the first one where there are more."""
    repeated: dict[str, int] = {}
    """Offset of the last one where there are more."""
    digest: int = 0
    """Exclusive or of the `halfMD5` of the distinct ids: equal sets of ids have equal ones."""

    def add(self, id_: str, offset: int) -> None:
        """Count a message."""
        self.messages += 1
        if self.ids.setdefault(id_, offset) != offset:
            self.repeated[id_] = offset
        else:
            self.digest ^= int.from_bytes(hashlib.md5(id_.encode(), usedforsecurity=False).digest()[:8])


class Check(msgspec.Struct, frozen=True):
    """One equation and whether it holds."""

    topic: str
    partition: int
    name: str
    expected: int
    found: int
    where: tuple[str, ...] = ()
    """A few of the rows or messages that are too many or missing, where they can be named."""

    @property
    def holds(self) -> bool:
        """Whether both sides are equal."""
        return self.expected == self.found


_LEDGER = (
    "first_offset", "records", "events", "accepted", "late", "duplicate", "dead_letter", "points", "points_invalid",
    "points_duplicate", "gaps", "skipped", "aggregates", "anomalies", "compliance", "headroom", "emitted_mass",
    "conditions", "levels", "acks", "feedback", "alarms", "adjustments", "dead_letters", "rows", "windowed",
    "late_points", "left_out", "windows_closed", "points_in_open_windows",
)  # fmt: skip

_ORIGIN = "WHERE topology = %(topology)s AND topic = %(topic)s AND partition = %(partition)s"
_MOST_NAMED = 10

LEDGER_THERE = "ledger rows at the committed offset"

TABLES_ALONE = ("compliance", "headroom", "emitted_mass", "feedback")
"""Tables whose rows are not on a topic."""
SHOP_FLOOR_TABLES: Mapping[str, Sequence[str]] = {
    "production.events": ("oee", "stops"),
    "quality.events": ("samples", "spc", "inspections", "defects"),
    "logistics.events": ("stock_levels", "pick_lists", "picks", "moves"),
    "trace.events": ("code_ranges", "code_voids", "trace_events", "trace_items", "trace_links", "code_scans"),
}
"""Source topic to the tables that its events become rows of."""
RESULT_TABLES = {
    "aggregates": "aggregates", "anomalies": "anomalies", "alarms": "alarms", "process.adjustments": "adjustments",
    "dead.letters": "dead_letters",
}  # fmt: skip
"""Result topic to table."""


def ledger_at(query: Query, topology: str, position: Position) -> dict[str, Any] | None:
    """The ledger's last row for the position that the group has committed."""
    rows = query(
        f"SELECT {', '.join(_LEDGER)} FROM headrace.ledger {_ORIGIN} "  # noqa: S608
        "AND next_offset = %(offset)s ORDER BY changes DESC, settled DESC LIMIT 1",
        _origin(topology, position) | {"offset": position.committed},
    )
    return dict(zip(_LEDGER, rows[0], strict=True)) if rows else None


def count_from(query: Query, topology: str, position: Position) -> tuple[int, int]:
    """The first offset from which all records are still in the log, and how many there are below, by the ledger."""
    rows = query(
        f"SELECT first_offset, next_offset, records FROM headrace.ledger {_ORIGIN} "  # noqa: S608
        "AND next_offset >= %(offset)s ORDER BY next_offset LIMIT 1",
        _origin(topology, position) | {"offset": position.log_start},
    )
    for first_offset, next_offset, records in rows:
        return (first_offset, 0) if first_offset >= position.log_start else (next_offset, records)
    return position.log_start, 0


def check_partition(
    topology: Topology, position: Position, records: int, query: Query, messages: Mapping[str, Messages]
) -> list[Check]:
    """All equations of one source partition.

    `records` are those below the committed offset: what the log still holds (`count_from`), counted, and what the
    ledger has of those before. `messages` by result topic.
    """
    checks: list[Check] = []

    def check(name: str, expected: int, found: int, where: Sequence[str] = ()) -> None:
        checks.append(Check(position.topic, position.partition, name, int(expected), int(found), tuple(where)))

    if position.committed is None:
        check(
            "records read (this topology has committed nothing here: does a worker run?)",
            position.log_end - position.log_start,
            0,
        )
        return checks
    check("committed offset = end of the log", position.log_end, position.committed)
    ledger = ledger_at(query, topology.topology, position)
    check(LEDGER_THERE, 1, int(ledger is not None))
    if ledger is None:
        return checks
    read = ledger["records"] + ledger["gaps"] + ledger["skipped"]
    check("offsets = records + gaps + skipped", position.committed - ledger["first_offset"], read)
    check("records in the log", records, ledger["records"])
    check("records deleted before they were read", 0, ledger["skipped"])
    outcomes = ("accepted", "late", "duplicate", "dead_letter")
    check("events = accepted + late + duplicate + dead_letter", ledger["events"], sum(ledger[o] for o in outcomes))
    measured = ledger["points"] - ledger["points_invalid"]
    for window in topology.windows:
        _check_window(window.name, int(window.size // (window.advance or window.size)), measured, ledger, check)
    origin = _origin(topology.topology, position)
    sums = query(f"SELECT window, sum(count) FROM headrace.aggregates {_ORIGIN} GROUP BY window", origin)  # noqa: S608
    closed = {row[0]: row[1] for row in sums}
    for window in topology.windows:
        check(
            f"points in closed {window.name} windows in ClickHouse",
            ledger["windowed"].get(window.name, 0) - ledger["points_in_open_windows"].get(window.name, 0),
            closed.get(window.name, 0),
        )
    for topic, table in RESULT_TABLES.items():
        columns = "count(), uniqExact(id), groupBitXor(halfMD5(id))"
        rows = query(f"SELECT {columns} FROM headrace.{table} {_ORIGIN}", origin)[0]  # noqa: S608
        seen = messages.get(topic, Messages())
        same = rows[2] == seen.digest
        right = same and rows[0] == rows[1] == ledger[table] == seen.messages == len(seen.ids)
        located = _Located() if right else _locate(topic, table, seen, query, origin)
        check(f"{table} in ClickHouse", ledger[table], rows[0], located.rows)
        check(f"distinct ids of {table} in ClickHouse", ledger[table], rows[1], located.rows)
        check(f"messages on {topic}", ledger[table], seen.messages, located.messages)
        check(f"distinct ids on {topic}", ledger[table], len(seen.ids), located.messages)
        check(f"the same ids in {table} and on {topic}", 1, same, [*located.rows, *located.messages])
    emitted = {table: ledger[table] for table in TABLES_ALONE}
    if position.topic in SHOP_FLOOR_TABLES:
        emitted |= {table: ledger["rows"].get(table, 0) for table in SHOP_FLOOR_TABLES[position.topic]}
    for table in emitted:
        rows = query(f"SELECT count(), uniqExact(id) FROM headrace.{table} {_ORIGIN}", origin)[0]  # noqa: S608
        check(f"{table} in ClickHouse", emitted[table], rows[0])
        check(f"distinct ids of {table} in ClickHouse", emitted[table], rows[1])
    if topology.alarms and position.topic != ALARM_ACTIONS.name:
        sent = messages.get(ALARM_ACTIONS.name, Messages())
        expected = ledger["conditions"] + ledger["levels"] + ledger["acks"]
        check(f"conditions, levels and acks on {ALARM_ACTIONS.name}", expected, sent.messages)
        check(f"distinct ids of them on {ALARM_ACTIONS.name}", expected, len(sent.ids))
    if topology.sinks.clickhouse is not None and topology.sinks.clickhouse.readings:
        readings = query(f"SELECT count() FROM headrace.readings {_ORIGIN}", origin)[0][0]  # noqa: S608
        check("readings in ClickHouse", ledger["points"], readings)
    return checks


class _Located(NamedTuple):
    rows: Sequence[str] = ()
    messages: Sequence[str] = ()


def _locate(topic: str, table: str, seen: Messages, query: Query, origin: Mapping[str, Any]) -> _Located:
    """The rows that have no message, the messages that have no row, and what is there twice."""
    rows = query(f"SELECT id, count() FROM headrace.{table} {_ORIGIN} GROUP BY id", dict(origin))  # noqa: S608
    there = {row[0]: row[1] for row in rows}
    partition = origin["partition"]
    missing = [f"no row for {topic}/{partition}/{seen.ids[id_]}, id {id_}" for id_ in seen.ids.keys() - there.keys()]
    doubled = [f"{count} rows with id {id_}" for id_, count in there.items() if count > 1]
    alone = [f"no message for the row with id {id_}" for id_ in there.keys() - seen.ids.keys()]
    again = [
        f"{topic}/{partition}/{offset} repeats {topic}/{partition}/{seen.ids[id_]}, id {id_}"
        for id_, offset in seen.repeated.items()
    ]
    return _Located(sorted(missing + doubled)[:_MOST_NAMED], sorted(alone + again)[:_MOST_NAMED])


def _origin(topology: str, position: Position) -> dict[str, Any]:
    return {"topology": topology, "topic": position.topic, "partition": position.partition}


def _check_window(
    name: str, windows_of_a_point: int, measured: int, ledger: Mapping[str, Any], check: Callable[[str, int, int], None]
) -> None:
    placed = sum(ledger[column].get(name, 0) for column in ("windowed", "late_points", "left_out"))
    check(f"points = windowed + late + left out in {name}", measured * windows_of_a_point, placed)
