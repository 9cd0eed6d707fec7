"""What an hour costs and what a day saves: the views over tariffs, baselines, aggregates and production."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any

import msgspec
import numpy as np
import pytest
from clickhouse_driver import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.economics import BaselineRow, TariffRow
from schemas.oee import OeeSlice
from sinks.base import Coded, Rows
from sinks.clickhouse import economics
from sinks.clickhouse.writer import ClickHouseSink
from streams.struct_columns import columns_of

MINUTE, HOUR, DAY = 60_000, 3_600_000, 86_400_000
START = 1_767_225_600_000
"""2026-01-01, 00:00 UTC: 08:00 in the plant."""
OFFSET = 480
NUMBERS = count()


def words(count_: int, *names: str) -> Coded:
    return Coded(np.arange(count_, dtype=np.int32) % len(names), list(names))


def aggregates(topology: str, windows: Sequence[tuple[str, str, int, float]], window: str = "15m") -> Rows:
    """Rows of 15 minutes: asset, metric, start in ms and mean; sums are twice the means."""
    number = len(windows)
    mean = np.array([one[3] for one in windows])
    start = np.array([one[2] for one in windows], np.int64)
    return {
        "id": [f"a-{place}" for place in range(number)],
        "asset": [one[0] for one in windows],
        "metric": [one[1] for one in windows],
        **{name: words(number, word) for name, word in {"topology": topology, "site": "s", "topic": "x"}.items()},
        "window": words(number, window),
        "window_ms": np.full(number, 15 * MINUTE, np.uint64),
        "window_start": start,
        "window_end": start + 15 * MINUTE,
        "count": np.full(number, 2, np.uint64),
        "mean": mean,
        "sum": 2 * mean,
        **dict.fromkeys(("min", "max", "stddev", "first", "last"), mean),
        "partition": np.zeros(number, np.int32),
        "offset": np.arange(number),
    }


def minutes(topology: str, slices: Sequence[dict[str, Any]]) -> Rows:
    """Rows of `oee`; what is not given is nothing."""
    rows = []
    for place, one in enumerate(slices):
        values: dict[str, Any] = {}
        for field in msgspec.structs.fields(OeeSlice):
            values[field.name] = "" if field.type is str else 0 if field.type in (int, float) else None
        start = one["window_start"]
        rows.append(OeeSlice(**values | {"id": f"o-{place}", "site": "s", "window_end": start + MINUTE} | one))
    number = len(rows)
    origin = {"topology": words(number, topology), "topic": words(number, "p"), "partition": np.zeros(number, np.int32)}
    return {**columns_of(OeeSlice, rows), **origin}


def tariff(topology: str, **fields: Any) -> TariffRow:
    usual = {"site": "s", "tariff": "t", "utc_offset_minutes": OFFSET, "currency": "CNY", "price": 1.0, "unit": "h"}
    return TariffRow(topology=topology, **usual | fields)


def costs(client: Client, topology: str) -> dict[tuple[Any, ...], tuple[float, float]]:
    rows = client.execute(
        "SELECT toUnixTimestamp(hour) * 1000, kind, tariff, asset, metric, product, shift, price, quantity, money "
        "FROM headrace.costs_per_hour WHERE topology = %(topology)s",
        {"topology": topology},
    )
    found = {row[:-2]: row[-2:] for row in rows}
    assert len(found) == len(rows)
    return found


def oracle(
    tariffs: Sequence[TariffRow], windows: Sequence[tuple[str, str, int, float]], slices: Sequence[dict[str, Any]]
) -> dict[tuple[Any, ...], tuple[float, float]]:
    """The same in plain Python, price by price."""
    sums: defaultdict[tuple[Any, ...], float] = defaultdict(float)

    def holds(row: TariffRow, moment: int) -> bool:
        minute = (moment + OFFSET * MINUTE) // MINUTE % 1440
        ended = row.valid_to is not None and moment >= row.valid_to
        return row.valid_from <= moment and not ended and row.start_minute <= minute < row.end_minute

    def pay(row: TariffRow, moment: int, quantity: float, product: str = "") -> None:
        hour = moment // HOUR * HOUR
        key = (hour, row.kind, row.tariff, row.asset, row.metric, product, row.shift, row.price)
        sums[key] += quantity

    for row in tariffs:
        for asset, metric, start, mean in windows:
            if (row.asset, row.metric) == (asset, metric) and holds(row, start):
                pay(row, start, 2 * mean if row.per_hour is None else mean * row.per_hour / 4)
        if row.kind == "labour":
            busy: defaultdict[int, Counter[str]] = defaultdict(Counter)
            for one in slices:
                if one["shift"] == row.shift and one["planned_ms"] > 0:
                    busy[one["window_start"]][one["asset"]] += one["planned_ms"]
            for moment, of_assets in busy.items():
                if holds(row, moment):
                    pay(row, moment, row.people * max(of_assets.values()) / HOUR)
        for one in slices:
            moment = one["window_start"]
            if one["asset"] != row.asset or not holds(row, moment):
                continue
            if row.kind == "downtime" and one["down_ms"]:
                pay(row, moment, one["down_ms"] / HOUR)
            own = any(
                other.kind == "scrap" and other.tariff == row.tariff and other.asset == row.asset
                and other.product == one["product"] != "" and holds(other, moment)
                for other in tariffs
            )  # fmt: skip
            if row.kind == "scrap" and one["rejected"] and row.product == (one["product"] if own else ""):
                pay(row, moment, one["rejected"], one["product"])
    return {key: (quantity, quantity * key[-1]) for key, quantity in sums.items()}


PRICES = st.sampled_from([0.0, 0.25, 1.5, 40.0])
WINDOWS = st.lists(
    st.tuples(
        st.sampled_from(["kettle", "press"]),
        st.sampled_from(["power", "meter"]),
        st.integers(0, 200),
        st.integers(0, 900),
    ),
    unique_by=lambda one: one[:3],
    max_size=30,
)
SLICES = st.lists(
    st.fixed_dictionaries({
        "asset": st.sampled_from(["kettle", "press"]),
        "window_start": st.integers(0, 2000).map(lambda minute: START + minute * MINUTE),
        "product": st.sampled_from(["", "tower", "pole"]),
        "shift": st.sampled_from(["early", "late", ""]),
        "planned_ms": st.sampled_from([0, 30_000, 60_000]),
        "down_ms": st.sampled_from([0, 0, 20_000]),
        "rejected": st.integers(0, 3),
        "good": st.integers(0, 5),
    }),
    max_size=30,
)  # fmt: skip


@st.composite
def price_lists(draw: st.DrawFn) -> list[TariffRow]:
    """Tariffs of every kind, whose prices change at a moment."""
    change = START + draw(st.integers(0, 50)) * HOUR
    found = []
    for valid_from, valid_to in ((0, change), (change, None)):

        def row(**fields: Any) -> TariffRow:
            price = draw(PRICES)
            return tariff("t", price=price, valid_from=valid_from, valid_to=valid_to, **fields)  # noqa: B023

        peak = draw(st.sampled_from([0, 600, 1439]))
        for start, end in ((0, peak), (peak, 1440)):
            if start < end:
                found.append(
                    row(kind="energy", tariff="grid", asset="kettle", metric="power", window="15m", per_hour=1.0,
                        start_minute=start, end_minute=end)
                )  # fmt: skip
        found.append(row(kind="reagent", tariff="lye", asset="press", metric="meter", window="15m"))
        found.append(row(kind="scrap", tariff="scrap", asset="press", other_products=("tower",)))
        found.append(row(kind="scrap", tariff="scrap", asset="press", product="tower"))
        found.append(row(kind="scrap", tariff="waste", asset="kettle"))
        found.append(row(kind="downtime", tariff="stops", asset="press"))
        found += [row(kind="labour", tariff="crew", shift=s, people=p) for s, p in (("early", 7.0), ("late", 2.5))]
    return found


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tariffs=price_lists(), windows=WINDOWS, slices=SLICES)
def test_the_costs_of_hours_are_what_plain_arithmetic_says(
    sink: ClickHouseSink,
    client: Client,
    tariffs: list[TariffRow],
    windows: list[tuple[str, str, int, int]],
    slices: list[dict[str, Any]],
) -> None:
    topology = f"t{next(NUMBERS)}"
    measured = [(asset, metric, START + place * 15 * MINUTE, float(mean)) for asset, metric, place, mean in windows]
    made = [{**one, "offset": place} for place, one in enumerate(slices)]
    tariffs = [msgspec.structs.replace(row, topology=topology) for row in tariffs]
    economics.write(client, tariffs)
    for _ in range(2):  # writing again changes nothing
        sink.write({"aggregates": [aggregates(topology, measured)]} if measured else {})
        sink.write({"oee": [minutes(topology, made)]} if made else {})
    found, expected = costs(client, topology), oracle(tariffs, measured, made)
    assert found.keys() == expected.keys()
    for key, value in expected.items():
        assert found[key] == pytest.approx(value)
    total = client.execute(f"SELECT sum(money) FROM headrace.costs_per_hour WHERE topology = '{topology}'")[0][0]
    assert total == pytest.approx(sum(money for _, money in expected.values()))


def test_a_price_of_a_band_holds_by_the_local_clock_and_midnight_splits_the_day(
    sink: ClickHouseSink, client: Client
) -> None:
    bands = ((0, 480, 0.3), (480, 1440, 1.2))
    rows = [
        tariff("bands", kind="energy", asset="k", metric="p", window="15m", per_hour=1.0, price=price, unit="kWh",
               start_minute=start, end_minute=end)
        for start, end, price in bands
    ]  # fmt: skip
    economics.write(client, rows)
    local_midnight = START + 16 * HOUR
    sink.write(
        {
            "aggregates": [
                aggregates("bands", [("k", "p", local_midnight + hour * HOUR, 100.0) for hour in (-1, 0, 7, 8)])
            ]
        }
    )
    found = {key[0] - local_midnight: money for key, (_, money) in costs(client, "bands").items()}
    assert found == pytest.approx({-HOUR: 30.0, 0: 7.5, 7 * HOUR: 7.5, 8 * HOUR: 30.0})


def day_of(day: str) -> int:
    """Its local beginning, epoch ms."""
    return int(datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp() * 1000) - OFFSET * MINUTE


def worked_days(first: str, days: int, good_per_hour: int, power: float, rejected: int) -> tuple[list[Any], list[Any]]:
    """Ten hours a day, from 08:00: windows of power and minutes of a kettle."""
    windows, made = [], []
    for day in range(days):
        begin = day_of(str(date.fromisoformat(first) + timedelta(day))) + 8 * HOUR
        windows += [("kettle", "power", begin + place * 15 * MINUTE, power) for place in range(40)]
        for hour in range(10):
            for place in range(60):
                full = place == 0  # all items of the hour in its first minute: sums are what counts
                made.append({
                    "asset": "kettle", "shift": "day", "product": "tower",
                    "window_start": begin + hour * HOUR + place * MINUTE, "planned_ms": MINUTE,
                    "good": good_per_hour if full else 0, "rejected": rejected if full else 0,
                    "down_ms": MINUTE if place < 6 else 0,
                })  # fmt: skip
    return windows, [{**one, "offset": place} for place, one in enumerate(made)]


TARIFFS: list[dict[str, Any]] = [
    {"tariff": "electricity", "kind": "energy", "asset": "kettle", "metric": "power", "window": "15m", "per_hour": 1.0,
     "unit": "kWh", "price": 0.8},
    {"tariff": "scrap", "kind": "scrap", "asset": "kettle", "unit": "item", "price": 25.0},
    {"tariff": "stops", "kind": "downtime", "asset": "kettle", "price": 600.0},
    {"tariff": "crew", "kind": "labour", "shift": "day", "people": 14.0, "price": 45.0},
]  # fmt: skip
BASELINE = {"site": "s", "currency": "CNY", "output": ("kettle",), "utc_offset_minutes": OFFSET}


def saved(client: Client, topology: str, period: str) -> list[dict[str, Any]]:
    rows, columns = client.execute(
        f"SELECT * FROM headrace.savings WHERE topology = '{topology}' AND period = '{period}' ORDER BY start",
        with_column_types=True,
    )
    names = [name for name, _ in columns]
    return [dict(zip(names, row, strict=True)) for row in rows]


def test_a_worked_example_against_a_period_gives_what_a_pocket_calculator_gives(
    sink: ClickHouseSink, client: Client
) -> None:
    """The inputs of docs/ECONOMICS.md: an example, nobody's measurement."""
    # An hour: energy 565 kWh x 0.80, 2 rejected x 25, 0.1 h down x 600, 14 people x 45.
    then = 565 * 0.8 + 2 * 25 + 0.1 * 600 + 14 * 45
    now = 480 * 0.8 + 1 * 25 + 0.1 * 600 + 14 * 45
    assert (then, now) == (1192, 1099)
    windows, made = worked_days("2026-01-05", 5, good_per_hour=40, power=565.0, rejected=2)
    later, more = worked_days("2026-03-02", 4, good_per_hour=52, power=480.0, rejected=1)
    more = [{**one, "offset": one["offset"] + len(made)} for one in more]
    economics.write(client, [tariff("worked", **one) for one in TARIFFS])
    period = BaselineRow(
        topology="worked", hours_per_year=6000, first_day="2026-01-05", last_day="2026-01-09", **BASELINE
    )
    economics.write(client, [period])
    sink.write({"aggregates": [aggregates("worked", windows + later)], "oee": [minutes("worked", made + more)]})

    january, march = saved(client, "worked", "month")
    assert (january["start"], march["start"]) == (date(2026, 1, 1), date(2026, 3, 1))
    assert (january["good"], january["hours"], march["good"], march["hours"]) == (2000, 50, 2080, 40)
    assert (january["money"], march["money"]) == pytest.approx((50 * then, 40 * now))
    parts = [march[kind] for kind in ("energy", "reagent", "scrap", "downtime", "labour")]
    assert parts == pytest.approx([40 * 384, 0, 40 * 25, 40 * 60, 40 * 630])
    assert (march["baseline_money"], march["baseline_good"], march["baseline_hours"]) == pytest.approx(
        (50 * then, 2000, 50)
    )
    assert (january["saving_per_good"], january["capacity_change"]) == pytest.approx((0, 0))
    assert march["saving_per_good"] == pytest.approx(1192 / 40 - 1099 / 52)
    assert march["saving_per_good"] == pytest.approx(8.665, abs=0.001)
    assert march["saving"] == pytest.approx(march["saving_per_good"] * 2080)
    # Of the order that the plant reported: 2.7 million a year and 30 % more.
    assert march["saving_per_year"] == pytest.approx((1192 / 40 - 1099 / 52) * 52 * 6000)
    assert march["saving_per_year"] == pytest.approx(2.70e6, rel=0.002)
    assert (march["capacity_change"], march["capacity_change_share"]) == pytest.approx((12, 0.3))
    days = saved(client, "worked", "day")
    assert [day["start"] for day in days] == [date(2026, 1, day) for day in range(5, 10)] + [
        date(2026, 3, day) for day in range(2, 6)
    ]
    assert sum(day["money"] for day in days) == pytest.approx(january["money"] + march["money"])
    assert {round(day["saving_per_year"]) for day in days[5:]} == {round(march["saving_per_year"])}


