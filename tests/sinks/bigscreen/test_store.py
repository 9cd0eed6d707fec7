"""The polling of the screen, over a ClickHouse that is faked."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from schemas.errors import SinkUnavailable
from sinks.bigscreen.rows import Stock
from sinks.bigscreen.snapshot import Logistics, Snapshot
from sinks.bigscreen.store import Store
from tests.sinks.bigscreen.known import NOW, PLANT

MINUTE = 60_000
BARE = replace(PLANT, emissions=(), production=False, quality=False, logistics=False)


class FakeClickHouse:
    """Has readings, and nothing else; notes what it was asked."""

    def __init__(self, *readings: int) -> None:
        self.readings = list(readings)
        """Their times."""
        self.of_another: list[int] = []
        """Those of another machine."""
        self.asked: list[tuple[str, dict[str, Any]]] = []
        self.away = False
        self.failing = ""
        """A table."""

    def execute(self, query: str, parameters: dict[str, Any]) -> list[tuple[Any, ...]]:
        table = query.split("FROM headrace.")[1].split()[0]
        self.asked.append((table, parameters))
        if self.away or table == self.failing:
            raise ConnectionRefusedError("refused")
        if table != "readings":
            return []
        of_machines = [*(("saw-1", ts) for ts in self.readings), *(("saw-2", ts) for ts in self.of_another)]
        return [
            (asset, "motor_current", 28.0, "N", "running", ts) for asset, ts in of_machines if ts >= parameters["since"]
        ]

    def disconnect(self) -> None:
        pass

    def of(self, table: str) -> list[dict[str, Any]]:
        return [parameters for asked, parameters in self.asked if asked == table]


def store(clickhouse: FakeClickHouse, now: Callable[[], float] = lambda: NOW / 1000) -> Store:
    return Store(BARE, lambda: clickhouse, lambda: None, now)


def test_the_newest_reading_is_looked_for_further_and_further_back() -> None:
    clickhouse = FakeClickHouse(NOW - 3 * 60 * MINUTE)
    (found := store(clickhouse)).check()
    assert [(NOW - asked["since"]) // MINUTE for asked in clickhouse.of("readings")] == [1, 60, 24 * 60]
    assert found.snapshot.newest == NOW - 3 * 60 * MINUTE


def test_what_is_asked_for_later_is_relative_to_the_newest_seen_and_not_to_the_clock() -> None:
    clickhouse = FakeClickHouse(NOW)
    now = NOW / 1000
    found = store(clickhouse, lambda: now)
    found.check()
    now += 3600
    found.check()
    assert clickhouse.of("readings")[-1]["since"] == NOW - MINUTE
    assert found.snapshot.readings[0].value == 28.0


def test_a_reading_from_the_future_does_not_put_the_others_out_of_sight() -> None:
    (found := store(FakeClickHouse(NOW + 5 * MINUTE))).check()
    assert found.snapshot.newest == NOW


def test_where_nothing_was_ever_read_nothing_else_is_asked_but_what_stands() -> None:
    clickhouse = FakeClickHouse()
    asyncio.run(store(clickhouse).poll())
    assert {table for table, _ in clickhouse.asked} == {"readings", "alarms"}


def test_readings_are_asked_for_with_every_poll_and_all_else_less_often() -> None:
    clickhouse = FakeClickHouse(NOW)

    async def poll_thrice() -> None:
        found = store(clickhouse)
        for _ in range(3):
            await found.poll()

    asyncio.run(poll_thrice())
    assert [len(clickhouse.of(table)) for table in ("readings", "anomalies", "alarms")] == [3, 1, 1]


def test_a_machine_that_is_silent_for_some_seconds_stays_until_its_reading_is_a_minute_old() -> None:
    clickhouse = FakeClickHouse(NOW)
    clickhouse.of_another = [NOW - 20_000]

    async def shown() -> list[list[str]]:
        found = store(clickhouse, lambda: clickhouse.readings[0] / 1000)
        looks = []
        for newest in (NOW, NOW + 30_000, NOW + 45_000):
            clickhouse.readings = [newest]
            await found.poll()
            looks.append(sorted(reading.asset for reading in found.snapshot.readings))
        return looks

    assert asyncio.run(shown()) == [["saw-1", "saw-2"], ["saw-1", "saw-2"], ["saw-1"]]
    assert [asked["since"] for asked in clickhouse.of("readings")][1:] == [NOW - 5_000, NOW + 25_000]


def test_many_who_look_at_an_asset_ask_once() -> None:
    clickhouse = FakeClickHouse(NOW)

    async def look() -> None:
        found = store(clickhouse)
        await found.poll()
        before = len(clickhouse.asked)
        await found.detail("punch-1")
        once = len(clickhouse.asked) - before
        for _ in range(20):
            await found.detail("punch-1")
        assert len(clickhouse.asked) == before + once
        await found.detail("saw-1")
        assert len(clickhouse.asked) > before + once

    asyncio.run(look())


def test_what_was_known_stays_while_clickhouse_is_away_and_is_renewed_afterwards() -> None:
    clickhouse = FakeClickHouse(NOW)
    found = store(clickhouse)
    found.check()
    clickhouse.away = True
    with pytest.raises(SinkUnavailable):
        asyncio.run(found.poll())
    assert found.snapshot.newest == NOW
    clickhouse.away = False
    clickhouse.readings.append(NOW + 1000)
    found.check()
    assert [reading.ts for reading in found.snapshot.readings] == [NOW, NOW + 1000]


def test_a_part_whose_query_fails_is_empty_and_the_others_are_renewed() -> None:
    clickhouse = FakeClickHouse(NOW)
    clickhouse.failing = "stock_levels"
    found = Store(replace(BARE, logistics=True, production=True), lambda: clickhouse, lambda: None, lambda: NOW / 1000)
    found.snapshot = Snapshot(logistics=Logistics(stock=[Stock("L100", 3, 12.0)]))
    asyncio.run(found.poll())
    assert found.snapshot.newest == NOW
    assert found.snapshot.logistics == Logistics()
    assert {"stops", "anomalies", "alarms"} <= {table for table, _ in clickhouse.asked}
