"""Workers that are killed, stopped, woken, added and told to leave, under load."""

import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from streams.scrape import scrape
from tests.end_to_end.plant import Worker
from tests.end_to_end.test_worker_life import positions, publisher_of
from tests.faults.conftest import Site

SESSION_SECONDS = 10.0
"""The session timeout of the group."""


def kill_and_restart(here: Site, worker: Worker, times: int) -> Worker:
    rng = random.Random(times)
    for _ in range(times):
        time.sleep(rng.random() * 1.5)
        worker.kill()
        killed = time.monotonic()
        worker = here.plant.worker()
        here.recovered(worker, since=killed)
    return worker


def test_a_worker_killed_at_random_moments(site: Callable[..., Site]) -> None:
    here = site()
    [worker] = here.begin()
    here.end("worker killed (SIGKILL) 3 times", kill_and_restart(here, worker, 3))


@pytest.mark.fault
def test_a_worker_killed_at_twenty_random_moments(site: Callable[..., Site]) -> None:
    here = site()
    [worker] = here.begin()
    here.end("worker killed (SIGKILL) at 20 random moments", kill_and_restart(here, worker, 20))


@pytest.mark.fault
def test_of_two_workers_one_is_killed_one_joins_and_one_leaves(site: Callable[..., Site]) -> None:
    here = site()
    first, second = here.begin("w1", "w2")
    first.kill()
    killed = time.monotonic()
    here.recovered(second, since=killed)
    third = here.plant.worker("w3")
    third.wait_for("a share", lambda: positions(third) > 0)
    told = time.monotonic()
    assert second.stop() == 0
    here.recovered(third, since=told)
    here.end("rebalance: of two workers one killed, one joining, one leaving", third)


@pytest.mark.fault
def test_a_worker_that_was_stopped_beyond_its_session_and_woken_is_fenced(site: Callable[..., Site]) -> None:
    here = site()
    sleeper, other = here.begin("w1", "w2")
    whole = [sleeper.process.pid, publisher_of(sleeper)]
    for pid in whole:
        os.kill(pid, signal.SIGSTOP)
    stopped = time.monotonic()
    here.recovered(other, since=stopped)
    assert time.monotonic() - stopped > SESSION_SECONDS / 2
    for pid in whole:
        os.kill(pid, signal.SIGCONT)
    woken = time.monotonic()
    here.recovered(other, sleeper, since=woken)
    assert sleeper.stop() == 0
    here.end("worker stopped (SIGSTOP) beyond its session timeout, and woken", other)


@pytest.mark.fault
def test_a_worker_told_to_leave_under_load_is_gone_within_ten_seconds(site: Callable[..., Site]) -> None:
    here = site()
    [worker] = here.begin()
    told = time.monotonic()
    assert worker.stop() == 0
    assert time.monotonic() - told < 10
    assert "committed=false" not in worker.log.read_text()
    worker = here.plant.worker()
    here.recovered(worker, since=told)
    here.end("SIGTERM under load, then a new worker", worker)


@pytest.mark.fault
@pytest.mark.parametrize("hours", [-1, 1])
def test_a_worker_whose_clock_is_wrong_by_an_hour(site: Callable[..., Site], tmp_path: Path, hours: int) -> None:
    here = site()
    folder = tmp_path / "clock"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(
        f"import time\n_now, _now_ns = time.time, time.time_ns\ntime.time = lambda: _now() + {3600 * hours}\n"
        f"time.time_ns = lambda: _now_ns() + {3_600_000_000_000 * hours}\n"
    )
    [worker] = here.begin("w1", PYTHONPATH=str(folder))
    time.sleep(5)
    here.recovered(worker, since=time.monotonic())
    here.end(f"clock of the worker wrong by {hours:+} h", worker)


@pytest.mark.fault
def test_partitions_of_a_source_are_increased_while_a_worker_runs(site: Callable[..., Site]) -> None:
    here = site()
    [worker] = here.begin()
    file = here.plant.file
    file.write_text(file.read_text().replace("partitions: 3", "partitions: 5"))
    here.plant.command("topology", "apply", str(file))
    begin = time.monotonic()
    event = b'{"ts": 1760000000000, "site": "s", "asset": "new", "values": {"t": 1.0}}'
    here.plant.send("machine.events", [(3, event), (4, event)])
    worker.wait_for("the new partitions", lambda: positions(worker) == 5)
    here.recovered(worker, since=begin)
    here.end("partitions of a source increased from 3 to 5", worker)
    metrics = scrape(worker.address)
    assert metrics is None  # it has left
