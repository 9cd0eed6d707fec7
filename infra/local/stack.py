"""Start, find and stop the local stack of a data folder: one Kafka broker and one ClickHouse.

A data folder is the stack: it holds the data of both, their logs, ClickHouse's users and the record of what runs.
"""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Literal, Protocol

from infra.local import processes, record
from infra.local.clickhouse_server import READER, WRITER, ClickHouseServer, load_users, make_users
from infra.local.errors import StackError
from infra.local.kafka.broker import Broker
from infra.local.ports import HOST, Ports, answers, is_free
from infra.local.processes import Process
from infra.local.record import Record

__all__ = ["DEFAULT_DATA", "Part", "Ports", "Stack", "StackError", "down", "find", "ports_of", "up"]

DEFAULT_DATA = Path(".headrace")

_START_SECONDS = 120.0
"""Far more than a start takes (3 s), for a broker that has to recover a large log on a slow disk."""
_STOP_SECONDS = 30.0


@dataclass(frozen=True)
class Part:
    """A part of the stack as it is found. It is up when its process runs and its port answers."""

    name: str
    port: int
    state: Literal["up", "down"]
    pid: int | None
    started_at: datetime | None
    log: Path


@dataclass(frozen=True)
class Stack:
    """A stack as it is found, and the addresses at which its parts answer when they are up."""

    data: Path
    ports: Ports
    parts: tuple[Part, ...]
    _passwords: dict[str, str] = field(repr=False)

    @property
    def is_up(self) -> bool:
        return all(part.state == "up" for part in self.parts)

    @property
    def kafka(self) -> str:
        """Kafka's bootstrap servers."""
        return f"{HOST}:{self.ports.kafka}"

    @property
    def clickhouse_url(self) -> str:
        """The address for a client that reads and writes; it contains the password."""
        return self._url(WRITER, self._passwords[WRITER])

    @property
    def clickhouse_url_public(self) -> str:
        """The same without the password, to be shown."""
        return self._url(WRITER)

    @property
    def reader_url(self) -> str:
        """The address for a client that only reads; it contains that user's password."""
        return self._url(READER, self._passwords[READER])

    @property
    def http_url(self) -> str:
        """ClickHouse's HTTP interface, for any of its users."""
        return f"http://{HOST}:{self.ports.clickhouse_http}"

    def _url(self, user: str, password: str | None = None) -> str:
        login = user if password is None else f"{user}:{password}"
        return f"clickhouse://{login}@{HOST}:{self.ports.clickhouse_tcp}/headrace"


