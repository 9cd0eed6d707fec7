"""What the panels show, as a function of what is known."""

from dataclasses import replace

import pytest

from sinks.bigscreen.areas import areas
from sinks.bigscreen.board import Alarms, Flags
from sinks.bigscreen.plant import Asset
from sinks.bigscreen.rows import (
    Capability,
    ChartLine,
    ChartPoint,
    Defects,
    Downtime,
    Headroom,
    Inspected,
    Moves,
    Oee,
    Order,
    Picking,
    Picks,
    Point,
    Queue,
    Reading,
    Stock,
    WrongPick,
)
from sinks.bigscreen.snapshot import AssetDetail, Logistics, Production, Quality, Snapshot
from sinks.bigscreen.views.asset import asset_view
from sinks.bigscreen.views.emissions import emissions
from sinks.bigscreen.views.equipment import equipment
from sinks.bigscreen.views.logistics import logistics
from sinks.bigscreen.views.production import production
from sinks.bigscreen.views.quality import quality
from sinks.bigscreen.views.whole import whole
from sinks.bigscreen.words import LANGUAGES
from tests.sinks.bigscreen.known import NOW, PLANT, alarm, flag

EN = LANGUAGES["en"]


def oee(asset: str, line: str, planned: int, production_ms: int, good: int, rejected: int, ideal: float) -> Oee:
    return Oee(asset, line, "early", NOW - 3_600_000, NOW, planned, production_ms, good, rejected, ideal)


def room(asset: str, mean: float, projected: float, allowed: float) -> Headroom:
    return Headroom("nox", asset, NOW, NOW + 1_800_000, mean, projected, allowed, 200.0)


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_a_screen_that_knows_nothing_shows_that_nothing_is_known(language: str) -> None:
    view = whole(Snapshot(), Alarms(), Flags(), Flags(), PLANT, LANGUAGES[language], NOW)
    assert view.age_ms is None
    assert [view.production, view.quality, view.logistics, view.traceability] == [None] * 4
    assert (view.flags, view.alarms.standing) == ((), ())
    assert {tile.tone for tile in view.equipment.tiles.values()} == {"unknown"}
    assert {stack.sign.tone for one in view.emissions for stack in one.stacks} == {"unknown"}


def test_the_age_is_that_of_the_newest_reading_and_never_below_0() -> None:
    for newest, age in ((NOW - 1500, 1500), (NOW + 1500, 0)):
        assert whole(Snapshot(newest=newest), Alarms(), Flags(), Flags(), PLANT, EN, NOW).age_ms == age


def test_an_alarm_whose_condition_is_over_does_not_colour_its_machine() -> None:
    over = alarm("a", 1, state="returned_unacknowledged", active=False)
    readings = [Reading("stack-1", "nox", 60.0, "N", "running", NOW)]
    tile = equipment(Snapshot(readings=readings), [over], PLANT, EN).tiles["stack-1"]
    assert (tile.tone, tile.alarm) == ("normal", "dangerous")
    acknowledged = alarm("b", 2, state="acknowledged", priority="medium")
    tile = equipment(Snapshot(readings=readings), [over, acknowledged], PLANT, EN).tiles["stack-1"]
    assert (tile.tone, tile.alarm) == ("medium", "error")


def test_a_machine_that_runs_is_grey_and_one_that_stopped_is_not() -> None:
    readings = [
        Reading("saw-1", "motor_current", 28.04, "N", "running", NOW),
        Reading("punch-1", "spindle_current", 0.4, "N", "stopped", NOW),
    ]
    view = equipment(Snapshot(readings=readings), (), PLANT, EN)
    saw, punch, stack = (view.tiles[name] for name in ("saw-1", "punch-1", "stack-1"))
    assert (saw.tone, saw.word, saw.value, saw.unit) == ("normal", "running", "28.0", "A")
    assert (punch.tone, punch.word) == ("medium", "stopped")
    assert (stack.tone, stack.word, stack.value) == ("unknown", "no data", "–")
    assert (view.running, view.total) == ("1", "of 5")


def test_a_standing_alarm_marks_its_machine_with_the_most_urgent_priority() -> None:
    standing = [alarm("a", 1, priority="critical"), alarm("b", 2, priority="low")]
    tile = equipment(Snapshot(readings=[Reading("stack-1", "nox", 210, "N", "", NOW)]), standing, PLANT, EN).tiles[
        "stack-1"
    ]
    assert (tile.tone, tile.alarm) == ("critical", "dangerous")


