"""The process of the service."""

import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

import uvicorn

from sinks.bounded_http import config
from sinks.clickhouse import connection
from sinks.epcis.archive import Archive
from sinks.epcis.log import Log
from sinks.epcis.pool import Pool
from sinks.epcis.quota import Quota
from sinks.epcis.service import Service
from sinks.tokens import Tokens

_CONNECTIONS: Final = 512
_GOODBYE_SECONDS: Final = 30
"""For requests to be answered when the service ends."""


@dataclass(frozen=True)
class Servers:
    """Where the service reads and writes, and where it listens."""

    clickhouse: str = field(repr=False)
    kafka: Mapping[str, Any] = field(repr=False)
    """Options for aiokafka."""
    host: str
    port: int


async def run(
    topology: str, events_per_minute: Mapping[str, int], tokens: Tokens, servers: Servers, on_start: Callable[[], None]
) -> None:
    """Serve until SIGINT or SIGTERM; what has begun is answered. `on_start` is called when it listens.

    SinkError where ClickHouse cannot be reached at first, or refuses; KafkaError for Kafka.
    """
    address = connection.parse(servers.clickhouse)
    archive = Pool(lambda: Archive(connection.connect(address), topology))
    try:
        await archive.run(Archive.check)
        async with Log(servers.kafka, topology) as log:
            service = Service(tokens, Quota(events_per_minute), log, archive)
            served = config(
                service.app(), servers.host, servers.port, limit_concurrency=_CONNECTIONS,
                timeout_graceful_shutdown=_GOODBYE_SECONDS,
            )  # fmt: skip
            listening = served.bind_socket()
            listening.listen()
            on_start()
            signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))  # uvicorn raises it again when it has shut down
            await uvicorn.Server(served).serve(sockets=[listening])
    finally:
        archive.close()