def test_figures_that_are_given_are_compared_with_where_there_was_no_measuring_before(
    sink: ClickHouseSink, client: Client
) -> None:
    windows, made = worked_days("2026-03-02", 1, good_per_hour=52, power=480.0, rejected=1)
    ended = BaselineRow(
        topology="given", hours_per_year=1, money_per_good=1, good_per_hour=1, valid_to=START, **BASELINE
    )
    valid = BaselineRow(
        topology="given", hours_per_year=6000, money_per_good=30, good_per_hour=40, valid_from=START, **BASELINE
    )
    economics.write(client, [*(tariff("given", **one) for one in TARIFFS), ended, valid])
    sink.write({"aggregates": [aggregates("given", windows)], "oee": [minutes("given", made)]})
    [day] = saved(client, "given", "day")
    assert (day["baseline_money"], day["baseline_good"], day["baseline_hours"]) == (None, None, None)
    assert day["saving_per_good"] == pytest.approx(30 - 1099 / 52)
    assert day["saving_per_year"] == pytest.approx((30 * 52 - 1099) * 6000)
    assert day["capacity_change_share"] == pytest.approx(0.3)


def test_a_day_without_good_items_has_costs_and_no_savings(sink: ClickHouseSink, client: Client) -> None:
    windows, _ = worked_days("2026-03-02", 1, 0, 480.0, 0)
    baseline = BaselineRow(topology="idle", hours_per_year=6000, money_per_good=30, good_per_hour=40, **BASELINE)
    economics.write(client, [*(tariff("idle", **one) for one in TARIFFS), baseline])
    sink.write({"aggregates": [aggregates("idle", windows)]})
    [day] = saved(client, "idle", "day")
    assert day["money"] == pytest.approx(10 * 384)
    assert (day["good"], day["hours"], day["money_per_good"], day["saving_per_year"]) == (0, 0, None, None)


def test_hours_of_operation_are_those_of_the_machine_that_is_busy_for_longest_minute_by_minute(
    sink: ClickHouseSink, client: Client
) -> None:
    busy = [("a", 0, 60_000), ("b", 0, 15_000), ("b", 0, 15_000), ("b", 1, 20_000), ("a", 1, 0), ("other", 2, 60_000)]
    made = [
        {"asset": asset, "window_start": START + minute * MINUTE, "planned_ms": planned, "good": 1, "offset": place}
        for place, (asset, minute, planned) in enumerate(busy)
    ]
    output = {**BASELINE, "output": ("a", "b")}
    baseline = BaselineRow(topology="two", hours_per_year=6000, money_per_good=30, good_per_hour=40, **output)
    economics.write(client, [baseline])
    sink.write({"oee": [minutes("two", made)]})
    [day] = saved(client, "two", "day")
    assert (day["good"], day["money"]) == (5, 0)
    assert day["hours"] == pytest.approx((60_000 + 20_000) / HOUR)