def test_a_state_of_the_plants_own_is_shown_as_it_is_called() -> None:
    readings = [Reading("saw-1", "motor_current", 28, "N", "blade <b>change</b>", NOW)]
    assert equipment(Snapshot(readings=readings), (), PLANT, EN).tiles["saw-1"].word == "blade <b>change</b>"


@pytest.mark.parametrize(
    ("value", "headroom", "tone"),
    [
        (None, None, "unknown"),
        (150.0, None, "quiet"),
        (210.0, None, "medium"),
        (150.0, room("stack-1", 150, 160, 300), "quiet"),
        (150.0, room("stack-1", 190, 201, 180), "high"),
        (150.0, room("stack-1", 230, 240, -10), "critical"),
    ],
)
def test_an_emission_is_judged_by_how_its_hour_will_end(
    value: float | None, headroom: Headroom | None, tone: str
) -> None:
    readings = [] if value is None else [Reading("stack-1", "nox", value, "N", "", NOW)]
    [nox] = emissions(Snapshot(readings=readings, headroom=[headroom] if headroom else []), PLANT, EN)
    assert nox.stacks[0].sign.tone == tone


def test_a_reading_of_the_calibration_gas_is_not_taken_for_an_emission() -> None:
    readings = [Reading("stack-1", "nox", 0.8, "C", "", NOW), Reading("stack-2", "nox", 250.0, "C", "", NOW)]
    [nox] = emissions(Snapshot(readings=readings), PLANT, EN)
    assert {(stack.word, stack.sign.tone) for stack in nox.stacks[:2]} == {("calibration", "quiet")}


def test_the_two_stacks_nearest_to_the_limit_are_shown() -> None:
    readings = [Reading(f"stack-{n}", "nox", value, "N", "", NOW) for n, value in ((1, 50.0), (2, 190.0), (3, 120.0))]
    [nox] = emissions(Snapshot(readings=readings), PLANT, EN)
    assert [stack.asset for stack in nox.stacks] == ["stack-2", "stack-3"]
    [nox] = emissions(Snapshot(readings=readings, headroom=[room("stack-1", 190, 199, 210)]), PLANT, EN)
    assert [stack.asset for stack in nox.stacks] == ["stack-1", "stack-2"]


def test_the_oee_of_a_line_is_that_of_sums_and_not_a_mean_of_ratios() -> None:
    rows = [
        oee("p1", "punching", 1000, 800, 90, 10, 600.0),
        oee("p2", "punching", 3000, 2400, 270, 30, 1200.0),
        oee("s1", "cutting", 1000, 0, 0, 0, 0.0),
    ]
    snapshot = Snapshot(
        production=Production(
            oee=rows,
            downtime=[Downtime("tool change", 2, 120_000), Downtime("no material", 1, 60_000)],
            orders=[Order("p1", "o", "x", 30, 100), Order("p2", "o", "x", 20, 0)],
        )
    )
    view = production(snapshot, PLANT, EN)
    assert view is not None
    # 3200/4000 x 1800/3200 x 360/400
    assert [(line.name, line.figure) for line in view.lines] == [("Cutting", "–"), ("Punching", "40.5")]
    assert (view.availability, view.performance, view.quality) == ("64.0", "56.2", "90.0")
    assert (view.good, view.rejected, view.plan, view.note) == ("360", "40", "30.0", "shift early · 16:53")
    assert [(bar.figure, bar.share) for bar in view.downtime] == [("2 min", 1.0), ("60 s", 0.5)]


def test_quality_tells_how_many_charts_give_signals_and_which_is_drawn() -> None:
    drawn = ChartLine("punch-1", "leg", "hole", "xbar", "mm", NOW, "monitoring", "beyond_limits we2")
    snapshot = Snapshot(
        quality=Quality(
            inspected=Inspected(200, 190, NOW),
            defects=[Defects("burr", 6), Defects("run", 3)],
            lines=[drawn, drawn._replace(asset="punch-2", rules="")],
            drawn=drawn,
            points=[ChartPoint(NOW, 21.5, 21.5, 21.4, 21.6, "")],
            capability=[Capability("punch-1", "leg", "hole", 1.214)],
        )
    )
    view = quality(snapshot, PLANT, EN)
    assert view is not None
    assert (view.first_pass, view.signals, view.charts, view.cpk) == ("95.0", "1", "of 2 charts", "1.21")
    assert (view.drawn, view.drawn_state) == ("punch-1 hole · xbar", "signal: beyond the limits, we2")
    assert [bar.share for bar in view.defects] == [1.0, 0.5]


