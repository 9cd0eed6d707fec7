"""`headrace bench latency`: from the time an event was meant to be sent to its flag on `anomalies` (read_committed) and
to its row in ClickHouse, in an open loop."""

import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import msgspec
import numpy as np
from aiokafka import AIOKafkaConsumer
from clickhouse_driver import Client

from infra.bench import topology
from infra.bench.arena import Arena, Progress, arena
from infra.bench.histogram import Ms, hgrm, percentile
from infra.bench.open_loop import Schedule
from infra.bench.punctual import be_punctual
from infra.bench.worker import PROJECT, Worker
from infra.bench.workload import SITE, Workload
from schemas.errors import UserError
from schemas.topics import ANOMALIES, MACHINE_EVENTS

RATES = (1_000, 10_000, 50_000)
WARM_UP_SECONDS = 15.0
"""Probes meant for the first seconds of a rate are not counted."""

_READY_SECONDS = 60.0
_LEAD_SECONDS = 2.0
_LATEST_SECONDS = 30.0
"""How long after the last event a probe may still arrive; one that has not arrived by then is a failure."""
_POLL_SECONDS = 0.1
_BEHIND = re.compile(r"BEHIND ([0-9.]+)")

NOTES = """\
Open loop: the time of every event is fixed beforehand, and latency counts from it, also where the sender was behind.
One worker with default settings, readings and windows in ClickHouse; 20 probes a second trip a limit among the other
events. To `anomalies`: until a consumer with read_committed has the flag. To ClickHouse: until a SELECT on the view
`headrace.readings`, repeated every 100 ms, returns the row; its own time counts. Sender and observers stand for what is
outside the machine: they run before all others (SCHED_RR) where the machine allows it.
"""

Probe = tuple[str, int]
"""Asset and event time in ms."""


@dataclass(frozen=True)
class Outcome:
    """Latencies at one rate, in ms, one for each probe."""

    rate: int
    anomalies: Ms
    clickhouse: Ms
    behind_ms: float
    """By how much the sender was behind its schedule at worst; it is part of the latencies."""


class _Flag(msgspec.Struct, gc=False):
    asset: str
    ts: int


def run(rates: Sequence[int], seconds: float, progress: Progress) -> list[Outcome]:
    """Measure each rate for `seconds` after its warm-up. Raises UserError, also for a probe that never came."""
    with arena(progress) as place:
        workload, name = Workload(), f"latency-{uuid4().hex[:6]}"
        file = place.apply(name, topology.declare(name, workload, readings=True, detectors="probes"))
        with Worker(place, file, name) as worker:
            worker.wait_for("readiness", lambda metrics: metrics.get("headrace_ready") == 1, _READY_SECONDS)
            return [_measure(place, worker, name, workload.partitions, rate, seconds, progress) for rate in rates]


def save(outcomes: Sequence[Outcome], folder: Path) -> list[Path]:
    """Write an HDR histogram for each rate and destination, and one plot of all; returns the files."""
    from infra.bench import plots

    folder.mkdir(parents=True, exist_ok=True)
    curves = {
        f"{outcome.rate:,} events/s to {where}": latencies
        for outcome in outcomes
        for where, latencies in (("anomalies", outcome.anomalies), ("ClickHouse", outcome.clickhouse))
    }
    files = []
    for name, latencies in curves.items():
        files.append(folder / f"{name.replace(',', '').replace(' ', '-').replace('/', '-per-')}.hgrm")
        files[-1].write_text(hgrm(latencies))
    data = folder / "latencies.json"
    data.write_text(json.dumps({name: np.round(latencies, 3).tolist() for name, latencies in curves.items()}))
    return [*files, data, plots.latencies(curves, folder / "latency.png")]


def table(outcomes: Sequence[Outcome]) -> tuple[list[str], list[list[str]]]:
    """Columns and rows."""
    columns = ["events/s, to", "p50 ms", "p99 ms", "p99.9 ms", "max ms", "probes", "sender behind ms"]
    rows = [
        [
            f"{outcome.rate:,} {where}",
            *(f"{percentile(latencies, share):,.0f}" for share in (0.5, 0.99, 0.999, 1.0)),
            f"{len(latencies):,}",
            f"{outcome.behind_ms:,.0f}",
        ]
        for outcome in outcomes
        for where, latencies in (("anomalies", outcome.anomalies), ("ClickHouse", outcome.clickhouse))
    ]
    return columns, rows