class _Server(Protocol):
    """What the stack needs to know of a part in order to run it."""

    @property
    def name(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def port(self) -> int: ...
    def start(self, log: Path, progress: Callable[[str], None]) -> Process: ...
    def is_ready(self) -> bool: ...


def up(data: Path, ports: Ports | None, progress: Callable[[str], None]) -> Stack:
    """Start what does not run yet, wait until everything answers, and return it.

    `ports` None means those of the last time, or else the usual ones. `progress` is told what is done, a line at a
    time. Raises StackError, and then leaves running only what ran before.
    """
    data = data.resolve()
    with record.locked(data, lambda: progress(f"waiting for another command on {data}")):
        known = record.load(data)
        chosen = ports or (known.ports if known else Ports())
        if known and known.running() and known.ports != chosen:
            raise StackError(f"the stack in {data} runs on other ports ({_shown(known.ports)}); stop it first")
        servers = _servers(data, chosen)
        # Also what an interrupted `up` left starting; but what was killed a moment ago may not have ended yet.
        recorded = known.running() if known else {}
        running = {s.name: recorded[s.name] for s in servers if s.name in recorded and _ready(s, recorded[s.name])}
        _refuse_taken(chosen, running)

        make_users(data)
        started: dict[str, Process] = {}
        try:
            for server in servers:
                if server.name not in running:
                    progress(f"starting {server.title} on {HOST}:{server.port}")
                    started[server.name] = server.start(_log(data, server.name), progress)
                    record.save(data, Record(str(data), chosen, running | started))
            for server in servers:
                if server.name in started and not _ready(server, started[server.name]):
                    log = _log(data, server.name)
                    raise StackError(f"{server.title} ended while it started: {_last_words(log)} (log: {log})")
        except BaseException:  # Ctrl-C, too
            processes.stop(started.values(), _STOP_SECONDS)
            record.save(data, Record(str(data), chosen, running))
            raise
    return _found(data, Record(str(data), chosen, running | started))


def ports_of(
    data: Path, kafka: int | None = None, clickhouse_tcp: int | None = None, clickhouse_http: int | None = None
) -> Ports:
    """The ports of the last time, or else the usual ones, with those that are given in their place."""
    known = record.load(data.resolve())
    given = {"kafka": kafka, "clickhouse_tcp": clickhouse_tcp, "clickhouse_http": clickhouse_http}
    return replace(known.ports if known else Ports(), **{name: port for name, port in given.items() if port})


def down(data: Path) -> list[str]:
    """Stop what runs and return the names of the parts that were stopped; none when nothing ran.

    Only processes that `up` started for this folder are touched. When this returns, their ports are free.
    """
    data = data.resolve()
    if record.load(data) is None:
        return []
    with record.locked(data, lambda: None):
        known = record.load(data)
        if known is None:
            return []
        running = known.running()
        processes.stop(running.values(), _STOP_SECONDS)
        if surviving := [name for name, process in running.items() if process.is_alive()]:
            raise StackError(f"cannot stop {', '.join(surviving)} of {data}, not even by force")
        record.save(data, Record(str(data), known.ports))
        return sorted(running)


def find(data: Path) -> Stack | None:
    """The stack of this data folder, whether it is up or not; None when it never had one."""
    data = data.resolve()
    known = record.load(data)
    return None if known is None else _found(data, known)


def _servers(data: Path, ports: Ports) -> list[_Server]:
    return [Broker(data, ports.kafka), ClickHouseServer(data, ports.clickhouse_tcp, ports.clickhouse_http)]


def _found(data: Path, known: Record) -> Stack:
    running = known.running()
    parts = []
    for server in _servers(data, known.ports):
        process = running.get(server.name)
        parts.append(
            Part(
                name=server.name,
                port=server.port,
                state="up" if process and answers(server.port) else "down",
                pid=process.pid if process else None,
                started_at=process.started_at if process else None,
                log=_log(data, server.name),
            )
        )
    passwords = {name: user.password for name, user in load_users(data).items()}
    return Stack(data, known.ports, tuple(parts), passwords)


def _refuse_taken(ports: Ports, running: dict[str, Process]) -> None:
    """Raise StackError for the first port that another program has."""
    for name, port in asdict(ports).items():
        part = name.partition("_")[0]
        if part not in running and not is_free(port):
            option = f"--{name.replace('_', '-')}-port"
            raise StackError(f"port {port} is taken by another program; choose another with {option}")


def _ready(server: _Server, process: Process) -> bool:
    """Wait until the server is ready, or its process has ended: then False. Raises StackError if neither happens."""
    deadline = time.monotonic() + _START_SECONDS
    while process.is_alive():
        if server.is_ready():
            return True
        if time.monotonic() > deadline:
            raise StackError(f"{server.title} (pid {process.pid}) runs, but does not answer on port {server.port}")
        time.sleep(0.05)
    return False


def _last_words(log: Path) -> str:
    """The last line of a log that is not the middle of a stack trace."""
    with suppress(StopIteration):
        lines = log.read_text(errors="replace").splitlines()
        return next(line for line in reversed(lines) if line.strip() and not line.startswith(("\t", " ", "Caused by")))
    return "it said nothing"


def _log(data: Path, name: str) -> Path:
    return data / "logs" / f"{name}.log"


def _shown(ports: Ports) -> str:
    return ", ".join(f"{name.replace('_', ' ')} {port}" for name, port in asdict(ports).items())
