"""What a demo shows of codes and of what became of items, read back from ClickHouse."""

from typing import Final

from clickhouse_driver import Client
from rich.table import Table

from sinks.clickhouse import connection
from streams.settings import Settings
from streams.topology.model import Topology

_FIGURES: Final = {
    "codes minted": "SELECT sum(last - first + 1) FROM headrace.code_ranges WHERE topology = %(topology)s",
    "codes voided": "SELECT sum(last - first + 1) FROM headrace.code_voids WHERE topology = %(topology)s",
    "events": "SELECT uniqExact(event) FROM headrace.trace_events WHERE topology = %(topology)s",
    "items": "SELECT uniqExact(item) FROM headrace.trace_items WHERE topology = %(topology)s AND isNull(quantity)",
    "scans": "SELECT count() FROM headrace.code_scans WHERE topology = %(topology)s",
}
_EXAMPLE: Final = """
SELECT argMax(item, ts) FROM headrace.trace_items
WHERE topology = %(topology)s AND biz_step = 'installing' AND role = 'child'
"""
_DETECTORS: Final = {"cloned_label": "travel", "scan_after_void": "after_void"}
_FLAGGED: Final = """
SELECT DISTINCT detector FROM headrace.anomalies WHERE topology = %(topology)s AND topic = 'trace.events'
    AND detector = %(detector)s AND ts BETWEEN fromUnixTimestamp64Milli(%(start)s) AND fromUnixTimestamp64Milli(%(end)s)
"""
_SIGNS: Final = {
    "repacked_bundle": """
SELECT DISTINCT biz_step FROM headrace.trace_events WHERE topology = %(topology)s AND biz_step = 'repackaging'
    AND ts BETWEEN fromUnixTimestamp64Milli(%(start)s) AND fromUnixTimestamp64Milli(%(end)s)
""",
    "wrong_event": """
SELECT DISTINCT error_reason FROM headrace.trace_events WHERE topology = %(topology)s
    AND error_at BETWEEN fromUnixTimestamp64Milli(%(start)s) AND fromUnixTimestamp64Milli(%(end)s)
""",
    "broken_event": """
SELECT DISTINCT reason FROM headrace.dead_letters WHERE topology = %(topology)s AND topic = 'trace.events'
    AND ts BETWEEN fromUnixTimestamp64Milli(%(start)s) AND fromUnixTimestamp64Milli(%(end)s)
""",
    "repeated_event": """
SELECT DISTINCT 'duplicate' FROM
(
    SELECT maxIf(duplicate, broker_ts < fromUnixTimestamp64Milli(%(start)s)) AS before,
        maxIf(duplicate, broker_ts <= fromUnixTimestamp64Milli(%(end)s)) AS after
    FROM headrace.ledger WHERE topology = %(topology)s AND topic = 'trace.events' GROUP BY partition
)
WHERE after > before
""",
}
"""Kind of mishap to what tells of it between two times; others are flagged by a detector."""
KINDS: Final = frozenset((*_DETECTORS, *_SIGNS))


def figures(client: Client, topology: Topology) -> Table | None:
    """A table of what became of codes; None where the topology has none."""
    if topology.trace is None:
        return None
    table = Table("traceability", "", title="read back from ClickHouse")
    for what, query in _FIGURES.items():
        [(number,)] = client.execute(query, {"topology": topology.topology})
        table.add_row(what, f"{number:,}")
    return table


def example(topology: Topology, settings: Settings) -> str:
    """The code of an item that has come to its place; empty if there is none."""
    if topology.trace is None:
        return ""
    client = connection.connect(connection.parse(settings.clickhouse or ""))
    [(item,)] = client.execute(_EXAMPLE, {"topology": topology.topology})
    client.disconnect()
    return str(item)


def signs(client: Client, topology: str, kind: str, start: int, end: int) -> list[str]:
    """What tells of a mishap between two times, epoch milliseconds."""
    asked = {"topology": topology, "start": start, "end": end, "detector": _DETECTORS.get(kind, "")}
    return [sign for (sign,) in client.execute(_SIGNS.get(kind, _FLAGGED), asked)]
