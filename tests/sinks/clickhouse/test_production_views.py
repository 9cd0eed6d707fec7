"""Figures of production as BI reads them: what an hour, a shift, a day, a line and an order come to."""

import re
import time
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from clickhouse_driver import Client

from schemas.durations import Duration, decode_hook
from schemas.topics import PRODUCTION_EVENTS
from sinks.clickhouse.views import statements
from sinks.clickhouse.writer import ClickHouseSink
from streams.chunk import Chunk
from streams.rendering import Renderer
from streams.shop_floor_processor import ShopFloorProcessor
from streams.topology.model import Topology
from tests.streams.compute.production.factory import HOUR, MINUTE, MONDAY, count, job, state

TOPOLOGY = msgspec.convert(
    {
        "topology": "t", "site": "s", "sources": {"machine.events": {}},
        "production": {
            "silence": "8h",
            "lines": {"cutting": ["saw-1", "saw-2"]},
            "shifts": {"early": {"start": "06:00", "end": "14:00"}, "late": {"start": "14:00", "end": "22:00"}},
        },
    },
    Topology,
    dec_hook=decode_hook,
)  # fmt: skip
SIX = MONDAY + 6 * HOUR


def write(
    sink: ClickHouseSink, events: list[dict[str, Any]], twice: bool = True, topology: Topology = TOPOLOGY
) -> None:
    """Have events processed, and the rows written as after a crash: twice."""
    events = sorted(events, key=lambda event: event["ts"])
    processor = ShopFloorProcessor(topology, PRODUCTION_EVENTS.name, 0, 0)
    values = [msgspec.json.encode(event) for event in events]
    times = np.array([event["ts"] for event in events], np.int64)
    keys: list[bytes] = [b""] * len(values)
    offsets = np.arange(len(values))
    processor.feed(Chunk(PRODUCTION_EVENTS.name, 0, 0, len(values), keys, values, offsets, times))
    rendered = Renderer(topology, PRODUCTION_EVENTS.name, 0).render(processor.cut())
    for _ in range(1 + twice):
        sink.write(rendered.tables)


def over(ts: int, *assets: str) -> list[dict[str, Any]]:
    """What closes all minutes before `ts`."""
    return [state(at, "off", asset=asset) for asset in assets for at in (ts, ts + 2 * MINUTE)]


def moment(ts: int) -> datetime:
    return datetime.fromtimestamp(ts / 1000, UTC)


def test_a_published_shift_reads_as_it_was_published(sink: ClickHouseSink, client: Client) -> None:
    # Vorne Industries, OEE worksheet (oee.com): 480 min, breaks 60, down 47, 60 pieces a minute, 19271 made, 423 bad.
    running = SIX + 107 * MINUTE
    events = [job(SIX), state(SIX, "break"), state(SIX + HOUR, "stopped", "jam"), state(running, "running")]
    for minute in range(373):
        made = 19271 * (minute + 1) // 373 - 19271 * minute // 373
        bad = 423 * (minute + 1) // 373 - 423 * minute // 373
        events.append(count(running + minute * MINUTE + 1000, made - bad, bad))
    write(sink, events + over(SIX + 8 * HOUR, "saw-1"))
    columns = "planned_ms, production_ms, down_ms, planned_stop_ms, good, rejected, target, failures"
    ratios = "availability, performance, quality, oee"
    for view in ("oee_by_shift", "line_oee_by_shift"):
        [row] = client.execute(f"SELECT {columns}, {ratios} FROM headrace.{view} WHERE shift = 'early'")
        assert row[:8] == (420 * MINUTE, 373 * MINUTE, 47 * MINUTE, 60 * MINUTE, 18848, 423, 420 * 60, 1)
        assert row[8:] == pytest.approx((0.8881, 0.8611, 0.9780, 0.7479), abs=0.001)
    [row] = client.execute(f"SELECT day, {ratios} FROM headrace.oee_by_day")
    assert row == (
        date(2025, 10, 13),
        *client.execute(f"SELECT {ratios} FROM headrace.oee_by_shift WHERE shift = 'early'")[0],
    )
    hours = client.execute("SELECT hour, planned_ms, production_ms FROM headrace.oee_by_hour ORDER BY hour LIMIT 3")
    assert hours == [(moment(SIX), 0, 0), (moment(SIX + HOUR), HOUR, 13 * MINUTE), (moment(SIX + 2 * HOUR), HOUR, HOUR)]
    stops = client.execute(
        "SELECT category, reason, stops, micro_stops, lost_ms FROM headrace.downtime_by_reason ORDER BY 1"
    )
    assert stops == [("down", "jam", 1, 0, 47 * MINUTE), ("planned", "", 1, 0, 0)]
    reliability = client.execute(
        "SELECT failures, production_ms, repair_ms, mtbf_ms, mttr_ms FROM headrace.reliability"
    )
    assert reliability == [(1, 373 * MINUTE, 47 * MINUTE, 373 * MINUTE, 47 * MINUTE)]


