"""A connection to ClickHouse, on which one question is asked at a time, in a thread of its own."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from clickhouse_driver import Client

from sinks.clickhouse.dialled import Dialled

_Result = TypeVar("_Result")


class Line(Dialled):
    """For the event loop; `answer` is for who may wait."""

    def __init__(self, connect: Callable[[], Client]) -> None:
        super().__init__(connect)
        self._one_at_a_time = asyncio.Lock()

    async def ask(self, question: Callable[[Client], _Result]) -> _Result:
        """As `answer`, in a thread."""
        async with self._one_at_a_time:
            return await asyncio.to_thread(self.answer, question)
