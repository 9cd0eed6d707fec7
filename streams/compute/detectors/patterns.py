"""What `novelty` knows of its series at one length of block: a bounded number of patterns, and how unlike is usual."""

import math
from typing import Final

import numpy as np
import numpy.typing as npt

from streams.compute.detectors.base import BoolArray, FloatArray, IntArray, SlotArray
from streams.compute.detectors.slots import SlotState

PATTERNS: Final = 64
"""Patterns that are kept of a series."""
LEVELS: Final = 256
"""Levels of a byte."""
STEPS: Final = 16
"""Levels into which the learned range is divided. The other 240 lie half above, half below it."""
NEAR: Final = 2.0**-20
"""How far below a level, in levels, a value still counts as on it: in another unit it is rounded otherwise."""
VIGILANCE: Final = 1.5
"""How many times the usual unlikeness a window has that becomes a pattern of its own."""
LEAST_PER_BLOCK: Final = 4
"""Unlikeness, in levels for each block of a window, up to which no window becomes a pattern."""
WEIGHT: Final = 0.015
"""Weight of the newest window in what is usual: a memory of about 70 windows."""
OFFSET: Final = 20
"""Added to the unlikeness before the logarithm, in levels: below it differences are mostly noise."""
LEAST_DEVIATION: Final = 0.125
"""Smallest deviation of the logarithm that is believed: an eighth of the unlikeness."""
BATCH: Final = 128
"""Series that are compared at once, so that what is computed stays in the processor's cache."""


