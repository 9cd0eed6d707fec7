"""The channel: one POST per transition, repeated until it is taken or refused for good."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Final, Self

import httpx

from schemas.errors import SinkUnavailable
from schemas.results import Alarm
from sinks import http
from sinks.outlet import Events
from sinks.webhook.headers import headers_of

NAME: Final = "webhook"
_LONGEST_PAUSE_SECONDS: Final = 60.0
_PASSING: Final = (408, 429)
"""Statuses below 500 that say `later` and not `never`."""


class Webhook:
    """Posts transitions to one URL; see `sinks.outlet.Channel`."""

    def __init__(
        self,
        client: httpx.AsyncClient,
        url: str,
        signing_keys: Sequence[bytes],
        events: Events,
        *,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._client = client
        self._url = url
        self._endpoint = http.endpoint(url)
        self._keys = signing_keys
        self._events = events
        self._clock = clock
        self._sleep = sleep

    @classmethod
    @asynccontextmanager
    async def open(cls, url: str, signing_keys: Sequence[bytes], events: Events) -> AsyncIterator[Self]:
        """A channel with a client of its own: what is slow here is to hold up nobody else."""
        async with http.client() as client:
            yield cls(client, url, signing_keys, events)

    async def deliver(self, alarm: Alarm, body: bytes) -> None:
        """Post until it is taken (2xx) or refused for good (3xx, and 4xx but 408 and 429)."""
        for pause in http.pauses(_LONGEST_PAUSE_SECONDS):
            try:
                await self._attempt(alarm, body)
            except SinkUnavailable as error:
                wait = max(pause, error.retry_after)
                self._events.post_failed(NAME, self._endpoint, str(error), wait)
                await self._sleep(wait)
            else:
                return

    async def _attempt(self, alarm: Alarm, body: bytes) -> None:
        """SinkUnavailable where it has to be tried again."""
        begin = time.monotonic()
        headers = headers_of(alarm, body, self._keys, int(self._clock()))
        answer = await http.post(self._client, self._url, body, headers)
        if 200 <= answer.status < 300:
            self._events.posted(NAME, self._endpoint, time.monotonic() - begin)
        elif answer.status in _PASSING or answer.status >= 500:
            raise SinkUnavailable(f"status {answer.status}", answer.retry_after or 0.0)
        else:
            self._events.refused(NAME, self._endpoint, f"transition {alarm.id}", f"status {answer.status}")
