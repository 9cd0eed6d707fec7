"""What a topology may say of money, the rows that it becomes, and how they change."""

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.durations import decode_hook
from schemas.economics import BaselineRow, TariffRow
from streams.topology.economics import Band, Economics, Energy
from streams.topology.explain import problems as mistakes
from streams.topology.model import Topology
from streams.topology.tariffs import Rows, changes, declared, lines
from streams.topology.validate import problems

Build = Callable[..., Topology]
Declare = Callable[..., Topology]

GRID = {"name": "grid", "kind": "energy", "metrics": ["power"], "price": 0.7}
LYE = {"name": "lye", "kind": "reagent", "metrics": ["lye"], "price": 0.02}
SCRAP = {"name": "scrap", "kind": "scrap", "assets": ["press-1"], "price": 5, "products": {"pole": 9}}
STOPS = {"name": "stops", "kind": "downtime", "assets": ["press-*"], "price": 120}
CREW = {"name": "crew", "kind": "labour", "people": {"early": 7, "late": 2.5}, "price": 45}
ALL = [GRID, LYE, SCRAP, STOPS, CREW]
PERIOD = {"first_day": "2026-01-01", "last_day": "2026-03-31"}
GIVEN = {"money_per_good": 30, "good_per_hour": 40}
PLANT: dict[str, Any] = {
    "metrics": {"power": {"unit": "kW"}, "lye": {"unit": "l/min"}, "energy": {"unit": "kWh"}, "ph": {"unit": "1"}},
    "assets": {
        "press-1": {"kind": "press", "metrics": ["power", "ph"]},
        "press-2": {"kind": "press", "metrics": ["power"]},
        "tank": {"kind": "tank", "metrics": ["lye", "energy"]},
    },
    "windows": [{"name": "1m", "size": "1m"}, {"name": "7m", "size": "7m"}, {"name": "2h", "size": "2h"},
                {"name": "hop", "size": "1m", "advance": "10s"}, {"name": "1h", "size": "1h"}],
    "detectors": [],
    "production": {
        "lines": {"pressing": ["press-1", "press-2"]},
        "shifts": {"early": {"start": "06:00", "end": "14:00"}, "late": {"start": "14:00", "end": "22:00"}},
    },
}  # fmt: skip


@pytest.fixture
def declare(small: Build) -> Declare:
    """The topology of a small plant with these economics; parts of the plant can be replaced."""

    def build(plant: dict[str, Any] | None = None, **economics: Any) -> Topology:
        usual = {"currency": "CNY", "utc_offset": "+08:00", "window": "1m", "tariffs": ALL}
        return small(**PLANT | (plant or {}), economics=usual | economics)

    return build


def test_economics_that_hold_together_have_no_problems(declare: Declare) -> None:
    assert problems(declare()) == []
    assert problems(declare(output=["press-2"], baseline=PERIOD, hours_per_year=6000)) == []
    assert problems(declare(tariffs=[CREW], window=None)) == []


