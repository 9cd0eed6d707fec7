"""The audit: that nothing was lost and nothing counted twice, from the broker's and ClickHouse's own figures.

The ledger says what became of every record below a log position. The audit takes the row of the position that the
group has committed and holds it against everything that can be counted independently: offsets and records at the
broker, messages on the result topics (read_committed, distinct ids), rows in ClickHouse.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from schemas.topics import ALARM_ACTIONS
from streams.audit_results import ORIGIN, RESULT_TABLES, Messages, Query, compare
from streams.topology.model import Topology


class Position(msgspec.Struct, frozen=True):
    """Where a source partition stands at the broker."""

    topic: str
    partition: int
    log_start: int
    log_end: int
    committed: int | None


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


def ledger_at(query: Query, topology: str, position: Position) -> dict[str, Any] | None:
    """The ledger's last row for the position that the group has committed."""
    rows = query(
        f"SELECT {', '.join(_LEDGER)} FROM headrace.ledger {ORIGIN} "  # noqa: S608
        "AND next_offset = %(offset)s ORDER BY changes DESC, settled DESC LIMIT 1",
        _origin(topology, position) | {"offset": position.committed},
    )
    return dict(zip(_LEDGER, rows[0], strict=True)) if rows else None


def count_from(query: Query, topology: str, position: Position) -> tuple[int, int]:
    """The first offset from which all records are still in the log, and how many there are below, by the ledger."""
    rows = query(
        f"SELECT first_offset, next_offset, records FROM headrace.ledger {ORIGIN} "  # noqa: S608
        "AND next_offset >= %(offset)s ORDER BY next_offset LIMIT 1",
        _origin(topology, position) | {"offset": position.log_start},
    )
    for first_offset, next_offset, records in rows:
        return (first_offset, 0) if first_offset >= position.log_start else (next_offset, records)
    return position.log_start, 0


def check_partition(
    topology: Topology,
    position: Position,
    records: int,
    query: Query,
    messages: Mapping[str, Messages],
    shortened: Mapping[str, int | None],
) -> list[Check]:
    """All equations of one source partition.

    `records` are those below the committed offset: what the log still holds (`count_from`), counted, and what the
    ledger has of those before. `messages` by result topic; of the `shortened` ones retention has deleted the oldest
    (`Broker.shortened`).
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
    sums = query(f"SELECT window, sum(count) FROM headrace.aggregates {ORIGIN} GROUP BY window", origin)  # noqa: S608
    closed = {row[0]: row[1] for row in sums}
    for window in topology.windows:
        check(
            f"points in closed {window.name} windows in ClickHouse",
            ledger["windowed"].get(window.name, 0) - ledger["points_in_open_windows"].get(window.name, 0),
            closed.get(window.name, 0),
        )
    for topic, table in RESULT_TABLES.items():
        seen = messages.get(topic, Messages())
        found = compare(topic, table, ledger[table], seen, shortened, query, origin)
        check(f"{table} in ClickHouse", found.expected_rows, found.rows, found.of_rows)
        check(f"distinct ids of {table} in ClickHouse", found.expected_rows, found.ids, found.of_rows)
        check(f"messages on {topic}", found.expected_messages, seen.messages, found.of_messages)
        check(f"distinct ids on {topic}", found.expected_messages, len(seen.ids), found.of_messages)
        check(f"the same ids in {table} and on {topic}", 1, found.same, [*found.of_rows, *found.of_messages])
    alone = {table: ledger[table] for table in TABLES_ALONE}
    if position.topic in SHOP_FLOOR_TABLES:
        alone |= {table: ledger["rows"].get(table, 0) for table in SHOP_FLOOR_TABLES[position.topic]}
    for table, expected in alone.items():
        rows = query(f"SELECT count(), uniqExact(id) FROM headrace.{table} {ORIGIN}", origin)[0]  # noqa: S608
        check(f"{table} in ClickHouse", expected, rows[0])
        check(f"distinct ids of {table} in ClickHouse", expected, rows[1])
    if topology.alarms and position.topic != ALARM_ACTIONS.name:
        actions = messages.get(ALARM_ACTIONS.name, Messages())
        expected = ledger["conditions"] + ledger["levels"] + ledger["acks"]
        if ALARM_ACTIONS.name in shortened:  # no table tells how many of them retention has deleted
            expected = min(expected, len(actions.ids))
        check(f"conditions, levels and acks on {ALARM_ACTIONS.name}", expected, actions.messages)
        check(f"distinct ids of them on {ALARM_ACTIONS.name}", expected, len(actions.ids))
    if topology.sinks.clickhouse is not None and topology.sinks.clickhouse.readings:
        readings = query(f"SELECT count() FROM headrace.readings {ORIGIN}", origin)[0][0]  # noqa: S608
        check("readings in ClickHouse", ledger["points"], readings)
    return checks


def _origin(topology: str, position: Position) -> dict[str, Any]:
    return {"topology": topology, "topic": position.topic, "partition": position.partition}


def _check_window(
    name: str, windows_of_a_point: int, measured: int, ledger: Mapping[str, Any], check: Callable[[str, int, int], None]
) -> None:
    placed = sum(ledger[column].get(name, 0) for column in ("windowed", "late_points", "left_out"))
    check(f"points = windowed + late + left out in {name}", measured * windows_of_a_point, placed)
