"""What every detector should find, in plain Python: one point after the other, each straight from its definition.

The oracles keep the whole history of a series and look back over it where the detectors keep running state.
"""

import math
import statistics
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

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
from streams.compute.detectors.season import SeasonalSpec
from streams.compute.detectors.stuck import Stuck
from streams.compute.detectors.tail import Tail
from streams.compute.series import SeriesKey
from tests.streams.compute.detectors.logs import METRICS, Point
from tests.streams.compute.detectors.mewma_oracle import together
from tests.streams.compute.detectors.novelty_oracle import NoveltyOracle
from tests.streams.compute.detectors.oracle_types import NAN, Expected, History, Verdict, score, watches
from tests.streams.compute.detectors.season_oracle import Usual
from tests.streams.compute.detectors.tail_oracle import tail


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
