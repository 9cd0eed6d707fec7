"""`stack.json`: which processes a data folder's stack consists of. It holds no secrets."""

import fcntl
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec

from infra.local.errors import StackError
from infra.local.ports import Ports
from infra.local.processes import Process


class Record(msgspec.Struct):
    """What a stack was started with. The ports outlive `down`, so that the next `up` uses them again."""

    folder: str
    """Where the record was written: in a copy of the folder, the processes are not the copy's own."""
    ports: Ports
    processes: dict[str, Process] = {}

    def running(self) -> dict[str, Process]:
        """Those of the processes that still run."""
        return {name: process for name, process in self.processes.items() if process.is_alive()}


def load(data: Path) -> Record | None:
    """The record of this data folder; None when it never had a stack."""
    file = data / "stack.json"
    try:
        record = msgspec.json.decode(file.read_bytes(), type=Record)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise StackError(f"cannot read {file}: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise StackError(f"{file} is damaged ({error}): stop its processes by hand and remove it") from error
    return record if record.folder == str(data) else Record(str(data), record.ports)


def save(data: Path, record: Record) -> None:
    """Replace the record; a reader sees the old one or the new one, never a part."""
    replace_file(data / "stack.json", msgspec.json.format(msgspec.json.encode(record)))


def replace_file(file: Path, content: bytes) -> None:
    """Write a file that only the user can read, all of it or nothing."""
    draft = file.with_name(f"{file.name}.new")
    draft.unlink(missing_ok=True)
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as output:
        output.write(content)
    draft.replace(file)


@contextmanager
def locked(data: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """One `up` or `down` at a time on this folder, which is made when it is missing.

    `waiting` is called once when another one has to be waited for.
    """
    try:
        _make(data)
        lock = (data / "stack.lock").open("w")
    except OSError as error:
        raise StackError(f"cannot use {data} as data folder: {error.strerror}") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            waiting()
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _make(data: Path) -> None:
    if not data.exists():
        data.mkdir(mode=0o700, parents=True)
        (data / ".gitignore").write_text("*\n")  # it holds passwords, and often lies inside a checkout
