"""What every detector should find, in plain Python: one point after the other, each straight from its definition.

The oracles keep the whole history of a series and look back over it where the detectors keep running state.
"""

import math
import statistics
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

import numpy as np

from streams.compute.detectors import f_distribution
from streams.compute.detectors.base import MetricInfo, Spec
from streams.compute.detectors.cusum import Cusum
from streams.compute.detectors.ewma import Ewma
from streams.compute.detectors.limit import Limit
from streams.compute.detectors.mewma import Mewma
from streams.compute.detectors.missing import Missing
from streams.compute.detectors.novelty import Novelty
from streams.compute.detectors.range import Range
from streams.compute.detectors.rate import Rate
from streams.compute.detectors.registry import DetectorSpec
from streams.compute.detectors.robust_z import RobustZ
from streams.compute.detectors.season import Season, SeasonalSpec
from streams.compute.detectors.stuck import Stuck
from streams.compute.detectors.tail import Tail
from streams.compute.series import SeriesKey
from tests.streams.compute.detectors.logs import METRICS, Point
from tests.streams.compute.detectors.novelty_oracle import NoveltyOracle

NAN = math.nan


class Verdict(NamedTuple):
    """What holds at one point: names of conditions, and the numbers of the flag."""

    holds: set[str]
    ratio: float
    expected: float = NAN
    lower: float = NAN
    upper: float = NAN


class Expected(NamedTuple):
    """One flag: detector index, series name and the numbers."""

    detector: int
    key: SeriesKey
    ts: int
    offset: int
    value: float
    score: float
    expected: float
    lower: float
    upper: float


@dataclass
class History:
    """What one detector has seen of one series."""

    metric: MetricInfo
    ts: list[int] = field(default_factory=list)
    x: list[float] = field(default_factory=list)
    memory: dict[str, Any] = field(default_factory=dict)


def limit(spec: Limit, seen: History) -> Verdict:
    delayed = spec.on_delay or spec.off_delay
    ts, x = seen.ts[-1], seen.x[-1]
    scale = spec.high - spec.low if spec.high is not None and spec.low is not None else None
    holds, ratio = set(), 0.0
    for name, sign, bound in (("high", 1, spec.high), ("low", -1, spec.low)):
        if bound is None:
            continue
        on, changed = seen.memory.get(name, (False, -1))

        def beyond(value: float, sign: int = sign, bound: float = bound) -> bool:
            return sign * value > sign * bound

        def clear(value: float, sign: int = sign, bound: float = bound) -> bool:
            return sign * value < sign * bound - spec.deadband if spec.deadband else sign * value <= sign * bound

        wanted, delay = (clear, spec.off_delay) if on else (beyond, spec.on_delay)
        began = None
        for i in range(len(seen.x) - 1, changed, -1):
            if not wanted(seen.x[i]):
                break
            began = seen.ts[i]
        if began is not None and (not delayed or ts - began >= delay):
            on = not on
            seen.memory[name] = (on, len(seen.x) - 1)
        if on:
            holds.add(name)
        ratio = max(ratio, 1 + sign * (x - bound) / (scale or abs(bound) or 1))
    return Verdict(holds, ratio, NAN, NAN if spec.low is None else spec.low, NAN if spec.high is None else spec.high)


def range_(spec: Range, seen: History) -> Verdict:
    low = seen.metric.low if spec.low is None else spec.low
    high = seen.metric.high if spec.high is None else spec.high
    x = seen.x[-1]
    lower, upper = NAN if low is None else low, NAN if high is None else high
    if high is not None and x > high:
        scale = high - low if low is not None else abs(high) or 1
        return Verdict({"high"}, 1 + (x - high) / scale, NAN, lower, upper)
    if low is not None and x < low:
        scale = high - low if high is not None else abs(low) or 1
        return Verdict({"low"}, 1 + (low - x) / scale, NAN, lower, upper)
    return Verdict(set(), 0)


def rate(spec: Rate, seen: History) -> Verdict:
    if len(seen.x) < 2:
        return Verdict(set(), 0)
    unit = {"second": 1000, "minute": 60_000, "hour": 3_600_000}[spec.per]
    change, allowed = seen.x[-1] - seen.x[-2], spec.limit * (seen.ts[-1] - seen.ts[-2]) / unit
    holds = {"rise"} if change > allowed else {"fall"} if -change > allowed else set()
    before = seen.x[-2]
    return Verdict(holds, abs(change) / allowed, before, before - allowed, before + allowed)


