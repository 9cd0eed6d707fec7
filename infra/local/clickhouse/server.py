"""The endpoint as a whole: how its parts start and stop."""

import threading
import time
from pathlib import Path
from typing import Final

from infra.local.clickhouse.accounts import Accounts
from infra.local.clickhouse.clients import Clients, Services
from infra.local.clickhouse.engine import Engine
from infra.local.clickhouse.http_api import HttpListener
from infra.local.clickhouse.http_sessions import HttpSessions
from infra.local.clickhouse.native import NativeListener
from infra.local.clickhouse.watcher import Watcher

MAX_CONNECTIONS: Final = 256
"""Of both protocols together."""
DRAIN_SECONDS: Final = 5.0
"""How long running queries may go on after a stop."""
CUT_SECONDS: Final = 2.0
"""How long they have to end after their connections were cut."""

_STOP_PERIOD: Final = 0.02
_POLL: Final = 0.1


class Server:
    """An engine and its listeners.

    The ports are taken before the engine opens its data, so that a taken port changes nothing. Raises StartError if one
    is taken or the data directory cannot be used.
    """

    def __init__(self, path: Path, accounts: Accounts, host: str, tcp_port: int, http_port: int) -> None:
        native, http = NativeListener(host, tcp_port), HttpListener(host, http_port)
        self._listeners = (native, http)
        self.tcp_port, self.http_port = native.port, http.port
        engine = Engine(path, tenants=accounts.tenants)
        self._services = Services(engine, accounts, Watcher(engine), Clients(MAX_CONNECTIONS), HttpSessions(engine))
        native.services = http.services = self._services

    def start(self) -> None:
        """Serves from now on."""
        for listener in self._listeners:
            threading.Thread(target=listener.serve_forever, args=(_POLL,), name="listener", daemon=True).start()

    def stop(self) -> None:
        """Stops listening, lets running queries finish for a while, closes the engine."""
        for listener in self._listeners:
            listener.shutdown()
            listener.server_close()
        clients = self._services.clients
        drained = time.monotonic() + DRAIN_SECONDS
        while clients.close_idle() and time.monotonic() < drained:
            time.sleep(_STOP_PERIOD)
        cut = time.monotonic() + CUT_SECONDS
        while clients.close_all() and time.monotonic() < cut:  # the watcher stops queries whose clients are gone
            time.sleep(_STOP_PERIOD)
        self._services.watcher.close()
        self._services.http_sessions.close()
        self._services.engine.close()
