"""`headrace bench codes`: 1.143 billion codes on one machine: minted, archived, traced back, resolved, scanned."""

import os
import secrets
import shutil
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from clickhouse_driver import Client

from infra.bench import codes_disk, codes_messages, codes_pipeline, http_load
from infra.bench.arena import Arena, Progress, arena
from infra.bench.codes_load import Codes
from infra.bench.codes_pipeline import Kind
from infra.bench.codes_world import TOPOLOGY, World
from infra.bench.resolver import Resolver
from infra.local import stack
from schemas.errors import UserError

CLIENTS: Final = 8
_KEY_ID: Final = "B"
_RANGES: Final = 10
"""Mints of each product."""
_NEEDED_BYTES: Final = 40
"""Of disk for each code: the archive, as much again while it is merged, and some air."""
_CODES_A_HEAT: Final = 100_000_000
_MOST_HEATS: Final = 10
_SHARE: Final = 5
_IN_ORDER: Final = 500
"""At most every so manyth code is seen in the order of the archive: codes that are picked are not to be among them."""
_REQUESTED: Final = 100
"""At most every so manyth code is sent, and asked for, where there are few."""

Recall = Callable[[Client, str, str], int]
"""The number of lines of a recall list: of a connection, topology and origin."""


@dataclass(frozen=True)
class Disk:
    """What the archive takes."""

    loaded: Sequence[codes_disk.Table]
    """Right after it was filled."""
    settled: Sequence[codes_disk.Table]
    """When the engine had nothing more to merge."""
    columns: Sequence[codes_disk.Column]
    """Of `trace_items`, settled."""
    load_seconds: float
    settle_seconds: float

    @property
    def octets(self) -> int:
        """Of all tables, settled."""
        return sum(table.octets for table in self.settled)


@dataclass
class Outcome:
    """What was seen."""

    world: World
    disk: Disk
    event_bytes: float
    """Of `trace_events`, for each item of events of 1,000 items in a row."""
    pipeline: list[codes_pipeline.Outcome] = field(default_factory=list)
    first_recalls: list[float] = field(default_factory=list)
    """Seconds of each heat's list, for the first time since the engine was started with no file in memory."""
    recalls: list[float] = field(default_factory=list)
    """Seconds of each heat's list again."""
    recalled: int = 0
    """Lines of each list."""
    resolved: dict[str, http_load.Load] = field(default_factory=dict)
    """Look-ups over HTTP."""
    asked: dict[str, float] = field(default_factory=dict)
    """The share of them for which the archive was asked."""


def run(codes: int, recall: Recall, progress: Progress) -> Outcome:
    """Measure everything once. Raises UserError where a part fails, or the disk has no room."""
    world = World(codes)
    free = shutil.disk_usage(tempfile.gettempdir()).free
    if free < _NEEDED_BYTES * world.codes:
        raise UserError(
            f"{tempfile.gettempdir()} has {free / 1e9:,.0f} GB left, {_NEEDED_BYTES * world.codes / 1e9:,.0f} are "
            "needed: set TMPDIR, or fewer --codes"
        )
    with arena(progress) as place:
        return _Run(place, world, progress).outcome(recall)


