"""`novelty` of one series in plain Python: lists of levels, one window after the other, the whole history kept."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from streams.compute.detectors.novelty import Novelty


class Told(NamedTuple):
    """A statistic, and the band of the most similar pattern."""

    statistic: float
    lower: float
    upper: float


SILENT = Told(0.0, math.nan, math.nan)


@dataclass
class Pattern:
    """A band of levels for each number of a window, and the block at which it was met last."""

    floor: list[int]
    ceiling: list[int]
    met: int

    def unlike(self, window: Sequence[int]) -> int:
        bands = zip(self.floor, self.ceiling, window, strict=True)
        return sum(max(high, level) - min(low, level) for low, high, level in bands)


@dataclass
class ScaleOracle:
    """One length of block."""

    block: int
    window: int
    warmup: int
    x: list[float] = field(default_factory=list)
    bottom: float = math.nan
    step: float = math.nan
    """NaN, as is `bottom`, until the range is learned."""
    patterns: list[Pattern] = field(default_factory=list)
    compared: int = 0
    usual: float = 0.0
    mean: float = 0.0
    variance: float = 0.0
    newest: Told = SILENT

    def add(self, x: float) -> None:
        self.x.append(x)
        if len(self.x) % self.block:
            return
        last = len(self.x) // self.block - 1
        if math.isnan(self.step):
            self._begin(last)
        else:
            self._compare(last, judged=len(self.x) > self.warmup)

    def _begin(self, last: int) -> None:
        learn, low, high = math.ceil(2 * self.warmup / 3), min(self.x), max(self.x)
        if len(self.x) < learn or not (high - low) / 16 > 0:
            return
        self.step = (high - low) / 16
        self.bottom = (low + high) / 2 - 128 * self.step
        kept = min(math.ceil(learn / self.block), 64)
        for block in range(last - kept + self.window, last + 1):
            self._compare(block, judged=False)

    def _levels(self, last: int) -> list[int]:
        levels = []
        for block in range(last - self.window + 1, last + 1):
            values = self.x[block * self.block : (block + 1) * self.block]
            total = values[0]
            for value in values[1:]:
                total += value
            for summary in (total / len(values), max(values), min(values)):
                level = (summary - self.bottom) / self.step + 2**-20
                levels.append(int(min(max(level, 0.0), 255.0)))
        return levels

    def _compare(self, last: int, *, judged: bool) -> None:
        window, least = self._levels(last), math.inf
        limit = max(1.5 * self.usual if judged else 0.0, 4 * self.window)
        if self.patterns:
            nearest = min(self.patterns, key=lambda pattern: pattern.unlike(window))
            least = nearest.unlike(window)
            distance = math.log(least + 20) - self.mean
            statistic = max(0.0, distance / max(math.sqrt(self.variance), 0.125)) if judged else 0.0
            lower = self.bottom + nearest.floor[-3] * self.step
            upper = self.bottom + (nearest.ceiling[-3] + 1) * self.step
            self.newest = Told(statistic, lower, upper)

            self.compared += 1
            weight = max(1 / self.compared, 0.015)
            self.usual += weight * (least - self.usual)
            self.mean += weight * distance
            self.variance = (1 - weight) * (self.variance + weight * distance * distance)
        if least <= limit:
            nearest.floor = list(map(min, nearest.floor, window))
            nearest.ceiling = list(map(max, nearest.ceiling, window))
            nearest.met = last
        elif len(self.patterns) < 64:
            self.patterns.append(Pattern(window, window, last))
        else:
            oldest = min(range(64), key=lambda i: self.patterns[i].met)
            self.patterns[oldest] = Pattern(window, window, last)


class NoveltyOracle:
    def __init__(self, spec: Novelty) -> None:
        self.spec = spec
        self.scales = [ScaleOracle(block, spec.window, spec.warmup) for block in spec.blocks]
        self.alarm: tuple[int, float] | None = None

    def add(self, x: float) -> Told:
        """Take in the next value of the series; what is told of it, after the latch."""
        for scale in self.scales:
            scale.add(x)
        first, count = self.scales[0], len(self.scales[0].x)
        if count % first.block:
            return SILENT
        statistic = sum(scale.newest.statistic for scale in self.scales) / len(self.scales)
        if statistic == 0 or self._latched(statistic, count):
            return SILENT
        self.alarm = count, statistic
        return first.newest._replace(statistic=statistic)

    def _latched(self, statistic: float, count: int) -> bool:
        if self.alarm is None:
            return False
        at, peak = self.alarm
        return count - at <= self.spec.hold and not statistic > 1.3 * peak
