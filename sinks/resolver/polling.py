"""How tables are followed: read again and again, by the time at which rows were stored."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from schemas.errors import SinkError

NOW: Final = "SELECT toUnixTimestamp(now())"
"""By the clock that says when rows are stored."""


async def every(seconds: float, read: Callable[[], Awaitable[None]], failed: Callable[[SinkError], None]) -> None:
    """Read until cancelled; where ClickHouse is away, tell of it and try again."""
    while True:
        try:
            await read()
        except SinkError as error:
            failed(error)
        await asyncio.sleep(seconds)
