"""The HTTP protocol of the services that others reach. uvicorn's own takes heads of any size, and waits for the rest of
a request for as long as its client likes.
"""

import asyncio
from typing import Any, Final

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_MOST_BYTES: Final = 16_384
"""Of a head; how large a body may be is for the application to say."""


def config(app: Any, host: str, port: int, **own: Any) -> uvicorn.Config:
    """How such a service is served; `own` are further options of uvicorn's."""
    return uvicorn.Config(
        app,
        host,
        port,
        http=Bounded,
        ws="none",
        lifespan="off",
        server_header=False,
        access_log=False,  # it would hold codes and what is asked
        log_config=None,
        log_level="warning",
        **own,
    )


class Bounded(HttpToolsProtocol):
    """Hangs up on heads that are too large, and on clients that stop midway."""

    patience_seconds = 30.0
    """From the begin of a connection, or of a request on it, to the end of its head; and from the answer to the end of
    a body that the application has not read. How long it reads one is for the application to say."""
    _in_head = True
    _head_bytes = 0
    _deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect()

    def connection_lost(self, exc: Exception | None) -> None:
        self._expect_nothing()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        for begin in range(0, len(data), _MOST_BYTES):  # a head may have come at once with much of its body
            piece = data[begin : begin + _MOST_BYTES]
            if self._in_head:
                self._head_bytes += len(piece)
                if self._deadline is None:
                    self._expect()
            super().data_received(piece)
            if self._in_head and self._head_bytes > _MOST_BYTES:
                self.transport.close()
            if self.transport.is_closing():
                return

    def on_header(self, name: bytes, value: bytes) -> None:
        if self._in_head:  # trailers are for nobody
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._in_head = False
        self._expect_nothing()
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        self._in_head, self._head_bytes = True, 0
        self._expect_nothing()
        super().on_message_complete()

    def on_response_complete(self) -> None:
        super().on_response_complete()
        if not self._in_head:
            self._expect()

    def _expect(self) -> None:
        self._expect_nothing()
        self._deadline = self.loop.call_later(self.patience_seconds, self.transport.close)

    def _expect_nothing(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None
