"""`novelty` of one series in plain Python: lists of levels, one window after the other, the whole history kept."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from streams.compute.detectors.novelty import Novelty


class Told(NamedTuple):
    """What is said at one point: the statistic after the latch, the band of the most similar pattern."""

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
        stretched = [
            (min(low, level), max(high, level))
            for low, high, level in zip(self.floor, self.ceiling, window, strict=True)
        ]
        return sum(high - low for low, high in stretched)


@dataclass
class NoveltyOracle:
    spec: Novelty
    x: list[float] = field(default_factory=list)
    bottom: float = math.nan
    """NaN during the warm-up, as is `step`."""
    step: float = math.nan
    patterns: list[Pattern] = field(default_factory=list)
    compared: int = 0
    usual: float = 0.0
    mean: float = 0.0
    variance: float = 0.0
    alarm: tuple[int, float] | None = None

    def add(self, x: float) -> Told:
        """Take in the next value of the series."""
        block = self.spec.block
        self.x.append(x)
        if len(self.x) % block:
            return SILENT
        last = len(self.x) // block - 1
        if math.isnan(self.step):
            self._learn(last)
            return SILENT
        statistic, lower, upper = self._compare(last, judged=True)
        if self._latched(statistic):
            return SILENT
        self.alarm = len(self.x), statistic
        return Told(statistic, lower, upper)

    def _learn(self, last: int) -> None:
        low, high = min(self.x), max(self.x)
        if len(self.x) < self.spec.warmup or not (high - low) / 16 > 0:
            return
        self.step = (high - low) / 16
        self.bottom = (low + high) / 2 - 128 * self.step
        kept = min(math.ceil(self.spec.warmup / self.spec.block), 64)
        for block in range(last - kept + self.spec.window, last + 1):
            self._compare(block, judged=False)

    def _latched(self, statistic: float) -> bool:
        if statistic <= 0:
            return True
        if self.alarm is None:
            return False
        at, peak = self.alarm
        return len(self.x) - at < self.spec.latch and not statistic > 1.75 * peak

    def _window(self, last: int) -> list[int]:
        levels = []
        for block in range(last - self.spec.window + 1, last + 1):
            values = self.x[block * self.spec.block : (block + 1) * self.spec.block]
            total = values[0]
            for value in values[1:]:
                total += value
            for summary in (total / len(values), max(values), min(values)):
                level = (summary - self.bottom) / self.step
                levels.append(int(min(max(level, 0.0), 255.0)))
        return levels

    def _compare(self, last: int, *, judged: bool) -> Told:
        window = self._window(last)
        least = math.inf
        told = SILENT
        limit = max(1.5 * self.usual if judged else 0.0, 4 * self.spec.window)
        if self.patterns:
            nearest = min(self.patterns, key=lambda pattern: pattern.unlike(window))
            least = nearest.unlike(window)
            distance = math.log(least + 12) - self.mean
            lower = self.bottom + nearest.floor[-3] * self.step
            upper = self.bottom + (nearest.ceiling[-3] + 1) * self.step
            told = Told(distance / max(math.sqrt(self.variance), 0.1), lower, upper)

            self.compared += 1
            weight = max(1 / self.compared, 0.02)
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
        return told
