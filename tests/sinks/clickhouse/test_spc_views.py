"""What BI reads of quality: yield, defects, capability and signals, from events through the processor."""

import time

import pytest
from clickhouse_driver import Client

from sinks.clickhouse.writer import ClickHouseSink
from streams.rendering import Renderer
from streams.shop_floor_processor import ShopFloorProcessor
from tests.streams.compute.quality.logs import NOW, chunk, inspection, sample, topology

DAY_MS = 86_400_000
DECLARED = topology(
    {
        "characteristics": [
            {
                "name": "bore", "unit": "mm", "lower": 7, "upper": 13, "baseline": {"mean": 10, "sigma": 1},
                "charts": [{"kind": "individuals"}],
            }
        ]
    }
)  # fmt: skip
LOG = [
    sample(0, 10.0), sample(1, 12.5), sample(2, 12.6), sample(2, 12.7), sample(1, 99.0),
    sample(9, 10.0, characteristic="unheard"),
    inspection(0, 50, 45, reworked=3, defects={"burr": 6, "crack": 2}),
    inspection(1, 50, 49, defects={"crack": 1, "short": 1}),
    inspection(86_400, 10, 10, ts=1_759_900_000_000),
]  # fmt: skip


@pytest.fixture
def told(sink: ClickHouseSink, client: Client) -> Client:
    """The rows are written twice, as after a crash."""
    processor = ShopFloorProcessor(DECLARED, "quality.events", 0, 0)
    processor.feed(chunk(0, LOG))
    rendered = Renderer(DECLARED, "quality.events", 0).render(processor.cut())
    for _ in range(2):
        sink.write({table: rows for table, rows in rendered.tables.items() if table != "ledger"})
    return client


def test_yield_is_by_day_and_counts_late_inspections_too(told: Client) -> None:
    columns = "asset, product, toString(day), inspected, passed, reworked, scrapped, first_pass_yield, final_yield"
    assert told.execute(f"SELECT {columns} FROM headrace.first_pass_yield ORDER BY day") == [
        ("a", "p", "2025-10-08", 10, 10, 0, 0, 1.0, 1.0),
        ("a", "p", "2025-10-09", 100, 94, 3, 3, 0.94, 0.97),
    ]


def test_defects_are_ranked_with_their_cumulative_share(told: Client) -> None:
    columns = "toString(month), rank, defect, count, share, cumulative_share"
    assert told.execute(f"SELECT {columns} FROM headrace.defect_pareto ORDER BY month, rank") == [
        ("2025-10-01", 1, "burr", 6, 0.6, 0.6),
        ("2025-10-01", 2, "crack", 3, 0.3, 0.9),
        ("2025-10-01", 3, "short", 1, 0.1, 1.0),
    ]


def test_capability_now_is_that_of_the_newest_sample_that_is_not_late(sink: ClickHouseSink, client: Client) -> None:
    processor = ShopFloorProcessor(DECLARED, "quality.events", 0, 0)
    processor.feed(chunk(0, LOG))
    [rows] = Renderer(DECLARED, "quality.events", 0).render(processor.cut()).tables["samples"]
    for ages_ms in (40 * DAY_MS, DAY_MS):  # those of 40 days ago are of another product
        shift = int(time.time() * 1000) - ages_ms - NOW
        product = ["old" if ages_ms > DAY_MS else ""] * len(rows["id"])
        sink.write({"samples": [{**rows, "ts": rows["ts"] + shift, "product": product}]})
    found = client.execute("SELECT characteristic, mean, capability_values, round(ppk, 4) FROM headrace.capability_now")
    assert found == [("bore", 12.7, 4, 0.2687)]


def test_capability_now_has_characteristics_that_are_counted_without_a_unit(
    sink: ClickHouseSink, client: Client
) -> None:
    declared = topology({"characteristics": [{"name": "blisters", "unit": "", "upper": 9}]})
    processor = ShopFloorProcessor(declared, "quality.events", 0, 0)
    processor.feed(chunk(0, [sample(at, at, characteristic="blisters") for at in (1, 2)]))
    [rows] = Renderer(declared, "quality.events", 0).render(processor.cut()).tables["samples"]
    sink.write({"samples": [{**rows, "ts": rows["ts"] + int(time.time() * 1000) - NOW}]})
    found = client.execute("SELECT characteristic, capability_values FROM headrace.capability_now")
    assert found == [("blisters", 2)]


def test_a_signal_is_a_row_a_rule_for_as_long_as_it_is_violated(told: Client) -> None:
    columns = "chart, value, centre, rule"
    assert told.execute(f"SELECT {columns} FROM headrace.spc_signals ORDER BY ts, value") == [
        ("individuals", 12.6, 10.0, "2_of_3_beyond_2s"),
        ("individuals", 12.7, 10.0, "2_of_3_beyond_2s"),
    ]
