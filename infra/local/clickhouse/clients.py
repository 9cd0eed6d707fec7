"""The connections of both protocols: how many there are, and which of them are in the middle of something."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from infra.local.clickhouse.accounts import Accounts
from infra.local.clickhouse.engine import Engine
from infra.local.clickhouse.http_sessions import HttpSessions
from infra.local.clickhouse.watcher import Watcher


class Clients:
    """All connections, `limit` at most. A connection is busy while it serves a query, else idle."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self._busy: dict[socket.socket, bool] = {}
        self._lock = threading.Lock()

    def admit(self, client: socket.socket) -> bool:
        """Registers a connection, as idle. False if there are too many."""
        with self._lock:
            if len(self._busy) >= self.limit:
                return False
            self._busy[client] = False
            return True

    def leave(self, client: socket.socket) -> None:
        """Forgets a connection."""
        with self._lock:
            self._busy.pop(client, None)

    @contextmanager
    def busy(self, client: socket.socket) -> Iterator[None]:
        """While the context is open, the connection is busy."""
        self._set_busy(client, True)
        try:
            yield
        finally:
            self._set_busy(client, False)

    def close_idle(self) -> int:
        """Lets idle connections see the end of their client's data. Returns how many connections there are."""
        with self._lock:
            for client, busy in self._busy.items():
                if not busy:
                    _shut(client, socket.SHUT_RD)
            return len(self._busy)

    def close_all(self) -> int:
        """Cuts every connection. Returns how many there are."""
        with self._lock:
            for client in self._busy:
                _shut(client, socket.SHUT_RDWR)
            return len(self._busy)

    def _set_busy(self, client: socket.socket, busy: bool) -> None:
        with self._lock:
            if client in self._busy:
                self._busy[client] = busy


def _shut(client: socket.socket, how: int) -> None:
    with suppress(OSError):  # gone already
        client.shutdown(how)


@dataclass(frozen=True)
class Services:
    """What every connection needs."""

    engine: Engine
    accounts: Accounts
    watcher: Watcher
    clients: Clients
    http_sessions: HttpSessions
