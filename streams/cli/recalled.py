"""What a recall has captured: events that say of the items that they are recalled."""

import asyncio
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any, Final

from schemas.codec import encode
from schemas.topics import TRACE_EVENTS
from schemas.trace import Capture
from sinks.archive.containment import is_amount
from sinks.archive.life import code_of
from sinks.archive.results import RecallRow
from streams.event_producer import EventProducer, Record
from streams.settings import Settings
from streams.topology.model import Topology

_AT_ONCE: Final = 1_000
"""Items of one event."""


class Recalled:
    """Notes the items of a recall, and has them captured in the name of the enterprise whose code they have, or else of
    the one that has captured them last.

    Packs are left out: the condition of a pack is that of all that is in it.
    """

    def __init__(self, topology: Topology, reason: str, by: str, domain: str) -> None:
        self.by = by
        self.left_out = 0
        """Items that have no enterprise of the topology, in whose name it could be said."""
        self._reason = reason
        self._domain = domain
        self._enterprises = topology.trace.enterprises if topology.trace else ()
        self._prefixes = {one.prefix for one in self._enterprises}
        self._items: dict[str, list[str]] = defaultdict(list)

    def watch(self, rows: Iterable[RecallRow]) -> Iterator[RecallRow]:
        """The rows as they are, each noted."""
        for row in rows:
            if row.kind in ("origin", "made", "assembled"):
                enterprise = self._enterprise(row)
                if enterprise:
                    self._items[enterprise].append(row.item)
                else:
                    self.left_out += 1
            yield row

    def send(self, settings: Settings) -> tuple[int, int]:
        """Send the events, and wait until they are there; how many, and of how many items."""
        records = [
            (
                enterprise.encode(),
                encode(Capture(enterprise=enterprise, event=self._event(items[begin : begin + _AT_ONCE]))),
            )
            for enterprise, items in self._items.items()
            for begin in range(0, len(items), _AT_ONCE)
        ]
        asyncio.run(_send(settings, records))
        return len(records), sum(map(len, self._items.values()))

    def _enterprise(self, row: RecallRow) -> str:
        code = code_of(row.item)
        makers = [one.prefix for one in self._enterprises if code is not None and one.makes(code.product)]
        return makers[0] if makers else row.enterprise if row.enterprise in self._prefixes else ""

    def _event(self, items: list[str]) -> dict[str, Any]:
        lots = [item for item in items if is_amount(item, ())]
        event = {
            "@context": {"headrace": "urn:headrace:"},
            "type": "ObjectEvent",
            "eventTime": datetime.fromtimestamp(int(time.time() * 1000) / 1000, UTC).isoformat(timespec="milliseconds"),
            "eventTimeZoneOffset": "+00:00",
            "action": "OBSERVE",
            "disposition": "recalled",
            "epcList": [self._uri(item) for item in items if item not in lots],
            "quantityList": [{"epcClass": self._uri(item)} for item in lots],
            "headrace:reason": self._reason,
            "headrace:by": self.by,
        }
        return {name: value for name, value in event.items() if value != []}

    def _uri(self, item: str) -> str:
        code = code_of(item)
        if code is not None:
            return code.link(self._domain)
        return item if ":" in item else f"https://id.gs1.org/{item}"


async def _send(settings: Settings, records: list[Record]) -> None:
    async with EventProducer(settings.client_options()) as producer:
        await producer.send(TRACE_EVENTS.name, records)
