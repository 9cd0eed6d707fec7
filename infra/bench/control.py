"""`headrace bench control`: the same exceedances of the simulated plant with the control loop, with its advice alone,
and without it, at the same time, each on a stack of its own."""

import re
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

import msgspec
import yaml

from infra.bench.arena import Arena, Progress, arena
from infra.bench.control_rows import Episode, Rule, read
from infra.bench.worker import PROJECT, Worker, stop
from infra.simulator.labels import Label
from schemas.errors import UserError

MODES = ("automatic", "advise", "none")
TOPOLOGY = PROJECT / "infra" / "topologies" / "tower_plant.yaml"

SLOT_SECONDS = 180.0
"""From one exceedance to the next."""
REPAIR_SECONDS = 120.0
"""A cause lasts so long, whatever the mode: then a person has removed it."""

WARM_UP_SECONDS = 60.0
"""The plant at rest, before the one with the causes: broker, engine and worker are slower when they have just begun."""

_PLAYBOOKS = re.compile(r"^playbooks:\n(?:(?: .*)?\n)+", re.MULTILINE)
"""That section of a topology: its lines are indented, or empty."""
_TIME_LIMIT = "10m"
"""Of a playbook that does not say."""
_READY_SECONDS = 120.0
_TELL_SECONDS = 60.0
_REST_SECONDS = 120.0
"""For what is left of the log, and then for `idle_timeout` to close the last windows."""


class Stage:
    """One mode: a stack, a worker and a simulated plant."""

    def __init__(self, mode: str, place: Arena, worker: Worker, rules: Sequence[Rule]) -> None:
        self.mode = mode
        self._place = place
        self._worker = worker
        self._rules = rules
        self._labels = place.folder / "labels.ndjson"
        self._log = place.folder / "simulator.log"

    @contextmanager
    def plant(self, seed: int, seconds: float, *causes: str) -> Iterator[subprocess.Popen[bytes]]:
        """The plant while it runs; it ends by itself. `causes` are options of `headrace simulate`."""
        arguments = [
            "--seed", str(seed), "--no-faults", "--duration", f"{seconds:g}s", "--labels", str(self._labels), *causes,
            *(["--respond"] if self.mode == "automatic" else []),
        ]  # fmt: skip
        with self._log.open("wb") as output:
            process = subprocess.Popen(
                [sys.executable, "-m", "streams", "simulate", *arguments], env=self._place.environment, cwd=PROJECT,
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip
        try:
            yield process
        finally:
            stop(process)

    def check(self, plant: subprocess.Popen[bytes]) -> None:
        """Raise UserError if the worker has ended, or the plant before its time."""
        self._worker.check()
        if plant.poll():
            end = self._log.read_text(errors="replace")[-1000:]
            raise UserError(f"the plant of {self.mode} ended with exit code {plant.returncode}: {end}")

    def episodes(self) -> list[Episode]:
        """What became of each exceedance, when everything has come to rest."""
        self._worker.wait_for("rest", _at_rest, _REST_SECONDS)
        labels = [msgspec.json.decode(line, type=Label) for line in self._labels.read_bytes().splitlines()]
        return read(self._place.stack.clickhouse_url, self.mode, labels, self._rules)


def declare(mode: str, source: str) -> tuple[str, list[Rule]]:
    """The plant's topology `source` for a mode, and the rules of the exceedances that it answers as it stands."""
    document: dict[str, Any] = yaml.safe_load(source)
    answered = {(book["alarm"], book["asset"]): book for book in document["playbooks"]}
    rules = [
        Rule(asset, alarm["metrics"][0], name, alarm["high"], alarm["on_delay"], book.get("time_limit", _TIME_LIMIT))
        for (name, asset), book in answered.items()
        for alarm in document["alarms"]
        if alarm["name"] == name
    ]
    text = _PLAYBOOKS.sub("", source) if mode == "none" else source
    return text.replace("mode: automatic", f"mode: {mode}"), rules


def run(seed: int, exceedances: int, progress: Progress) -> list[Episode]:
    """Run all modes and read what came of them. Raises UserError where one of them cannot be run."""
    source = TOPOLOGY.read_text()
    seconds = exceedances * SLOT_SECONDS
    with ExitStack() as opened:
        stages = [opened.enter_context(_stage(mode, source, progress)) for mode in MODES]
        progress(f"warm-up, {WARM_UP_SECONDS:g} s")
        _simulate(stages, seed, WARM_UP_SECONDS, progress)
        progress(f"{exceedances} exceedances in {seconds / 60:g} minutes, in every mode at the same time")
        causes = ("--exceedances", str(exceedances), "--lasting", f"{REPAIR_SECONDS:g}s")
        _simulate(stages, seed, seconds, progress, *causes)
        progress("waiting until everything has come to rest")
        return [episode for stage in stages for episode in stage.episodes()]


@contextmanager
def _stage(mode: str, source: str, progress: Progress) -> Iterator[Stage]:
    text, rules = declare(mode, source)
    with arena(progress) as place:
        file = place.apply("tower_plant", text)
        with Worker(place, file, mode) as worker:
            worker.wait_for("readiness", lambda metrics: metrics.get("headrace_ready") == 1, _READY_SECONDS)
            yield Stage(mode, place, worker, rules)


def _simulate(stages: Sequence[Stage], seed: int, seconds: float, progress: Progress, *causes: str) -> None:
    """Run the plants of all modes, and wait for their ends."""
    with ExitStack() as opened:
        plants = [(stage, opened.enter_context(stage.plant(seed, seconds, *causes))) for stage in stages]
        begin = told = time.monotonic()
        while any(plant.poll() is None for _, plant in plants):
            _check(plants)
            if time.monotonic() > told + _TELL_SECONDS:
                told = time.monotonic()
                progress(f"  {(told - begin) / 60:.0f} min")
            time.sleep(1)
        _check(plants)


def _check(plants: Sequence[tuple[Stage, subprocess.Popen[bytes]]]) -> None:
    for stage, plant in plants:
        stage.check(plant)


def _at_rest(metrics: dict[str, float]) -> bool:
    return metrics.get("headrace_windows_open") == 0 and metrics.get("headrace_consumer_lag") == 0
