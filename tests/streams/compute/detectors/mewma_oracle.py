"""`mewma` of one asset after the other in plain Python."""

import math
import statistics
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from streams.compute.detectors import f_distribution
from streams.compute.detectors.mewma import Mewma
from streams.compute.series import SeriesKey
from tests.streams.compute.detectors.logs import Point
from tests.streams.compute.detectors.oracle_types import Expected, score, watches


@dataclass
class Asset:
    """What `mewma` has seen of one asset. Values are (event time, value) by metric."""

    newest: dict[str, tuple[int, float]] = field(default_factory=dict)
    ts: int = -1
    before: int = -1
    expected: set[str] = field(default_factory=set)
    judged: bool = True
    learned: list[dict[str, float]] = field(default_factory=list)
    baseline: Any = None
    recent: list[dict[str, float]] = field(default_factory=list)
    """Observations since the metrics last changed, in standard deviations."""
    signals: bool = False


def together(index: int, spec: Mewma, log: Sequence[Point]) -> Iterator[tuple[int, Expected]]:
    newest: dict[SeriesKey, int] = {}
    assets: dict[tuple[str, str], Asset] = {}
    for i, point in enumerate(log):
        out_of_order = point.ts <= newest.get(point.key, -1)
        newest[point.key] = max(point.ts, newest.get(point.key, -1))
        if out_of_order or not watches(spec, point.key):
            continue
        asset = assets.setdefault(point.key[:2], Asset())
        if point.ts > asset.ts:
            if not asset.judged:
                yield from observation(index, spec, asset, point, i)
            asset.before, asset.ts, asset.judged = asset.ts, point.ts, False
        asset.newest[point.key.metric] = (point.ts, point.x)
        awaited = [ts for ts, _ in asset.newest.values() if ts >= asset.before - spec.hold]
        if not asset.judged and point.ts == asset.ts and min(awaited) == asset.ts:
            yield from observation(index, spec, asset, point, i)


def observation(index: int, spec: Mewma, asset: Asset, point: Point, i: int) -> Iterator[tuple[int, Expected]]:
    asset.judged = True
    came = [metric for metric, (ts, _) in asset.newest.items() if ts == asset.ts]
    x = {metric: x for metric, (ts, x) in asset.newest.items() if ts >= asset.ts - spec.hold}
    if asset.baseline is None:
        if asset.learned and asset.learned[-1].keys() != x.keys():
            asset.learned.clear()
        asset.learned.append(x)
        asset.baseline = correlations(spec, asset.learned)
        return
    n, mean, sigma, r = asset.baseline
    if not any(metric in mean for metric in came):
        return
    u = {metric: (x[metric] - mean[metric]) / sigma[metric] for metric in mean if metric in x}
    if asset.recent and asset.recent[-1].keys() != u.keys():
        asset.recent.clear()
    asset.recent.append(u)
    w = dict.fromkeys(u, 0.0)
    for one in asset.recent:
        w = {metric: spec.weight * one[metric] + (1 - spec.weight) * w[metric] for metric in u}
    variance = spec.weight / (2 - spec.weight) + 1 / n

    def inverse(metrics: Sequence[str]) -> Any:
        return np.linalg.inv([[r[one, other] for other in metrics] for one in metrics])

    def t2_of(metrics: Sequence[str]) -> float:
        vector = np.array([w[metric] for metric in metrics])
        return float(vector @ inverse(metrics) @ vector) / variance if metrics else 0.0

    p, needed, t2 = len(u), max(spec.warmup, len(u) + 2), t2_of(list(u))
    limit = f_distribution.quantile(spec.alpha, p, needed - p) * p * (needed - 1) / (needed - p)
    before, asset.signals = asset.signals, t2 > limit
    if not asset.signals or (before and spec.report == "onset"):
        return
    falls = {metric: t2 - t2_of([other for other in u if other != metric]) for metric in u if metric in came}
    names = [metric for metric in asset.newest if falls.get(metric, -1.0) >= max(falls.values()) - 1e-6 * t2]
    for metric in names[:1]:
        others = [other for other in u if other != metric]
        expected, left = 0.0, 1.0
        if others:
            toward = np.array([r[metric, other] for other in others]) @ inverse(others)
            expected = float(toward @ [w[other] for other in others])
            left -= float(toward @ [r[metric, other] for other in others])
        middle, reach = mean[metric] + sigma[metric] * expected, sigma[metric] * math.sqrt(limit * variance * left)
        numbers = (x[metric], score(t2 / limit), middle, middle - reach, middle + reach)
        yield i, Expected(index, SeriesKey(*point.key[:2], metric), asset.ts, point.offset, *numbers)


def correlations(spec: Mewma, learned: Sequence[dict[str, float]]) -> Any:
    """Number, means, standard deviations and shrunk correlations of enough observations."""
    varied = [metric for metric in learned[0] if len({x[metric] for x in learned}) > 1]
    n = len(learned)
    if not varied or n < max(spec.warmup, len(varied) + 2):
        return None
    columns = {metric: [x[metric] for x in learned] for metric in varied}
    r = {(a, b): statistics.correlation(columns[a], columns[b]) for a in varied for b in varied}
    pairs = [value for (a, b), value in r.items() if a != b]
    squares = sum(value**2 for value in pairs)
    noise = sum((1 - value**2) ** 2 / (n - 1) for value in pairs)
    s = min(1.0, max(1 / n, noise / squares)) if squares else 1.0
    shrunk = {(a, b): 1.0 if a == b else (1 - s) * value for (a, b), value in r.items()}
    means = {metric: statistics.fmean(x) for metric, x in columns.items()}
    return n, means, {metric: statistics.stdev(x) for metric, x in columns.items()}, shrunk
