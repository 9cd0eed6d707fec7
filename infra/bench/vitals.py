"""Memory, file handles and threads of one process at this moment, read from /proc."""

import re
from pathlib import Path
from typing import NamedTuple

_PROC = Path("/proc")


class Vitals(NamedTuple):
    """Of the process alone, without its children."""

    memory: int
    """Resident bytes."""
    handles: int
    """Open file handles, sockets and pipes among them."""
    threads: int


def vitals(pid: int) -> Vitals | None:
    """Look at a process; None when it has ended."""
    try:
        status = (_PROC / str(pid) / "status").read_text(errors="replace")
        handles = sum(1 for _ in (_PROC / str(pid) / "fd").iterdir())
    except (FileNotFoundError, ProcessLookupError, PermissionError):  # /proc refuses the handles of a zombie
        return None
    memory, threads = field("VmRSS", status), field("Threads", status)
    return None if memory is None or threads is None else Vitals(memory * 1024, handles, threads)


def field(name: str, status: str) -> int | None:
    """A number of /proc/PID/status, memory in KiB; None where it is not there, as with a process that has ended."""
    found = re.search(rf"^{name}:\s*(\d+)", status, re.MULTILINE)
    return int(found[1]) if found else None