def test_logistics_tells_of_the_newest_wrong_pick() -> None:
    snapshot = Snapshot(
        logistics=Logistics(
            stock=[Stock("L100x8", 800, 9600.0), Stock("L63x5", 434, 2604.0)],
            picks=Picks(146, 2, NOW),
            wrong=[WrongPick(NOW, "C-7", "robot-1", "wrong_heat", "took H1, H2 was wanted")],
            picking=[Picking("C-7", 40, 10, 0.02), Picking("C-8", 0, 0, 0.0)],
            queues=[Queue("punching", 14), Queue("welding", 7)],
            moves=Moves(3, 74_000.0),
        )
    )
    view = logistics(snapshot, PLANT, EN)
    assert view is not None
    assert (view.pieces, view.metres, view.wrong, view.picks, view.move) == (
        "1,234",
        "12,204 m",
        "2",
        "of 146 picks",
        "74 s",
    )
    assert view.sign.tone == "high"
    assert view.last_wrong == "16:53:20 C-7: took H1, H2 was wanted"
    assert [(bar.figure, bar.share) for bar in view.orders] == [("10/40", 0.25), ("0/0", 0.0)]
    assert [bar.share for bar in view.queues] == [1.0, 0.5]


def test_an_asset_is_shown_with_all_its_metrics_limits_and_what_happened() -> None:
    detail = AssetDetail(
        asset="punch-1",
        trends=[Point("punch-1", "vibration", NOW - 10_000, 2.8), Point("punch-1", "vibration", NOW, 3.1)],
        alarms=[alarm("a", 1)],
        flags=[flag("f")],
    )
    snapshot = Snapshot(newest=NOW, production=Production(oee=[oee("punch-1", "punching", 1000, 800, 9, 1, 600.0)]))
    view = asset_view(detail, snapshot, PLANT, EN)
    assert [(trend.metric, trend.value) for trend in view.trends] == [
        ("spindle_current", "– A"),
        ("vibration", "3.10 mm/s"),
    ]
    assert _limits(view.trends[1].chart) == [7.1]
    assert dict(view.oee) == {"OEE": "54.0", "Availability": "80.0", "Performance": "75.0", "Quality": "90.0"}
    assert [one.title for one in view.history] == ["nox-high: raised, headrace"]
    assert [one.reason for one in view.flags] == ["vibration is above 7.1"]


def test_flags_of_one_incident_are_shown_once_by_the_most_severe() -> None:
    known = Flags()
    known.take(
        [
            flag("1", NOW, incident="i", severity="warning"),
            flag("2", NOW - 1, incident="i", severity="critical", reason="the worst"),
            flag("3", NOW - 2, incident="i", severity="critical"),
            flag("4", NOW - 3, reason="alone"),
            flag("5", NOW - 4),
        ]
    )
    view = whole(Snapshot(), Alarms(), known, Flags(), PLANT, EN, NOW).flags
    assert [(one.title, one.reason) for one in view[:2]] == [
        ("punch-1 vibration +2", "the worst"),
        ("punch-1 vibration", "alone"),
    ]
    assert len(view) == 3


def test_an_asset_that_is_not_declared_has_no_trends() -> None:
    view = asset_view(AssetDetail(asset="unheard-of"), Snapshot(), PLANT, EN)
    assert (view.trends, view.oee) == ((), ())


def test_the_map_follows_the_material_and_keeps_kinds_that_it_does_not_know() -> None:
    plant = replace(PLANT, assets=(*PLANT.assets, Asset(name="x", kind="loom", metrics=())))
    assert [area.name for area in areas(plant)] == ["cutting", "punching", "stacks", "loom"]


def _limits(chart: dict[str, object]) -> list[float]:
    series = chart["series"]
    assert isinstance(series, list)
    return [mark["yAxis"] for mark in series[0]["markLine"]["data"]]
