"""`headrace bench windows`: each system in turn over the same log, timed from outside, its windows held against the
oracle."""

import re
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

from infra.bench import log, oracle, results
from infra.bench.arena import Arena, Progress, arena
from infra.bench.measure import Gauge
from infra.bench.systems import SYSTEMS, Race, Start, System
from infra.bench.worker import PROJECT, opened_at, stop
from infra.bench.workload import Workload
from schemas.errors import UserError
from schemas.topics import MACHINE_EVENTS

DEADLINE_SECONDS = 300.0
"""How long one system may take."""

_FIRST = re.compile(r"FIRST ([0-9.]+)")
_DONE = re.compile(r"DONE ([0-9.]+)")
_LOOK_SECONDS = 0.5
_LEAST_WARM_SECONDS = 1.0
"""Windows come in commits a quarter of a second apart: a shorter stretch would be timed by chance."""


@dataclass(frozen=True)
class Outcome:
    """What came of one system."""

    name: str
    title: str
    events: int
    seconds: float
    """From the first record processed to the last window on its topic, by the broker's clock."""
    seconds_from_start: float
    """From the start of the process."""
    cpu_seconds: float
    """CPU of the system's processes from the first record to the last window."""
    cpu_seconds_from_start: float
    """CPU from the start of the process, which for the JVM and for Python's imports is a second or two more."""
    warm_rate: float | None
    """Events per second of the second half, by when the middle window was given out: nothing that happens once
    (compiling, joining a group) is in it. None for a limit, and where it lasts less than a second."""
    peak_bytes: int
    windows: int | None
    """Windows found; None for a limit, which makes none."""
    wrong: str | None
    """What is wrong with them; None where the oracle agrees."""

    @property
    def rate(self) -> float:
        """Events per second."""
        return self.events / self.seconds

    @property
    def per_cpu_second(self) -> float:
        """Events per CPU second."""
        return self.events / self.cpu_seconds


class SystemFailed(UserError):
    """A system did not do what it was started for; the message has the end of its log."""


def run(names: Sequence[str], workload: Workload, progress: Progress) -> tuple[list[Outcome], dict[str, str]]:
    """Run these systems, each on its own, on a stack that is started for them.

    Returns the outcomes, and of each system that could not be run the reason. Raises UserError for an unknown name.
    """
    unknown = sorted(set(names) - set(SYSTEMS))
    if unknown:
        raise UserError(f"no system {', '.join(unknown)}; there are {', '.join(SYSTEMS)}")
    outcomes: list[Outcome] = []
    failures: dict[str, str] = {}
    with arena(progress) as place:
        stage = _Stage(place, progress)
        for name in names:
            try:
                outcomes.append(stage.run(SYSTEMS[name], workload))
            except UserError as error:
                failures[name] = str(error)
                progress(f"  {error}")
    return outcomes, failures


class _Stage:
    """An arena with the workloads that the systems have needed so far, and their oracles."""

    def __init__(self, place: Arena, progress: Progress) -> None:
        self._arena = place
        self._progress = progress
        self._ready: dict[int, tuple[Workload, str, oracle.Windows]] = {}

    def run(self, system: System, wanted: Workload) -> Outcome:
        """One system, from its start to the comparison."""
        events = min(wanted.events, system.most_events or wanted.events)
        workload, source, due = self._prepare(replace(wanted, events=events), whole=events == wanted.events)
        race = Race(self._arena, workload, source, f"{system.name}-{uuid4().hex[:6]}")
        start = system.start(race, self._progress)
        self._progress(f"{system.title}: {workload.events:,} events")
        outcome = _run(system, race, start, due)
        verdict = outcome.wrong or ("as the oracle" if outcome.windows else "no windows")
        self._progress(f"  {outcome.rate:,.0f} events/s, {verdict}")
        return outcome

    def _prepare(self, workload: Workload, whole: bool) -> tuple[Workload, str, oracle.Windows]:
        if workload.events not in self._ready:
            # headrace reads the topics of its contract alone, and always the whole workload.
            source = MACHINE_EVENTS.name if whole else f"events-{workload.events}"
            self._progress(f"filling {source} with {workload.events:,} events of {workload.event_bytes} bytes")
            self._arena.create_topic(source, workload.partitions)
            log.fill(self._arena.kafka, source, workload.messages())
            # Nobody is to be the one who reads a cold log from a cold broker.
            race = Race(self._arena, workload, source, "warm-up")
            warm = SYSTEMS["poll"].start(race, self._progress)
            subprocess.run(warm.command, env=self._arena.environment, check=True, timeout=DEADLINE_SECONDS,
                           stdout=subprocess.DEVNULL)  # fmt: skip
            self._ready[workload.events] = workload, source, oracle.expected(workload)
        return self._ready[workload.events]


