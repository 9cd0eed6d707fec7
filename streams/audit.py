"""The audit: that nothing was lost and nothing counted twice, from the broker's and ClickHouse's own figures.

The ledger says what became of every record below a log position. The audit takes the row of the position that the
group has committed and holds it against everything that can be counted independently: offsets at the broker, messages
on the result topics (read_committed, distinct ids), rows in ClickHouse.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

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


class Messages(msgspec.Struct, frozen=True):
    """What the result topics hold of one source partition."""

    messages: int
    distinct: int


class Check(msgspec.Struct, frozen=True):
    """One equation and whether it holds."""

    topic: str
    partition: int
    name: str
    expected: int
    found: int

    @property
    def holds(self) -> bool:
        """Whether both sides are equal."""
        return self.expected == self.found


_LEDGER = (
    "first_offset", "records", "events", "accepted", "late", "duplicate", "dead_letter", "points", "points_invalid",
    "gaps", "skipped", "aggregates", "anomalies", "dead_letters", "windowed", "late_points", "windows_closed",
    "points_in_open_windows",
)  # fmt: skip

LEDGER_THERE = "ledger rows at the committed offset"

RESULT_TABLES = {"aggregates": "aggregates", "anomalies": "anomalies", "dead.letters": "dead_letters"}
"""Result topic to table."""


def ledger_at(query: Query, topology: str, position: Position) -> dict[str, Any] | None:
    """The ledger's row for the position that the group has committed."""
    rows = query(
        f"SELECT {', '.join(_LEDGER)} FROM headrace.ledger WHERE topology = %(topology)s AND topic = %(topic)s "  # noqa: S608
        "AND partition = %(partition)s AND next_offset = %(offset)s",
        {
            "topology": topology,
            "topic": position.topic,
            "partition": position.partition,
            "offset": position.committed,
        },
    )
    return dict(zip(_LEDGER, rows[0], strict=True)) if rows else None


def check_partition(
    topology: Topology, position: Position, query: Query, messages: Mapping[str, Messages]
) -> list[Check]:
    """All equations of one source partition; `messages` by result topic."""
    checks: list[Check] = []

    def check(name: str, expected: int, found: int) -> None:
        checks.append(Check(position.topic, position.partition, name, int(expected), int(found)))

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
    outcomes = ("accepted", "late", "duplicate", "dead_letter")
    check("events = accepted + late + duplicate + dead_letter", ledger["events"], sum(ledger[o] for o in outcomes))
    measured = ledger["points"] - ledger["points_invalid"]
    for window in topology.windows:
        _check_window(window.name, int(window.size // (window.advance or window.size)), measured, ledger, check)
    origin = {"topology": topology.topology, "topic": position.topic, "partition": position.partition}
    where = "WHERE topology = %(topology)s AND topic = %(topic)s AND partition = %(partition)s"
    sums = query(f"SELECT window, sum(count) FROM headrace.aggregates {where} GROUP BY window", origin)  # noqa: S608
    closed = {row[0]: row[1] for row in sums}
    for window in topology.windows:
        check(
            f"points in closed {window.name} windows in ClickHouse",
            ledger["windowed"].get(window.name, 0) - ledger["points_in_open_windows"].get(window.name, 0),
            closed.get(window.name, 0),
        )
    for topic, table in RESULT_TABLES.items():
        rows = query(f"SELECT count(), uniqExact(id) FROM headrace.{table} {where}", origin)[0]  # noqa: S608
        check(f"{table} in ClickHouse", ledger[table], rows[0])
        check(f"distinct ids of {table} in ClickHouse", ledger[table], rows[1])
        seen = messages.get(topic, Messages(0, 0))
        check(f"messages on {topic}", ledger[table], seen.messages)
        check(f"distinct ids on {topic}", ledger[table], seen.distinct)
    if topology.sinks.clickhouse is not None and topology.sinks.clickhouse.readings:
        readings = query(f"SELECT count() FROM headrace.readings {where}", origin)[0][0]  # noqa: S608
        check("readings in ClickHouse", ledger["points"], readings)
    return checks


def _check_window(
    name: str, windows_of_a_point: int, measured: int, ledger: Mapping[str, Any], check: Callable[[str, int, int], None]
) -> None:
    placed = ledger["windowed"].get(name, 0) + ledger["late_points"].get(name, 0)
    check(f"points = windowed + late in {name}", measured * windows_of_a_point, placed)
