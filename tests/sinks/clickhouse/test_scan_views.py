"""What codes and scans tell BI and a bank: the views against plain Python; events come twice, late and wrong."""

import random
import re
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from clickhouse_driver import Client

from schemas.durations import decode_hook
from schemas.epcis_hash import event_id
from schemas.topics import TRACE_EVENTS
from sinks.clickhouse.views import statements
from sinks.clickhouse.writer import ClickHouseSink
from streams.chunk import Chunk
from streams.compute.codes import KeyRing
from streams.rendering import Renderer
from streams.shop_floor_processor import ShopFloorProcessor
from streams.topology.model import Topology
from tests.sinks.clickhouse import scan_views_oracle as oracle
from tests.sinks.clickhouse.scan_views_oracle import Counted
from tests.streams.compute.trace.messages import MILL, OTHER, PRODUCT, YARD, capture, mint, seen

TOPOLOGY = msgspec.convert(
    {
        "topology": "t",
        "site": "s",
        "sources": {"machine.events": {}},
        "trace": {
            "enterprises": [{"prefix": MILL, "name": "mill"}, {"prefix": YARD, "name": "yard"}],
            "repeats": "1h",
        },
    },
    Topology,
    dec_hook=decode_hook,
)
RING = KeyRing.parse("A:" + "a2tr" * 11)
ITEMS = [str(RING.code(product, serial)) for product in (PRODUCT, OTHER) for serial in range(12)]
START = int(datetime(2025, 11, 20, tzinfo=UTC).timestamp()) * 1000
DAY = 86_400_000
LATER = START + 365 * DAY
RECEIVERS = ("urn:example:dealer:1", "urn:example:dealer:2", "urn:example:dealer:3")
CONTEXT = ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"headrace": "urn:headrace:"}]
STEPS = (
    "commissioning",
    "shipping",
    "shipping",
    "receiving",
    "receiving",
    "retail_selling",
    "void_shipping",
    "inspecting",
)


def write(sink: ClickHouseSink, messages: list[dict[str, Any]]) -> None:
    """Have messages processed, and the rows written as after a crash: twice."""
    processor = ShopFloorProcessor(TOPOLOGY, TRACE_EVENTS.name, 0, 0)
    values = [msgspec.json.encode(message) for message in messages]
    keys: list[bytes] = [b""] * len(values)
    times = np.full(len(values), LATER)
    processor.feed(Chunk(TRACE_EVENTS.name, 0, 0, len(values), keys, values, np.arange(len(values)), times))
    assert processor.engine.counts.dead_letter == 0
    rendered = Renderer(TOPOLOGY, TRACE_EVENTS.name, 0).render(processor.cut())
    for _ in range(2):
        sink.write(rendered.tables)


