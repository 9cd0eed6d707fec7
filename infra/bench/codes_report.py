"""What `headrace bench codes` prints, and what is held against it."""

from collections.abc import Iterator
from pathlib import Path
from statistics import median
from typing import Any, Final

from infra.bench.codes import CLIENTS, Outcome
from infra.bench.codes_messages import FAN
from infra.bench.histogram import percentile

RESULTS: Final = Path(__file__).with_name("CODES.md")
HEAD: Final = """\
# Codes by the billion

Written by `headrace bench codes --record`.
"""
COLUMNS: Final = ("what", "seen", "wanted")
DISK_COLUMNS: Final = ("table, column", "bytes a row", "GB")
NOTES: Final = f"""\
On one machine, with the broker, the engine, the worker, the resolver and the clients on the same cores. Mints, events,
scans and heats go through Kafka and one worker with checkpoints to ClickHouse; each rate is from the first opened
partition, or the last commit of the kind before, to the last commit, over a topic that was filled before. The archive
of all codes is too much for that: the rows that their commissioning leaves (events of 1,000 items) are made by the
engine itself, codes genuine.

`recall`: a heat made into {" x ".join(map(str, FAN))} items in three levels, none beside another in the archive, the
last ones on pallets of 100; the list has where each item is now. `resolve`: {CLIENTS} clients in a closed loop, each
code asked for once, picked all over the archive; answers are the public record, and every one publishes a scan. Cold:
engine started anew and its files dropped from the kernel's memory, the first 1,000 requests, before the resolver has
read what happened to all items. Seen since: only codes of items that an event of their own has named, which are looked
up in the archive.
"""
DISK_NOTES: Final = """\
The same run. Tables with indices and marks, as the engine counts them; columns of `trace_items` with their marks.
"""


def table(outcome: Outcome) -> list[list[str]]:
    """A row for each measure, as in `COLUMNS`."""
    return [list(row) for row in _rows(outcome)]


def disk_table(outcome: Outcome) -> list[list[str]]:
    """A row for each table and column, as in `DISK_COLUMNS`."""
    rows = [(table.name, table.rows, table.octets) for table in outcome.disk.settled]
    items = next(table.rows for table in outcome.disk.settled if table.name == "trace_items")
    rows += [(f"trace_items.{one.name}", items, one.octets + one.marks) for one in outcome.disk.columns]
    return [[name, f"{octets / count:.3f}", f"{octets / 1e9:.3f}"] for name, count, octets in rows]


def figures(outcome: Outcome) -> dict[str, Any]:
    """All of it for JSON."""
    return {
        "enterprises": outcome.world.enterprise_count,
        "products": outcome.world.product_count,
        "codes": outcome.world.codes,
        "disk": outcome.disk,
        "event_bytes": outcome.event_bytes,
        "pipeline": outcome.pipeline,
        "recall": {"lines": outcome.recalled, "first_seconds": outcome.first_recalls, "seconds": outcome.recalls},
        "resolve": {
            name: {"requests": len(load.latencies), "per_second": len(load.latencies) / load.seconds,
                   "asked": outcome.asked[name],
                   **{f"p{100 * share:g}_ms": percentile(load.latencies, share) for share in (0.5, 0.99, 0.999, 1)}}
            for name, load in outcome.resolved.items()
        },
    }  # fmt: skip


def _rows(outcome: Outcome) -> Iterator[tuple[str, str, str]]:
    world, disk = outcome.world, outcome.disk
    yield "enterprises, products", f"{world.enterprise_count:,}, {world.product_count:,}", ""
    yield "codes", f"{world.codes:,}", ""
    for one in outcome.pipeline:
        yield f"{one.name}: {one.messages:,} messages", one.told(), ""
    yield "archived by the engine", f"{world.codes / disk.load_seconds:,.0f} codes/s", ""
    yield "disk, codes and their index", f"{disk.octets / 1e9:.2f} GB", "15 GB"
    yield "disk, a code", f"{disk.octets / world.codes:.2f} bytes", ""
    for name, tables in (("as inserted", disk.loaded), ("settled", disk.settled)):
        parts = sum(table.parts for table in tables)
        yield f"disk, {name}", f"{sum(table.octets for table in tables) / 1e9:.2f} GB in {parts:,} parts", ""
    yield "merging until settled", f"{disk.settle_seconds:,.0f} s after {disk.load_seconds:,.0f} s", ""
    yield "events of 1,000 items, beside that", f"{outcome.event_bytes:.2f} bytes a code", ""
    usual, longest = median(outcome.recalls), max(outcome.recalls)
    yield f"recall of {outcome.recalled:,} items", f"{usual:.2f} s, longest {longest:.2f} s", "2 s"
    yield "recall, first time", f"{median(outcome.first_recalls):.2f} s, longest {max(outcome.first_recalls):.2f} s", ""
    for name in ("cold", "warm", "seen since"):
        load = outcome.resolved[name]
        p50, p99, p999 = (percentile(load.latencies, share) for share in (0.5, 0.99, 0.999))
        seen = f"p50 {p50:.1f}, p99 {p99:.1f}, p99.9 {p999:.1f} ms at {len(load.latencies) / load.seconds:,.0f}/s"
        seen += f", archive asked for {outcome.asked[name]:.1%}"
        yield f"resolve, {name}", seen, "p99 10 ms" if name == "warm" else ""