class Patterns(SlotState):
    """State: the running block, the range, the last blocks, the patterns, what is usual, the newest verdict.

    Levels and their sums are integers, so nothing depends on how many series are compared at once. Bytes a series: 384
    for each block of the window and 256 for the patterns, 24 for each block kept, 90 for all else.
    """

    def __init__(self, block: int, window: int, learn: int, warmup: int) -> None:
        """`learn`: number of points from which the range is learned; `warmup`: those after which there are verdicts."""
        kept = min(-(-learn // block), PATTERNS)
        features = 3 * window
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
            statistic=0.0,
            band=np.zeros(2, np.uint8),
        )
        self.block = block
        self._window, self._learn, self._warmup, self._kept = window, learn, warmup, kept
        # Looked up, since a vectorised logarithm may differ in the last bit between places in an array.
        self._log = np.array([math.log(d + OFFSET) for d in range(features * (LEVELS - 1) + 1)])

    def take(self, slot: SlotArray, x: FloatArray) -> SlotArray:
        """Take in a point of each slot, all different. Indices of those that complete a block and so have a verdict."""
        state = self._slots
        count = state["count"][slot] + 1
        state["count"][slot] = count
        begins = count % self.block == 1 % self.block
        state["total"][slot] = np.where(begins, x, state["total"][slot] + x)
        state["high"][slot] = np.where(begins, x, np.maximum(state["high"][slot], x))
        state["low"][slot] = np.where(begins, x, np.minimum(state["low"][slot], x))
        at: SlotArray = (count % self.block == 0).nonzero()[0]
        for i in range(0, at.size, BATCH):
            self._complete(slot[at[i : i + BATCH]])
        return at

    def statistic(self, slot: SlotArray) -> FloatArray:
        """How many deviations the newest window was more unlike than usual; 0 if it was not, and in the warm-up."""
        statistic: FloatArray = self._slots["statistic"][slot]
        return statistic

    def band(self, slot: SlotArray) -> tuple[FloatArray, FloatArray]:
        """Between which values the pattern most like the newest window has the mean of the last block."""
        bottom, step = self._levels(slot)
        band = self._slots["band"][slot].astype(np.float64)
        return bottom + band[:, 0] * step, bottom + (band[:, 1] + 1) * step

    def _complete(self, slot: SlotArray) -> None:
        state = self._slots
        count = state["count"][slot]
        last = count // self.block - 1
        summary = state["total"][slot] / self.block, state["high"][slot], state["low"][slot]
        state["blocks"][slot, last % self._kept] = np.stack(summary, axis=1)
        known = state["windows"][slot] > 0
        if not known.all():
            self._begin(slot[~known], last[~known])
            slot, last, count = slot[known], last[known], count[known]
        if slot.size:
            self._compare(slot, last, count > self._warmup)

    def _begin(self, slot: SlotArray, last: IntArray) -> None:
        """Widen the range; once it is learned, compare the windows of the blocks that are kept."""
        state = self._slots
        state["bottom"][slot] = np.minimum(state["bottom"][slot], state["low"][slot])
        state["top"][slot] = np.maximum(state["top"][slot], state["high"][slot])
        _, step = self._levels(slot)
        ready = ((state["count"][slot] >= self._learn) & (step > 0)).nonzero()[0]
        if ready.size:
            for back in range(self._kept - self._window, -1, -1):
                self._compare(slot[ready], last[ready] - back, np.zeros(ready.size, np.bool_))

    def _compare(self, slot: SlotArray, last: IntArray, judged: BoolArray) -> None:
        """Compare the windows that end with block number `last` with the patterns, then learn them."""
        state, window = self._slots, self._windows(slot, last)
        floor, ceiling = state["floor"][slot], state["ceiling"][slot]
        width = np.maximum(ceiling, window[:, :, None])
        width -= np.minimum(floor, window[:, :, None])
        unlike = np.add.reduce(width, axis=1, dtype=np.uint16)
        row, nearest = np.arange(len(slot)), unlike.argmin(axis=1)
        least = unlike[row, nearest].astype(np.int64)
        floor, ceiling = floor[row, :, nearest], ceiling[row, :, nearest]

        usual, mean, variance = state["usual"][slot], state["mean"][slot], state["variance"][slot]
        distance = self._log[least] - mean
        excess = np.maximum(0.0, distance / np.maximum(np.sqrt(variance), LEAST_DEVIATION))
        state["statistic"][slot] = np.where(judged, excess, 0.0)
        # The mean of the last block is the third number from the end.
        state["band"][slot] = np.stack((floor[:, -3], ceiling[:, -3]), axis=1)

        limit = np.maximum(np.where(judged, VIGILANCE * usual, 0.0), LEAST_PER_BLOCK * self._window)
        novel = least > limit
        pattern = np.where(novel, state["met"][slot].argmin(axis=1), nearest)
        at = slot[:, None], np.arange(window.shape[1]), pattern[:, None]
        state["floor"][at] = np.where(novel[:, None], window, np.minimum(floor, window))
        state["ceiling"][at] = np.where(novel[:, None], window, np.maximum(ceiling, window))
        state["met"][slot, pattern] = last

        # The first window has nothing to be compared with, the second sets what is usual.
        windows = state["windows"][slot]
        weight = np.where(windows > 0, np.maximum(1 / np.maximum(windows, 1), WEIGHT), 0.0)
        state["usual"][slot] = usual + weight * (least - usual)
        state["mean"][slot] = mean + weight * distance
        state["variance"][slot] = (1 - weight) * (variance + weight * distance * distance)
        state["windows"][slot] = windows + 1

    def _windows(self, slot: SlotArray, last: IntArray) -> npt.NDArray[np.uint8]:
        """The last blocks up to number `last` as levels: mean, largest and smallest value of each in turn."""
        index = (last[:, None] - np.arange(self._window)[::-1]) % self._kept
        bottom, step = (array[:, None, None] for array in self._levels(slot))
        level: FloatArray = np.floor((self._slots["blocks"][slot[:, None], index] - bottom) / step + NEAR)
        return np.clip(level, 0, LEVELS - 1).astype(np.uint8).reshape(len(slot), -1)

    def _levels(self, slot: SlotArray) -> tuple[FloatArray, FloatArray]:
        """Where the lowest level begins, and how wide a level is."""
        bottom, top = self._slots["bottom"][slot], self._slots["top"][slot]
        step = (top - bottom) / STEPS
        return (bottom + top) / 2 - LEVELS / 2 * step, step
