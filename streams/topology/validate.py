"""Checks across the parts of a topology that has decoded: does everything that is named exist, can everything happen.

Checks that look at one struct alone are in the structs.
"""

import re
import reprlib
from collections.abc import Iterator
from datetime import datetime

from schemas.durations import Duration
from schemas.events import LONGEST_NAME
from schemas.times import FIRST_DATED, LAST_DATED, parse_time
from streams.compute.alarms.rule import AlarmRule
from streams.compute.detectors.limit import Limit
from streams.compute.detectors.mewma import MOST_METRICS, Mewma
from streams.compute.detectors.range import Range
from streams.compute.detectors.registry import DetectorSpec
from streams.topology import validate_economics, validate_playbooks, validate_production, validate_quality
from streams.topology.mapping import Replay, TimeColumn, TimeRows
from streams.topology.model import Topology
from streams.topology.problems import Problem, Where, matching, render, undeclared, unmatched

MOST_OPEN = 1_000
"""Above so many overlapping windows per series a worker's memory goes into windows alone."""

MOST_KEPT = 10_000
"""Windows of a series that lateness may keep open at once; each with points is held in memory and in checkpoints."""

_LONGEST_FUTURE = Duration.parse("3650d")

_KEY_PART = re.compile(rf"[^\s/]{{1,{LONGEST_NAME}}}")
"""Site and asset make up the message key `site/asset`."""


def problems(topology: Topology) -> list[Problem]:
    """Everything that is wrong or doubtful, in the order of the file."""
    return [
        *_names(topology),
        *_time(topology),
        *_assets(topology),
        *_sources(topology),
        *_retentions(topology),
        *_windows(topology),
        *_detectors(topology),
        *_rules(topology),
        *_alarms(topology),
        *validate_playbooks.problems(topology),
        *validate_production.problems(topology),
        *validate_quality.problems(topology),
        *validate_economics.problems(topology),
        *_replays(topology),
    ]


def _names(topology: Topology) -> Iterator[Problem]:
    allowed = f"allowed is text without spaces and slashes, of 1 to {LONGEST_NAME} characters that can be printed"
    if not _is_key_part(topology.site):
        yield Problem(("site",), f"is {reprlib.repr(topology.site)}; {allowed}")
    for part, names in (("metrics", topology.metrics), ("assets", topology.assets)):
        for name in names:
            if not _is_key_part(name):
                yield Problem((part, name), f"{reprlib.repr(name)} is no name; {allowed}")
    # Detectors and rules share names: flags carry them.
    windows: list[tuple[Where, str]] = [(("windows", index), item.name) for index, item in enumerate(topology.windows)]
    flagging: list[tuple[Where, str]] = [
        *((("detectors", index), item.name) for index, item in enumerate(topology.detectors)),
        *((("compliance", "rules", index), item.name) for index, item in enumerate(topology.compliance.rules)),
    ]
    alarms: list[tuple[Where, str]] = [(("alarms", index), item.name) for index, item in enumerate(topology.alarms)]
    books: list[tuple[Where, str]] = [
        (("playbooks", index), item.name) for index, item in enumerate(topology.playbooks)
    ]
    for named in (windows, flagging, alarms, books):
        first: dict[str, Where] = {}
        for where, name in named:
            earlier = first.setdefault(name, where)
            if earlier != where:
                yield Problem((*where, "name"), f"is {name!r}, the name of {render(earlier)}; give it another")


def _is_key_part(name: str) -> bool:
    return bool(_KEY_PART.fullmatch(name)) and name.isprintable()


def _time(topology: Topology) -> Iterator[Problem]:
    try:
        earliest = datetime.fromisoformat(topology.time.earliest)
    except ValueError:
        earliest = None
    if earliest is None or earliest.tzinfo is None:
        yield Problem(
            ("time", "earliest"),
            f"is {topology.time.earliest!r}; allowed is RFC 3339 with an offset, such as 2000-01-01T00:00:00Z",
        )
    elif not FIRST_DATED <= parse_time(topology.time.earliest) <= LAST_DATED:
        yield Problem(
            ("time", "earliest"), f"is {topology.time.earliest!r}; it must be within the years 1 to 9999 of UTC"
        )
    if topology.time.idle_timeout <= 0:
        yield Problem(("time", "idle_timeout"), "is 0; it must be longer, or every pause closes the open windows")
    if topology.time.max_future > _LONGEST_FUTURE:
        yield Problem(("time", "max_future"), f"is {topology.time.max_future}; allowed are {_LONGEST_FUTURE}")


def _assets(topology: Topology) -> Iterator[Problem]:
    for name, asset in topology.assets.items():
        for index, metric in enumerate(asset.metrics):
            where: Where = ("assets", name, "metrics", index)
            if metric not in topology.metrics:
                yield undeclared(where, "metric", metric, topology.metrics)
            elif metric in asset.metrics[:index]:
                yield Problem(where, f"{metric!r} is listed twice")