@pytest.mark.parametrize(
    ("economics", "plant", "path", "words"),
    [
        ({"window": None}, {}, (), "needs window"),
        ({"window": "2m"}, {}, ("window",), "is not declared"),
        ({"window": "hop"}, {}, ("window",), "must not overlap"),
        ({"window": "7m"}, {}, ("window",), "divide an hour"),
        ({"window": "2h"}, {}, ("window",), "divide an hour"),
        ({"window": "1h", "utc_offset": "+05:30"}, {}, ("window",), "local hours at +05:30 begin within"),
        (
            {"window": "1h", "tariffs": [{**GRID, "bands": [{"start": "08:30", "end": "12:00", "price": 1}]}]},
            {},
            ("tariffs", 0, "bands"),
            "an edge at 08:30, within a window 1h",
        ),
        ({"tariffs": [GRID, GRID]}, {}, ("tariffs", 1, "name"), "the name of another tariff"),
        ({"tariffs": [{**GRID, "metrics": ["powr"]}]}, {}, ("tariffs", 0, "metrics", 0), "did you mean 'power'"),
        ({"tariffs": [{**GRID, "assets": ["tank"]}]}, {}, ("tariffs", 0), "grid pays for nothing"),
        ({"tariffs": [{**GRID, "assets": ["shed"]}]}, {}, ("tariffs", 0, "assets", 0), "matches no declared asset"),
        ({"tariffs": [{**GRID, "metrics": ["p*"]}]}, {}, ("tariffs", 0, "metrics"), "match ph, whose unit is 1"),
        ({"tariffs": [GRID]}, {"assets": {}}, ("tariffs", 0, "assets"), "none is declared"),
        ({"tariffs": [SCRAP]}, {"production": None}, ("tariffs", 0), "declare the part production"),
        ({"tariffs": [{**CREW, "people": {"night": 3}}]}, {}, ("tariffs", 0, "people", "night"), "shift 'night'"),
        ({"baseline": GIVEN}, {}, ("output",), "name the assets that count"),
        ({"baseline": GIVEN, "output": ["shed"]}, {}, ("output", 0), "matches no declared asset"),
        ({"baseline": GIVEN, "output": ["tank"], "tariffs": [LYE]}, {"production": None}, ("baseline",), "production"),
    ],
)
def test_what_cannot_be_paid_for_is_told(
    declare: Declare, economics: dict[str, Any], plant: dict[str, Any], path: tuple[Any, ...], words: str
) -> None:
    [problem] = problems(declare(plant, **economics))
    assert problem.path == ("economics", *path)
    assert words in problem.message


@pytest.mark.parametrize(
    ("economics", "words"),
    [
        ({"currency": "yuan"}, "text of the form"),
        ({"tariffs": [{**GRID, "price": -1}]}, "a number"),
        ({"tariffs": [{**GRID, "kind": "heat"}]}, "allowed are energy, reagent, scrap, downtime, labour"),
        ({"tariffs": [{**GRID, "bands": [{"start": "08:00", "end": "08:00", "price": 1}]}]}, "is none"),
        (
            {"tariffs": [{**GRID, "bands": [{"start": "22:00", "end": "07:00", "price": 1},
                                            {"start": "06:00", "end": "12:00", "price": 2}]}]},
            "two bands hold at 06:00",
        ),
        ({"baseline": {**PERIOD, **GIVEN}}, "or else"),
        ({"baseline": {"first_day": "2026-01-01"}}, "or else"),
        ({"baseline": {**PERIOD, "good_per_hour": 3}}, "or else"),
        ({"baseline": {"first_day": "2026-02-01", "last_day": "2026-01-01"}}, "is after last_day"),
        ({"baseline": {"first_day": "2026-02-01", "last_day": "2026-02-30"}}, "day"),
        ({"hours_per_year": 9000}, "a number"),
    ],
)  # fmt: skip
def test_economics_that_contradict_themselves_are_refused(economics: dict[str, Any], words: str) -> None:
    [problem] = mistakes({"currency": "CNY", "tariffs": [GRID], **economics}, Economics)
    assert words in problem.message


TIMES = st.integers(0, 1439)


@given(cuts=st.lists(TIMES, unique=True, min_size=2, max_size=8).map(sorted), wraps=st.booleans())
def test_bands_and_the_price_between_them_are_the_whole_day(cuts: list[int], wraps: bool) -> None:
    def clock(minute: int) -> str:
        return f"{minute // 60:02}:{minute % 60:02}"

    pairs = list(zip(cuts[::2], cuts[1::2], strict=False))
    if wraps:
        pairs = [(end, start) for start, end in pairs[:1]]
    bands = tuple(
        Band(start=clock(start), end=clock(end), price=float(place + 1)) for place, (start, end) in enumerate(pairs)
    )
    prices = Energy(name="e", metrics=("m",), price=0.5, bands=bands).prices()
    by_minute = [price for start, end, price in prices for _ in range(start, end)]
    assert [start for start, _, _ in prices] == [0, *(end for _, end, _ in prices[:-1])]

    def expected(minute: int) -> float:
        for place, (start, end) in enumerate(pairs):
            if start <= minute < end or (start > end and not end <= minute < start):
                return place + 1
        return 0.5

    assert by_minute == [expected(minute) for minute in range(1440)]


