"""Calls between two processes of one worker, over a pair of sockets.

Both ends are ours and were forked from one process, so objects travel pickled.
"""

import asyncio
import pickle
import socket
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

_LENGTH_BYTES = 8
_LIMIT = 16 << 20
"""Bytes that wait at one end before the other is slowed down."""


class Pipe:
    """One end. It either serves calls or makes them; whoever serves can tell things unasked."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self._writer = writer
        self._waiting: dict[int, asyncio.Future[Any]] = {}
        self._numbers = count(1)

    @classmethod
    async def over(cls, connection: socket.socket) -> "Pipe":
        """An end of a connected pair of sockets."""
        return cls(*await asyncio.open_connection(sock=connection, limit=_LIMIT))

    async def call(self, name: str, *arguments: Any) -> Any:
        """Have the other end do something. ConnectionError if it is gone."""
        number = next(self._numbers)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        try:
            self._send(number, name, arguments)
            await self._writer.drain()
            return await answer
        finally:
            del self._waiting[number]

    def tell(self, thing: Any) -> None:
        """Let the end that calls know of something."""
        self._send(0, "", thing)

    async def serve(self, calls: Mapping[str, Callable[..., Any]]) -> None:
        """Answer calls, several at a time, until the other end hangs up. What a call raises ends this end."""
        try:
            async with asyncio.TaskGroup() as running:
                while True:
                    number, name, arguments = await self._receive()
                    running.create_task(self._answer(number, calls[name](*arguments)))
        except* (asyncio.IncompleteReadError, ConnectionError):
            pass  # the other end has hung up

    async def listen(self, heard: Callable[[Any], None]) -> None:
        """Take the answers to calls and what the other end tells, until it hangs up: then ConnectionError."""
        try:
            while True:
                number, _, thing = await self._receive()
                if number == 0:
                    heard(thing)
                elif number in self._waiting and not self._waiting[number].done():
                    self._waiting[number].set_result(thing)
        except asyncio.IncompleteReadError:
            raise ConnectionError("the other process has ended") from None
        finally:
            for waiting in self._waiting.values():
                if not waiting.done():
                    waiting.set_exception(ConnectionError("the other process has ended"))

    def close(self) -> None:
        """Hang up."""
        self._writer.close()

    async def _answer(self, number: int, call: Any) -> None:
        self._send(number, "", await call)
        await self._writer.drain()

    def _send(self, number: int, name: str, thing: Any) -> None:
        body = pickle.dumps((number, name, thing), pickle.HIGHEST_PROTOCOL)
        self._writer.write(len(body).to_bytes(_LENGTH_BYTES, "little"))
        self._writer.write(body)

    async def _receive(self) -> Any:
        size = int.from_bytes(await self._reader.readexactly(_LENGTH_BYTES), "little")
        return pickle.loads(await self._reader.readexactly(size))  # noqa: S301 - from a process of our own
