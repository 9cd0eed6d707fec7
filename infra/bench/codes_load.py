"""Puts codes into the archive faster than a worker does: the engine makes the rows that commissioning would leave.

An event commissions 1,000 items of a product, and events of all products take turns, as they would on the topic. Of the
events themselves `body` and `items` are left out, which name each item once more.
"""

from concurrent.futures import ThreadPoolExecutor
from math import gcd
from typing import Final

from clickhouse_driver import Client

from infra.bench.arena import Progress
from infra.bench.codes_sql import code_sql, constant_of
from infra.bench.codes_world import PARTITIONS, TOPOLOGY, World
from schemas import identifiers
from schemas.topics import TRACE_EVENTS

EVENT_ITEMS: Final = 1_000
_FIRST_MS: Final = 1_767_225_600_000
"""2026-01-01, UTC."""
_YEAR_MS: Final = 365 * 86_400_000
_STATEMENT_CODES: Final = 10_000_000
_CONNECTIONS: Final = 2
_GOLDEN: Final = 0.6180339887

_CREATE: Final = """\
CREATE OR REPLACE TABLE default.bench_products
(position UInt32, number UInt64, name String, head String, check UInt8, enterprise String, partition Int32)
ENGINE = MergeTree ORDER BY position
"""

# What an event's items share is worked out once. hex() writes whole bytes, ids have no leading zero.
_COMMISSIONINGS: Final = """\
    SELECT
        *,
        turn * %(items)s AS begin,
        least(begin + %(items)s, %(each)s) AS end,
        turn * %(products)s + number AS offset,
        concat('e', toString(number %% %(enterprises)s)) AS site,
        concat('line-', toString(intDiv(number, %(enterprises)s))) AS asset,
        concat('urn:headrace:asset:', site, ':', asset) AS read_point,
        lower(hex(SHA256(concat(toString(partition), ' ', toString(offset))))) AS event,
        fromUnixTimestamp64Milli(toInt64(%(start)s + offset * %(step)s + sipHash64(offset) %% %(step)s), 'UTC') AS ts,
        concat(%(ids)s[partition + 1], '-', lower(substring(hex(offset), 1 + startsWith(hex(offset), '0')))) AS id_head
    FROM (SELECT * FROM default.bench_products WHERE position BETWEEN %(first)s AND %(last)s ORDER BY position)
    ARRAY JOIN range(%(turns)s) AS turn
"""
# In the order of the table's key, so that the engine has nothing to sort. Each block makes a part: large ones leave
# little to merge. `optimize_on_insert` would look for repeats, which there are not.
_ITEMS: Final = f"""\
INSERT INTO headrace_store.trace_items
(id, item, role, ts, event, enterprise, type, action, biz_step, disposition, read_point, quantity, uom, error, link,
 site, asset, topology, topic, partition, offset)
SELECT
    concat(id_head, '-', lower(substring(hex(serial - begin), 1 + startsWith(hex(serial - begin), '0')))),
    {{code}}, 'epc', ts, event, enterprise, 'ObjectEvent', 'ADD', 'commissioning', 'active', read_point, NULL, '', 0,
    '', site, asset, %(topology)s, %(topic)s, partition, offset
FROM
(
{_COMMISSIONINGS})
ARRAY JOIN range(begin, end) AS serial
SETTINGS max_threads = 1, max_insert_threads = 1, max_block_size = 65536, min_insert_block_size_rows = 2000000,
    min_insert_block_size_bytes = 0, optimize_on_insert = 0
"""  # noqa: S608 - constants
_EVENTS: Final = f"""\
INSERT INTO headrace_store.trace_events
(id, event, ts, zone, recorded_at, enterprise, type, action, biz_step, disposition, read_point, runs, site, asset,
 topology, topic, partition, offset)
SELECT
    id_head, event, ts, '+00:00', ts, enterprise, 'ObjectEvent', 'ADD', 'commissioning', 'active', read_point,
    concat('{{"', name, '":[', toString(begin), ',', toString(end - 1), ']}}'), site, asset, %(topology)s, %(topic)s,
    partition, offset
FROM
(
{_COMMISSIONINGS})
SETTINGS max_threads = 1, max_insert_threads = 1
"""  # noqa: S608 - constants
_SPREAD: Final = """\
SELECT enterprise, {code}
FROM
(
    SELECT intDiv(place, %(each)s) AS position, place %% %(each)s AS serial
    FROM (SELECT toUInt64(number * %(step)s %% %(codes)s) AS place FROM numbers(%(first)s, %(count)s))
) AS places
INNER JOIN default.bench_products USING (position)
"""


class Codes:
    """The codes of a world, by a key that is thrown away with it. Makes a table of products beside the archive."""

    def __init__(self, client: Client, world: World, secret: bytes, key_id: str) -> None:
        self._client, self._world = client, world
        self._code = code_sql(secret, key_id)
        self._picked = 0
        client.execute(_CREATE)
        rows = [
            (position, one.number, one.name, one.head, constant_of(one.name, key_id), one.enterprise, one.partition)
            for position, one in enumerate(world.products())
        ]
        client.execute("INSERT INTO default.bench_products VALUES", rows)

    def pick(self, count: int) -> list[tuple[str, str]]:
        """Codes that were not picked before, with their enterprises: each far from the last one in the archive."""
        step = int(self._world.codes * _GOLDEN)
        while gcd(step, self._world.codes) > 1:
            step += 1
        self._picked += count
        return self._made(step, self._picked - count, count)

    def in_order(self, count: int) -> list[str]:
        """The first codes of the archive."""
        return sorted(code for _, code in self._made(1, 0, count))

    def _made(self, step: int, first: int, count: int) -> list[tuple[str, str]]:
        of = {"each": self._world.each, "codes": self._world.codes, "step": step, "first": first, "count": count}
        rows: list[tuple[str, str]] = self._client.execute(_SPREAD.format(code=self._code), of)
        return rows

    def load(self, url: str, progress: Progress) -> None:
        """Archive the commissioning of all of them."""
        world = self._world
        topic, turns = TRACE_EVENTS.name, -(-world.each // EVENT_ITEMS)
        at_once = max(_STATEMENT_CODES // world.each, 1)
        shared = {
            "topology": TOPOLOGY, "topic": topic, "products": world.product_count,
            "enterprises": world.enterprise_count, "each": world.each, "turns": turns,
            "items": EVENT_ITEMS, "start": _FIRST_MS, "step": max(_YEAR_MS // (turns * world.product_count), 1),
        }  # fmt: skip

        def insert(statement: str, table: str, first: int, last: int) -> None:
            ids = [identifiers.prefix(table, TOPOLOGY, topic, partition) for partition in range(PARTITIONS)]
            client = Client.from_url(url)
            try:
                client.execute(statement, shared | {"ids": ids, "first": first, "last": last})
            finally:
                client.disconnect()

        def insert_items(first: int) -> None:
            insert(_ITEMS.format(code=self._code), "trace_items", first, first + at_once - 1)
            progress(f"  {min(first + at_once, world.product_count):,} of {world.product_count:,} products")

        with ThreadPoolExecutor(_CONNECTIONS) as pool:
            for _ in pool.map(insert_items, range(0, world.product_count, at_once)):
                pass
        insert(_EVENTS, "trace_events", 0, world.product_count)
