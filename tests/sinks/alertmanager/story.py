"""What happens while a board runs."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

from sinks.alertmanager.outlet import Alertmanager


def run(board: Alertmanager, story: Callable[[], Awaitable[None]]) -> None:
    """Let the board run for as long as the story lasts."""

    async def main() -> None:
        task = asyncio.create_task(board.run())
        try:
            await story()
        finally:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    asyncio.run(main())


async def until(condition: Callable[[], object], seconds: float = 30.0) -> None:
    """Wait for what happens in this process or in another one."""
    deadline = time.monotonic() + seconds
    while not await asyncio.to_thread(condition):
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)
