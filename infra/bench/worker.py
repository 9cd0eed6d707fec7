"""headrace workers as the benchmarks start, watch and stop them."""

import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from infra.bench.arena import Arena
from infra.bench.metrics import Metrics, scrape
from infra.local.ports import HOST, free_ports
from schemas.errors import UserError

PROJECT = Path(__file__).parents[2]
"""The folder that programs are started in: they are modules of it."""

_OPENED = re.compile(r"timestamp=(\S+) .*event=partition_opened")
_STOP_SECONDS = 20.0
_LOOK_SECONDS = 0.2


def command(file: Path, name: str, address: str) -> list[str]:
    """The command of a worker that serves its metrics at `address`."""
    return [
        sys.executable, "-m", "streams", "worker", "--topology", str(file), "--id", name, "--metrics", address,
    ]  # fmt: skip


def free_address() -> str:
    """A free address for a worker's metrics."""
    return f"{HOST}:{next(free_ports())}"


def opened_at(log: str) -> float | None:
    """When a worker opened its first partition (seconds since the epoch), from its log; None if it has none."""
    moments = [datetime.fromisoformat(moment).timestamp() for moment in _OPENED.findall(log)]
    return min(moments, default=None)


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ask a process that was started here to end, and see to it."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(_STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


class Worker:
    """One worker process; stopped at the end of its context."""

    def __init__(self, arena: Arena, file: Path, name: str) -> None:
        self.address = free_address()
        self.name = name
        self._log = arena.folder / f"{name}.log"
        with self._log.open("wb") as output:
            self.process = subprocess.Popen(
                command(file, name, self.address), env=arena.environment, cwd=PROJECT,
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *_: object) -> None:
        stop(self.process)

    @property
    def opened_at(self) -> float | None:
        """When it opened its first partition, seconds since the epoch."""
        return opened_at(self._log.read_text(errors="replace"))

    def check(self) -> None:
        """Raise UserError if the worker has ended."""
        if self.process.poll() is not None:
            end = self._log.read_text(errors="replace")[-1000:]
            raise UserError(f"worker {self.name} ended with exit code {self.process.returncode}: {end}")

    def metrics(self) -> Metrics:
        """Its metrics; none while it does not answer."""
        self.check()
        return scrape(self.address) or {}

    def wait_for(self, what: str, condition: Callable[[Metrics], bool], seconds: float) -> None:
        """Wait until its metrics fulfil a condition. Raises UserError if the worker ends, or that does not come."""
        deadline = time.monotonic() + seconds
        while not condition(self.metrics()):
            if time.monotonic() > deadline:
                raise UserError(f"worker {self.name}: {what} did not come within {seconds:g} s")
            time.sleep(_LOOK_SECONDS)
