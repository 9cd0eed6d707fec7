"""A worker's life: leaving when told, waiting for what is away, sharing partitions."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from infra.local.stack import Stack, find, up
from streams.scrape import scrape
from tests.end_to_end.plant import Plant, Worker
from tests.end_to_end.test_exactly_once import TOPOLOGY, disordered


def pid_of(stack: Stack, part: str) -> int:
    now = find(stack.data) or stack  # a part may have been brought up again since
    pid = next(one.pid for one in now.parts if one.name == part)
    assert pid is not None
    return pid


def positions(worker: Worker) -> int:
    """How many partitions of the machines' events a worker has."""
    metrics = scrape(worker.address)
    return len(metrics.all("headrace_consumer_lag", topic="machine.events")) if metrics else 0


def test_sigterm_under_load_commits_and_leaves_within_ten_seconds(deploy: Callable[[str], Plant]) -> None:
    plant = deploy(TOPOLOGY)
    plant.send("machine.events", disordered(100_000))
    worker = plant.worker()
    worker.wait_for("progress", lambda: worker.processed() > 0)
    begin = time.monotonic()
    assert worker.stop() == 0
    assert time.monotonic() - begin < 10
    assert "committed=false" not in worker.log.read_text()
    plant.run_to_the_end()
    plant.assert_as_undisturbed()


def test_sigterm_with_the_broker_away_leaves_within_ten_seconds(deploy: Callable[[str], Plant], stack: Stack) -> None:
    plant = deploy(TOPOLOGY)
    plant.send("machine.events", disordered(5_000))
    worker = plant.worker()
    worker.wait_for("progress", lambda: worker.processed() > 0)
    os.kill(pid_of(stack, "kafka"), signal.SIGSTOP)
    try:
        time.sleep(1)
        begin = time.monotonic()
        worker.process.send_signal(signal.SIGTERM)
        worker.process.wait(60)
        took = time.monotonic() - begin
    finally:
        os.kill(pid_of(stack, "kafka"), signal.SIGCONT)
    assert took < 10
    plant.run_to_the_end()
    plant.assert_as_undisturbed()


def test_messages_do_not_wait_for_clickhouse_and_rows_catch_up_by_themselves(
    deploy: Callable[[str], Plant], stack: Stack
) -> None:
    plant = deploy(TOPOLOGY)
    plant.send("machine.events", disordered(30_000))
    os.kill(pid_of(stack, "clickhouse"), signal.SIGKILL)
    worker = plant.worker()
    worker.wait_for("a failed insert", lambda: "insert_failed" in worker.log.read_text())
    metrics = scrape(worker.address)
    assert metrics is not None
    assert not metrics.ready
    worker.wait_for("flags", lambda: bool(plant.messages("anomalies")))
    up(stack.data, stack.ports, print)
    worker.wait_until_drained()
    assert worker.stop() == 0
    assert "partition_reopening" not in worker.log.read_text()
    plant.assert_as_undisturbed()


def test_a_second_worker_takes_over_from_one_that_is_killed(deploy: Callable[[str], Plant]) -> None:
    # No window is to close because the partitions rebalance for long.
    plant = deploy(TOPOLOGY.replace("idle_timeout: 2s", "idle_timeout: 1h"))
    records = disordered(60_000)
    plant.send("machine.events", records[:30_000])
    first, second = plant.worker("w1"), plant.worker("w2")
    second.wait_for("a share of the partitions", lambda: positions(second) > 0 and positions(first) > 0)
    plant.send("machine.events", records[30_000:])
    first.kill()
    second.wait_for("the partitions of the killed worker", lambda: positions(second) == 3)
    plant.finish(second)
    plant.assert_as_undisturbed(idle=False)


def test_a_worker_whose_publisher_is_killed_ends_and_the_next_one_goes_on(deploy: Callable[[str], Plant]) -> None:
    plant = deploy(TOPOLOGY)
    plant.send("machine.events", disordered(100_000))
    worker = plant.worker()
    worker.wait_for("progress", lambda: worker.processed() > 0)
    os.kill(publisher_of(worker), signal.SIGKILL)
    assert worker.process.wait(60) != 0
    plant.run_to_the_end()
    plant.assert_as_undisturbed()


def test_a_publisher_does_not_outlive_its_worker(deploy: Callable[[str], Plant]) -> None:
    worker = deploy(TOPOLOGY).worker()
    worker.wait_for("partitions", lambda: positions(worker) > 0)
    publisher = publisher_of(worker)
    worker.kill()
    deadline = time.monotonic() + 10
    while Path(f"/proc/{publisher}").exists():
        assert time.monotonic() < deadline, "the publisher is still there"
        time.sleep(0.05)


def publisher_of(worker: Worker) -> int:
    """The worker's only child."""
    tasks = Path(f"/proc/{worker.process.pid}/task").glob("*/children")
    (child,) = " ".join(children.read_text() for children in tasks).split()
    return int(child)
