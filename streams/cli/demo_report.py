"""What a demo shows at its end: figures read back from ClickHouse, injected faults held against flags, the verdict."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from clickhouse_driver import Client
from rich.console import Console
from rich.table import Table

from schemas.topics import SOURCES
from sinks.clickhouse import connection
from streams.audit import Check
from streams.cli import demo_shop_floor, demo_trace
from streams.cli.audit import print_checks
from streams.scrape import Metrics
from streams.settings import Settings
from streams.topology.model import Topology

_FLAG_SLACK_MS = 30_000
"""How long after its end a fault may still be flagged: delays and windows of detectors."""


class Label(msgspec.Struct):
    """One thing that was let go wrong, as the simulator wrote it down; times in ms."""

    asset: str
    metric: str
    kind: str
    start: int
    end: int


_ANSWERS = {
    "alarms raised": "SELECT count() FROM headrace.alarms WHERE topology = %(topology)s AND transition = 'raised'",
    "set-points moved": "SELECT count() FROM headrace.adjustments WHERE topology = %(topology)s "
    "AND status = 'acknowledged'",
    "emission verdicts": "SELECT count() FROM headrace.compliance WHERE topology = %(topology)s",
}
"""What became of anomalies and emissions, by what it is called in the report."""


def print_report(
    console: Console,
    topology: Topology,
    settings: Settings,
    metrics: Metrics,
    checks: Sequence[Check],
    labels: Path,
) -> None:
    """Print the table, the faults and the audit."""
    client = connection.connect(connection.parse(settings.clickhouse or ""))
    console.print(_figures(client, topology, metrics))
    for figures in (demo_shop_floor.figures(client, topology), demo_trace.figures(client, topology)):
        if figures is not None:
            console.print(figures)
    if labels.exists():
        _print_faults(console, client, topology.topology, labels)
    print_checks(checks)
    client.disconnect()


def _figures(client: Client, topology: Topology, metrics: Metrics) -> Table:
    name = {"topology": topology.topology}
    table = Table("read back from ClickHouse", "", title=f"topology {topology.topology}")
    ledger = client.execute(
        "SELECT sum(events), sum(accepted), sum(late), sum(duplicate), sum(dead_letter), sum(points) FROM ("
        "SELECT argMax(events, next_offset) events, argMax(accepted, next_offset) accepted, "
        "argMax(late, next_offset) late, argMax(duplicate, next_offset) duplicate, "
        "argMax(dead_letter, next_offset) dead_letter, argMax(points, next_offset) points "
        "FROM headrace.ledger WHERE topology = %(topology)s AND topic IN %(sources)s GROUP BY topic, partition)",
        {**name, "sources": SOURCES},
    )[0]
    counted = ("events", "accepted", "late", "duplicate", "dead-lettered", "values")
    for label, value in zip(counted, ledger, strict=True):
        table.add_row(label, f"{value:,}")
    for window, rows in client.execute(
        "SELECT window, count() FROM headrace.aggregates WHERE topology = %(topology)s GROUP BY window ORDER BY window",
        name,
    ):
        table.add_row(f"windows {window}", f"{rows:,}")
    for detector, severity, rows, after in client.execute(
        "SELECT detector, severity, count(), countIf(ts > (SELECT max(ts) FROM headrace.readings "
        "WHERE topology = %(topology)s)) FROM headrace.anomalies WHERE topology = %(topology)s "
        "GROUP BY detector, severity ORDER BY detector",
        name,
    ):
        note = f" ({after:,} since the events ended)" if after else ""
        table.add_row(f"anomalies {detector} ({severity})", f"{rows:,}{note}")
    for what, query in _ANSWERS.items():
        [(number,)] = client.execute(query, name)
        table.add_row(what, f"{number:,}")
    rate = _busiest_rate(client, name)
    table.add_row("events/s through the worker, busiest second", f"{rate:,.0f}")
    for sink in ("clickhouse", "topics"):
        p50, p99 = (metrics.quantile("headrace_event_latency_seconds", q, sink=sink) for q in (0.5, 0.99))
        table.add_row(f"latency to {sink}, p50 / p99 at most", f"{p50 * 1000:,.0f} / {p99 * 1000:,.0f} ms")
    return table


def _busiest_rate(client: Client, name: dict[str, Any]) -> float:
    """Events per second by the broker's clock, from the ledger."""
    rows = client.execute(
        "SELECT max(events) FROM (SELECT second, sum(new) AS events FROM ("
        "SELECT toStartOfSecond(broker_ts) AS second, events - lagInFrame(events, 1, 0) OVER "
        "(PARTITION BY topic, partition ORDER BY next_offset ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) AS new "
        "FROM headrace.ledger WHERE topology = %(topology)s AND topic IN %(sources)s) GROUP BY second)",
        {**name, "sources": SOURCES},
    )
    return float(rows[0][0] or 0)


def _print_faults(console: Console, client: Client, topology: str, labels: Path) -> None:
    table = Table("injected fault", "asset", "metric", "flagged by", title="faults of the synthetic plant")
    faults = [msgspec.json.decode(line, type=Label) for line in labels.read_bytes().splitlines()]
    flagged = 0
    for fault in faults:
        end = fault.end + _FLAG_SLACK_MS
        if fault.kind in demo_trace.KINDS:
            found = demo_trace.signs(client, topology, fault.kind, fault.start, end)
        else:
            found = _flagged_by(client, topology, fault, end)
        flagged += bool(found)
        table.add_row(fault.kind, fault.asset, fault.metric, ", ".join(found) or "[red]not flagged[/red]")
    console.print(table)
    console.print(f"{flagged} of {len(faults)} injected faults flagged")


def _flagged_by(client: Client, topology: str, fault: Label, end: int) -> list[str]:
    """Detectors that flagged it before a time in ms.

    Flags of data missing after the end of the run say nothing about a fault: hence the bound by the last reading.
    """
    found = client.execute(
        "SELECT DISTINCT detector FROM headrace.anomalies WHERE topology = %(topology)s "
        "AND asset = %(asset)s AND metric = %(metric)s "
        "AND ts >= fromUnixTimestamp64Milli(%(start)s) AND ts <= fromUnixTimestamp64Milli(%(end)s) "
        "AND ts <= (SELECT max(ts) FROM headrace.readings WHERE topology = %(topology)s) ORDER BY detector",
        {"topology": topology, "asset": fault.asset, "metric": fault.metric, "start": fault.start, "end": end},
    )
    return [detector for (detector,) in found]
