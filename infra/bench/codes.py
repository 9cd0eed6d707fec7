"""`headrace bench codes`: 1.143 billion codes on one machine: minted, archived, traced back, resolved, scanned."""

import os
import secrets
import shutil
import tempfile
import time
from base64 import b64encode
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Final

from clickhouse_driver import Client

from infra.bench import codes_disk, codes_messages, codes_pipeline, http_load
from infra.bench.arena import Arena, Progress, arena
from infra.bench.codes_load import Codes
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
    event_bytes: float = 0
    """Of `trace_events`, for each item of the events with the most items."""
    pipeline: list[codes_pipeline.Outcome] = field(default_factory=list)
    cold_recall: float = 0
    """Seconds of the first recall list after the engine was started with no file in memory."""
    recalls: list[float] = field(default_factory=list)
    """Seconds of the lists of the other heats, or of the same again."""
    recalled: int = 0
    """Lines of each list."""
    resolved: dict[str, http_load.Load] = field(default_factory=dict)
    """Look-ups over HTTP."""


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
        minted = self._minted()
        outcome = Outcome(self._world, self._filled())
        outcome.pipeline.append(minted)
        self._capture(outcome)
        self._recall(outcome, recall)
        self._resolve(outcome)
        return outcome

    def _minted(self) -> codes_pipeline.Outcome:
        self._progress(f"minting {self._world.codes:,} codes of {self._world.product_count:,} products")
        messages = codes_messages.mints(self._world, _RANGES, _KEY_ID, self._now)
        return self._through("mints", self._world.codes, messages)

    def _filled(self) -> Disk:
        self._progress(f"archiving {self._world.codes:,} codes")
        begin = time.monotonic()
        self._codes.load(self._place.stack.clickhouse_url, self._progress)
        seconds = time.monotonic() - begin
        loaded = codes_disk.tables(self._client)
        settling = codes_disk.settle(self._client, self._progress)
        settled = codes_disk.tables(self._client)
        return Disk(loaded, settled, codes_disk.columns(self._client, "trace_items"), seconds, settling)

    def _capture(self, outcome: Outcome) -> None:
        for each, most in ((1_000, 2_000_000), (100, 500_000), (1, 100_000)):
            items = min(most, self._world.codes // 5)
            messages = codes_messages.seen(self._picked(items), each, self._now)
            outcome.pipeline.append(self._through(f"events of {each:,}", items, messages))
            if not outcome.event_bytes:
                (events,) = codes_disk.tables(self._client, ("trace_events",))
                outcome.event_bytes = events.octets / items
        scanned = self._codes.pick(min(200_000, self._world.codes // 5))
        outcome.pipeline.append(self._through("scans", len(scanned), codes_messages.scans(scanned, self._now)))

    def _recall(self, outcome: Outcome, recall: Recall) -> None:
        heats = min(self._world.codes // _CODES_A_HEAT + 1, _MOST_HEATS)
        items = self._picked(heats * codes_messages.HEAT_ITEMS)
        outcome.pipeline.append(self._through("heats", len(items), codes_messages.heats(items, self._now)))
        codes_disk.settle(self._client, self._progress)
        self._start_cold()
        times = []
        for number in chain(range(heats), range(heats)):
            begin = time.perf_counter()
            outcome.recalled = recall(self._client, TOPOLOGY, codes_messages.heat(number))
            times.append(time.perf_counter() - begin)
            self._progress(f"  recall of {outcome.recalled:,} items: {times[-1]:.2f} s")
        outcome.cold_recall, *outcome.recalls = times

    def _resolve(self, outcome: Outcome) -> None:
        self._start_cold()
        keys = f"{_KEY_ID}:{b64encode(self._secret).decode()}"
        with Resolver(self._place, self._file, keys) as resolver:
            for name, most in (("cold", 1_000), ("warm-up", 4_000), ("warm", 20_000)):
                codes = self._picked(min(most, self._world.codes // 10))
                load = resolver.load(codes, CLIENTS)
                outcome.resolved[name] = load
                self._progress(f"  resolve {name}: {len(codes) / load.seconds:,.0f}/s")

    def _picked(self, count: int) -> list[str]:
        return [code for _, code in self._codes.pick(count)]

    def _through(self, name: str, things: int, messages: Iterable[codes_messages.Message]) -> codes_pipeline.Outcome:
        return codes_pipeline.run(self._place, self._client, self._file, name, things, messages, self._progress)

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