def _sources(topology: Topology) -> Iterator[Problem]:
    if not topology.sources:
        yield Problem(("sources",), "is empty; a topology needs at least one source")
    if not topology.windows:
        return
    longest = max(topology.windows, key=lambda window: window.size + window.lateness)
    needed = Duration(longest.size + longest.lateness)
    for name, source in topology.sources.items():
        if 0 < source.retention < needed:
            yield Problem(
                ("sources", name, "retention"),
                f"is {source.retention}; window {longest.name} with its lateness spans {needed}, keep at least that",
            )


def _retentions(topology: Topology) -> Iterator[Problem]:
    declared: dict[Where, Duration] = {
        **{("sources", name, "retention"): source.retention for name, source in topology.sources.items()},
        ("results", "retention"): topology.results.retention,
        ("alarm_system", "retention"): topology.alarm_system.retention,
    }
    for name in ("production", "quality", "logistics", "trace"):
        if (part := getattr(topology, name)) is not None:
            declared[name, "retention"] = part.retention
    for where, retention in declared.items():
        if retention <= 0:
            yield Problem(where, "is 0; it must be longer, or the broker keeps nothing")


def _windows(topology: Topology) -> Iterator[Problem]:
    for index, window in enumerate(topology.windows):
        advance = window.advance or window.size
        overlap, kept = window.size // advance, (window.size + window.lateness) // advance
        if overlap > MOST_OPEN:
            yield Problem(
                ("windows", index, "advance"),
                f"is {window.advance}: every point goes into {overlap} windows; allowed are {MOST_OPEN}",
            )
        elif kept > MOST_KEPT:
            yield Problem(
                ("windows", index, "lateness"),
                f"is {window.lateness}: {kept} windows are open at once; allowed are {MOST_KEPT}",
            )
        # Replayed history runs faster than the clock, so its lateness says nothing about a pause on the clock.
        if window.lateness > topology.time.idle_timeout and not topology.replays:
            yield Problem(
                ("windows", index, "lateness"),
                f"is {window.lateness}, longer than idle_timeout {topology.time.idle_timeout}: "
                "a pause of the source closes the window before that",
                level="warning",
            )


def _detectors(topology: Topology) -> Iterator[Problem]:
    for index, spec in enumerate(topology.detectors):
        where: Where = ("detectors", index)
        yield from _selection(where, spec, topology)
        match spec:
            case Limit():
                yield from _limit(where, spec, topology)
            case Mewma():
                yield from _together(where, spec, topology)
            case Range():
                yield from _range(where, spec, topology)


def _range(where: Where, spec: Range, topology: Topology) -> Iterator[Problem]:
    for name in matching(spec.metrics, topology.metrics):
        metric = topology.metrics[name]
        low = metric.low if spec.low is None else spec.low
        high = metric.high if spec.high is None else spec.high
        if low is None and high is None:
            yield Problem(where, f"{spec.name} has no bounds for {name}: give it or the metric low or high")
        elif low is not None and high is not None and low >= high:
            yield Problem(where, f"{spec.name} flags every value: with the bounds of {name} it is {low:g} to {high:g}")


def _together(where: Where, spec: Mewma, topology: Topology) -> Iterator[Problem]:
    for name in matching(spec.assets, topology.assets):
        watched = matching(spec.metrics, topology.assets[name].metrics or topology.metrics)
        if len(watched) > MOST_METRICS:
            few = f"allowed are {MOST_METRICS} of an asset"
            yield Problem((*where, "metrics"), f"match {len(watched)} metrics of {name}; {few}")


def _alarms(topology: Topology) -> Iterator[Problem]:
    for index, rule in enumerate(topology.alarms):
        where: Where = ("alarms", index)
        yield from _selection(where, rule, topology)
        yield from _limit(where, rule, topology)
    system = topology.alarm_system
    if topology.alarms and 0 < system.retention < system.longest_shelf:
        yield Problem(
            ("alarm_system", "retention"),
            f"is {system.retention}; a shelf can last {system.longest_shelf}, keep at least that",
        )


def _selection(where: Where, spec: DetectorSpec | AlarmRule, topology: Topology) -> Iterator[Problem]:
    missing = [
        *unmatched((*where, "metrics"), "metric", spec.metrics, topology.metrics),
        *unmatched((*where, "assets"), "asset", spec.assets, topology.assets),
    ]
    yield from missing
    if not missing and not _watches_anything(spec, topology):
        yield Problem(where, f"{spec.name} watches nothing: none of its assets is declared with one of its metrics")