def stuck(spec: Stuck, seen: History) -> Verdict:
    runs: list[list[int]] = []
    for i, x in enumerate(seen.x):
        if not runs or abs(x - seen.x[runs[-1][0]]) > spec.tolerance:
            runs.append([])
        runs[-1].append(i)
    held = seen.ts[-1] - seen.ts[runs[-1][0]]
    long = held >= spec.duration and len(runs[-1]) >= spec.points
    return Verdict({"stuck"} if long else set(), held / spec.duration)


def baseline(spec: Ewma | Cusum, seen: History) -> tuple[float, float, int] | None:
    """Target, sigma, and how many points were spent on learning them."""
    if spec.target is not None and spec.sigma is not None:
        return spec.target, spec.sigma, 0
    for n in range(spec.warmup, len(seen.x) + 1):
        if spec.sigma is not None or len(set(seen.x[:n])) > 1:
            target = statistics.fmean(seen.x[:n]) if spec.target is None else spec.target
            return target, statistics.stdev(seen.x[:n]) if spec.sigma is None else spec.sigma, n
    return None


def ewma(spec: Ewma, seen: History) -> Verdict:
    known = baseline(spec, seen)
    if known is None or known[2] == len(seen.x):
        return Verdict(set(), 0)
    target, sigma, learned = known
    z, judged = target, seen.x[learned:]
    for x in judged:
        z = spec.weight * x + (1 - spec.weight) * z
    variance = sigma**2 * spec.weight / (2 - spec.weight)
    if spec.limits == "exact":
        variance *= 1 - (1 - spec.weight) ** (2 * len(judged))
    half = spec.width * math.sqrt(variance)
    holds = {"high"} if z > target + half else {"low"} if z < target - half else set()
    return Verdict(holds, abs(z - target) / half, target, target - half, target + half)


def cusum(spec: Cusum, seen: History) -> Verdict:
    known = baseline(spec, seen)
    if known is None or known[2] == len(seen.x):
        return Verdict(set(), 0)
    target, sigma, learned = known
    high = low = 0.0
    holds: set[str] = set()
    for x in seen.x[learned:]:
        if holds and spec.reset:
            high = low = 0.0
        high = max(0.0, high + (x - target) - spec.k * sigma)
        low = max(0.0, low + (target - x) - spec.k * sigma)
        holds = {name for name, total in (("high", high), ("low", low)) if total > spec.h * sigma}
    return Verdict(holds, max(high, low) / (spec.h * sigma), target)


def robust_z(spec: RobustZ, seen: History) -> Verdict:
    window, x = seen.x[-spec.window - 1 : -1], seen.x[-1]
    if len(window) < spec.window:
        return Verdict(set(), 0)
    median = statistics.median(window)
    scale = statistics.median(abs(v - median) for v in window) / 0.6745
    if scale == 0:
        scale = 1.253314 * statistics.fmean(abs(v - median) for v in window)
    reach = spec.threshold * max(scale, spec.min_scale)
    holds = {"high"} if x > median + reach else {"low"} if x < median - reach else set()
    ratio = abs(x - median) / reach if reach else math.inf
    return Verdict(holds, ratio, median, median - reach, median + reach)


@dataclass
class Sizes:
    """What `tail` knows of deviations, or of steps."""

    usual: float = 0.0
    quantile: float = 2.5
    first: float = 0.8
    second: float = 1.28

    def deviation(self, size: float, least: float) -> float:
        usual = max(self.usual, least)
        return min(size / usual if usual else math.inf, 1e6)

    def pareto(self) -> tuple[float, float]:
        ratio = self.first**2 / max(self.second - self.first**2, 1e-9)
        shape = min(max(0.5 * (1 - ratio), 1e-3), 0.5)
        return shape, max(self.first, 1e-3) * (1 - shape)

    def surprise(self, size: float, least: float) -> float:
        """-log10 of the tail probability; 0 below the quantile."""
        excess = self.deviation(size, least) - self.quantile if size else 0.0
        shape, scale = self.pareto()
        return math.log10(50) + math.log10(1 + shape * excess / scale) / shape if excess > 0 else 0.0

    def reach(self, surprise: float, least: float) -> float:
        shape, scale = self.pareto()
        excess = (10 ** (shape * max(0.0, surprise - math.log10(50))) - 1) / shape * scale
        return (self.quantile + excess) * max(self.usual, least)

    def learn(self, sizes: list[float], block: int, least: float) -> None:
        if block:
            beyond = [size for size in sizes if size > self.quantile * max(self.usual, least)]
            excesses = [min(self.deviation(size, least) - self.quantile, 4 * self.first) for size in beyond]
            if excesses:
                weight = 1 - 0.98 ** len(excesses)
                self.first += weight * (math.fsum(excesses) / len(excesses) - self.first)
                self.second += weight * (math.fsum(e * e for e in excesses) / len(excesses) - self.second)
            self.quantile = max(1.0, self.quantile * (1 + 0.08 * (len(excesses) / 16 - 0.02)))
        most = 3 * self.usual or math.inf
        self.usual += max(1 / (block + 1), 1 - 0.997**16) * (halves(min(s, most) for s in sizes) - self.usual)