def test_a_line_weighs_its_machines_by_their_time(sink: ClickHouseSink, client: Client) -> None:
    events = [
        job(SIX, "A", 1000.0), state(SIX, "running"), count(SIX + 1, 1800, 200), *over(SIX + HOUR, "saw-1"),
        job(SIX, "B", 2000.0, asset="saw-2"), state(SIX, "running", asset="saw-2"),
        state(SIX + 2 * HOUR, "stopped", asset="saw-2"), count(SIX + 1, 2000, asset="saw-2"),
        *over(SIX + 3 * HOUR, "saw-2"),
        state(SIX, "running", asset="press"), *over(SIX + HOUR, "press"),
    ]  # fmt: skip
    write(sink, events)
    [row] = client.execute(
        "SELECT line, planned_ms, production_ms, ideal_ms, good, rejected, availability, performance, quality, oee "
        "FROM headrace.line_oee_by_day"
    )
    availability, performance, quality = 3 / 4, (2000 * 1 + 2000 * 2) / (3 * 3600), 3800 / 4000
    assert row[:6] == ("cutting", 4 * HOUR, 3 * HOUR, 6_000_000.0, 3800, 200)
    assert row[6:] == pytest.approx((availability, performance, quality, availability * performance * quality))


def test_time_without_an_order_is_no_part_of_the_performance(sink: ClickHouseSink, client: Client) -> None:
    events = [
        state(SIX, "running"),
        count(SIX + 1, 50),
        job(SIX + HOUR),
        count(SIX + HOUR + 1, 1800),
        *over(SIX + 2 * HOUR, "saw-1"),
    ]
    write(sink, events)
    columns = "production_ms, good, ideal_ms, target, performance"
    assert client.execute(f"SELECT {columns} FROM headrace.oee_by_day") == [(2 * HOUR, 1850, 1_800_000.0, 3600.0, 0.5)]


def test_an_order_has_a_rate_and_an_expected_end(sink: ClickHouseSink, client: Client) -> None:
    events = [
        job(SIX, "A", 1000.0, 3000), state(SIX, "running"), count(SIX + 30 * MINUTE, 900, 100),
        job(SIX + HOUR, "B"), job(SIX + 2 * HOUR, "A", 1000.0, 2700), count(SIX + 2 * HOUR + 1, 900),
        *over(SIX + 3 * HOUR, "saw-1"),
    ]  # fmt: skip
    write(sink, events)
    columns = "order_quantity, good, rejected, remaining, worked_ms, rate, target, began, until, expected_end"
    [first, second] = client.execute(f"SELECT {columns} FROM headrace.orders ORDER BY order")
    until = SIX + 3 * HOUR + MINUTE  # a minute more of the state off, so that the minutes before are closed
    worked = 2 * HOUR + MINUTE
    rate = 1800 * HOUR / worked
    assert first[:5] == (2700, 1800, 100, 900, worked)
    assert first[5:7] == (pytest.approx(rate), 7200.0)
    assert first[7:9] == (moment(SIX), moment(until))
    assert abs(first[9].timestamp() * 1000 - (until + 900 / rate * HOUR)) < 2
    assert (second[0], second[3], second[9]) == (0, 0, None)


def test_a_log_that_is_computed_anew_with_another_lateness_takes_the_place_of_the_old_rows(
    sink: ClickHouseSink, client: Client
) -> None:
    events = [
        job(SIX), state(SIX, "running"), count(SIX + 1, 60), state(SIX + 2 * MINUTE, "stopped"),
        state(SIX + 10 * MINUTE, "running"), *(count(SIX + minute * MINUTE, 1) for minute in range(11, 20)),
    ]  # fmt: skip
    patient = msgspec.structs.replace(TOPOLOGY.production, lateness=Duration.parse("3m"))
    write(sink, events)
    write(sink, events, topology=msgspec.structs.replace(TOPOLOGY, production=patient))
    assert client.execute("SELECT sum(good), sum(failures) FROM headrace.oee") == [(67, 1)]
    assert client.execute("SELECT count() FROM headrace.stops") == [(1,)]


def test_an_order_that_would_take_centuries_has_no_expected_end(sink: ClickHouseSink, client: Client) -> None:
    events = [
        job(SIX, "A", 1000.0, 1_000_000_000),
        state(SIX, "running"),
        count(SIX + 1, 1),
        *over(SIX + HOUR, "saw-1"),
    ]
    write(sink, events)
    assert client.execute("SELECT remaining, expected_end FROM headrace.orders") == [(999_999_999, None)]


def test_the_running_shift_is_that_of_the_newest_minute(sink: ClickHouseSink, client: Client) -> None:
    now = round(time.time() * 1000) // MINUTE * MINUTE - 5 * MINUTE
    events = [
        job(now - HOUR, "A"), state(now - HOUR, "running"), count(now - HOUR + 1, 60), job(now, "B"),
        count(now + 1, 60), state(now + 70_000, "stopped", "blade"), state(now + 4 * MINUTE, "stopped"),
    ]  # fmt: skip
    write(sink, events)
    columns = "asset, line, state, reason, state_since, order, product, until"
    found = client.execute(f"SELECT {columns}, shift_start, planned_ms, good FROM headrace.oee_now")
    expected = ("saw-1", "cutting", "stopped", "blade", moment(now + 70_000), "B", "pB", moment(now + 3 * MINUTE))
    assert [row[:8] for row in found] == [expected]
    shift = client.execute(
        "SELECT shift_start, planned_ms, good FROM headrace.oee_by_shift ORDER BY shift_start DESC LIMIT 1"
    )
    assert [row[8:] for row in found] == shift


def test_the_questions_of_the_document_have_answers(client: Client) -> None:
    text = (Path(__file__).parents[3] / "docs" / "PRODUCTION.md").read_text(encoding="utf-8")
    questions = [sql for block in re.findall(r"```sql\n(.*?)```", text, re.DOTALL) for sql in statements(block)]
    assert len(questions) == 3
    for question in questions:
        assert client.execute(question) == []