def _run(system: System, race: Race, start: Start, due: oracle.Windows) -> Outcome:
    output = race.arena.folder / f"{race.run}.log"
    began = time.time()
    with output.open("wb") as file:
        process = subprocess.Popen(
            start.command, env={**race.arena.environment, **start.environment},
            stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT, cwd=PROJECT,
        )  # fmt: skip
    try:
        with Gauge(process.pid) as gauge:
            _wait(system, race, start, process, output, len(due))
    finally:
        stop(process)
    text = output.read_text(errors="replace")
    first = _first_record(text, began)
    if start.topic is None:
        done, found, wrong, warm_rate = _moment(_DONE, text, system), None, None, None
    else:
        messages = log.read(race.arena.kafka, start.topic, start.begin)
        found = results.without_flush(start.read(messages), race.workload.assets)
        moments = sorted(message.ms / 1000 for message in messages) or [began]
        done = moments[-1]
        second_half = done - moments[len(moments) // 2]
        warm_rate = race.workload.events / 2 / second_half if second_half >= _LEAST_WARM_SECONDS else None
        wrong = oracle.difference(found, due)
        if start.topology and not wrong:
            wrong = _wrong_in_clickhouse(race, start.topology, start.readings, due)
    return Outcome(
        name=system.name,
        title=system.title,
        events=race.workload.events,
        seconds=max(done - first, 0.001),
        seconds_from_start=max(done - began, 0.001),
        cpu_seconds=max(gauge.cpu_until(done) - gauge.cpu_until(first), 0.01),
        cpu_seconds_from_start=gauge.cpu_until(done),
        warm_rate=warm_rate,
        peak_bytes=gauge.peak,
        windows=None if found is None else len(found),
        wrong=wrong,
    )


def _wrong_in_clickhouse(race: Race, topology: str, readings: bool, due: oracle.Windows) -> str | None:
    url, assets = race.arena.stack.clickhouse_url, race.workload.assets
    stored = results.without_flush(results.in_clickhouse(url, topology), assets)
    if differs := oracle.difference(stored, due):
        return f"in ClickHouse: {differs}"
    archived = results.readings_in_clickhouse(url, topology)
    # The flush events are archived, too.
    wanted = race.workload.points + race.workload.partitions * race.workload.metrics if readings else 0
    return None if archived == wanted else f"in ClickHouse: {archived} readings, not {wanted}"


def _wait(
    system: System, race: Race, start: Start, process: subprocess.Popen[bytes], output: Path, windows: int
) -> None:
    """Wait until the system has given out everything, or has ended."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    quiet = start.topic and log.Quiet(race.arena.kafka, start.topic, start.begin, start.least or windows)
    while time.monotonic() < deadline:
        code = process.poll()
        if code == 0:
            return
        if code is not None:
            raise SystemFailed(f"{system.title} ended with exit code {code}: {_end(output)}")
        if quiet and quiet():
            return
        time.sleep(_LOOK_SECONDS)
    raise SystemFailed(f"{system.title} did not finish within {DEADLINE_SECONDS:g} s: {_end(output)}")


def _first_record(text: str, began: float) -> float:
    """When the first record was processed: the program's own line, or that a partition has been opened."""
    if found := _FIRST.search(text):
        return float(found[1])
    return opened_at(text) or began


def _moment(pattern: re.Pattern[str], text: str, system: System) -> float:
    found = pattern.search(text)
    if found is None:
        raise SystemFailed(f"{system.title} ended without saying when: {text[-500:]}")
    return float(found[1])


def _end(output: Path) -> str:
    lines = output.read_text(errors="replace").strip().splitlines()
    return " | ".join(lines[-5:])[-1500:] or "it said nothing"
