"""What the listeners of both protocols have in common: a thread for each connection, and a limit to their number."""

import logging
import socket
import socketserver
from typing import Any, Final

from infra.local.clickhouse.clients import Services
from infra.local.clickhouse.errors import Code, ServerError, StartError

_REFUSAL_SECONDS: Final = 0.2
_KEEPALIVE: Final = {"TCP_KEEPIDLE": 60, "TCP_KEEPINTVL": 10, "TCP_KEEPCNT": 6}
_log = logging.getLogger(__name__)


class Listener(socketserver.ThreadingTCPServer):
    """Listens from its construction on, serves from `serve_forever` on; `services` must be set in between.

    Raises StartError if the address cannot be had.
    """

    allow_reuse_address = True
    block_on_close = False
    daemon_threads = True
    request_queue_size = 128
    services: Services

    def __init__(self, host: str, port: int, handler: type[socketserver.BaseRequestHandler]) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            super().__init__((host, port), handler)
        except OSError as error:
            raise StartError(f"cannot listen on {host}:{port}: {error.strerror}") from None

    @property
    def port(self) -> int:
        """The port, also if 0 was asked for."""
        return int(self.socket.getsockname()[1])

    def refusal(self, error: ServerError) -> bytes:
        """An error in the bytes of the protocol, for a client that is not let in."""
        raise NotImplementedError

    def verify_request(self, request: Any, client_address: Any) -> bool:
        """Registers a connection, or tells its client that there is no room."""
        clients = self.services.clients
        if clients.admit(request):
            return True
        _log.warning("a connection is refused: there are %d", clients.limit)
        text = f"Too many simultaneous connections: at most {clients.limit} are served"
        try:
            request.settimeout(_REFUSAL_SECONDS)
            request.recv(1 << 16)  # what is left unread would reset the connection before the answer has arrived
            request.sendall(self.refusal(ServerError(Code.TOO_MANY_SIMULTANEOUS_QUERIES, text)))
        except OSError as error:
            _log.debug("a refused client did not take the answer: %s", error)
        return False

    def finish_request(self, request: Any, client_address: Any) -> None:
        """Serves a connection, in its own thread."""
        try:
            _configure(request)
            super().finish_request(request, client_address)
        except (OSError, EOFError) as error:
            _log.debug("a client has left: %s", error or "end of data")
        except Exception:
            _log.exception("a connection ends by an error of the endpoint")
        finally:
            self.services.clients.leave(request)


def _configure(connection: socket.socket) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)  # finds clients that vanished without a word
    for name, value in _KEEPALIVE.items():
        if hasattr(socket, name):
            connection.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
