"""`novelty`: a stretch of values that is unlike every stretch the series has shown before."""

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from streams.compute.detectors.base import (
    UPPER,
    FloatArray,
    IntArray,
    MetricInfo,
    Order,
    Points,
    SlotArray,
    Spec,
    Violation,
    Violations,
    quantity,
    score,
)
from streams.compute.detectors.slots import SlotState

PATTERNS: Final = 64
"""Patterns that are kept of a series."""
LEVELS: Final = 256
"""Levels of a byte."""
STEPS: Final = 16
"""Levels into which the range of the warm-up is divided. The other 240 lie half above, half below it."""
VIGILANCE: Final = 1.5
"""How many times the usual unlikeness a window has that becomes a pattern of its own."""
LEAST_PER_BLOCK: Final = 4
"""Unlikeness, in levels for each block of a window, below which no window becomes a pattern."""
WEIGHT: Final = 0.02
"""Weight of the newest window in what is usual: a memory of about 50 windows."""
OFFSET: Final = 12
"""Added to the unlikeness before the logarithm, in levels: below it differences are mostly noise."""
LEAST_DEVIATION: Final = 0.1
"""Smallest deviation of the logarithm that is believed: 10 % of the unlikeness."""
BATCH: Final = 128
"""Series that are compared at once, so that what is computed stays in the processor's cache."""
LARGER: Final = 1.75
"""How many times as remarkable as the alarm before it an alarm is that is told within the latch."""


