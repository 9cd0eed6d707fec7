"""A world of codes, small: the engine's codes are those of the key ring, its rows those of a worker; one whole run."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from clickhouse_driver import Client

from infra.bench import codes_messages, http_load
from infra.bench.codes_load import Codes
from infra.bench.codes_messages import HEAT_ITEMS, Message
from infra.bench.codes_sql import code_sql, constant_of
from infra.bench.codes_world import CODES, TOPOLOGY, World
from infra.local.stack import Stack
from schemas.rows import Row
from schemas.topics import TRACE_EVENTS
from schemas.trace import TraceMessage
from sinks.clickhouse import connection, migrations
from streams.cli.bench import bench
from streams.compute.codes import KeyRing
from streams.compute.shop_floor import Believed, Origin
from streams.compute.trace.engine import TraceEngine
from streams.compute.trace.rows import TraceEvent, TraceItem
from streams.compute.trace.spec import Enterprise, Trace
from tests.streams.compute.trace.messages import capture, seen
from tests.streams.compute.trace.oracle import MAX_FUTURE

NOW = 1_770_000_000_000
SECRET = b"a key that is of no use elsewhere"
RING = KeyRing({"B": SECRET})


@pytest.fixture(scope="module")
def client(stack: Stack) -> Iterator[Client]:
    client = connection.connect(connection.parse(stack.clickhouse_url))
    migrations.apply(client)
    yield client
    client.disconnect()


@pytest.mark.parametrize(
    ("product", "head"), [("88.118.8/TP-1001", "88.118.8/TP-1001/"), ("01/06901234567892", "01/06901234567892/21/")]
)
def test_sql_makes_the_codes_that_the_key_ring_makes(client: Client, product: str, head: str) -> None:
    serials = "arrayMap(n -> bitShiftRight(intHash64(n), 24), range(2000)) || [0, 1, 1099511627775]"
    source = f"SELECT arrayJoin({serials}) AS serial, %(head)s AS head, %(check)s AS check"
    rows = client.execute(
        f"SELECT serial, {code_sql(SECRET, 'B')} FROM ({source})", {"head": head, "check": constant_of(product, "B")}
    )
    assert len(rows) == 2_003
    assert [code for _, code in rows] == [str(RING.code(product, serial)) for serial, _ in rows]


def test_codes_are_shared_evenly_among_products_of_both_kinds() -> None:
    world = World(CODES)
    assert (world.enterprise_count, world.product_count) == (3_000, 11_000)
    assert CODES <= world.codes < CODES + 11_000
    heads = [product.head for product in world.products()]
    assert heads == sorted(set(heads))
    assert {head[:3] for head in heads} == {"01/", "88."}
    assert World(20_000).product_count == 200


def test_picked_codes_are_all_different_until_all_are_picked(client: Client) -> None:
    world = World(2_000)
    codes = Codes(client, world, SECRET, "B")
    picked = codes.pick(1_500) + codes.pick(500)
    made = {(product.enterprise, str(code)) for product in world.products()
            for code in RING.codes(product.name, range(world.each), "B")}  # fmt: skip
    assert set(picked) == made
    assert codes.in_order(300) == sorted(code for _, code in made)[:300]


def test_what_the_engine_archives_is_what_a_worker_would(stack: Stack, client: Client) -> None:
    """Of an event's commissioning, all columns but its hash and time, which are of no event, and what it is in full."""
    world = World(40_000)
    Codes(client, world, SECRET, "B").load(stack.clickhouse_url, print)
    left_out = ("event", "ts", "recorded_at", "items", "body")

    def compared(kind: type[Row]) -> list[str]:
        return [name for name in kind.__struct_fields__ if name not in left_out]

    def archived(kind: type[Row], where: str, order: str, **parameters: object) -> list[tuple[object, ...]]:
        query = (
            f"SELECT {', '.join(compared(kind))} FROM headrace.{kind.table} WHERE topology = %(topology)s AND {where} "
        )
        return list(client.execute(f"{query} ORDER BY {order}", {"topology": TOPOLOGY, **parameters}))

    def of(rows: list[Row], kind: type[Row]) -> list[tuple[object, ...]]:
        return [tuple(getattr(row, name) for name in compared(kind)) for row in rows if isinstance(row, kind)]

    for product in world.products()[::100]:
        items = [str(code) for code in RING.codes(product.name, range(world.each), "B")]
        site, line = f"e{product.number % world.enterprise_count}", f"line-{product.number // world.enterprise_count}"
        event = seen(*(f"https://id.example.com/{item}" for item in items), action="ADD", bizStep="commissioning",
                     disposition="active", readPoint={"id": f"urn:headrace:asset:{site}:{line}"})  # fmt: skip
        declared = Trace(enterprises=(Enterprise(prefix=product.enterprise, name="maker"),))
        worker = TraceEngine(Origin(TOPOLOGY, TRACE_EVENTS.name, product.partition), Believed(0, MAX_FUTURE), declared)
        message = msgspec.convert(capture(event, product.enterprise), TraceMessage)
        assert worker.feed(product.number, NOW, message) is None
        rows = list(worker.drain().rows)
        assert archived(TraceItem, "startsWith(item, %(head)s)", "item", head=product.head) == of(rows, TraceItem)
        runs = f'{{"{product.name}":['
        assert archived(TraceEvent, "startsWith(runs, %(runs)s)", "offset", runs=runs) == of(rows, TraceEvent)


