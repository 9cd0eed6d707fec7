"""A connection to ClickHouse, on which one question is asked at a time, in a thread of its own."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

from clickhouse_driver import Client

from schemas.errors import SinkError
from sinks.clickhouse.errors import translated

_Result = TypeVar("_Result")


class Line:
    """Made with the first question, and again after a failure."""

    def __init__(self, connect: Callable[[], Client]) -> None:
        """`connect` gives a client of ClickHouse."""
        self._connect = connect
        self._client: Client | None = None
        self._one_at_a_time = asyncio.Lock()

    async def ask(self, question: Callable[[Client], _Result]) -> _Result:
        """What a question gives. SinkError where ClickHouse does not answer, or refuses."""
        async with self._one_at_a_time:
            return await asyncio.to_thread(self.answer, question)

    def answer(self, question: Callable[[Client], _Result]) -> _Result:
        """As `ask`, for who may wait."""
        try:
            with translated():
                if self._client is None:
                    self._client = self._connect()
                return question(self._client)
        except SinkError:
            self.close()
            raise

    def close(self) -> None:
        """Hang up."""
        if self._client is not None:
            self._client.disconnect()
            self._client = None
