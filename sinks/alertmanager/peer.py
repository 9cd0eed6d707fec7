"""Keeps one Alertmanager informed: what has changed at once, everything that fires every minute."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Final

import httpx

from schemas.errors import SinkUnavailable
from sinks import http
from sinks.alertmanager import alerts
from sinks.alertmanager.alerts import Alert
from sinks.outlet import Events

NAME: Final = "alertmanager"
_PATH: Final = "/api/v2/alerts"
_GATHER_SECONDS: Final = 0.1
"""From the first change to the request: what comes in the meantime goes with it."""
_LONGEST_PAUSE_SECONDS: Final = 15.0


class Peer:
    """One Alertmanager of a cluster. Each gets everything from us, as Alertmanager asks of its clients."""

    def __init__(self, url: str, authorization: str | None, events: Events, clock: Callable[[], float]) -> None:
        """`authorization` is the value of the header, a secret; `clock` gives seconds since the epoch."""
        self._url = url.rstrip("/") + _PATH
        self._endpoint = http.endpoint(url)
        self._headers = {"content-type": "application/json"}
        if authorization is not None:
            self._headers["authorization"] = authorization
        self._events = events
        self._clock = clock
        self._pending: dict[str, Alert] = {}
        """By alarm: what it has to be told yet."""
        self._changed = asyncio.Event()

    def offer(self, changes: Mapping[str, Alert]) -> None:
        """Tell it soon; a newer alert of an alarm takes the place of one that it has not been told yet."""
        self._pending.update(changes)
        self._changed.set()

    def clear(self) -> None:
        """Do not tell what it has not been told yet."""
        self._pending.clear()

    async def run(
        self, client: httpx.AsyncClient, firing: Callable[[], Mapping[str, Alert]], resend_seconds: float
    ) -> None:
        """Tell it what is offered, and every `resend_seconds` all that is firing then; until cancelled."""
        due = time.monotonic() + resend_seconds
        pauses = http.pauses(_LONGEST_PAUSE_SECONDS)
        while True:
            await self._wait(due)
            if time.monotonic() >= due:
                self._pending = {**firing(), **self._pending}
                due = time.monotonic() + resend_seconds
            if not self._pending:
                continue
            told = dict(self._pending)
            try:
                await self._post(client, told.values())
            except SinkUnavailable as error:
                pause = max(next(pauses), error.retry_after)
                self._events.post_failed(NAME, self._endpoint, str(error), pause)
                await asyncio.sleep(pause)
                self._changed.set()
                continue
            pauses = http.pauses(_LONGEST_PAUSE_SECONDS)
            for alarm, alert in told.items():
                if self._pending.get(alarm) is alert:
                    del self._pending[alarm]

    async def _wait(self, due: float) -> None:
        """Until something is offered, and a moment more; at most until `due`."""
        try:
            async with asyncio.timeout(max(due - time.monotonic(), 0.0)):
                await self._changed.wait()
                await asyncio.sleep(_GATHER_SECONDS)
        except TimeoutError:
            pass
        self._changed.clear()

    async def _post(self, client: httpx.AsyncClient, told: Iterable[Alert]) -> None:
        """Tell it, or SinkUnavailable. What it refuses (400) it refuses alert by alert, and takes the others."""
        begin = time.monotonic()
        body = alerts.request(told, int(self._clock() * 1000))
        answer = await http.post(client, self._url, body, self._headers)
        if answer.status == 400:
            self._events.refused(NAME, self._endpoint, "alerts", answer.text)
        elif not 200 <= answer.status < 300:
            raise SinkUnavailable(f"status {answer.status}: {answer.text}", answer.retry_after or 0.0)
        else:
            self._events.posted(NAME, self._endpoint, time.monotonic() - begin)