def halves(values: Iterable[float]) -> float:
    """The mean of 16 values, added in the order in which the product adds: its decisions are at the last bit."""
    total = list(values)
    while len(total) > 1:
        total = [a + b for a, b in zip(total[: len(total) // 2], total[len(total) // 2 :], strict=True)]
    return total[0] / 16


def tail(spec: Tail, seen: History) -> Verdict:
    number, least = len(seen.x) - 1, spec.min_scale
    deviations, steps = seen.memory.setdefault("sizes", (Sizes(), Sizes()))
    mean = seen.memory.get("mean", 0.0)
    x, previous = seen.x[-1], seen.x[max(0, number - 1)]
    verdict = Verdict(set(), 0)
    if number // 16 * 16 >= max(spec.warmup, 16):
        surprises = [one.surprise(abs(x - to), least) for one, to in ((deviations, mean), (steps, previous))]
        surprise, jump = max(surprises), surprises[1] > surprises[0]
        held, since = seen.memory.get("held", (0.0, 0))
        if surprise > 1.25 * (held if number - since <= spec.hold else 0):
            seen.memory["held"] = (surprise, number)
            if surprise >= spec.threshold:
                centre = previous if jump else mean
                half = (steps if jump else deviations).reach(spec.threshold, least)
                holds = {"up" if x > centre else "down"} | ({"jump"} if jump else set())
                verdict = Verdict(holds, surprise / spec.threshold, centre, centre - half, centre + half)
    if number % 16 == 15:
        block = number // 16
        values = seen.x[-16:]
        if block == 0:
            mean = halves(values)
        most = math.inf if block < 3 or not deviations.usual else 3 * deviations.usual
        moved = halves(min(max(v - mean, -most), most) for v in values)
        befores = [seen.x[max(0, number - 16)], *values[:-1]]
        deviations.learn([abs(v - mean) for v in values], block, least)
        steps.learn([abs(v - before) for v, before in zip(values, befores, strict=True)], block, least)
        seen.memory["mean"] = mean + max(1 / (block + 1), 1 - 0.99**16) * moved
    return verdict


def novelty(spec: Novelty, seen: History) -> Verdict:
    oracle = seen.memory.setdefault("oracle", NoveltyOracle(spec))
    told = oracle.add(seen.x[-1])
    holds = {"novel"} if told.statistic > spec.threshold else set()
    return Verdict(holds, told.statistic / spec.threshold, (told.lower + told.upper) / 2, told.lower, told.upper)


ORACLES: dict[type[Spec], Callable[[Any, History], Verdict]] = {
    Limit: limit,
    Range: range_,
    Rate: rate,
    Stuck: stuck,
    Ewma: ewma,
    Cusum: cusum,
    RobustZ: robust_z,
    Tail: tail,
    Novelty: novelty,
}


def skips_out_of_order(spec: DetectorSpec) -> bool:
    if isinstance(spec, Limit):
        return bool(spec.on_delay or spec.off_delay)
    return not isinstance(spec, Range)


def watches(spec: DetectorSpec, key: SeriesKey) -> bool:
    return any(fnmatchcase(key.metric, p) for p in spec.metrics) and any(fnmatchcase(key.asset, p) for p in spec.assets)


def score(ratio: float) -> float:
    return 1.0 if math.isinf(ratio) else ratio / (1 + ratio)


@dataclass
class Usual:
    """What was usual at a time of the season: the values by visits of bins, which are over but for the last."""

    season: Season
    visits: dict[int, list[float]] = field(default_factory=dict)

    def at(self, ts: int, x: float) -> float | None:
        width = self.season.period // self.season.bins
        self.visits.setdefault(ts // width, []).append(x)
        middle = ts - width // 2
        share = middle % width / width
        means = [self._mean(middle // width + step, ts // width) for step in (0, 1)]
        return None if None in means else means[0] * (1 - share) + means[1] * share

    def _mean(self, visit: int, running: int) -> float | None:
        mean, periods = None, 0
        for number, values in self.visits.items():
            if number != running and number % self.season.bins == visit % self.season.bins:
                total = 0.0
                for value in values:
                    total += value
                average = total / len(values)
                mean = average if mean is None else mean + max(1 / (periods + 1), 0.1) * (average - mean)
                periods += 1
        return mean


@dataclass
class Told:
    """By how much the threshold of a series is raised, as a logarithm: by a quarter a flag, less with time."""

    budget: float
    raised: float = 0.0
    at: int | None = None

    def tells(self, ts: int, verdict: Verdict) -> bool:
        certain = score(verdict.ratio)
        size = min(math.log(certain / (1 - certain)), math.log(1000)) if certain < 1 else math.log(1000)
        elapsed = 0 if self.at is None else max(0, ts - self.at)
        self.raised = max(0.0, self.raised - math.log(1.25) * self.budget / 86_400_000 * elapsed)
        self.at = ts if self.at is None else max(ts, self.at)
        if size < self.raised:
            return False
        self.raised += math.log(1.25)
        return True


def expected_flags(specs: Sequence[DetectorSpec], log: Sequence[Point]) -> list[Expected]:
    """Every flag of the log, by position, detector and first appearance of the series."""
    born = list(dict.fromkeys(point.key for point in log))
    found = []
    for index, spec in enumerate(specs):
        if isinstance(spec, Missing):
            found += [(i, flag) for i, flag in gaps(index, spec, log)]
        elif isinstance(spec, Mewma):
            found += [(i, flag) for i, flag in together(index, spec, log)]
        else:
            found += [(i, flag) for i, flag in judged(index, spec, log)]
    found.sort(key=lambda at: (at[0], at[1].detector, born.index(at[1].key)))
    return [flag for _, flag in found]


def judged(index: int, spec: DetectorSpec, log: Sequence[Point]) -> Iterator[tuple[int, Expected]]:
    histories: dict[SeriesKey, History] = {}
    held: dict[SeriesKey, set[str]] = {}
    newest: dict[SeriesKey, int] = {}
    told: dict[SeriesKey, Told] = {}
    for i, point in enumerate(log):
        out_of_order = point.ts <= newest.get(point.key, -1)
        newest[point.key] = max(point.ts, newest.get(point.key, -1))
        if not watches(spec, point.key) or (out_of_order and skips_out_of_order(spec)):
            continue
        metric = METRICS.get(point.key.metric, MetricInfo(point.key.metric))
        seen = histories.setdefault(point.key, History(metric))
        shift = 0.0
        if isinstance(spec, SeasonalSpec) and spec.season:
            usual = seen.memory.setdefault("usual", Usual(spec.season)).at(point.ts, point.x)
            if usual is None:
                held[point.key] = set()
                continue
            shift = usual
        seen.ts.append(point.ts)
        seen.x.append(point.x - shift)
        verdict = ORACLES[type(spec)](spec, seen)
        begins = verdict.holds - held.get(point.key, set())
        held[point.key] = verdict.holds
        if begins or (verdict.holds and spec.report == "every"):
            if spec.budget is not None and not told.setdefault(point.key, Told(spec.budget)).tells(point.ts, verdict):
                continue
            numbers = (score(verdict.ratio), *(x + shift for x in (verdict.expected, verdict.lower, verdict.upper)))
            yield i, Expected(index, point.key, point.ts, point.offset, point.x, *numbers)


def gaps(index: int, spec: Missing, log: Sequence[Point]) -> Iterator[tuple[int, Expected]]:
    newest: dict[SeriesKey, int] = {}
    flagged: set[SeriesKey] = set()
    for i, point in enumerate(log):
        for key, ts in newest.items():
            due = ts + spec.timeout
            if key not in flagged and point.stream_time >= due:
                flagged.add(key)
                yield i, Expected(index, key, due, point.offset, NAN, 1.0, NAN, NAN, NAN)
        if watches(spec, point.key) and point.ts > newest.get(point.key, -1):
            newest[point.key] = point.ts
            if point.stream_time < point.ts + spec.timeout:
                flagged.discard(point.key)


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
