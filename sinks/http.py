"""HTTP as the alert outlets use it: requests bounded in time and size, and the pauses between attempts."""

import asyncio
import ssl
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from email.utils import parsedate_to_datetime
from secrets import SystemRandom
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import httpx

from schemas.errors import SinkUnavailable

CONNECTIONS: Final = 8
"""To one endpoint at a time."""
_STEP_SECONDS: Final = 10.0
"""To connect, and from one piece of an answer to the next."""
_REQUEST_SECONDS: Final = 30.0
_MOST_READ: Final = 4096
"""Bytes of an answer: a server that sends more is not listened to."""
_FIRST_PAUSE_SECONDS: Final = 0.5
_LONGEST_WISH_SECONDS: Final = 3600.0
"""A server that asks for more patience in `Retry-After` is asked again after this."""


class Answer(NamedTuple):
    """What a server said."""

    status: int
    retry_after: float | None
    """Seconds for which it asks to be left alone."""
    text: str
    """The beginning of the body, on one line."""


@asynccontextmanager
async def client() -> AsyncIterator[httpx.AsyncClient]:
    """A client that trusts the authorities that the system trusts, or those of SSL_CERT_FILE.

    Redirections are not followed: they would carry log-ins and alarms to a place that nobody has configured.
    """
    async with httpx.AsyncClient(
        verify=ssl.create_default_context(),
        timeout=httpx.Timeout(_STEP_SECONDS, pool=None),
        limits=httpx.Limits(max_connections=CONNECTIONS),
        headers={"user-agent": "headrace", "accept-encoding": "identity"},
    ) as made:
        yield made


async def post(http: httpx.AsyncClient, url: str, body: bytes, headers: Mapping[str, str]) -> Answer:
    """POST once. SinkUnavailable where no answer comes."""
    try:
        async with (
            asyncio.timeout(_REQUEST_SECONDS),
            http.stream("POST", url, content=body, headers=dict(headers)) as response,
        ):
            text = b""
            async for piece in response.aiter_raw():
                text += piece
                if len(text) > _MOST_READ:
                    break
    except (httpx.TransportError, TimeoutError) as error:
        raise SinkUnavailable(f"{endpoint(url)}: {str(error) or type(error).__name__}", 0.0) from error
    wish = _retry_after(response.headers.get("retry-after", ""))
    return Answer(response.status_code, wish, " ".join(text[:200].decode(errors="replace").split()))


def endpoint(url: str) -> str:
    """Host and port of an URL, for logs and metrics: a path or a query may be secret."""
    return urlsplit(url).netloc


def pauses(longest: float) -> Iterator[float]:
    """Seconds from one attempt to the next: twice as long each time up to `longest`, half of it at random.

    Without chance all that failed together would come again together.
    """
    pause = min(_FIRST_PAUSE_SECONDS, longest)
    while True:
        yield SystemRandom().uniform(pause / 2, pause)
        pause = min(2 * pause, longest)


def _retry_after(text: str) -> float | None:
    """`Retry-After` (RFC 9110, 10.2.3), seconds or a date, as seconds from now; None where there is none to read."""
    if text.isascii() and text.isdigit():
        wish = float(text)
    else:
        try:
            wish = parsedate_to_datetime(text).timestamp() - time.time()
        except (ValueError, OverflowError):
            return None
    return min(max(wish, 0.0), _LONGEST_WISH_SECONDS)
