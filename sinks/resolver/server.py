"""The process of the resolver: one event loop, one HTTP server."""

import asyncio
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import uvicorn

from schemas.codes import Code
from sinks.bounded_http import config
from sinks.clickhouse import connection
from sinks.resolver.enterprises import Enterprises
from sinks.resolver.events import Events
from sinks.resolver.facts import FactsOfItems
from sinks.resolver.following import Following
from sinks.resolver.limits import Limits, Rates
from sinks.resolver.reading import Reading
from sinks.resolver.register import Register
from sinks.resolver.resolver import Resolver
from sinks.resolver.scans import Pseudonyms, Scans
from sinks.resolver.web import Parts, Site, application
from sinks.resolver.whole import WholeArchive
from sinks.tokens import Tokens

_MOST_CONNECTIONS: Final = 1_000
_IDLE_SECONDS: Final = 30
_GOODBYE_SECONDS: Final = 3
_REPLY_SECONDS: Final = 10.0
"""ClickHouse answers in this time, or is asked anew."""


@dataclass(frozen=True, kw_only=True)
class Servers:
    """Where things are."""

    clickhouse: str
    """An address, a secret."""
    kafka: Mapping[str, Any]
    """Options for aiokafka."""
    host: str
    port: int


@dataclass(frozen=True, kw_only=True)
class Setup:
    """What is resolved, and how."""

    topology: str
    enterprises: Enterprises
    verify: Callable[[Code], bool]
    """Whether a code was made with one of the keys."""
    tokens: Tokens
    rates: Rates
    site: Site


def run(setup: Setup, servers: Servers, events: Events, on_start: Callable[[], None]) -> None:
    """Serve until SIGINT or SIGTERM. `on_start` is called when it answers."""
    asyncio.run(_run(setup, servers, events, on_start))


async def _run(setup: Setup, servers: Servers, events: Events, on_start: Callable[[], None]) -> None:
    address = connection.parse(servers.clickhouse)
    connect = partial(connection.connect, address, _REPLY_SECONDS)
    register = Register()
    reading = Reading(register, connect, setup.topology, events)
    following = Following(connect, setup.topology, setup.enterprises, events)
    facts = FactsOfItems(connect, setup.topology, events)
    whole = WholeArchive(connect, setup.topology)
    scans = Scans(servers.kafka, events)
    parts = Parts(
        resolver=Resolver(setup.verify, setup.enterprises, register, reading, following, facts, time.time),
        limits=Limits(setup.rates, time.monotonic),
        scans=scans,
        tokens=setup.tokens,
        pseudonyms=Pseudonyms(time.time),
        events=events,
        whole=whole.of,
        is_ready=lambda: reading.known,
        clock=time.time,
    )
    server = _server(application(setup.site, parts), servers)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, server.end)
    async with asyncio.TaskGroup() as group:
        works = (reading.run(), following.run(), facts.run(), scans.run())
        tasks = [group.create_task(work) for work in works]
        server.on_start = on_start
        await server.serve()
        for task in tasks:
            task.cancel()
    await whole.close()


def _server(app: Any, servers: Servers) -> "_Server":
    return _Server(
        config(
            app,
            servers.host,
            servers.port,
            proxy_headers=False,  # whom to believe is the application's to know
            limit_concurrency=_MOST_CONNECTIONS,
            timeout_keep_alive=_IDLE_SECONDS,
            timeout_graceful_shutdown=_GOODBYE_SECONDS,
        )
    )


class _Server(uvicorn.Server):
    """Ends when it is told to; signals are for whoever runs it."""

    on_start: Callable[[], None]

    def end(self) -> None:
        """Answer what is under way, and stop."""
        self.should_exit = True

    async def startup(self, sockets: Any = None) -> None:
        await super().startup(sockets)
        self.on_start()
