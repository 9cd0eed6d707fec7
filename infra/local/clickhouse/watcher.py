"""Notices what a client does while its query runs: a Cancel packet, or hanging up.

The thread that serves the client is inside the engine then. One watcher thread looks at the sockets of all running
queries and stops those whose client wants it; KILL QUERY is the only way to stop a statement from outside.
"""

import logging
import select
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Final

from infra.local.clickhouse.engine import Engine
from infra.local.clickhouse.errors import ServerError

_PERIOD: Final = 0.05
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Watch:
    client: socket.socket
    tag: str
    stops: Callable[[bytes], bool]


class Watcher:
    """Stops queries of `engine` whose clients cancel or leave."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._watches: dict[int, _Watch] = {}
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="watcher", daemon=True)
        self._thread.start()

    @contextmanager
    def watching(self, client: socket.socket, tag: str, stops: Callable[[bytes], bool]) -> Iterator[None]:
        """While the context is open, a statement of the session `tag` is stopped if `stops` says so.

        It is asked when the client has sent something or left, with the next byte of it (b"" for left).
        """
        descriptor = client.fileno()
        with self._lock:
            self._watches[descriptor] = _Watch(client, tag, stops)
        try:
            yield
        finally:
            with self._lock:  # not while a kill is under way: it must not hit the session's next statement
                self._watches.pop(descriptor, None)

    def close(self) -> None:
        """Ends the thread."""
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stopping.wait(_PERIOD):
            if not self._watches:
                continue
            with self._lock:
                for descriptor in _readable(list(self._watches)):
                    try:
                        self._look(descriptor)
                    except ServerError as error:
                        _log.warning("a query could not be stopped: %s", error)

    def _look(self, descriptor: int) -> None:
        watch = self._watches[descriptor]
        try:
            seen = watch.client.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return
        except OSError:  # reset by the client
            seen = b""
        if watch.stops(seen) and self._engine.kill(watch.tag):
            del self._watches[descriptor]  # else it is not yet among the running statements: next time


def _readable(descriptors: list[int]) -> list[int]:
    poll = select.poll()
    for descriptor in descriptors:
        poll.register(descriptor, select.POLLIN)
    return [descriptor for descriptor, _ in poll.poll(0)]
