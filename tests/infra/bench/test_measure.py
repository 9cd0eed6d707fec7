"""CPU and memory of a process tree."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from infra.bench.measure import Gauge, sample

BUSY = "import time\nbegin = time.process_time()\nwhile time.process_time() - begin < 0.5: pass\n"
WAIT = "print('ready', flush=True)\ninput()\n"


@contextmanager
def program(source: str) -> Iterator["subprocess.Popen[str]"]:
    """A program that has said that it is ready; it ends when its input is closed."""
    process = subprocess.Popen(
        [sys.executable, "-c", source], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )  # fmt: skip
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
    finally:
        process.communicate("\n")


def test_cpu_time_of_the_process_is_counted() -> None:
    with program(BUSY + WAIT) as process:
        found = sample(process.pid)
        assert found is not None
        assert 0.45 <= found.cpu < 5


def test_cpu_time_of_children_is_counted_while_they_live_and_after() -> None:
    ended = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {BUSY!r}])\n" + WAIT
    with program(ended) as process:
        found = sample(process.pid)
        assert found is not None
        assert found.cpu >= 0.45
    alive = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {BUSY + WAIT!r}])\n"
    with program(alive) as process:
        found = sample(process.pid)
        assert found is not None
        assert found.cpu >= 0.45


def test_memory_is_the_greatest_that_was_resident() -> None:
    with program("block = bytearray(100 << 20)\ndel block\n" + WAIT) as process:
        found = sample(process.pid)
        assert found is not None
        assert 100 << 20 <= found.memory < 300 << 20


def test_a_process_that_has_ended_has_no_sample() -> None:
    with program(WAIT) as process:
        pass
    assert sample(process.pid) is None


def test_a_gauge_without_a_sample_measured_nothing() -> None:
    gauge = Gauge(os.getpid())
    assert gauge.cpu_until(0.0) == 0.0
    assert gauge.peak == 0
