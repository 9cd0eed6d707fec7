"""Calls between two event loops over real sockets, as between the worker and its publisher."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from streams.pipe import Caller, Server, Sockets, pair


class Other:
    """The other process, here a thread with an event loop of its own."""

    def __init__(self, sockets: Sockets) -> None:
        self._server = Server(sockets)
        self.cancelled = False
        self._thread = threading.Thread(target=lambda: asyncio.run(self._server.serve(self._calls())))
        self._thread.start()

    def join(self) -> None:
        self._thread.join(10)
        assert not self._thread.is_alive()

    def _calls(self) -> dict[str, Callable[..., Any]]:
        async def echo(thing: Any) -> Any:
            return thing

        async def late(seconds: float) -> str:
            await asyncio.sleep(seconds)
            return f"after {seconds:g}"

        async def for_ever() -> None:
            try:
                await asyncio.sleep(3600)
            except asyncio.CancelledError:
                self.cancelled = True
                raise

        async def announce(thing: str) -> None:
            self._server.tell(thing)

        return {"echo": echo, "late": late, "for_ever": for_ever, "announce": announce}


@pytest.fixture
def ends() -> Iterator[tuple[Caller, Other]]:
    ours, theirs = pair()
    other = Other(theirs)
    caller = Caller(ours)
    yield caller, other
    caller.close()
    other.join()


Ends = tuple[Caller, Other]


async def listening(caller: Caller, heard: Callable[[Any], None] = lambda _: None) -> asyncio.Task[None]:
    return asyncio.create_task(caller.listen(heard))


async def stop(listener: asyncio.Task[None]) -> None:
    listener.cancel()
    await asyncio.gather(listener, return_exceptions=True)


def test_a_call_is_answered_also_where_it_takes_megabytes(ends: Ends) -> None:
    async def run() -> None:
        listener = await listening(ends[0])
        array = np.arange(3_000_000.0)
        assert (await ends[0].call("echo", array)).tolist() == array.tolist()
        await stop(listener)

    asyncio.run(run())


def test_a_slow_call_holds_up_no_other(ends: Ends) -> None:
    async def run() -> list[str]:
        listener = await listening(ends[0])
        done: list[str] = []

        async def call(seconds: float) -> None:
            done.append(await ends[0].call("late", seconds))

        await asyncio.gather(call(0.3), call(0.0), call(0.1))
        await stop(listener)
        return done

    assert asyncio.run(run()) == ["after 0", "after 0.1", "after 0.3"]


def test_what_is_told_unasked_is_heard(ends: Ends) -> None:
    async def run() -> list[Any]:
        heard: list[Any] = []
        listener = await listening(ends[0], heard.append)
        await ends[0].call("announce", "the sink is away")
        await stop(listener)
        return heard

    assert asyncio.run(run()) == ["the sink is away"]


def test_whoever_waits_for_an_answer_hears_that_the_other_has_ended(ends: Ends) -> None:
    async def run() -> None:
        listener = await listening(ends[0])
        waiting = asyncio.create_task(ends[0].call("for_ever"))
        await asyncio.sleep(0.1)
        ends[0]._sockets.calls.shutdown(socket.SHUT_RDWR)  # which ends the other
        with pytest.raises(ConnectionError):
            await waiting
        with pytest.raises(ConnectionError):
            await listener

    asyncio.run(run())


def test_hanging_up_ends_the_other_and_what_it_was_about_to_do(ends: Ends) -> None:
    async def run() -> None:
        listener = await listening(ends[0])
        waiting = asyncio.create_task(ends[0].call("for_ever"))
        await asyncio.sleep(0.1)
        ends[0].close()
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        await stop(listener)

    asyncio.run(run())
    ends[1].join()
    assert ends[1].cancelled