class _Run:
    """One run on a stack of its own, step by step."""

    def __init__(self, place: Arena, world: World, progress: Progress) -> None:
        self._place, self._world, self._progress = place, world, progress
        self._now = int(time.time() * 1000)
        self._secret = secrets.token_bytes(32)
        self._file = place.apply(TOPOLOGY, world.topology_yaml())
        self._client = Client.from_url(place.stack.clickhouse_url)
        self._codes = Codes(self._client, world, self._secret, _KEY_ID)

    def outcome(self, recall: Recall) -> Outcome:
        """Go through all steps."""
        batches = self._codes.in_order(min(2_000_000, max(self._world.codes // _IN_ORDER, 1_000)))
        pipeline = self._through(self._mints(), self._seen(1_000, batches))
        (events,) = codes_disk.tables(self._client, ("trace_events",))
        outcome = Outcome(self._world, self._filled(), events.octets / pipeline[-1].things)
        heats = min(self._world.codes // _CODES_A_HEAT + 1, _MOST_HEATS)
        alone = self._picked(100_000)
        pipeline += self._through(
            self._seen(100, self._picked(500_000)), self._seen(1, alone), self._scans(), self._heats(heats)
        )
        outcome.pipeline += pipeline
        codes_disk.settle(self._client, self._progress)
        self._start_cold()
        self._resolve(outcome, alone)
        self._recall(outcome, recall, heats)
        return outcome

    def _mints(self) -> Kind:
        messages = codes_messages.mints(self._world, _RANGES, _KEY_ID, self._now)
        return Kind("mints", self._world.codes, messages)

    def _seen(self, each: int, items: Sequence[str]) -> Kind:
        return Kind(f"events of {each:,}", len(items), codes_messages.seen(items, each, self._now))

    def _scans(self) -> Kind:
        codes = self._codes.pick(min(200_000, self._world.codes // _SHARE))
        return Kind("scans", len(codes), codes_messages.scans(codes, self._now))

    def _heats(self, count: int) -> Kind:
        items = [code for _, code in self._codes.pick(count * codes_messages.HEAT_ITEMS)]
        return Kind("heats", len(items), codes_messages.heats(items, self._now))

    def _filled(self) -> Disk:
        self._progress(f"archiving {self._world.codes:,} codes")
        begin = time.monotonic()
        self._codes.load(self._place.stack.clickhouse_url, self._progress)
        seconds = time.monotonic() - begin
        loaded = codes_disk.tables(self._client)
        settling = codes_disk.settle(self._client, self._progress)
        settled = codes_disk.tables(self._client)
        return Disk(loaded, settled, codes_disk.columns(self._client, "trace_items"), seconds, settling)

    def _resolve(self, outcome: Outcome, alone: Sequence[str]) -> None:
        keys = f"{_KEY_ID}:{b64encode(self._secret).decode()}"
        most = self._world.codes // _REQUESTED
        with Resolver(self._place, self._file, keys) as resolver:

            def load(name: str, codes: Sequence[str]) -> None:
                before = resolver.items_asked_for()
                seen = outcome.resolved[name] = resolver.load(codes, CLIENTS)
                outcome.asked[name] = (resolver.items_asked_for() - before) / len(codes)
                self._progress(f"  resolve, {name}: {len(seen.latencies) / seen.seconds:,.0f}/s")

            load("cold", self._picked(min(1_000, most)))
            begin = time.monotonic()
            resolver.wait_for_runs()
            self._progress(f"  what happened to all items is known after {time.monotonic() - begin:.1f} s more")
            load("warm-up", self._picked(min(4_000, most)))
            load("warm", self._picked(min(20_000, most)))
            load("seen since", alone[: min(4_000, most)])

    def _recall(self, outcome: Outcome, recall: Recall, heats: int) -> None:
        for times in (outcome.first_recalls, outcome.recalls):
            for number in range(heats):
                begin = time.perf_counter()
                outcome.recalled = recall(self._client, TOPOLOGY, codes_messages.heat(number))
                times.append(time.perf_counter() - begin)
                self._progress(f"  recall of {outcome.recalled:,} items: {times[-1]:.2f} s")

    def _through(self, *kinds: Kind) -> list[codes_pipeline.Outcome]:
        self._progress(f"through the pipeline: {', '.join(kind.name for kind in kinds)}")
        outcomes = codes_pipeline.run(self._place, self._client, self._file, kinds)
        for one in outcomes:
            self._progress(f"  {one.messages:,} {one.name}: {one.told()}")
        return outcomes

    def _picked(self, most: int) -> list[str]:
        return [code for _, code in self._codes.pick(min(most, self._world.codes // _SHARE))]

    def _start_cold(self) -> None:
        """Start the servers anew, with nothing of the archive in the memory of engine or kernel."""
        self._client.disconnect()
        data = self._place.stack.data
        stack.down(data)
        os.sync()
        for file in (data / "clickhouse").rglob("*"):
            if file.is_file():
                _forget(file)
        stack.up(data, self._place.stack.ports, self._progress)


def _forget(file: Path) -> None:
    """Let the kernel drop its copy of a file."""
    descriptor = os.open(file, os.O_RDONLY)
    try:
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)