def test_a_tariff_becomes_a_row_for_each_asset_metric_product_shift_and_part_of_the_day(declare: Declare) -> None:
    valley = {**GRID, "bands": [{"start": "23:00", "end": "07:00", "price": 0.3}]}
    rows = declared(declare(tariffs=[valley, LYE, SCRAP, STOPS, CREW])).tariffs
    assert [(row.asset, row.start_minute, row.end_minute, row.price) for row in rows if row.tariff == "grid"] == [
        (asset, start, end, price)
        for asset in ("press-1", "press-2")
        for start, end, price in ((0, 420, 0.3), (420, 1380, 0.7), (1380, 1440, 0.3))
    ]
    by_name = {name: [row for row in rows if row.tariff == name] for name in ("lye", "scrap", "stops", "crew")}
    [lye] = by_name["lye"]
    assert (lye.asset, lye.metric, lye.window, lye.per_hour, lye.unit, lye.line) == ("tank", "lye", "1m", 60, "l", "")
    assert [(row.asset, row.product, row.other_products, row.price, row.unit) for row in by_name["scrap"]] == [
        ("press-1", "", ("pole",), 5, "item"),
        ("press-1", "pole", (), 9, "item"),
    ]
    assert [(row.asset, row.line, row.unit) for row in by_name["stops"]] == [
        ("press-1", "pressing", "h"),
        ("press-2", "pressing", "h"),
    ]
    assert [(row.asset, row.shift, row.people) for row in by_name["crew"]] == [("", "early", 7), ("", "late", 2.5)]
    assert {(row.topology, row.site, row.currency, row.utc_offset_minutes) for row in rows} == {
        ("small", "here", "CNY", 480)
    }


def test_a_metric_that_is_an_amount_is_added_up(declare: Declare) -> None:
    [row] = declared(declare(tariffs=[{**GRID, "metrics": ["energy"]}])).tariffs
    assert (row.asset, row.per_hour, row.unit) == ("tank", None, "kWh")


def test_a_topology_without_economics_has_no_rows(small: Build) -> None:
    assert declared(small()) == Rows()


def written(live: Rows, wanted: Rows, now: int) -> Rows:
    """The tables after what has to change was written: a row takes the place of that with its key."""
    ended, new = changes(live, wanted, now)

    def merged(before: tuple[Any, ...], rows: tuple[Any, ...]) -> tuple[Any, ...]:
        by_key = {msgspec.structs.replace(row, valid_to=None): row for row in (*before, *rows)}
        return tuple(by_key.values())

    return Rows(
        merged(live.tariffs, (*ended.tariffs, *new.tariffs)), merged(live.baselines, (*ended.baselines, *new.baselines))
    )


def test_the_first_price_holds_for_all_the_time_before_and_a_changed_one_from_then_on(declare: Declare) -> None:
    first, second = (declared(declare(tariffs=[{**GRID, "price": price}, STOPS])) for price in (0.7, 0.9))
    live = written(written(Rows(), first, 100), second, 200)
    grid = [row for row in live.tariffs if row.tariff == "grid" and row.asset == "press-1"]
    assert [(row.price, row.valid_from, row.valid_to) for row in grid] == [(0.7, 0, 200), (0.9, 200, None)]
    assert {(row.valid_from, row.valid_to) for row in live.tariffs if row.tariff == "stops"} == {(0, None)}


