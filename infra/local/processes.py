"""Processes that outlive the command that started them, known by more than a number that the system uses again."""

import os
import signal
import subprocess
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import msgspec

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")

_children: set[int] = set()
"""What this very process started and has not reaped: only a parent can reap a child that ended."""


class Process(msgspec.Struct, frozen=True):
    """A process that was started here, now or by an earlier command."""

    pid: int
    birth: str
    """When the system started it, as an opaque mark: the same number with another mark is another program."""
    started_at: datetime

    def is_alive(self) -> bool:
        """Whether this very process still runs."""
        return _birth(self.pid) == self.birth

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal; nothing happens when it has ended."""
        if self.is_alive():
            try:
                os.kill(self.pid, number)
            except ProcessLookupError:
                return  # it ended on its own between the two lines


def start(command: list[str], folder: Path, log: Path, environment: Mapping[str, str]) -> Process:
    """Start `command` in `folder`, in a session of its own, with its output appended to `log`.

    It gets no terminal, no signal from one, and makes files that only the user can read. `environment` is added to this
    process's own.
    """
    log.parent.mkdir(mode=0o700, exist_ok=True)
    with log.open("ab") as output:
        child = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            umask=0o077,
        )
    child.returncode = 0  # as far as Popen goes: it complains of a child that it has not seen end, and this one stays
    _children.add(child.pid)
    return Process(child.pid, _birth(child.pid) or "ended at once", datetime.now(UTC))


def stop(processes: Iterable[Process], patience: float) -> None:
    """Ask all of them to end, wait for `patience` seconds together, and kill those that still run."""
    remaining = list(processes)
    for request, seconds in ((signal.SIGTERM, patience), (signal.SIGKILL, 10.0)):
        for process in remaining:
            process.signal(request)
        deadline = time.monotonic() + seconds
        while remaining and time.monotonic() < deadline:
            time.sleep(0.02)
            remaining = [process for process in remaining if process.is_alive()]


def _birth(pid: int) -> str | None:
    """The mark of the process that has this number now; None when there is none, or only its exit code is left."""
    if pid in _children and os.waitpid(pid, os.WNOHANG)[0]:
        _children.remove(pid)
    return _birth_from_proc(pid) if _BOOT_ID.exists() else _birth_from_ps(pid)


def _birth_from_proc(pid: int) -> str | None:
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return None
    # Fields 3 (state), 20 (number of threads) and 22 (start, in clock ticks since the system's) of proc(5); the second
    # is the program's name in parentheses and may contain anything.
    state, *rest = stat.rpartition(")")[2].split()
    threads, start = int(rest[16]), rest[18]
    # While a killed program's other threads end, its first one is a zombie already, and its ports are still taken.
    ended = state in "ZX" and threads <= 1
    return None if ended else f"{_BOOT_ID.read_text().strip()}/{start}"


def _birth_from_ps(pid: int) -> str | None:
    shown = subprocess.run(["ps", "-o", "stat=,lstart=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state, _, birth = shown.stdout.strip().partition(" ")
    return None if not birth or state.startswith("Z") else birth.strip()
