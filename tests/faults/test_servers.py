"""Servers that end, hang, are slow or refuse, under load."""

import os
import re
import signal
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra.local.stack import Stack, up
from streams.scrape import scrape
from tests.end_to_end.plant import Worker
from tests.end_to_end.test_worker_life import pid_of, positions
from tests.faults.conftest import Site
from tests.faults.proxy import Proxy


@pytest.fixture
def proxy(stack: Stack) -> Iterator[Proxy]:
    one = Proxy(stack.ports.clickhouse_tcp)
    yield one
    one.close()


def behind(stack: Stack, proxy: Proxy) -> dict[str, str]:
    """The environment of a worker that goes through the proxy."""
    return {"HEADRACE_CLICKHOUSE": stack.clickhouse_url.replace(f":{stack.ports.clickhouse_tcp}/", f":{proxy.port}/")}


def resident(worker: Worker) -> int:
    """Memory of a worker's process and its publisher's, MiB."""
    pid = worker.process.pid
    pids = [pid, *Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    pages = sum(int(Path(f"/proc/{one}/statm").read_text().split()[1]) for one in pids)
    return pages * os.sysconf("SC_PAGE_SIZE") >> 20


@pytest.mark.fault
@pytest.mark.parametrize(
    ("how", "seconds"),
    [(signal.SIGTERM, 3), (signal.SIGKILL, 3), (signal.SIGKILL, 12)],
    ids=["restarted", "killed", "killed for longer than a transaction may be open"],
)
def test_the_broker_ends_and_comes_back(
    site: Callable[..., Site], stack: Stack, how: signal.Signals, seconds: int
) -> None:
    here = site()
    [worker] = here.begin()
    time.sleep(2)
    os.kill(pid_of(stack, "kafka"), how)
    time.sleep(seconds)
    up(stack.data, stack.ports, print)
    back = time.monotonic()
    here.recovered(worker, since=back)
    here.end(f"broker {'restarted' if how == signal.SIGTERM else 'killed (SIGKILL)'}, away for {seconds} s", worker)


@pytest.mark.fault
def test_clickhouse_is_away_for_two_minutes(site: Callable[..., Site], stack: Stack) -> None:
    here = site()
    [worker] = here.begin()
    time.sleep(5)
    here.recovered(worker, since=time.monotonic())
    before = resident(worker), threads(worker)
    os.kill(pid_of(stack, "clickhouse"), signal.SIGKILL)
    gone = time.monotonic()
    worker.wait_for("not being ready", lambda: not ready(worker))
    flags = len(here.plant.messages("anomalies"))
    worker.wait_for("flags", lambda: len(here.plant.messages("anomalies")) > flags)
    while time.monotonic() < gone + 120:
        time.sleep(5)
        assert not ready(worker)
        assert positions(worker) == 3  # membership is kept
    held = resident(worker)
    assert held < before[0] + 400, f"memory went from {before[0]} to {held} MiB"
    up(stack.data, stack.ports, print)
    here.recovered(worker, since=time.monotonic())
    time.sleep(5)
    assert threads(worker) == before[1]
    assert "partition_reopening" not in worker.log.read_text()
    here.end("ClickHouse away for 2 minutes", worker)


def test_a_worker_is_killed_while_clickhouse_is_away(site: Callable[..., Site], stack: Stack) -> None:
    """It has given out messages that have no rows, far beyond its checkpoint."""
    here = site()
    [worker] = here.begin()
    time.sleep(2)
    os.kill(pid_of(stack, "clickhouse"), signal.SIGKILL)
    worker.wait_for("not being ready", lambda: not ready(worker))
    time.sleep(5)
    worker.kill()
    up(stack.data, stack.ports, print)
    back = time.monotonic()
    successor = here.plant.worker("w2")
    here.recovered(successor, since=back)
    opened = re.findall(r"partition_opened .*next_offset=(\d+) .*out_to=(\d+)", successor.log.read_text())
    assert any(int(out_to) > int(next_offset) + 1_000 for next_offset, out_to in opened)
    here.end("ClickHouse away, then worker killed (SIGKILL), then a new one", successor)


def test_clickhouse_is_killed_and_started_again(site: Callable[..., Site], stack: Stack) -> None:
    here = site()
    [worker] = here.begin()
    time.sleep(2)
    os.kill(pid_of(stack, "clickhouse"), signal.SIGKILL)
    up(stack.data, stack.ports, print)
    here.recovered(worker, since=time.monotonic())
    here.end("ClickHouse killed (SIGKILL) and started again", worker)


@pytest.mark.fault
def test_clickhouse_takes_two_seconds_for_an_insert(site: Callable[..., Site], stack: Stack, proxy: Proxy) -> None:
    here = site()
    [worker] = here.begin("w1", **behind(stack, proxy))
    proxy.delay = 2.0
    time.sleep(15)
    assert positions(worker) == 3
    proxy.delay = 0.0
    here.recovered(worker, since=time.monotonic())
    here.end("ClickHouse slow (2 s for every insert)", worker)


REFUSALS = {
    "memory limit": (241, "MEMORY_LIMIT_EXCEEDED", "Memory limit (total) exceeded"),
    "read only": (242, "TABLE_IS_READ_ONLY", "Table is in readonly mode"),
}


@pytest.mark.fault
@pytest.mark.parametrize("reason", REFUSALS)
def test_clickhouse_refuses_inserts(site: Callable[..., Site], stack: Stack, proxy: Proxy, reason: str) -> None:
    here = site()
    [worker] = here.begin("w1", **behind(stack, proxy))
    proxy.refusal = REFUSALS[reason]
    worker.wait_for("not being ready", lambda: not ready(worker))
    time.sleep(5)
    assert proxy.refused
    proxy.refusal = None
    here.recovered(worker, since=time.monotonic())
    assert REFUSALS[reason][2] in worker.log.read_text()
    here.end(f"ClickHouse refuses: {reason}", worker)


SETTINGS = {
    "too many parts": ("parts_to_throw_insert = 1, parts_to_delay_insert = 1", 252),
    "disk full": ("min_free_disk_bytes_to_perform_insert = 1000000000000000000", 243),
}


@pytest.mark.parametrize("reason", [pytest.param("too many parts", marks=pytest.mark.fault), "disk full"])
def test_the_tables_of_clickhouse_refuse_inserts(site: Callable[..., Site], reason: str) -> None:
    """As the real engine does it: made to by settings of the tables."""
    here = site()
    [worker] = here.begin()
    settings, code = SETTINGS[reason]
    names = ", ".join(setting.partition(" ")[0] for setting in settings.split(", "))
    tables = ("aggregates", "readings", "ledger")
    for table in tables:
        here.plant.query(f"ALTER TABLE headrace_store.{table} MODIFY SETTING {settings}")
    try:
        worker.wait_for("not being ready", lambda: not ready(worker))
        time.sleep(5)
        assert f"ClickHouse error {code}" in worker.log.read_text()
        assert positions(worker) == 3
    finally:
        for table in tables:
            here.plant.query(f"ALTER TABLE headrace_store.{table} RESET SETTING {names}")
    here.recovered(worker, since=time.monotonic())
    here.end(f"ClickHouse refuses: {reason}", worker)


def ready(worker: Worker) -> bool:
    """What the worker says of itself."""
    metrics = scrape(worker.address)
    return metrics is not None and metrics.ready


def threads(worker: Worker) -> int:
    """Threads of a worker's process."""
    return len(list(Path(f"/proc/{worker.process.pid}/task").iterdir()))
