"""Questions to ClickHouse from an event loop: a few threads, each with a connection of its own."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from sinks.epcis.archive import Archive

_THREADS: Final = 4

T = TypeVar("T")


class Pool:
    """Archives, each used by one thread."""

    def __init__(self, make: Callable[[], Archive]) -> None:
        self._make = make
        self._threads = ThreadPoolExecutor(_THREADS, "archive")
        self._own = threading.local()
        self._all: list[Archive] = []

    async def run(self, question: Callable[[Archive], T]) -> T:
        """Ask in a thread. Raises what the question raises."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._ask, question)

    def close(self) -> None:
        """Wait for what is being asked, then hang up."""
        self._threads.shutdown(cancel_futures=True)
        for archive in self._all:
            archive.close()

    def _ask(self, question: Callable[[Archive], T]) -> T:
        if not hasattr(self._own, "archive"):
            self._own.archive = self._make()
            self._all.append(self._own.archive)
        return question(self._own.archive)
