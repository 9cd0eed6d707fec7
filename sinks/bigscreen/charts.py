"""Charts, as options of ECharts. Times are shifted so that the axis shows the plant's clock, whoever looks."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sinks.bigscreen.palette import COLOURS, GRID, TEXT
from sinks.bigscreen.rows import ChartPoint

_LINES: Final = (
    {"color": "#dfe6ee", "width": 2.5, "type": "solid"},
    {"color": "#8ea3b8", "width": 2, "type": "dashed"},
)
"""The first series and the second differ by more than their colour."""
_LIMIT: Final = COLOURS["critical"]
_FONT: Final = 13
_SHORTEST_MS: Final = 5 * 60_000
_STEP_MS: Final = 10_000
"""Of the axis: a chart whose axis moves is sent to every browser anew."""

Line = Sequence[tuple[int, float]]
"""Epoch milliseconds and value."""


def trend(lines: Mapping[str, Line], limits: Sequence[float], newest: int | None, offset_ms: int) -> dict[str, Any]:
    """Lines up to the newest reading, over five minutes at least, with limits drawn in."""
    end = -(-(newest or 0) // _STEP_MS) * _STEP_MS
    begin = min([end - _SHORTEST_MS, *(line[0][0] for line in lines.values() if line)])
    values = [value for line in lines.values() for _, value in line]
    series = [
        _line(name, [[ts + offset_ms, round(value, 4)] for ts, value in line], style)
        for (name, line), style in zip(lines.items(), _styles(len(lines)), strict=True)
    ]
    if series:
        series[0]["markLine"] = _marks([(limit, _LIMIT, "solid") for limit in limits])
    axis = {
        "type": "time",
        "min": begin + offset_ms,
        "max": end + offset_ms,
        "splitNumber": 3,
        "axisLabel": {"formatter": "{HH}:{mm}"},
    }
    return _chart(axis, _bounds([*values, *limits], from_zero=bool(limits) and min(limits) > 0), series)


def control_chart(points: Sequence[ChartPoint]) -> dict[str, Any]:
    """Points in the order in which they were made, centre line and control limits of the last; those that violate a
    rule stand out by shape, size and colour.
    """
    data = [
        {
            "value": [place, round(point.value, 6)],
            "symbol": "diamond" if point.rules else "circle",
            "symbolSize": 14 if point.rules else 6,
            "itemStyle": {"color": COLOURS["high"] if point.rules else _LINES[0]["color"]},
        }
        for place, point in enumerate(points)
    ]
    line = _line("value", data, _LINES[0])
    line["showSymbol"] = True
    marks: list[tuple[float, str, str]] = []
    if points:
        last = points[-1]
        marks += [(limit, _LIMIT, "solid") for limit in (last.lower, last.upper) if limit is not None]
        marks += [(last.centre, GRID, "dashed")] if last.centre is not None else []
    line["markLine"] = _marks(marks)
    axis = {"type": "value", "min": 0, "max": max(len(points) - 1, 1), "axisLabel": {"show": False}}
    chart = _chart(axis, _bounds([*(point.value for point in points), *(mark[0] for mark in marks)]), [line])
    chart["yAxis"]["axisLabel"] = chart["yAxis"]["splitLine"] = {"show": False}
    return {**chart, "grid": {"left": 8, "right": 52, "top": 8, "bottom": 8}}


def _chart(x: dict[str, Any], bounds: tuple[float, float] | None, series: list[dict[str, Any]]) -> dict[str, Any]:
    y: dict[str, Any] = {
        "type": "value",
        "splitNumber": 2,
        "axisLabel": {"color": TEXT, "fontSize": _FONT, "showMinLabel": False, "showMaxLabel": False},
        "axisTick": {"show": False},
        "splitLine": {"lineStyle": {"color": GRID}},
    }
    if bounds is not None:
        y["min"], y["max"] = bounds
    label = {"color": TEXT, "fontSize": _FONT, "hideOverlap": True, **x.pop("axisLabel", {})}
    return {
        "animation": False,
        "useUTC": True,
        "grid": {"left": 46, "right": 44, "top": 10, "bottom": 22},
        "xAxis": {**x, "axisLabel": label, "axisLine": {"lineStyle": {"color": GRID}}, "splitLine": {"show": False}},
        "yAxis": y,
        "series": series,
    }


def _line(name: str, data: Sequence[Any], style: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "line", "name": name, "data": data, "showSymbol": False, "lineStyle": style, "silent": True}


def _styles(count: int) -> list[Mapping[str, Any]]:
    return [_LINES[place % len(_LINES)] for place in range(count)]


def _marks(marks: Sequence[tuple[float, str, str]]) -> dict[str, Any]:
    """Horizontal lines: value, colour and type of each. The value of a limit stands at the right end."""
    return {
        "symbol": "none",
        "silent": True,
        "data": [
            {
                "yAxis": value,
                "lineStyle": {"color": colour, "type": type_, "width": 1.5},
                "label": {
                    "show": colour == _LIMIT,
                    "color": colour,
                    "fontSize": _FONT,
                    "formatter": f"{value:.4g}",
                    "position": "end",
                },
            }
            for value, colour, type_ in marks
        ],
    }


def _bounds(values: Sequence[float], from_zero: bool = False) -> tuple[float, float] | None:
    """What the vertical axis spans: all values and limits, with a little room; None where there are none."""
    if not values:
        return None
    low, high = min(values), max(values)
    if from_zero:
        low = min(low, 0.0)
    room = 0.12 * (high - low) or 0.05 * abs(high) or 1.0
    return (low if from_zero and low == 0 else low - room), high + room
