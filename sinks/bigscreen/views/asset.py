"""One asset, for whoever wants to know more: its trends with limits, its flags, alarms and OEE."""

from dataclasses import dataclass
from typing import Any, Final

from sinks.bigscreen import charts, figures, palette
from sinks.bigscreen.palette import Sign
from sinks.bigscreen.plant import Plant
from sinks.bigscreen.snapshot import AssetDetail, Snapshot
from sinks.bigscreen.views.anomalies import Flag, flags
from sinks.bigscreen.views.production import Ratios, ratios
from sinks.bigscreen.words import Words

_MOST: Final = 8
"""Flags and transitions that are shown."""


@dataclass(frozen=True)
class Trend:
    """A metric."""

    metric: str
    name: str
    value: str
    """Mean of the newest window, with its unit."""
    chart: dict[str, Any]


@dataclass(frozen=True)
class Transition:
    """Something that happened to an alarm."""

    time: str
    sign: Sign
    title: str
    reason: str


@dataclass(frozen=True)
class AssetView:
    """Everything that is shown of an asset."""

    trends: tuple[Trend, ...]
    flags: tuple[Flag, ...]
    history: tuple[Transition, ...]
    oee: tuple[tuple[str, str], ...]
    """Name and figure; empty where there is none."""


def asset_view(detail: AssetDetail, snapshot: Snapshot, plant: Plant, words: Words) -> AssetView:
    """The content of the dialog."""
    return AssetView(
        trends=tuple(_trend(metric, detail, snapshot, plant, words) for metric in plant.asset(detail.asset).metrics),
        flags=flags(detail.flags[:_MOST], plant, words),
        history=tuple(
            Transition(
                time=figures.clock(alarm.ts, plant.utc_offset_ms),
                sign=palette.PRIORITIES[alarm.priority],
                title=f"{alarm.name}: {words.name('transition', alarm.transition)}, {alarm.by}",
                reason=alarm.reason,
            )
            for alarm in detail.alarms[:_MOST]
        ),
        oee=_oee(detail.asset, snapshot, words),
    )


def _trend(metric: str, detail: AssetDetail, snapshot: Snapshot, plant: Plant, words: Words) -> Trend:
    line = [(point.start, point.mean) for point in detail.trends if point.metric == metric]
    given = [limit for limit in plant.limits if (limit.asset, limit.metric) == (detail.asset, metric)]
    limits = [value for limit in given for value in (limit.low, limit.high) if value is not None]
    unit = figures.unit(plant.units.get(metric, ""))
    return Trend(
        metric=metric,
        name=words.name("metric", metric),
        value=f"{figures.number(line[-1][1] if line else None)} {unit}".strip(),
        chart=charts.trend({detail.asset: line}, limits, snapshot.newest, plant.utc_offset_ms),
    )


def _oee(asset: str, snapshot: Snapshot, words: Words) -> tuple[tuple[str, str], ...]:
    rows = [row for row in snapshot.production.oee if row.asset == asset]
    if not rows:
        return ()
    found: Ratios = ratios(rows)
    return (
        (words("oee"), figures.percent(found.oee)),
        (words("availability"), figures.percent(found.availability)),
        (words("performance"), figures.percent(found.performance)),
        (words("good_share"), figures.percent(found.quality)),
    )
