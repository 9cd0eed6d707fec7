"""A real HTTP server that takes transitions, and fails in chosen ways; and what it holds of a signature.

`verify` is the code that docs/ALERTING.md gives to whoever receives them: it knows nothing of this product's own.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

import msgspec
from aiohttp import web

from infra.local.ports import HOST, free_ports
from schemas.results import Alarm

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
DOCUMENT = (Path(__file__).parents[3] / "docs" / "ALERTING.md").read_text(encoding="utf-8")


def _documented(name: str) -> Callable[..., bool]:
    [code] = [block for block in re.findall(r"```python\n(.*?)```", DOCUMENT, re.DOTALL) if f"def {name}(" in block]
    names: dict[str, Any] = {}
    exec(code, names)  # noqa: S102  (it is our own document)
    function: Callable[..., bool] = names[name]
    return function


verify: Callable[[str, Mapping[str, str], bytes], bool] = _documented("verify")


class Receiver:
    """Answers each request with the next of the given answers, and with 204 afterwards.

    An answer is a status, with Retry-After if it is a pair; None is a connection that ends without an answer, and 0 one
    that ends so although the transition was taken.
    """

    def __init__(self, answers: Iterable[int | tuple[int, str] | None]) -> None:
        self._answers = iter(answers)
        self.attempts: list[tuple[dict[str, str], bytes]] = []
        """Headers, with small letters, and body."""
        self.taken: list[Alarm] = []
        self.url = ""
        self.most: int | None = None
        """Having taken so many, it takes no more for now: 503."""
        self.forged = 0

    @classmethod
    @asynccontextmanager
    async def listening(cls, answers: Iterable[int | tuple[int, str] | None] = ()) -> AsyncIterator[Self]:
        """A receiver on a free port of this machine."""
        receiver = cls(answers)
        application = web.Application()
        application.router.add_post("/hook", receiver._take)
        runner = web.AppRunner(application)
        await runner.setup()
        port = next(free_ports())
        await web.TCPSite(runner, HOST, port).start()
        receiver.url = f"http://{HOST}:{port}/hook?plant=1"
        try:
            yield receiver
        finally:
            await runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        body = await request.read()
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.attempts.append((headers, body))
        self.forged += not verify(SECRET, headers, body)
        answer = 503 if self.most is not None and len(self.taken) >= self.most else next(self._answers, 204)
        status, retry_after = answer if isinstance(answer, tuple) else (answer, "")
        if status in (0, 204):
            self.taken.append(msgspec.json.decode(body, type=Alarm))
        if not status:
            assert request.transport is not None
            request.transport.close()
            await asyncio.sleep(0)
            return web.Response()
        return web.Response(status=status, headers={"retry-after": retry_after} if retry_after else {})
