"""One connection to ClickHouse in a thread of its own: clickhouse-driver blocks."""

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from clickhouse_driver import Client

from schemas.errors import SinkError, SinkUnavailable
from sinks.clickhouse.dialled import Dialled

_PAUSE_SECONDS: Final = 1.0
"""After a failure nothing is asked for so long: many would wait for the same connection in vain."""
_Result = TypeVar("_Result")


class Asker:
    """Asks one question after the other. SinkError where ClickHouse does not answer, or refuses."""

    def __init__(self, connect: Callable[[], Client]) -> None:
        self._line = Dialled(connect)
        self._thread = ThreadPoolExecutor(1, "clickhouse")
        self._failure: SinkError | None = None
        self._failed_at = 0.0

    async def ask(self, question: Callable[[Client], _Result]) -> _Result:
        """What `question` finds out with the client."""
        if self._failure is not None and time.monotonic() < self._failed_at + _PAUSE_SECONDS:
            raise SinkUnavailable(str(self._failure), _PAUSE_SECONDS)
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._answer, question)

    async def close(self) -> None:
        """Hang up, after the question that is under way."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._line.hang_up)
        self._thread.shutdown(wait=False)

    def _answer(self, question: Callable[[Client], _Result]) -> _Result:
        try:
            found = self._line.answer(question)
        except SinkError as error:
            self._failure, self._failed_at = error, time.monotonic()
            raise
        self._failure = None
        return found