def _measure(
    place: Arena, worker: Worker, name: str, partitions: int, rate: int, seconds: float, progress: Progress
) -> Outcome:
    progress(f"{rate:,} events/s for {seconds + WARM_UP_SECONDS:g} s")
    schedule = Schedule(partitions, rate, time.time() + _LEAD_SECONDS, seconds + WARM_UP_SECONDS)
    probes = {(event.asset, event.ms) for event in schedule.probes()}
    until = schedule.begin + schedule.seconds + _LATEST_SECONDS
    arguments = [MACHINE_EVENTS.name, partitions, rate, schedule.begin, schedule.seconds]
    sender = subprocess.Popen(
        [sys.executable, "-m", "infra.bench.open_loop", *map(str, arguments)],
        env=place.environment, cwd=PROJECT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        with ThreadPoolExecutor(2, initializer=be_punctual) as watchers:
            rows = watchers.submit(_watch_clickhouse, place, name, probes, until)
            flags = watchers.submit(asyncio.run, _watch_anomalies(place.kafka, probes, until))
            flagged, in_clickhouse = flags.result(), rows.result()
        said, _ = sender.communicate(timeout=_LATEST_SECONDS)
    finally:
        if sender.poll() is None:
            sender.kill()
            sender.wait()
    worker.check()
    behind = _BEHIND.search(said)
    if behind is None:
        raise UserError(f"the sender failed at {rate:,} events/s")
    for where, seen in (("anomalies", flagged), ("ClickHouse", in_clickhouse)):
        if missing := len(probes) - len(seen):
            raise UserError(f"{missing} of {len(probes)} probes did not reach {where} at {rate:,} events/s")
    return Outcome(rate, _latencies(flagged, schedule), _latencies(in_clickhouse, schedule), float(behind[1]) * 1000)


def _latencies(seen: dict[Probe, float], schedule: Schedule) -> Ms:
    counts_from = (schedule.begin + WARM_UP_SECONDS) * 1000
    return np.array([at * 1000 - ms for (_, ms), at in seen.items() if ms >= counts_from], np.float64)


async def _watch_anomalies(kafka: str, probes: set[Probe], until: float) -> dict[Probe, float]:
    """When each probe's flag could be read (seconds since the epoch)."""
    consumer = AIOKafkaConsumer(
        ANOMALIES.name, bootstrap_servers=kafka, isolation_level="read_committed", auto_offset_reset="latest",
        enable_auto_commit=False, fetch_max_wait_ms=100,
    )  # fmt: skip
    await consumer.start()
    decode = msgspec.json.Decoder(_Flag).decode
    seen: dict[Probe, float] = {}
    try:
        while len(seen) < len(probes) and time.time() < until:
            batches = await consumer.getmany(timeout_ms=100)
            now = time.time()
            flags = (decode(record.value) for records in batches.values() for record in records)
            for flag in flags:
                if (flag.asset, flag.ts) in probes:
                    seen.setdefault((flag.asset, flag.ts), now)
        return seen
    finally:
        await consumer.stop()


def _watch_clickhouse(place: Arena, name: str, probes: set[Probe], until: float) -> dict[Probe, float]:
    """When each probe could be selected: asked again and again for what is new, by the primary key."""
    client = Client.from_url(place.stack.clickhouse_url)
    assets = tuple(sorted({asset for asset, _ in probes}))
    newest = dict.fromkeys(assets, min(ms for _, ms in probes) - 1)
    seen: dict[Probe, float] = {}
    try:
        while len(seen) < len(probes) and time.time() < until:
            rows: list[Probe] = client.execute(
                "SELECT asset, toUnixTimestamp64Milli(ts) FROM headrace.readings WHERE topology = %(topology)s "
                "AND site = %(site)s AND asset IN %(assets)s AND metric = 'm0' "
                "AND ts > fromUnixTimestamp64Milli(%(after)s, 'UTC')",
                {"topology": name, "site": SITE, "assets": assets, "after": min(newest.values())},
            )
            now = time.time()
            for asset, ms in rows:
                newest[asset] = max(newest[asset], ms)
                if (asset, ms) in probes:
                    seen.setdefault((asset, ms), now)
            time.sleep(_POLL_SECONDS)
        return seen
    finally:
        client.disconnect()
