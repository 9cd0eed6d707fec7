"""What `replay` and `simulate` share: the display of what has been sent, and an end by signal."""

import asyncio
import signal
import time
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Final, Self

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

_PLAIN_SECONDS: Final = 5.0


class Display:
    """Live progress on a terminal, a plain line every few seconds elsewhere; on standard error. A context manager."""

    def __init__(self, title: str, console: Console | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._title = title
        self._console = console or Console(stderr=True)
        self._clock = clock
        self._start = self._shown = clock()
        self._live = self._console.is_terminal
        self._progress = Progress(
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(),
            TextColumn("{task.fields[text]}"),
            TimeElapsedColumn(),
            console=self._console,
            disable=not self._live,
        )
        self._task = self._progress.add_task(title, total=None, text="")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    @property
    def seconds(self) -> float:
        """Since the display was made."""
        return self._clock() - self._start

    def show(self, done: float | None, events: int, note: str) -> None:
        """Show the share that is done (None if there is no end), the events sent and a note."""
        text = f"{events:,} events, {events / max(self.seconds, 1e-3):,.0f}/s, {note}"
        if self._live:
            self._progress.update(self._task, total=None if done is None else 1.0, completed=done or 0.0, text=text)
        elif self._clock() - self._shown >= _PLAIN_SECONDS:
            self._shown = self._clock()
            self._console.print(f"{self._title}: {text}", highlight=False, soft_wrap=True)


def run_until_signal(work: Coroutine[Any, Any, None]) -> bool:
    """Run `work`; False if Ctrl-C or SIGTERM ended it. It is cancelled then, so its context managers close in order."""

    async def main() -> None:
        task = asyncio.ensure_future(work)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
        await task

    try:
        asyncio.run(main())
    except (KeyboardInterrupt, asyncio.CancelledError):
        return False
    return True
