"""Charts and colours."""

import re
from pathlib import Path

import sinks.bigscreen
from sinks.bigscreen import charts
from sinks.bigscreen.palette import COLOURS, PRIORITIES, STATES
from sinks.bigscreen.rows import ChartPoint
from tests.sinks.bigscreen.known import NOW

HOUR = 3_600_000


def test_a_trend_spans_its_limits_and_shows_the_plants_clock() -> None:
    chart = charts.trend({"a": [(NOW - 60_000, 100.0), (NOW, 120.0)]}, [200.0], NOW, 8 * HOUR)
    [series] = chart["series"]
    assert series["data"] == [[NOW - 60_000 + 8 * HOUR, 100.0], [NOW + 8 * HOUR, 120.0]]
    assert [mark["yAxis"] for mark in series["markLine"]["data"]] == [200.0]
    assert chart["xAxis"]["max"] == NOW + 8 * HOUR
    assert chart["yAxis"]["min"] <= 100.0
    assert chart["yAxis"]["max"] > 200.0


def test_a_trend_that_has_just_begun_spans_five_minutes_and_one_that_has_not_what_there_is() -> None:
    for first, span in ((NOW - 10_000, HOUR // 12), (NOW - HOUR // 2, HOUR // 2)):
        axis = charts.trend({"a": [(first, 1.0)], "b": []}, [], NOW, 0)["xAxis"]
        assert axis["max"] - axis["min"] == span


def test_two_lines_differ_by_more_than_their_colour() -> None:
    chart = charts.trend({"a": [(NOW, 1.0)], "b": [(NOW, 2.0)]}, [], NOW, 0)
    assert len({series["lineStyle"]["type"] for series in chart["series"]}) == 2


def test_a_trend_without_points_is_an_empty_one() -> None:
    assert charts.trend({}, [200.0], None, 0)["series"] == []
    assert charts.trend({"a": []}, [], None, 0)["series"][0]["data"] == []


def test_points_that_violate_a_rule_differ_by_shape_and_colour() -> None:
    points = [ChartPoint(NOW, 1.0, 1.0, 0.5, 1.5, ""), ChartPoint(NOW + 1, 1.6, 1.0, 0.5, 1.5, "we1")]
    [series] = charts.control_chart(points)["series"]
    fine, violating = series["data"]
    assert fine["symbol"] != violating["symbol"]
    assert fine["itemStyle"] != violating["itemStyle"]
    assert sorted(mark["yAxis"] for mark in series["markLine"]["data"]) == [0.5, 1.0, 1.5]


def test_a_chart_that_is_learning_has_no_limits() -> None:
    [series] = charts.control_chart([ChartPoint(NOW, 1.0, None, None, None, "")])["series"]
    assert series["markLine"]["data"] == []


def test_the_style_sheet_has_the_colours_of_the_palette() -> None:
    css = (Path(sinks.bigscreen.__file__).parent / "static" / "screen.css").read_text()
    assert dict(re.findall(r"\.tone-(\w+) \{ --tone: (#\w+); \}", css)) == COLOURS


def test_signs_differ_by_their_symbols_and_not_by_colour_alone() -> None:
    for signs in (STATES, PRIORITIES):
        assert len({sign.icon for sign in signs.values()}) == len(signs)