class Novelty(Spec, kw_only=True, frozen=True, forbid_unknown_fields=True, tag="novelty"):
    """A window of recent values whose unlikeness to every known pattern lies `threshold` deviations above the usual.

    Each `block` points are summed up as their mean, largest and smallest value, in levels of 1/16 of the range of the
    warm-up, from 7.5 such ranges below it to 7.5 above; the window is the last `window` blocks. A pattern is a band of
    levels for every number of a window. A window is compared with up to 64 patterns: its unlikeness to one is the sum
    of the widths, in levels, that the pattern's bands had if they were stretched to take the window in. The least is
    the window's unlikeness d; ln(d + 12), less its exponentially weighted mean, over its deviation, is the statistic.
    A window whose d exceeds 1.5 times the usual one becomes a pattern, in place of the one that was not met for the
    longest time; any other stretches the pattern that it is most like. So what comes again is no novelty any more.

    The warm-up is not judged: the range and the first patterns are learned from it. A warm-up without any spread is
    prolonged until a value differs. After an alarm the statistic counts as 0 for `latch` points, unless it is 1.75
    times as large. Points out of order are skipped. Flags stand at the last point of a block.

    Score: r / (1 + r) with r = statistic / threshold. Expected is the middle of the band that the most similar pattern
    has for the mean of the last block; lower and upper are its ends. A mean within them is remarkable for what was
    before it, or for the extremes of its block.

    Source: fuzzy ART with complement coding and fast learning, Carpenter, Grossberg and Rosen (1991), Neural Networks
    4(6), 759-771: d is 1 - match, unscaled, and the limit of 1.5 times the usual one is a vigilance that adapts.
    """

    threshold: float = 1.4
    """Largest statistic that is not remarkable, in deviations of the unlikeness."""
    block: int = 7
    """Number of points that are summed up."""
    window: int = 6
    """Number of blocks that are compared."""
    warmup: int = 150
    """Number of points from which the range and the first patterns are learned; at least two windows."""
    latch: int = 100
    """Number of points after an alarm in which only a much larger statistic is a new one."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.threshold <= 0:
            raise ValueError(f"threshold {self.threshold:g} must be greater than 0")
        if not 1 <= self.block <= 10_000:
            raise ValueError(f"block {self.block} must be 1 to 10000 points")
        if not 1 <= self.window <= 64:
            raise ValueError(f"window {self.window} must be 1 to 64 blocks")
        if not 2 * self.block * self.window <= self.warmup <= 1_000_000:
            raise ValueError(
                f"warmup {self.warmup} must be at least two windows, {2 * self.block * self.window} points, "
                "and at most 1000000"
            )
        if not 0 <= self.latch <= 1_000_000:
            raise ValueError(f"latch {self.latch} must be 0 to 1000000 points")


class NoveltyDetector(SlotState):
    """State: the running block, the range, the last blocks, the patterns, what is usual, the last alarm.

    2304 bytes of patterns a series with a window of 6 blocks (384 a block), 256 for their age, 24 for each block of the
    warm-up, of which at most 64 are kept, and 96 for all else: 3.2 kB with the settings as they are.
    """

    order = Order.TIME

    def __init__(self, spec: Novelty) -> None:
        kept = min(-(-spec.warmup // spec.block), PATTERNS)
        features = 3 * spec.window
        super().__init__(
            count=0,
            total=0.0,
            high=0.0,
            low=0.0,
            bottom=math.inf,
            top=-math.inf,
            blocks=np.zeros((kept, 3)),
            # A pattern that is not in use takes in everything, so that every other one is more like any window.
            floor=np.zeros((features, PATTERNS), np.uint8),
            ceiling=np.full((features, PATTERNS), LEVELS - 1, np.uint8),
            met=np.full(PATTERNS, -1, np.int32),
            windows=0,
            usual=0.0,
            mean=0.0,
            variance=0.0,
            alarm=-spec.latch,
            peak=0.0,
        )
        self._spec, self._kept = spec, kept
        self._least = LEAST_PER_BLOCK * spec.window
        # Looked up, since a vectorised logarithm may differ in the last bit between places in an array.
        self._log = np.array([math.log(d + OFFSET) for d in range(features * (LEVELS - 1) + 1)])

    def step(self, points: Points) -> Violations | None:
        """Take points into their blocks, and judge the series whose block is complete."""
        slot, x, state, block = points.slot, points.x, self._slots, self._spec.block
        seen = state["count"][slot]
        state["count"][slot] = seen + 1
        place = seen % block
        begins = place == 0
        state["total"][slot] = np.where(begins, x, state["total"][slot] + x)
        state["high"][slot] = np.where(begins, x, np.maximum(state["high"][slot], x))
        state["low"][slot] = np.where(begins, x, np.minimum(state["low"][slot], x))
        at = (place == block - 1).nonzero()[0]
        if not at.size:
            return None
        found = [self._complete(at[i : i + BATCH], slot[at[i : i + BATCH]]) for i in range(0, at.size, BATCH)]
        found = [violations for violations in found if violations is not None]
        return Violations._make(map(np.concatenate, zip(*found, strict=True))) if found else None

    def _complete(self, at: SlotArray, slot: SlotArray) -> Violations | None:
        """Take in one complete block of each slot, all different; `at` are the indices of their points."""
        spec, state = self._spec, self._slots
        last = state["count"][slot] // spec.block - 1
        summary = state["total"][slot] / spec.block, state["high"][slot], state["low"][slot]
        state["blocks"][slot, last % self._kept] = np.stack(summary, axis=1)

        learning = state["windows"][slot] == 0
        if learning.any():
            self._learn(slot[learning], last[learning])
            judged = ~learning
            at, slot, last = at[judged], slot[judged], last[judged]
        return self._judge(at, slot, last) if at.size else None

    def _learn(self, slot: SlotArray, last: IntArray) -> None:
        """Widen the range; at the end of the warm-up, learn the windows of the blocks that are kept."""
        state = self._slots
        state["bottom"][slot] = np.minimum(state["bottom"][slot], state["low"][slot])
        state["top"][slot] = np.maximum(state["top"][slot], state["high"][slot])
        _, step = self._levels(slot)
        ready = ((state["count"][slot] >= self._spec.warmup) & (step > 0)).nonzero()[0]
        if ready.size:
            for back in range(self._kept - self._spec.window, -1, -1):
                self._compare(slot[ready], last[ready] - back, learning=True)

    def _judge(self, at: SlotArray, slot: SlotArray, last: IntArray) -> Violations | None:
        state = self._slots
        statistic, floor, ceiling = self._compare(slot, last)
        count = state["count"][slot]
        latched = (count - state["alarm"][slot] < self._spec.latch) & (statistic <= LARGER * state["peak"][slot])
        # The latch knows nothing of the threshold, so that another threshold leaves the statistic as it is.
        told = ((statistic > 0) & ~latched).nonzero()[0]
        state["alarm"][slot[told]], state["peak"][slot[told]] = count[told], statistic[told]
        told = told[statistic[told] > self._spec.threshold]
        if not told.size:
            return None
        statistic, (base, step) = statistic[told], self._levels(slot[told])
        lower, upper = base + floor[told] * step, base + (ceiling[told] + 1.0) * step
        condition = np.full(told.size, UPPER, np.int8)
        ratio = statistic / self._spec.threshold
        return Violations(at[told], condition, statistic, score(ratio), (lower + upper) / 2, lower, upper)

    def _compare(
        self, slot: SlotArray, last: IntArray, learning: bool = False
    ) -> tuple[FloatArray, npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
        """Compare the windows that end with block number `last` with the patterns, then learn them.

        Their statistics, and the band of levels that the most similar pattern has for the mean of the last block.
        """
        state, window = self._slots, self._window(slot, last)
        floor, ceiling = state["floor"][slot], state["ceiling"][slot]
        width = np.maximum(ceiling, window[:, :, None])
        width -= np.minimum(floor, window[:, :, None])
        unlike = np.add.reduce(width, axis=1, dtype=np.uint16)
        row, nearest = np.arange(len(slot)), unlike.argmin(axis=1)
        least = unlike[row, nearest].astype(np.int64)
        floor, ceiling = floor[row, :, nearest], ceiling[row, :, nearest]

        usual, mean, variance = state["usual"][slot], state["mean"][slot], state["variance"][slot]
        limit = np.maximum(0.0 if learning else VIGILANCE * usual, self._least)
        novel = least > limit
        pattern = np.where(novel, state["met"][slot].argmin(axis=1), nearest)
        at = slot[:, None], np.arange(window.shape[1]), pattern[:, None]
        state["floor"][at] = np.where(novel[:, None], window, np.minimum(floor, window))
        state["ceiling"][at] = np.where(novel[:, None], window, np.maximum(ceiling, window))
        state["met"][slot, pattern] = last

        # The first window has nothing to be compared with, the second sets what is usual.
        windows = state["windows"][slot]
        weight = np.where(windows > 0, np.maximum(1 / np.maximum(windows, 1), WEIGHT), 0.0)
        distance = self._log[least] - mean
        statistic = distance / np.maximum(np.sqrt(variance), LEAST_DEVIATION)
        state["usual"][slot] = usual + weight * (least - usual)
        state["mean"][slot] = mean + weight * distance
        state["variance"][slot] = (1 - weight) * (variance + weight * distance * distance)
        state["windows"][slot] = windows + 1
        return statistic, floor[:, -3], ceiling[:, -3]

    def _window(self, slot: SlotArray, last: IntArray) -> npt.NDArray[np.uint8]:
        """The last blocks up to number `last` as levels: mean, largest and smallest value of each in turn."""
        index = (last[:, None] - np.arange(self._spec.window)[::-1]) % self._kept
        base, step = (array[:, None, None] for array in self._levels(slot))
        level = np.floor((self._slots["blocks"][slot[:, None], index] - base) / step)
        return np.clip(level, 0, LEVELS - 1).astype(np.uint8).reshape(len(slot), -1)

    def _levels(self, slot: SlotArray) -> tuple[FloatArray, FloatArray]:
        """Where the lowest level begins, and how wide a level is."""
        bottom, top = self._slots["bottom"][slot], self._slots["top"][slot]
        step = (top - bottom) / STEPS
        return (bottom + top) / 2 - LEVELS / 2 * step, step

    def reason(self, metric: MetricInfo, x: float, violation: Violation) -> str:
        spec = self._spec
        return (
            f"the last {spec.block * spec.window} points up to {quantity(x, metric)} are unlike every known pattern by "
            f"{violation.statistic:.4g} deviations more than usual, {spec.threshold:.10g} are allowed; "
            f"the most similar has the mean of the last {spec.block} between {quantity(violation.lower, metric)} and "
            f"{quantity(violation.upper, metric)}"
        )