def _limit(where: Where, spec: Limit | AlarmRule, topology: Topology) -> Iterator[Problem]:
    for name in matching(spec.metrics, topology.metrics):
        metric = topology.metrics[name]
        for side, limit in (("low", spec.low), ("high", spec.high)):
            if limit is None:
                continue
            if (metric.low is not None and limit < metric.low) or (metric.high is not None and limit > metric.high):
                possible = f"{_bound(metric.low)} to {_bound(metric.high)} {metric.unit}"
                yield Problem((*where, side), f"is {limit:g}; {name} is physically {possible}")
            sign, reach = (1, metric.low) if side == "high" else (-1, metric.high)
            clear = limit - sign * spec.deadband
            if spec.deadband and reach is not None and sign * clear <= sign * reach:
                never = f"the {side} limit clears beyond {clear:g}, where {name} never is"
                yield Problem((*where, "deadband"), f"is {spec.deadband:g}: {never}")


def _rules(topology: Topology) -> Iterator[Problem]:
    for index, rule in enumerate(topology.compliance.rules):
        where: Where = ("compliance", "rules", index)
        yield from unmatched((*where, "assets"), "asset", rule.assets, topology.assets)
        needed: dict[Where, tuple[str, str | None]] = {
            ("metric",): (rule.metric, "mg/m3" if rule.flow is not None else None)
        }
        if rule.oxygen is not None:
            needed["oxygen", "metric"] = (rule.oxygen.metric, "%")
        if rule.flow is not None:
            needed["flow",] = (rule.flow, "m3/h")
        for field, (metric, unit) in needed.items():
            declared = topology.metrics.get(metric)
            if declared is None and topology.metrics:
                yield undeclared((*where, *field), "metric", metric, topology.metrics)
            elif declared is not None and unit is not None and declared.unit != unit:
                yield Problem((*where, *field), f"is {metric}, whose unit is {declared.unit}; it must be {unit} here")
            elif topology.assets and not _sent(metric, rule.assets, topology):
                yield Problem((*where, *field), f"is {metric}, which none of the rule's assets is declared with")


def _sent(metric: str, assets: tuple[str, ...], topology: Topology) -> bool:
    """Whether a declared asset may send the metric; assets may leave open what they send."""
    declared = [topology.assets[name] for name in matching(assets, topology.assets)]
    return not declared or any(not asset.metrics or metric in asset.metrics for asset in declared)


def _replays(topology: Topology) -> Iterator[Problem]:
    first: dict[str, str] = {}
    for name, replay in topology.replays.items():
        where: Where = ("replays", name)
        if (earlier := first.setdefault(replay.files, name)) != name:
            yield Problem((*where, "files"), f"is {replay.files!r}, as in {earlier}; which of the two is meant?")
        if replay.topic not in topology.sources:
            yield undeclared((*where, "topic"), "source", replay.topic, topology.sources)
        if replay.asset is not None and topology.assets and replay.asset not in topology.assets:
            yield undeclared((*where, "asset"), "asset", replay.asset, topology.assets)
        for metric in replay.values:
            if topology.metrics and metric not in topology.metrics:
                yield undeclared((*where, "values", metric), "metric", metric, topology.metrics)
        yield from _replay_time((*where, "time"), replay)


def _replay_time(where: Where, replay: Replay) -> Iterator[Problem]:
    match replay.time:
        case TimeRows(interval=interval, year_in_name=pattern):
            if interval <= 0:
                yield Problem((*where, "interval"), "is 0; it must be longer")
            try:
                groups = re.compile(pattern).groups
            except re.error as error:
                yield Problem((*where, "year_in_name"), f"is {pattern!r}, no regular expression: {error}")
            else:
                if not groups:
                    yield Problem((*where, "year_in_name"), f"is {pattern!r}; put brackets round the year")
        case TimeColumn(format=format_, utc_offset=offset):
            if format_ not in ("iso", "epoch_ms", "epoch_s") and "%" not in format_:
                allowed = "a strptime format such as %d/%m/%Y %H:%M, iso, epoch_ms or epoch_s"
                yield Problem((*where, "format"), f"is {format_!r}; allowed is {allowed}")
            if int(offset[1:3]) > 14 or int(offset[4:]) > 59:
                yield Problem((*where, "utc_offset"), f"is {offset!r}; no place on Earth is so far from UTC")


def _watches_anything(spec: DetectorSpec | AlarmRule, topology: Topology) -> bool:
    """Whether a declared asset may send a metric that the detector watches; assets may leave open what they send."""
    metrics = set(matching(spec.metrics, topology.metrics))
    assets = [topology.assets[name] for name in matching(spec.assets, topology.assets)]
    return not assets or not metrics or any(not asset.metrics or metrics & {*asset.metrics} for asset in assets)


def _bound(bound: float | None) -> str:
    return "any" if bound is None else f"{bound:g}"
