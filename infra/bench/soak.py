"""`headrace bench soak`: a steady load for half an hour, and whether memory, handles, parts and lag stay flat."""

import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import msgspec

from infra.bench import report, topology
from infra.bench.arena import Arena, Progress, arena
from infra.bench.flatness import MEBIBYTE, Finding, Sample, judge, not_ready
from infra.bench.sampler import Sampler
from infra.bench.steady_load import Held
from infra.bench.worker import PROJECT, Worker
from infra.bench.workload import Workload
from schemas.errors import UserError
from schemas.topics import MACHINE_EVENTS

EVERY_SECONDS = 5.0
LEAST_HELD = 0.95
"""Share of the asked rate below which the run was not the one that was asked for, and proves nothing about it."""

_READY_SECONDS = 60.0
_LEAD_SECONDS = 2.0
_DRAIN_SECONDS = 180.0
"""For what is left of the log, and then for `idle_timeout` (30 s) to close the last windows."""
_AUDIT_SECONDS = 900.0
_TELL_SECONDS = 60.0


@dataclass(frozen=True)
class Audit:
    """What `headrace audit` said when everything had come to rest."""

    equations: int
    failed: list[str]


@dataclass(frozen=True)
class Outcome:
    """What came of a soak."""

    rate: int
    """Asked for, events per second."""
    seconds: float
    load: Held
    samples: list[Sample]
    findings: list[Finding]
    not_ready: int
    """Samples after the warm-up in which the worker was not ready."""
    audit: Audit

    @property
    def problems(self) -> list[str]:
        """What keeps this from being a good run; none if it is one."""
        problems = [f"{finding.name} grows" for finding in self.findings if not finding.flat]
        if self.not_ready:
            problems.append(f"the worker was not ready in {self.not_ready} of {len(self.samples)} samples")
        if self.load.rate < LEAST_HELD * self.rate:
            problems.append(f"the load was {self.load.rate:,.0f} events/s, not {self.rate:,}")
        return problems + [f"audit: {equation}" for equation in self.audit.failed]


def run(rate: int, minutes: float, progress: Progress) -> Outcome:
    """Load, sample, drain, audit. Raises UserError where one of them cannot be done."""
    seconds = minutes * 60
    with arena(progress) as place:
        workload, name = Workload(), f"soak-{uuid4().hex[:6]}"
        file = place.apply(name, topology.declare(name, workload, readings=True, detectors="soak"))
        with Worker(place, file, name) as worker:
            worker.wait_for("readiness", lambda metrics: metrics.get("headrace_ready") == 1, _READY_SECONDS)
            with Sampler(place, worker, name, workload.partitions, rate) as sampler:
                progress(f"{rate:,} events/s for {minutes:g} minutes")
                load, samples = _load(place, sampler, workload.partitions, rate, seconds, progress)
                progress(f"held {load.rate:,.0f} events/s; waiting until everything has come to rest")
                _drain(worker, sampler)
            progress("audit")
            audit = _audit(place, file)
    findings = judge(samples, seconds)
    return Outcome(rate, seconds, load, samples, findings, not_ready(samples, seconds), audit)


def save(outcome: Outcome, folder: Path) -> list[Path]:
    """Write all samples with what came of them as JSON, and the plot; returns the files."""
    from infra.bench import plots

    folder.mkdir(parents=True, exist_ok=True)
    data = folder / "soak.json"
    report.save_json(data, "soak", document(outcome))
    sent = f"{outcome.load.events:,} events in {outcome.load.seconds / 60:.1f} minutes"
    return [data, plots.soak(outcome.samples, outcome.seconds, sent, folder / "soak.png")]


def document(outcome: Outcome) -> dict[str, Any]:
    """Everything for JSON, with what follows from it."""
    findings = [{**asdict(finding), "growth": finding.growth, "flat": finding.flat} for finding in outcome.findings]
    return {**asdict(outcome), "findings": findings, "problems": outcome.problems}


def _load(
    place: Arena, sampler: Sampler, partitions: int, rate: int, seconds: float, progress: Progress
) -> tuple[Held, list[Sample]]:
    """Send, and sample until the sender is done."""
    begin = time.time() + _LEAD_SECONDS
    arguments = [MACHINE_EVENTS.name, partitions, rate, begin, seconds]
    sender = subprocess.Popen(
        [sys.executable, "-m", "infra.bench.steady_load", *map(str, arguments)],
        env=place.environment, cwd=PROJECT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    sampler.begin(begin)
    samples: list[Sample] = []
    said, told = None, 0.0
    try:
        while said is None:
            samples.append(sampler.sample())
            if samples[-1].seconds >= told + _TELL_SECONDS:
                told = samples[-1].seconds
                progress(f"  {told / 60:.0f} min: {_told(samples[-1].values)}")
            try:
                said, _ = sender.communicate(timeout=EVERY_SECONDS)
            except subprocess.TimeoutExpired:
                continue
    finally:
        if sender.poll() is None:
            sender.kill()
            sender.wait()
    if sender.returncode:
        raise UserError(f"the sender failed with exit code {sender.returncode} after {samples[-1].seconds:.0f} s")
    return msgspec.json.decode(said, type=Held), [sample for sample in samples if 0 <= sample.seconds <= seconds]


def _drain(worker: Worker, sampler: Sampler) -> None:
    """Wait until the whole log is committed and the last windows are closed."""

    def at_rest(metrics: dict[str, float]) -> bool:
        return metrics.get("headrace_windows_open") == 0 and sampler.lag() == 0

    worker.wait_for("rest", at_rest, _DRAIN_SECONDS)


def _audit(place: Arena, file: Path) -> Audit:
    done = subprocess.run(
        [sys.executable, "-m", "streams", "audit", "--topology", str(file), "--json"],
        env=place.environment, cwd=PROJECT, text=True, capture_output=True, check=False, timeout=_AUDIT_SECONDS,
    )  # fmt: skip
    try:
        checks = msgspec.json.decode(done.stdout)["checks"]
    except msgspec.DecodeError:
        raise UserError(f"the audit could not be made: {done.stderr.strip()}") from None
    failed = [
        f"{check['topic']}/{check['partition']}: {check['name']}: expected {check['expected']}, found {check['found']}"
        for check in checks
        if not check["holds"]
    ]
    return Audit(len(checks), failed)


def _told(values: dict[str, float]) -> str:
    memory = {name.partition(".")[2]: value for name, value in values.items() if name.startswith("memory.")}
    parts = sum(value for name, value in values.items() if name.startswith("parts."))
    told = ", ".join(f"{name} {value / MEBIBYTE:,.0f} MiB" for name, value in memory.items())
    return f"{told}, {parts:.0f} parts, lag {values['lag']:.2f} s"