def test_a_tariff_that_comes_later_holds_for_the_time_before_too_and_one_that_goes_ends(declare: Declare) -> None:
    live = written(Rows(), declared(declare(tariffs=[GRID])), 100)
    live = written(live, declared(declare(tariffs=[STOPS])), 200)
    assert {(row.tariff, row.valid_from, row.valid_to) for row in live.tariffs} == {
        ("grid", 0, 200),
        ("stops", 0, None),
    }
    back = written(live, declared(declare(tariffs=[GRID, STOPS])), 300)
    assert [(r.valid_from, r.valid_to) for r in back.tariffs if (r.tariff, r.asset) == ("grid", "press-1")] == [
        (0, 200),
        (300, None),
    ]


PRICES = st.lists(
    st.lists(st.sampled_from([GRID, {**GRID, "price": 1.1}, LYE, SCRAP, {**SCRAP, "products": {}}, STOPS, CREW]),
             unique_by=lambda one: one["name"]),
    min_size=1, max_size=6,
)  # fmt: skip


@given(history=PRICES)
def test_whatever_was_applied_before_what_is_declared_now_is_valid_now_and_once(history: list[list[Any]]) -> None:
    def rows(tariffs: list[Any]) -> Rows:
        economics = {"currency": "CNY", "window": "1m", "tariffs": tariffs}
        plant = {"topology": "small", "site": "here", "sources": {"machine.events": {}}, **PLANT}
        return declared(msgspec.convert({**plant, "economics": economics}, Topology, dec_hook=decode_hook))

    live = Rows()
    for place, tariffs in enumerate(history):
        now = 1000 * (place + 1)
        live = written(live, rows(tariffs), now)
        valid = {msgspec.structs.replace(row, valid_from=0) for row in live.tariffs if row.valid_to is None}
        assert valid == set(rows(tariffs).tariffs)
        assert changes(live, rows(tariffs), now + 1) == (Rows(), Rows())
    for row in live.tariffs:  # at no moment two prices for one thing
        same = [
            (other.valid_from, other.valid_to or 10**9)
            for other in live.tariffs
            if (other.tariff, other.asset, other.product, other.shift)
            == (row.tariff, row.asset, row.product, row.shift)
        ]
        assert all(end <= start for (_, end), (start, _) in pairwise(sorted(same)))


def test_rows_are_shown_to_people_one_a_line(declare: Declare) -> None:
    valley = {**GRID, "assets": ["press-2"], "bands": [{"start": "00:00", "end": "07:00", "price": 0.3}]}
    economics = {"output": ["press-2"], "hours_per_year": 6000}
    period = declared(declare(tariffs=[valley, SCRAP, CREW], baseline=PERIOD, **economics))
    assert lines(period) == [
        "grid: press-2 power 00:00-07:00 0.3 CNY/kWh",
        "grid: press-2 power 07:00-24:00 0.7 CNY/kWh",
        "scrap: press-1 5 CNY/item",
        "scrap: press-1 pole 9 CNY/item",
        "crew: early 7 people 45 CNY/h",
        "crew: late 2.5 people 45 CNY/h",
        "baseline: 2026-01-01 to 2026-03-31; output of press-2; 6000 hours a year",
    ]
    given_ = declared(declare(tariffs=[], baseline=GIVEN, **economics))
    assert lines(given_) == [
        "baseline: 30 CNY per good item, 40 per hour; output of press-2; 6000 hours a year",
    ]


def test_rows_can_be_told_apart_by_what_the_table_is_ordered_by(declare: Declare) -> None:
    rows = declared(declare()).tariffs
    keys = {(r.topology, r.tariff, r.asset, r.metric, r.product, r.shift, r.start_minute, r.valid_from) for r in rows}
    assert len(keys) == len(rows)
    assert all(isinstance(row, TariffRow) for row in rows)
    assert BaselineRow.__struct_fields__[-2:] == TariffRow.__struct_fields__[-2:] == ("valid_from", "valid_to")
