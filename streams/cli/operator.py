"""What the verbs of people at the plant share: who they are, where things are looked up, and how their word is sent."""

import asyncio
import getpass
from collections.abc import Iterator
from contextlib import contextmanager

from clickhouse_driver import Client

from schemas.errors import SinkError, UserError
from sinks.clickhouse import connection
from sinks.clickhouse.errors import translated
from streams.event_producer import EventProducer
from streams.settings import Settings


def login_name() -> str:
    """Who is logged in."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        raise UserError("nobody is logged in here: say who does it with --by") from None


@contextmanager
def clickhouse(settings: Settings, what: str) -> Iterator[Client]:
    """A client to look up `what`. UserError where there is no ClickHouse, or it fails."""
    if settings.clickhouse is None:
        raise UserError(f"{what} are looked up in ClickHouse: set HEADRACE_CLICKHOUSE or start one with `headrace up`")
    client = connection.connect(connection.parse(settings.clickhouse))
    try:
        with translated():
            yield client
    except SinkError as error:
        raise UserError(str(error)) from error
    finally:
        client.disconnect()


def send(settings: Settings, topic: str, key: str, value: bytes) -> None:
    """Send one message, and wait until it is there."""
    asyncio.run(_produce(settings, topic, key.encode(), value))


async def _produce(settings: Settings, topic: str, key: bytes, value: bytes) -> None:
    async with EventProducer(settings.client_options()) as producer:
        await producer.send(topic, [(key, value)])
