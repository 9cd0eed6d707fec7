"""CPU time and memory of a process and all its descendants, read from /proc alike for every system."""

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from infra.bench.vitals import field
from schemas.errors import UserError

_PROC = Path("/proc")
_TICKS = os.sysconf("SC_CLK_TCK")
_EVERY_SECONDS = 0.1


@dataclass(frozen=True)
class Sample:
    """What a process tree had used by a moment."""

    time: float
    """Seconds since the epoch, as brokers' timestamps are."""
    cpu: float
    """CPU seconds of all processes since each began, ended children included; in steps of the system's tick."""
    memory: int
    """Resident bytes, the greatest that each living process has had, added up: exact for one process, else at most."""


class Gauge:
    """Samples a process tree ten times a second, from entering its context to leaving it."""

    def __init__(self, pid: int) -> None:
        """Raises UserError where there is no /proc: this is Linux's."""
        if not (_PROC / "self" / "stat").exists():
            raise UserError("the benchmarks measure through /proc and therefore run on Linux alone")
        self._pid = pid
        self._samples: list[Sample] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Gauge":
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join()

    def cpu_until(self, moment: float) -> float:
        """CPU seconds used up to a moment (seconds since the epoch), as of the first sample after it."""
        return next((s.cpu for s in self._samples if s.time >= moment), self._samples[-1].cpu if self._samples else 0.0)

    @property
    def peak(self) -> int:
        """The greatest resident memory of all samples, bytes."""
        return max((sample.memory for sample in self._samples), default=0)

    def _run(self) -> None:
        while not self._stop.wait(_EVERY_SECONDS):
            found = sample(self._pid)
            if found is None:
                return
            self._samples.append(found)


def sample(pid: int) -> Sample | None:
    """What the tree of process `pid` has used; None when it has ended."""
    ticks = memory = 0
    pids = [pid, *descendants(pid)]
    alive = False
    for each in pids:
        try:
            fields = (_PROC / str(each) / "stat").read_text(errors="replace").rpartition(")")[2].split()
            status = (_PROC / str(each) / "status").read_text(errors="replace")
        except (FileNotFoundError, ProcessLookupError):
            continue  # ended a moment ago; its parent, once it has waited for it, counts it
        if fields[0] in "ZX":
            continue
        alive = True
        ticks += sum(map(int, fields[11:15]))  # utime, stime, cutime and cstime of proc(5)
        memory += (field("VmHWM", status) or 0) * 1024
    return Sample(time.time(), ticks / _TICKS, memory) if alive else None


def descendants(pid: int) -> list[int]:
    """The processes that a process has started and those that they have, none if it has ended."""
    found = []
    try:
        tasks = list((_PROC / str(pid) / "task").iterdir())
        children = [child for task in tasks for child in (task / "children").read_text().split()]
    except (FileNotFoundError, ProcessLookupError):
        return []
    for child in children:
        found += [int(child), *descendants(int(child))]
    return found
