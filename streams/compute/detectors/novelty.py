"""`novelty`: a stretch of values that is unlike every stretch the series has shown before."""

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from streams.compute.detectors.base import (
    UPPER,
    MetricInfo,
    Order,
    Points,
    SlotArray,
    Violation,
    Violations,
    quantity,
    score,
)
from streams.compute.detectors.latch import Latch, LatchedSpec
from streams.compute.detectors.patterns import Patterns
from streams.compute.detectors.slots import Slots

_LARGER: Final = 1.3
"""How many times the statistic of an alarm another one must exceed while it is held."""


class Novelty(LatchedSpec, kw_only=True, frozen=True, forbid_unknown_fields=True, tag="novelty"):
    """A window of recent values whose unlikeness to every known pattern lies `threshold` deviations above the usual.

    Each block of points is summed up as its mean, largest and smallest value, in levels of 1/16 of the range of the
    warm-up, from 7.5 such ranges below it to 7.5 above; a window is the last `window` blocks. A pattern is a band of
    levels for every number of a window. The unlikeness of a window to a pattern is the sum of the widths, in levels,
    that the bands had if they were stretched to take the window in; d is the least over up to 64 patterns. A window
    whose d exceeds 1.5 times the usual one becomes a pattern, in place of the one that was not met for the longest
    time; any other stretches the pattern that it is most like. So what comes again is no novelty any more.

    ln(d + 20), less its exponentially weighted mean, over its deviation, says how remarkable a window is. The statistic
    is the mean of this over the lengths in `blocks`, 0 at least for each, so that little hangs on where a block begins.
    It is latched: within `hold` points of an alarm only a statistic 1.3 times as large is another one.

    The warm-up is not judged: in its first two thirds the range is learned, in all of it patterns. Without any spread
    it is prolonged until a value differs. Points out of order are skipped. Flags stand at the last point of a block.

    Score: r / (1 + r) with r = statistic / threshold. Expected is the middle of the band that the most similar pattern
    has for the mean of the last block; lower and upper are its ends. A mean within them is remarkable for what was
    before it, or for the extremes of its block.

    Source: fuzzy ART with complement coding and fast learning, Carpenter, Grossberg and Rosen (1991), Neural Networks
    4(6), 759-771: d is 1 - match, unscaled; the best match is chosen; 1.5 times the usual d is a vigilance that adapts.
    """

    threshold: float = 1.4
    """Largest statistic that is not remarkable, in deviations."""
    blocks: tuple[int, ...] = (7, 5)
    """Lengths of block, in points, one to four. A series is judged at the end of each block of the first length."""
    window: int = 8
    """Number of blocks that are compared."""
    warmup: int = 150
    """Number of points from which the range and the first patterns are learned; at least two windows."""
    hold: int = 100
    """Number of points for which an alarm holds back others that are not much larger."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.threshold <= 0:
            raise ValueError(f"threshold {self.threshold:g} must be greater than 0")
        if not 1 <= len(set(self.blocks)) == len(self.blocks) <= 4:
            raise ValueError(f"blocks {list(self.blocks)} must be one to four different lengths")
        if not all(1 <= block <= 10_000 for block in self.blocks):
            raise ValueError(f"blocks {list(self.blocks)} must be 1 to 10000 points")
        if not 1 <= self.window <= 32:
            raise ValueError(f"window {self.window} must be 1 to 32 blocks")
        if not 2 * max(self.blocks) * self.window <= self.warmup <= 1_000_000:
            least = 2 * max(self.blocks) * self.window
            raise ValueError(f"warmup {self.warmup} must be {least} (two windows) to 1000000 points")


class NoveltyDetector:
    """State: the patterns at each length of block, the last alarm.

    With the settings as they are, 7.7 kB a series, half of it for each length of block.
    """

    order = Order.TIME

    def __init__(self, spec: Novelty) -> None:
        learn = -(-2 * spec.warmup // 3)
        self._spec = spec
        self._scales = [Patterns(block, spec.window, learn, spec.warmup) for block in spec.blocks]
        self._latch = Latch(spec.hold, _LARGER)
        self._slots = Slots(count=0, **Latch.state())

    def grow(self, metrics: Sequence[MetricInfo]) -> None:
        """Append one slot per element."""
        self._slots.grow(len(metrics))
        for scale in self._scales:
            scale.grow(metrics)

    def reset(self, slot: SlotArray) -> None:
        """Forget what is known of these slots."""
        self._slots.reset(slot)
        for scale in self._scales:
            scale.reset(slot)

    def step(self, points: Points) -> Violations | None:
        spec, state = self._spec, self._slots
        state["count"][points.slot] += 1
        at, *_ = [scale.take(points.slot, points.x) for scale in self._scales]
        if not at.size:
            return None
        slot = points.slot[at]
        statistic = sum((scale.statistic(slot) for scale in self._scales), np.zeros(len(at))) / len(self._scales)
        count = state["count"][slot]
        told = (statistic > 0).nonzero()[0]
        if told.size:
            told = told[self._latch.passes(state, slot[told], count[told], statistic[told])]
        told = told[statistic[told] > spec.threshold]
        if not told.size:
            return None
        statistic = statistic[told]
        lower, upper = self._scales[0].band(slot[told])
        condition = np.full(told.size, UPPER, np.int8)
        return Violations(
            at[told], condition, statistic, score(statistic / spec.threshold), (lower + upper) / 2, lower, upper
        )

    def reason(self, metric: MetricInfo, x: float, violation: Violation) -> str:
        spec, block = self._spec, self._spec.blocks[0]
        return (
            f"the last {block * spec.window} points up to {quantity(x, metric)} are unlike every known pattern, by "
            f"{violation.statistic:.4g} deviations more than usual, {spec.threshold:.10g} are allowed; "
            f"the most similar has the mean of the last {block} at {quantity(violation.lower, metric)} to "
            f"{quantity(violation.upper, metric)}"
        )

    def snapshot(self) -> dict[str, npt.NDArray[Any]]:
        """A copy of the state, one array over slots per name; what belongs to a length of block ends with it."""
        own = self._slots.snapshot()
        return own | {f"{name}_{s.block}": array for s in self._scales for name, array in s.snapshot().items()}

    def restore(self, arrays: dict[str, npt.NDArray[Any]]) -> None:
        """Continue from a snapshot of the same declaration and as many slots. CheckpointError if it does not fit."""
        own = dict(arrays)
        for scale in self._scales:
            end = f"_{scale.block}"
            scale.restore({name.removesuffix(end): own.pop(name) for name in arrays if name.endswith(end)})
        self._slots.restore(own)
