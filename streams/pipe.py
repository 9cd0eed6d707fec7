"""Calls from the worker's process to its publisher's, over two pairs of sockets: one for calls, one for answers.

Both ends were forked from one process, so objects travel pickled. A call can be megabytes: it is sent by a thread that
waits in the kernel. The event loop would send a socket's buffer each time it comes round, and it comes round once a
chunk.
"""

import asyncio
import pickle
import socket
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import count
from typing import Any, NamedTuple

_LENGTH_BYTES = 8
_LIMIT = 64 << 20
"""Bytes that are read ahead."""


class Sockets(NamedTuple):
    """One process's ends."""

    calls: socket.socket
    answers: socket.socket

    def close(self) -> None:
        """Close both."""
        self.calls.close()
        self.answers.close()


def pair() -> tuple[Sockets, Sockets]:
    """Connected ends for two processes."""
    calls, answers = socket.socketpair(), socket.socketpair()
    return Sockets(calls[0], answers[0]), Sockets(calls[1], answers[1])


class Caller:
    """Makes calls, several at a time."""

    def __init__(self, sockets: Sockets) -> None:
        self._sockets = sockets
        self._thread = ThreadPoolExecutor(1, "calls")
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._numbers = count(1)

    async def call(self, name: str, *arguments: Any) -> Any:
        """Have the other process do something. ConnectionError if it is gone."""
        number = next(self._numbers)
        loop = asyncio.get_running_loop()
        answer = self._waiting[number] = loop.create_future()
        try:
            await loop.run_in_executor(self._thread, self._sockets.calls.sendall, _packed(number, name, arguments))
            return await answer
        finally:
            del self._waiting[number]

    async def listen(self, heard: Callable[[Any], None]) -> None:
        """Take answers, and what the other process tells unasked, until it ends: then ConnectionError."""
        reader, writer = await asyncio.open_connection(sock=self._sockets.answers, limit=_LIMIT)
        try:
            while True:
                number, _, thing = await _receive(reader)
                if number == 0:
                    heard(thing)
                elif number in self._waiting and not self._waiting[number].done():
                    self._waiting[number].set_result(thing)
        except asyncio.IncompleteReadError:
            raise ConnectionError("the other process has ended") from None
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(ConnectionError("the other process has ended"))

    def close(self) -> None:
        """Hang up: the other process ends."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        self._sockets.calls.close()


class Server:
    """Answers calls, several at a time."""

    def __init__(self, sockets: Sockets) -> None:
        self._sockets = sockets

    async def serve(self, calls: Mapping[str, Callable[..., Any]]) -> None:
        """Answer until the caller hangs up. What a call raises is not an answer: it ends this."""
        reader, hang_up = await asyncio.open_connection(sock=self._sockets.calls, limit=_LIMIT)
        _, self._writer = await asyncio.open_connection(sock=self._sockets.answers)
        try:
            async with asyncio.TaskGroup() as running:
                while True:
                    number, name, arguments = await _receive(reader)
                    running.create_task(self._answer(number, calls[name](*arguments)))
        except* (asyncio.IncompleteReadError, ConnectionError):
            pass  # the caller has hung up
        finally:
            for writer in (hang_up, self._writer):
                writer.close()
                with suppress(ConnectionError):
                    await writer.wait_closed()

    def tell(self, thing: Any) -> None:
        """Let the caller know of something."""
        self._writer.write(_packed(0, "", thing))

    async def _answer(self, number: int, call: Any) -> None:
        self._writer.write(_packed(number, "", await call))
        await self._writer.drain()


def _packed(number: int, name: str, thing: Any) -> bytes:
    body = pickle.dumps((number, name, thing), pickle.HIGHEST_PROTOCOL)
    return len(body).to_bytes(_LENGTH_BYTES, "little") + body


async def _receive(reader: asyncio.StreamReader) -> Any:
    size = int.from_bytes(await reader.readexactly(_LENGTH_BYTES), "little")
    return pickle.loads(await reader.readexactly(size))  # noqa: S301 - from a process of our own
