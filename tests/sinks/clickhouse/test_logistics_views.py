"""Logistics as BI reads them: stock, how far orders are picked, what waits where, how long moves take."""

import re
import time
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from clickhouse_driver import Client

from schemas.durations import decode_hook
from schemas.topics import LOGISTICS_EVENTS
from sinks.clickhouse.views import statements
from sinks.clickhouse.writer import ClickHouseSink
from streams.chunk import Chunk
from streams.rendering import Renderer
from streams.shop_floor_processor import ShopFloorProcessor
from streams.topology.model import Topology
from tests.streams.compute.logistics.events import arrival, line, move, pick, pick_list

TOPOLOGY = msgspec.convert(
    {"topology": "t", "site": "s", "sources": {"machine.events": {}}, "logistics": {"exits": ["shipped"]}},
    Topology,
    dec_hook=decode_hook,
)
NOW = int(time.time()) * 1000
HOUR = 3_600_000


def write(sink: ClickHouseSink, *events: dict[str, Any]) -> None:
    """Have events processed, and the rows written as after a crash: twice."""
    processor = ShopFloorProcessor(TOPOLOGY, LOGISTICS_EVENTS.name, 0, 0)
    values = [msgspec.json.encode(event) for event in events]
    keys: list[bytes] = [b""] * len(values)
    times = np.full(len(values), NOW)
    processor.feed(Chunk(LOGISTICS_EVENTS.name, 0, 0, len(values), keys, values, np.arange(len(values)), times))
    assert processor.engine.counts.dead_letter == 0
    rendered = Renderer(TOPOLOGY, LOGISTICS_EVENTS.name, 0).render(processor.cut())
    for _ in range(2):
        sink.write(rendered.tables)


def test_stock_is_what_the_newest_change_left_less_what_lists_are_still_to_take(
    sink: ClickHouseSink, client: Client
) -> None:
    write(
        sink,
        arrival("A-1", 10), arrival("A-2", 3, heat="H2"), arrival("A-3", 1), pick_list(line("A-1", 4)),
        pick("A-1", 1, ts=NOW - 5), pick("A-3", 1, order="T-9"),
        pick_list(line("A-2", 5, heat="H2"), order="T-2"),
    )  # fmt: skip
    found = client.execute("SELECT bin, heat, pieces, metres, reserved, free FROM headrace.stock ORDER BY bin")
    assert found == [("A-1", "H1", 9, 108.0, 3, 6), ("A-2", "H2", 3, 36.0, 5, 0)]


def test_picking_tells_how_far_the_newest_list_of_each_order_is(sink: ClickHouseSink, client: Client) -> None:
    write(
        sink,
        arrival("A-1", 20), arrival("A-2", 20),
        pick_list(line("A-1", 9)), pick("A-1", 2), pick("A-2", 1), pick("A-1", 1, heat="H9"),
        pick_list(line("A-1", 2), line("A-1", 2, cuts_mm=[4_000, 3_900]), line("A-2", 1)), pick("A-1", 3),
        pick_list(line("A-1"), order="T-2"), pick_list(line("A-2", 2), order="T-3"), pick_list(order="T-3"),
    )  # fmt: skip
    progress = client.execute(
        "SELECT `order`, bin, lines, pieces, picked, open, grade, length_mm FROM headrace.pick_progress ORDER BY 1, 2"
    )
    assert progress == [
        ("T-1", "A-1", 2, 4, 3, 1, "Q355B", 12_000),
        ("T-1", "A-2", 1, 1, 0, 1, "Q355B", 12_000),
        ("T-2", "A-1", 1, 2, 0, 2, "Q355B", 12_000),
    ]
    orders = client.execute(
        "SELECT `order`, lines, bins, pieces, picked, open, wrong, cut_mm, waste_mm, waste_share FROM headrace.picking "
        "ORDER BY 1"
    )
    cut = 3 * 11_900 + 2 * 7_900
    assert orders == [
        ("T-1", 3, 2, 5, 3, 2, 2, cut, 200, pytest.approx(200 / (cut + 200))),
        ("T-2", 1, 1, 2, 0, 2, 0, 2 * 11_900, 200, pytest.approx(200 / (2 * 11_900 + 200))),
    ]


def test_queues_hold_each_item_at_its_newest_place_for_a_fortnight(sink: ClickHouseSink, client: Client) -> None:
    fortnight = 14 * 24 * HOUR
    write(
        sink,
        move("old", "yard", "saw", ts=NOW - fortnight - 1), move("a", "yard", "saw", ts=NOW - 4 * HOUR, pieces=3),
        move("b", "yard", "saw", ts=NOW - 3 * HOUR, pieces=2), move("a", "saw", "punch", ts=NOW - 2 * HOUR),
        move("c", "yard", "shipped", ts=NOW - HOUR), move("b", "yard", "elsewhere", ts=NOW - 5 * HOUR),
        move("d", "yard", "saw", ts=NOW),
    )  # fmt: skip
    found = client.execute(
        "SELECT place, items, pieces, toUnixTimestamp64Milli(oldest), oldest_item, waits_s FROM headrace.queues "
        "ORDER BY place"
    )
    assert [row[:5] for row in found] == [
        ("punch", 1, 1, NOW - 2 * HOUR, "a"),
        ("saw", 2, 3, NOW - 3 * HOUR, "b"),
    ]
    assert [row[5] >= hours * 3600 for row, hours in zip(found, (2, 3), strict=True)] == [True, True]
    [(items,)] = client.execute("SELECT items_at_destination FROM headrace.moves WHERE item = 'd'")
    assert items == 2, "the engine counts what the view counts"


def test_move_times_are_by_route_and_hour(sink: ClickHouseSink, client: Client) -> None:
    hour = NOW // HOUR * HOUR - HOUR
    write(sink, *(
        move(f"i{n}", "saw", "punch", ts=hour + n, departed=hour + n - 1_000 * n, pieces=2) for n in range(1, 22)
    ))  # fmt: skip
    found = client.execute(
        "SELECT toUnixTimestamp(hour), source, destination, moves, pieces, mean_s, p50_s, p95_s "
        "FROM headrace.move_times"
    )
    assert found == [(hour // 1000, "saw", "punch", 21, 42, 11.0, 11.0, 20.0)]


def test_the_questions_of_the_document_have_answers(sink: ClickHouseSink, client: Client) -> None:
    events = (arrival("A-1"), pick_list(line("A-1")), pick("A-1", heat="H2217"), move("i", "saw", "punch"))
    write(sink, *({**event, "ts": NOW} for event in events))
    text = (Path(__file__).parents[3] / "docs" / "LOGISTICS.md").read_text(encoding="utf-8")
    questions = [sql for block in re.findall(r"```sql\n(.*?)```", text, re.DOTALL) for sql in statements(block)]
    answers = [len(client.execute(question.replace("tower_plant", "t"))) for question in questions]
    assert answers[:4] == [1, 1, 1, 1]
    assert len(answers) == 5, "the last one asks for yesterday"
