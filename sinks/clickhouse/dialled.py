"""A connection for questions, of one thread at a time."""

from collections.abc import Callable
from typing import TypeVar

from clickhouse_driver import Client

from schemas.errors import SinkError
from sinks.clickhouse.errors import translated

_Result = TypeVar("_Result")


class Dialled:
    """Made with the first question, and again after a failure."""

    def __init__(self, connect: Callable[[], Client]) -> None:
        """`connect` gives a client of ClickHouse."""
        self._connect = connect
        self._client: Client | None = None

    def answer(self, question: Callable[[Client], _Result]) -> _Result:
        """What a question gives. SinkError where ClickHouse does not answer, or refuses."""
        try:
            with translated():
                if self._client is None:
                    self._client = self._connect()
                return question(self._client)
        except SinkError:
            self.hang_up()
            raise

    def hang_up(self) -> None:
        """Close the connection, if there is one."""
        if self._client is not None:
            self._client.disconnect()
            self._client = None
