"""A proxy in front of ClickHouse's native port, to be slow, or to refuse what is inserted, at will."""

import socket
import struct
import threading
import time
from contextlib import suppress

_QUERY = 1
_EXCEPTION = 2


class Proxy:
    """Passes bytes on between a worker and ClickHouse; from then on as `delay` and `refusal` say."""

    def __init__(self, port: int) -> None:
        """`port` is ClickHouse's, on the loopback interface."""
        self.delay = 0.0
        """Seconds that every statement waits before ClickHouse gets it."""
        self.refusal: tuple[int, str, str] | None = None
        """Code, name and message of the error that every statement is answered with."""
        self.refused = 0
        self._target = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self._sockets: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        """Stop, and cut what is connected."""
        for one in [self._listener, *self._sockets]:
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._target))
            self._sockets += [client, server]
            threading.Thread(target=self._pass, args=(client, server, True), daemon=True).start()
            threading.Thread(target=self._pass, args=(server, client, False), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket, to_server: bool) -> None:
        with suppress(OSError):
            while data := source.recv(1 << 16):
                if to_server and data[0] == _QUERY:
                    if self.refusal is not None:
                        self.refused += 1
                        source.sendall(_exception(*self.refusal))
                        break
                    time.sleep(self.delay)
                target.sendall(data)
        for one in (source, target):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)


def _exception(code: int, name: str, message: str) -> bytes:
    """The packet in which ClickHouse reports an error (`TCPHandler::sendException`)."""
    texts = [f"DB::{name}", f"DB::Exception: {message}", ""]
    packed = b"".join(_varint(len(text.encode())) + text.encode() for text in texts)
    return bytes([_EXCEPTION]) + struct.pack("<i", code) + packed + b"\0"


def _varint(number: int) -> bytes:
    encoded = b""
    while number > 0x7F:
        encoded += bytes([number & 0x7F | 0x80])
        number >>= 7
    return encoded + bytes([number])