def test_every_message_is_accepted() -> None:
    world = World(2_000)
    trace = msgspec.yaml.decode(world.topology_yaml())["trace"]
    subject = TraceEngine(Origin(TOPOLOGY, "trace.events", 0), Believed(0, MAX_FUTURE), msgspec.convert(trace, Trace))
    made = [str(code) for product in world.products() for code in RING.codes(product.name, range(world.each), "B")]
    items = [f"{made[0]}{number:05}" for number in range(HEAT_ITEMS)]
    of = {product.head: product.enterprise for product in world.products()}
    scanned = [(of[code[:-20]], code) for code in made]
    messages: list[Message] = [
        *codes_messages.mints(world, 10, "B", NOW),
        *codes_messages.seen(made, 100, NOW),
        *codes_messages.scans(scanned, NOW),
        *codes_messages.heats(items, NOW),
    ]
    refused = [subject.feed(offset, NOW, msgspec.json.decode(value, type=TraceMessage))
               for offset, (_, _, value) in enumerate(messages)]  # fmt: skip
    assert set(refused) == {None}
    rows = subject.drain().rows
    tables = [row.table for row in rows]
    assert tables.count("code_ranges") == 10 * world.product_count
    assert tables.count("code_scans") == world.codes
    # The heat, its items as outputs and as inputs of the next level, and on pallets, which are twice in an event each.
    joined = 1 + HEAT_ITEMS + (10 + 1_000) + 10_000 + 100
    assert tables.count("trace_links") == joined
    assert tables.count("trace_items") == joined + 100 + world.codes


def test_a_closed_loop_counts_answers_that_are_not_as_expected() -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                path = (await reader.readuntil(b"\r\n\r\n")).split(b" ")[1]
                status = b"404 Not Found" if path == b"/4" else b"200 OK"
                writer.write(b"HTTP/1.1 %b\r\nContent-Length: %d\r\n\r\n%b" % (status, len(path), path))
        except asyncio.IncompleteReadError:
            writer.close()

    async def serve() -> http_load.Load:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        async with server:
            address = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
            requests = [http_load.get(f"/{number}", address, {"Accept": "text/plain"}) for number in range(10)]
            return await asyncio.to_thread(http_load.run, address, requests, 3, b"/")

    load = asyncio.run(serve())
    assert len(load.latencies) == 10
    assert load.unexpected == 1
    assert 0 < load.latencies.max() <= load.seconds * 1000


def test_a_whole_run_measures_everything(tmp_path: Path) -> None:
    file = tmp_path / "codes.json"
    done = CliRunner().invoke(bench, ["codes", "--codes", "20000", "--json", str(file)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    results = json.loads(file.read_text())["results"]
    kinds = {one["name"]: (one["messages"], one["things"]) for one in results["pipeline"]}
    assert kinds == {
        "mints": (2_000, 20_000), "events of 1,000": (1, 1_000), "events of 100": (40, 4_000),
        "events of 1": (4_000, 4_000), "scans": (4_000, 4_000), "heats": (1 + 10 + 1_000 + 200, 11_010),
    }  # fmt: skip
    rows = {table["name"]: table["rows"] for table in results["disk"]["settled"]}
    assert rows == {"code_ranges": 2_000, "trace_items": 21_000}
    # The heat, what was made of it, and the pallets to stop.
    assert results["recall"]["lines"] == 1 + HEAT_ITEMS + 100 + 100
    assert {name: one["requests"] for name, one in results["resolve"].items()} == {
        "cold": 200, "warm-up": 200, "warm": 200, "seen since": 200
    }  # fmt: skip
