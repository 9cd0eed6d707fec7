"""All that an enterprise has in the archive on an item: its life, what it was made of and what became of it."""

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from clickhouse_driver import Client

from schemas.errors import SinkUnavailable
from sinks.archive.archive import Archive
from sinks.resolver.asker import Asker

_MOST_LEVELS: Final = 20
_MOST_ITEMS: Final = 10_000
"""In each direction; the answer says where it was cut. `headrace trace` knows no such limit."""
_MOST_WAITING: Final = 32
_MOST_OF_ONE: Final = 4
"""Of an enterprise, also those whose client has hung up."""
_AGAIN_SECONDS: Final = 2.0


class WholeArchive:
    """Looks up one item after the other: these are long questions, and answers to scanners must not wait for them."""

    def __init__(self, connect: Callable[[], Client], topology: str) -> None:
        self._asker = Asker(connect)
        self._topology = topology
        self._asked = Counter[str]()

    async def of(self, item: str, enterprise: str) -> dict[str, Any]:
        """What the enterprise, by its prefix, has captured. SinkError where ClickHouse does not answer, or refuses, or
        too many are waiting: they would take all connections, and scanners could not be answered."""
        if self._asked[enterprise] >= _MOST_OF_ONE or self._asked.total() >= _MOST_WAITING:
            raise SinkUnavailable("too many ask for the archive", _AGAIN_SECONDS)
        self._asked[enterprise] += 1
        try:
            return await self._asker.ask(partial(_whole, topology=self._topology, item=item, enterprise=enterprise))
        finally:
            self._asked[enterprise] -= 1

    async def close(self) -> None:
        """Hang up."""
        await self._asker.close()


def _whole(client: Client, topology: str, item: str, enterprise: str) -> dict[str, Any]:
    archive = Archive(client, topology, enterprise)
    return {
        "life": archive.life(item),
        "made_of": archive.up(item, _MOST_LEVELS, _MOST_ITEMS),
        "became": archive.down(item, _MOST_LEVELS, _MOST_ITEMS),
    }