def event(rng: random.Random) -> dict[str, Any]:
    """Something that happened to one or two items within five months."""
    fields: dict[str, Any] = {}
    step = rng.choice(STEPS)
    if rng.random() < 0.95:
        fields["bizStep"] = step
    if rng.random() < 0.1:
        fields["disposition"] = rng.choice(["returned", "retail_sold", "in_transit"])
    if rng.random() < 0.7:
        fields["readPoint"] = {"id": f"urn:example:gate:{rng.randrange(2)}"}
    if rng.random() < 0.5:
        fields["bizLocation"] = {"id": f"urn:example:hall:{rng.randrange(2)}"}
    if step == "shipping" and rng.random() < 0.8:
        to = [{"type": "location", "destination": "urn:example:ramp"}]
        to += [{"type": "owning_party", "destination": rng.choice(RECEIVERS)}] * (rng.random() < 0.8)
        fields["destinationList"] = to
    at = START + rng.randrange(140 * DAY)
    if step == "shipping" and rng.random() < 0.3:
        due = datetime.fromtimestamp((at + rng.randrange(30 * DAY)) // 1000, UTC).isoformat()
        fields |= {"@context": CONTEXT, "headrace:due": due}
    some = rng.sample(ITEMS, rng.randrange(1, 3))
    action = rng.choice(["ADD", "OBSERVE", "OBSERVE", "DELETE"])
    return seen(*(f"https://id.example.com/{item}" for item in some), at=at, **fields | {"action": action})


def story(seed: int) -> tuple[list[dict[str, Any]], list[tuple[str, str, dict[str, Any]]]]:
    """Messages, with repeats and declarations of errors; and the events of them with their names for the oracle."""
    rng = random.Random(seed)
    messages, log = [mint(0, 20, ts=START), mint(0, 20, OTHER, ts=START)], []
    captured: list[tuple[str, dict[str, Any]]] = []
    for _ in range(500):
        enterprise, one = rng.choice([MILL, MILL, YARD]), event(rng)
        if captured and rng.random() < 0.2:
            enterprise, one = rng.choice(captured)
            if rng.random() < 0.4:
                one = {**one, "errorDeclaration": {"declarationTime": "2026-05-01T00:00:00Z"}}
        else:
            captured.append((enterprise, one))
        messages.append(capture(one, enterprise))
        log.append((enterprise, event_id(one)[14:78], one))
    for number in range(200):
        ts = START + rng.randrange(140 * DAY)
        found = "genuine" if rng.random() < 0.9 else "void"
        messages.append(
            {"kind": "scan", "enterprise": MILL, "ts": ts, "code": rng.choice(ITEMS), "found": found,
             "client": f"c{number % 7}"}
        )  # fmt: skip
    return messages, log


def rows_of(client: Client, sql: str) -> list[tuple[Any, ...]]:
    rows: list[tuple[Any, ...]] = client.execute(sql)
    return rows


def approximately(figures: dict[str, Any]) -> dict[str, Any]:
    return {name: pytest.approx(one) if isinstance(one, float) else one for name, one in figures.items()}


@pytest.fixture
def told(sink: ClickHouseSink) -> tuple[list[dict[str, Any]], list[oracle.Fact]]:
    """The messages of a story that is in ClickHouse, and what of it counts."""
    messages, log = story(1)
    write(sink, messages)
    return messages, oracle.facts(log)


Told = tuple[list[dict[str, Any]], list[oracle.Fact]]


def scorecard_events(client: Client) -> list[Counted]:
    columns = "enterprise, month, figure, event, item, receiver, hours"
    return [Counted(*row) for row in rows_of(client, f"SELECT {columns} FROM headrace.scorecard_events")]


def test_every_figure_of_the_scorecard_is_recounted_from_its_events_and_they_are_the_oracles(
    client: Client, told: Told
) -> None:
    check_scorecard_events(client, told)
    check_scorecard(client)


def check_scorecard_events(client: Client, told: Told) -> None:
    found = scorecard_events(client)
    of_events = [row for row in found if row.figure not in ("scan", "anomaly")]
    expected = oracle.counted(told[1])
    assert {row.figure for row in expected} == {
        "commissioned", "shipped", "received", "delayed", "sold", "returned"
    }  # fmt: skip

    def plain(rows: list[Counted]) -> list[tuple[Any, ...]]:
        return sorted((*row[:6], None if row.hours is None else round(row.hours, 6)) for row in rows)

    assert plain(of_events) == plain(expected)
    scans = [row for row in found if row.figure == "scan"]
    assert len(scans) == len({row.event for row in scans}) == 200
    flags = rows_of(client, "SELECT id FROM headrace.anomalies")
    assert sorted(row.event for row in found if row.figure == "anomaly") == sorted(id_ for (id_,) in flags) != []


def check_scorecard(client: Client) -> None:
    expected = oracle.recount(scorecard_events(client))
    rows, columns = client.execute("SELECT * FROM headrace.scorecard", with_column_types=True)
    names = [name for name, _ in columns]
    cards = [dict(zip(names, row, strict=True)) for row in rows]
    found = {(card.pop("enterprise"), card.pop("month")): card for card in cards}
    assert {card.pop("topology") for card in found.values()} == {"t"}
    assert found == {key: approximately(figures) for key, figures in expected.items()}
    assert len([key for key in found if key[0] == MILL]) >= 5
    one = rows_of(
        client, f"SELECT shipped FROM headrace.scorecard WHERE enterprise = '{MILL}' AND month = '2026-01-01'"
    )
    assert one == [(expected[MILL, date(2026, 1, 1)]["shipped"],)]


def test_dwell_stock_sell_through_and_warranties_are_those_of_the_oracle(client: Client, told: Told) -> None:
    check_dwell(client, told)
    check_channel_stock(client, told)
    check_sell_through(client, told)
    check_warranties(client, told)


def check_dwell(client: Client, told: Told) -> None:
    rows = rows_of(
        client, "SELECT enterprise, month, product, stage, place, stays, median_s, p90_s FROM headrace.dwell"
    )
    expected = oracle.dwell(told[1])
    assert {row[:5]: row[5:] for row in rows} == {
        key: (stays, pytest.approx(half), pytest.approx(p90)) for key, (stays, half, p90) in expected.items()
    }
    assert len(rows) == len(expected)


def check_channel_stock(client: Client, told: Told) -> None:
    rows = rows_of(client, "SELECT enterprise, product, holder, state, items FROM headrace.channel_stock")
    assert {row[:4]: row[4] for row in rows} == oracle.channel_stock(told[1])


def check_sell_through(client: Client, told: Told) -> None:
    expected: dict[tuple[Any, ...], dict[str, set[str]]] = {}
    for row in oracle.counted(told[1]):
        if row.figure in ("shipped", "sold"):
            of = expected.setdefault((row.enterprise, row.month, row.item.rsplit("/", 1)[0]), {})
            of.setdefault(row.figure, set()).add(row.item)
    rows = rows_of(client, "SELECT enterprise, month, product, shipped, sold, ratio FROM headrace.sell_through")
    assert {row[:3]: row[3:5] for row in rows} == {
        key: (len(of.get("shipped", ())), len(of.get("sold", ()))) for key, of in expected.items()
    }
    for *_, shipped, sold, ratio in rows:
        assert ratio == (pytest.approx(sold / shipped) if shipped else None)


def check_warranties(client: Client, told: Told) -> None:
    messages, facts = told
    expected: dict[tuple[str, str], tuple[int, str]] = {}
    began = [
        (one.ts, "sale", one.enterprise, one.item)
        for one in facts
        if one.step == "retail_selling" or one.disposition == "retail_sold"
    ]
    began += [(one["ts"], "scan", MILL, one["code"]) for one in messages if one.get("found") == "genuine"]
    for ts, by, enterprise, item in sorted(began):
        expected.setdefault((enterprise, item), (ts, by))
    rows = rows_of(client, "SELECT enterprise, item, toUnixTimestamp64Milli(start), by FROM headrace.warranties")
    assert {row[:2]: row[2:] for row in rows} == expected
    assert {by for _, by in expected.values()} == {"sale", "scan"}
    events, scans = "SELECT event FROM headrace.trace_events", "SELECT id FROM headrace.code_scans"
    known = f"SELECT count() FROM headrace.warranties WHERE source IN ({events}) OR source IN ({scans})"
    assert rows_of(client, known) == [(len(expected),)]


FILL = """
INSERT INTO headrace_store.{table} (id, topology, topic, partition, offset, ts, enterprise, item{more})
SELECT
    toString(number), 't', 'trace.events', 0, number,
    toDateTime64('2026-01-01 00:00:00', 3, 'UTC') + toIntervalMinute(number * 5),
    concat('88.118.', toString(number % 40)), leftPad(toString(number), 12, '0'){values}
FROM numbers(100000)
"""


def parts_read(client: Client, sql: str) -> list[tuple[str, int, int]]:
    """Of each read of a table: its name, parts that are read, and parts that there are."""
    plan = "\n".join(line for (line,) in client.execute(f"EXPLAIN indexes = 1 {sql}"))
    found = []
    for read in plan.split("ReadFromMergeTree (")[1:]:
        parts = re.findall(r"Parts: (\d+)/(\d+)", read)
        if parts:  # else nothing is read
            found.append((read.split(")")[0], int(parts[-1][0]), int(parts[0][1])))
    return found


def test_a_month_of_an_enterprise_reads_that_month_and_those_that_it_needs(client: Client) -> None:
    wide = {"max_partitions_per_insert_block": 0}
    events = FILL.replace(", item{more}", ", items, event, biz_step").replace("leftPad", "concat('[\"', leftPad")
    events = events.replace("'0'){values}", "'0'), '\"]'), toString(number), 'shipping'")
    client.execute(events.format(table="trace_events"), settings=wide)
    client.execute(FILL.format(table="code_scans", more="", values=""), settings=wide)
    client.execute(FILL.format(table="trace_items", more="", values=""), settings=wide)
    of_month = "WHERE enterprise = '88.118.8' AND month = '2026-05-01'"
    for view, most in (("item_events", 1), ("scorecard_events", 1), ("scorecard", 1), ("sell_through", 1)):
        reads = parts_read(client, f"SELECT * FROM headrace.{view} {of_month}")
        assert {table for table, *_ in reads} <= {"headrace_store.trace_events", "headrace_store.code_scans"}
        of_events = [(read, there) for table, read, there in reads if table.endswith("trace_events")]
        assert of_events, view
        assert all(read <= most and there == 12 for read, there in of_events), (view, reads)
    shipped = parts_read(client, f"SELECT * FROM headrace.scorecard_events {of_month} AND figure = 'shipped'")
    assert [read for _, read, _ in shipped] == [1, 1, 1]
    [(found,)] = client.execute(f"SELECT shipped FROM headrace.scorecard {of_month}")
    assert found == pytest.approx(31 * 288 / 40, abs=1)


def test_the_questions_of_the_document_have_answers(client: Client, told: Told) -> None:
    text = (Path(__file__).parents[3] / "docs" / "CODES.md").read_text(encoding="utf-8")
    section = text.split("## What scans tell")[1].split("\n## The demo")[0]
    questions = [sql for block in re.findall(r"```sql\n(.*?)```", section, re.DOTALL) for sql in statements(block)]
    answers = [len(client.execute(question.replace("tower_plant", "t"))) for question in questions]
    assert len(answers) == 3
    assert 0 not in answers
