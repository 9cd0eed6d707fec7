"""Sends the events of history files, as fast as possible or at a multiple of real time."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import numpy as np

from streams.event_producer import Record
from streams.replay.plan import History
from streams.replay.refusals import Refusals
from streams.replay.stretch import Stretch

Send = Callable[[str, Sequence[Record]], Awaitable[None]]

_LONGEST_SLEEP: Final = 1.0
"""Seconds; so that the display lives on in a gap of the history."""
_SHORTEST_SLEEP: Final = 0.01


class Totals:
    """How far a replay has come."""

    def __init__(self) -> None:
        self.files = 0
        """Files sent to their end."""
        self.events = 0
        self.empty = 0
        """Rows with neither a value nor a state; they are no events."""
        self.first_ts: int | None = None
        """Event time of the first event, epoch milliseconds."""
        self.latest_ts: int | None = None
        """Largest event time so far."""
        self.done = 0.0
        """Share of all files that has been sent, 0 to 1."""


class Replayer:
    """Sends histories one after the other, in file order, each event once."""

    def __init__(
        self,
        send: Send,
        refusals: Refusals,
        totals: Totals,
        speed: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        """`totals` is kept up to date. `speed` is event time over real time: 1 real time, 60 an hour a minute; None as
        fast as possible.

        An event is due when the furthest event time up to it is, so disorder is replayed as it was.
        """
        self._send = send
        self._refusals = refusals
        self._speed = speed
        self._clock = clock
        self._sleep = sleep
        self._start = 0.0
        self._totals = totals

    async def run(self, histories: Sequence[History], progress: Callable[[], None] = lambda: None) -> None:
        """Send everything; `progress` is called now and then. Raises UserError for bad input and from `send`."""
        for index, history in enumerate(histories):
            for stretch in history.read(self._refusals):
                self._totals.empty += stretch.empty
                if stretch.records:
                    await self._pace(history.topic, stretch, progress)
                self._totals.done = (index + stretch.done) / len(histories)
                progress()
            self._totals.files += 1

    async def _pace(self, topic: str, stretch: Stretch, progress: Callable[[], None]) -> None:
        totals = self._totals
        if totals.first_ts is None or totals.latest_ts is None:
            totals.first_ts = totals.latest_ts = int(stretch.ts[0])
            self._start = self._clock()
        furthest = np.maximum(np.maximum.accumulate(stretch.ts), totals.latest_ts)
        seconds = (furthest - totals.first_ts) / 1000
        due = self._start + (seconds / self._speed if self._speed is not None else np.zeros(len(seconds)))
        begin = 0
        while begin < len(due):
            end = int(np.searchsorted(due, self._clock(), "right"))
            if end > begin:
                await self._send(topic, stretch.records[begin:end])
                totals.events += end - begin
                totals.latest_ts = int(furthest[end - 1])
                begin = end
            progress()
            if begin < len(due):
                wait = float(due[begin]) - self._clock()
                await self._sleep(min(max(wait, _SHORTEST_SLEEP), _LONGEST_SLEEP))
