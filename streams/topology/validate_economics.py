"""Checks of the economics: does everything that is paid for exist, and can it be counted."""

from collections.abc import Iterator

from schemas.times import utc_offset_ms
from streams.topology.economics import METERING, Economics, Energy, Labour, Reagent
from streams.topology.model import Topology
from streams.topology.problems import Problem, Where, matching, undeclared, unmatched
from streams.topology.tariffs import metered

_HOUR_MS = 3_600_000
_MINUTE_MS = 60_000


def problems(topology: Topology) -> Iterator[Problem]:
    """Everything that is wrong with the economics, in the order of the file."""
    economics = topology.economics
    if economics is None:
        return
    if any(isinstance(tariff, Energy | Reagent) for tariff in economics.tariffs):
        yield from _window(economics, topology)
    first: dict[str, int] = {}
    for index, tariff in enumerate(economics.tariffs):
        where: Where = ("economics", "tariffs", index)
        if first.setdefault(tariff.name, index) != index:
            yield Problem((*where, "name"), f"is {tariff.name!r}, the name of another tariff; give it another")
        if isinstance(tariff, Energy | Reagent):
            yield from _metered(where, tariff, topology)
        elif topology.production is None:
            yield Problem(where, f"{tariff.name} is counted in production: declare the part production")
        elif isinstance(tariff, Labour):
            for shift in tariff.people:
                if shift not in topology.production.shifts:
                    yield undeclared((*where, "people", shift), "shift", shift, topology.production.shifts)
        if not isinstance(tariff, Labour):
            yield from _assets((*where, "assets"), tariff.assets, topology)
    if economics.baseline is not None:
        if topology.production is None:
            yield Problem(("economics", "baseline"), "is compared with production: declare the part production")
        if not economics.output:
            yield Problem(("economics", "output"), "is empty; savings are per good item: name the assets that count")
    yield from _assets(("economics", "output"), economics.output, topology)


def _assets(where: Where, patterns: tuple[str, ...], topology: Topology) -> Iterator[Problem]:
    if patterns and not topology.assets:
        yield Problem(where, "name no asset, for none is declared; what is paid for has to be")
    yield from unmatched(where, "asset", patterns, topology.assets)


def _window(economics: Economics, topology: Topology) -> Iterator[Problem]:
    where: Where = ("economics", "window")
    windows = {window.name: window for window in topology.windows}
    if economics.window is None:
        yield Problem(("economics",), "needs window, the window whose aggregates metered tariffs count")
        return
    window = windows.get(economics.window)
    if window is None:
        yield undeclared(where, "window", economics.window, windows)
    elif window.advance not in (None, window.size) or _HOUR_MS % window.size:
        yield Problem(where, f"is {window.name}; windows that are counted must not overlap, and divide an hour")
    else:
        offset = utc_offset_ms(economics.utc_offset)
        if offset % window.size:
            yield Problem(where, f"is {window.name}; local hours at {economics.utc_offset} begin within such windows")
        for index, tariff in enumerate(economics.tariffs):
            if isinstance(tariff, Energy | Reagent):
                for start, _, _ in tariff.prices():
                    if start * _MINUTE_MS % window.size:
                        yield Problem(
                            ("economics", "tariffs", index, "bands"),
                            f"have an edge at {start // 60:02}:{start % 60:02}, within a window {window.name}",
                        )


def _metered(where: Where, tariff: Energy | Reagent, topology: Topology) -> Iterator[Problem]:
    missing = list(unmatched((*where, "metrics"), "metric", tariff.metrics, topology.metrics))
    yield from missing
    if not topology.metrics:
        yield Problem((*where, "metrics"), "name no metric, for none is declared; its unit has to be known")
    assets = matching(tariff.assets, topology.assets)
    paid = {metric: None for asset in assets for metric in metered(topology, asset, tariff.metrics)}
    if assets and topology.metrics and not missing and not paid:
        yield Problem(where, f"{tariff.name} pays for nothing: none of its assets is declared with one of its metrics")
    for metric in paid:
        unit = topology.metrics[metric].unit
        if unit not in METERING:
            allowed = ", ".join(METERING)
            yield Problem((*where, "metrics"), f"match {metric}, whose unit is {unit}; what can be paid for: {allowed}")
