"""What is asked of `trace_items` and `trace_links`: rows of many items, or of many links, at once.

The tables are read without FINAL, which reads and merges what nobody asked for: grouping does the same, for a row that
was written twice and an event that was captured twice come to one. So does a declared error, for it has the hash of the
event: whoever captured an event, and nobody else, declares it wrong.

Many keys travel as an external table, thousands at a time. PREWHERE holds the sorting key alone: what is wanted lies in
small pieces all over the tables, and each column more costs as much as the key.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec
from clickhouse_driver import Client

from sinks.archive.spans import Key

_CHUNK: Final = 50_000
"""Keys of one query."""
_FEW: Final = 20_000
"""Characters of keys that stand in the text of the query: quicker than a table, as long as they are few."""
_TABLE: Final = "(SELECT key FROM wanted)"
_WANTED: Final = [("key", "String")]

_OF_ITEMS: Final = """
SELECT
    item, role, toUnixTimestamp64Milli(ts), event, enterprise, any(link), any(action), any(biz_step), any(site),
    any(asset), max(quantity), any(uom)
FROM headrace_store.trace_items
PREWHERE topology = %(topology)s AND item IN (SELECT key FROM wanted)
WHERE role IN %(roles)s AND link != ''
    AND action IN %(actions)s AND (%(enterprise)s = '' OR enterprise = %(enterprise)s)
GROUP BY item, role, ts, event, enterprise
HAVING max(error) = 0
"""
_OF_LINKS: Final = """
SELECT
    item, role, toUnixTimestamp64Milli(ts), event, enterprise, link, any(action), any(biz_step), any(site),
    any(asset), max(quantity), any(uom)
FROM headrace_store.trace_links
PREWHERE topology = %(topology)s AND link IN (SELECT key FROM wanted)
WHERE role IN %(roles)s
    AND (%(enterprise)s = '' OR enterprise = %(enterprise)s)
GROUP BY item, role, ts, event, enterprise, link
HAVING max(error) = 0
"""
_OF_EVENTS: Final = """
SELECT {columns}
FROM headrace_store.trace_links
PREWHERE topology = %(topology)s AND link IN (SELECT key FROM wanted)
WHERE role = %(role)s
    AND (%(enterprise)s = '' OR enterprise = %(enterprise)s)
GROUP BY link, item, enterprise
HAVING max(error) = 0
"""
_MEMBERS: Final = _OF_EVENTS.format(columns="link, item")
_OTHERS: Final = _OF_EVENTS.format(columns="link, item, max(quantity), any(uom)")


class Joined(msgspec.Struct, frozen=True, gc=False):
    """An item in an event that joins it to others. A recall holds tens of thousands: the garbage collector need not."""

    item: str
    role: str
    ts: int
    event: str
    enterprise: str
    link: str
    action: str
    biz_step: str
    site: str
    asset: str
    quantity: float | None
    uom: str

    @property
    def key(self) -> Key:
        """Its place in the order of events."""
        return self.ts, self.event


class Rows:
    """Asks on behalf of one enterprise, or of all."""

    def __init__(self, client: Client, topology: str, enterprise: str | None) -> None:
        self._client = client
        self._common = {"topology": topology, "enterprise": enterprise or ""}

    def ask(self, query: str, **parameters: Any) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        return list(self._asked(query, parameters))

    def ask_of(self, query: str, keys: Collection[str], **parameters: Any) -> Iterator[tuple[Any, ...]]:
        """The rows of a query over the table `wanted`, which holds the keys."""
        wanted = sorted(keys)
        if wanted and sum(map(len, wanted)) <= _FEW:
            yield from self._asked(query.replace(_TABLE, "%(wanted)s"), {"wanted": wanted, **parameters})
            return
        for begin in range(0, len(wanted), _CHUNK):
            data = [{"key": key} for key in wanted[begin : begin + _CHUNK]]
            tables = [{"name": "wanted", "structure": _WANTED, "data": data}]
            yield from self._asked(query, parameters, tables)

    def of_items(self, items: Collection[str], roles: Sequence[str], actions: Sequence[str]) -> list[Joined]:
        """The valid events that join items to others, in which they have one of the roles."""
        return [Joined(*row) for row in self.ask_of(_OF_ITEMS, items, roles=roles, actions=actions)]

    def of_links(self, links: Collection[str], *roles: str) -> list[Joined]:
        """The items that have one of the roles in valid events of the links."""
        return [Joined(*row) for row in self.ask_of(_OF_LINKS, links, roles=roles)]

    def others(self, known: Mapping[str, Joined], role: str) -> Iterator[Joined]:
        """The items that have a role in the links of known rows. What those say of their event is not read again: each
        column costs, as links lie all over the table."""
        events = {link for link, row in known.items() if row.event == link}
        for link, item, quantity, uom in self.ask_of(_OTHERS, events, role=role):
            yield msgspec.structs.replace(known[link], item=item, role=role, quantity=quantity, uom=uom)
        yield from self.of_links(known.keys() - events, role)

    def members(self, events: Collection[str], role: str) -> list[tuple[str, str]]:
        """Event and item, of the valid events among those named by their hashes: less to read than `of_links`."""
        return [(row[0], row[1]) for row in self.ask_of(_MEMBERS, events, role=role)]

    def _asked(self, query: str, parameters: Mapping[str, Any], tables: Any = None) -> Iterator[tuple[Any, ...]]:
        # By columns: of a long list of tuples the garbage collector goes through each.
        asked = {**self._common, **parameters}
        return zip(*self._client.execute(query, asked, external_tables=tables, columnar=True), strict=True)
