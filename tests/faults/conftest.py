"""Fixtures of the fault suite, and the table of what was measured."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from infra.local.stack import Stack
from streams.scrape import scrape
from tests.end_to_end import test_exactly_once
from tests.end_to_end.plant import Plant, Worker, delete_topics
from tests.faults.load import RATE, Load

LEAST_RATE = 5_000
"""Events per second that have to be held during a fault."""

TOPOLOGY = test_exactly_once.TOPOLOGY.replace("idle_timeout: 2s", "idle_timeout: 1h")
"""The idle timeout is so long that what a run gives is a function of the log alone, however it stops and starts."""


_MEASURED = "fault measured"
"""The property of a test's report that holds a row of the table: reports come from all processes that run tests."""


class Site:
    """A plant under load, and what is done to it."""

    def __init__(self, plant: Plant, whole_suite: bool, properties: list[tuple[str, object]]) -> None:
        self.plant = plant
        self._properties = properties
        self._whole_suite = whole_suite
        self.recovery = 0.0
        self._load = Load(plant.stack.kafka, "machine.events")
        self._rate = 0

    def begin(self, *names: str, **environment: str) -> list[Worker]:
        """Start workers and the load; returns when every worker has events behind it."""
        workers = [self.plant.worker(name, **environment) for name in names or ("w1",)]
        self._load.start()
        for worker in workers:
            worker.wait_for("progress", lambda worker=worker: worker.processed() > 0)
        return workers

    def recovered(self, *workers: Worker, since: float) -> None:
        """Wait until these workers are ready and have in hand what is sent; remembers the longest time it took."""

        def caught_up() -> bool:
            found = [scrape(worker.address) for worker in workers]
            if not all(found) or self._load.behind > RATE:
                return False
            lags = [lag for one in found if one for lag in one.all("headrace_consumer_lag")]
            partitions = sum(source.partitions for source in self.plant.topology.inputs.values())
            return (
                len(lags) >= partitions
                and sum(lag.value for lag in lags) < RATE
                and all(one is not None and one.ready for one in found)
            )

        workers[0].wait_for("recovery", caught_up, 150)
        self.recovery = max(self.recovery, time.monotonic() - since)

    def end_load(self) -> None:
        """Stop the load; it must have been held."""
        if not self._rate:
            self._rate = self._load.stop()

    def end(self, fault: str, worker: Worker, idle: bool = False) -> None:
        """Stop the load, have `worker` finish, and hold the results against an undisturbed run, row for row."""
        self.finish(worker)
        self.plant.assert_as_undisturbed(idle)
        self.held(fault)

    def finish(self, worker: Worker) -> None:
        """Stop the load, and the worker when it has processed everything."""
        self.end_load()
        self.plant.finish(worker, 150)

    def held(self, fault: str) -> None:
        """The results are right: let the audit see it, too, and remember the fault for the table."""
        assert "nothing lost, nothing twice" in self.plant.command("audit").stdout
        if self._whole_suite:  # `make test` runs on any machine, however busy
            assert self._rate >= LEAST_RATE, f"the load held {self._rate} events/s alone"
        self._properties.append((_MEASURED, (fault, self._rate, self.recovery, self._load.sent)))


@pytest.fixture
def site(stack: Stack, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[..., Site]]:
    """Deploys a topology for a fault; everything of it ends with the test."""
    whole_suite = request.config.getoption("markexpr") != "not fault"
    sites: list[Site] = []

    def make(topology: str = TOPOLOGY) -> Site:
        file = tmp_path / "topology.yaml"
        file.write_text(topology.replace("topology: NAME", f"topology: t{uuid4().hex[:8]}"))
        sites.append(Site(Plant(stack, file, tmp_path), whole_suite, request.node.user_properties))
        return sites[-1]

    yield make
    for one in sites:
        for worker in one.plant.workers:
            worker.kill()
        if one._load._thread.is_alive():
            one._load.stop()
    delete_topics(stack.kafka)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The table, as docs/RELIABILITY.md has it."""
    reports = [report for report in terminalreporter.getreports("passed") if report.when == "call"]
    if rows := [row for report in reports for name, row in report.user_properties if name == _MEASURED]:
        terminalreporter.section("faults")
        terminalreporter.line("| fault | load held, events/s | events | time to recover, s | rows lost | doubled |")
        terminalreporter.line("| --- | --- | --- | --- | --- | --- |")
        for fault, rate, recovery, events in rows:
            terminalreporter.line(f"| {fault} | {rate:,} | {events:,} | {recovery:.1f} | 0 | 0 |")
