"""`tail`: a value, or a step from one value to the next, as improbable as the series itself has made it."""

from collections.abc import Iterator
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from streams.compute.detectors.base import (
    LOWER,
    UPPER,
    FloatArray,
    IntArray,
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
from streams.compute.detectors.segments import runs
from streams.compute.detectors.slots import SlotState
from streams.compute.detectors.surprise import BLOCK, CLIP, Surprise, mean

JUMP: Final = 4
"""Bit of a violation's condition: the step from the value before is improbable, rather than the value."""

_LARGER: Final = 1.25
"""How many times the statistic of an alarm another one must exceed while it is held."""
_MEAN_WEIGHT: Final = 1 - (1 - 0.01) ** BLOCK
_PLACES: Final = np.arange(BLOCK)[:, None]
_COLUMNS: Final = 1024
"""Series that are judged at once: their blocks fit into a processor's cache."""
_FREE_BLOCKS: Final = 3
"""First blocks, in which nothing is clipped."""


class Tail(LatchedSpec, kw_only=True, frozen=True, forbid_unknown_fields=True, tag="tail"):
    """A value so far from the running mean, or so large a step, that the series' own past makes it improbable.

    Deviation from the mean and step from the value before are counted in their running mean absolute size; mean and
    sizes are exponentially weighted (1 % and 0.3 % a point), and no value counts as more than 3 sizes. Of each, the
    98 % quantile is followed, and a generalised Pareto distribution is fitted to what exceeds it (method of moments).
    The statistic is -log10 of the tail probability, the larger of the two. It is latched: within `hold` points of an
    alarm only a statistic 1.25 times as large is another one. All is brought up to date every 16 points of a series.
    No unit, no scale and no distribution is assumed. The cheapest detector that adapts, for every series of a plant.
    Points out of order are skipped.

    Score: r / (1 + r) with r = statistic / threshold. Expected is the running mean, for a step the value before; lower
    and upper are where the statistic reaches the threshold.

    Source: Hosking and Wallis (1987), Parameter and Quantile Estimation for the Generalized Pareto Distribution,
    Technometrics 29(3), 339-349 (moments); Siffer et al. (2017), Anomaly Detection in Streams with Extreme Value
    Theory, KDD, doi 10.1145/3097983.3098144 (peaks over a threshold in streams); Robbins and Monro (1951), Annals
    of Mathematical Statistics 22(3), 400-407 (quantile).
    """

    threshold: float = 3.3
    """-log10 of the probability at which a point is improbable: 3.3 is one point in 2,000, 6 is one in a million."""
    warmup: int = 100
    """Number of points of a series before the first that is judged, rounded up to full blocks of 16."""
    min_scale: float = 0.0
    """Smallest mean deviation that is believed, in the metric's unit: the resolution of the instrument."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.threshold <= 0:
            raise ValueError(f"threshold {self.threshold:g} must be greater than 0")
        if not BLOCK <= self.warmup <= 1_000_000:
            raise ValueError(f"warmup {self.warmup} must be {BLOCK} to 1000000 points")
        if self.min_scale < 0:
            raise ValueError(f"min_scale {self.min_scale:g} must be 0 or more")


class _Found(NamedTuple):
    """Points beyond a quantile: the index of each, and what a flag would say of it."""

    at: SlotArray
    slot: SlotArray
    number: IntArray
    """How many points of the series there were before."""
    condition: npt.NDArray[np.int8]
    statistic: FloatArray
    expected: FloatArray
    half: FloatArray


class TailDetector(SlotState):
    """State: the values of the running block, the mean, and what is known of deviations from it and of steps."""

    order = Order.SERIES

    def __init__(self, spec: Tail) -> None:
        self._spec = spec
        self._latch = Latch(spec.hold, _LARGER)
        self._deviations, self._steps = Surprise("deviation", spec.min_scale), Surprise("step", spec.min_scale)
        super().__init__(
            seen=0, block=np.zeros(BLOCK), before=0.0, mean=0.0,
            **self._deviations.state(), **self._steps.state(), **Latch.state(),
        )  # fmt: skip

    def step(self, points: Points) -> Violations | None:
        slot = points.slot
        start, length = runs(slot)
        found: list[_Found] = []
        for group in range(0, len(start), _COLUMNS):
            chosen = slice(group, group + _COLUMNS)
            found += self._in_blocks(slot[start[chosen]], start[chosen], length[chosen], points.x)
        return self._violations(_Found._make(map(np.concatenate, zip(*found, strict=True))))

    def _in_blocks(self, slot: SlotArray, at: SlotArray, left: IntArray, x: FloatArray) -> Iterator[_Found]:
        """Judge series block by block: of those of m slots there are `left` points from `at` on in `x`, one or more."""
        seen = self._slots["seen"][slot]
        while slot.size:
            place = seen % BLOCK
            count = np.minimum(BLOCK - place, left)
            yield self._judge(slot, seen - place, place, place + count, at - place, x)
            seen, at, left = seen + count, at + count, left - count
            self._slots["seen"][slot] = seen
            goes_on = left > 0
            slot, seen, at, left = slot[goes_on], seen[goes_on], at[goes_on], left[goes_on]

    def _judge(
        self, slot: SlotArray, number: IntArray, begin: IntArray, end: IntArray, origin: SlotArray, x: FloatArray
    ) -> _Found:
        """Judge points of the running blocks of m slots by what was learnt before; learn from the blocks that are full.

        The blocks begin with the points `number` of the series; their places `begin` to before `end` are in `x`, where
        the block would begin at `origin`.
        """
        slots = self._slots
        at = _PLACES + origin
        block = x.take(at, mode="clip")
        new = None
        if begin.any() or end.min() < BLOCK:
            new = (begin <= _PLACES) & (end > _PLACES)
            block = np.where(new, block, slots["block"][slot].T)
        previous = np.empty_like(block)
        previous[0] = np.where(number > 0, slots["before"][slot], block[0])
        previous[1:] = block[:-1]
        deviation, steps = block - slots["mean"][slot], np.abs(block - previous)
        beyond = self._deviations.beyond(slots, slot, np.abs(deviation))
        beyond |= self._steps.beyond(slots, slot, steps)
        if new is not None:
            beyond &= new
        place, column = beyond.nonzero()
        found = self._found(
            at[place, column], slot[column], number[column] + place, block[place, column], previous[place, column]
        )
        full = (end == BLOCK).nonzero()[0]
        if full.size < slot.size:
            running = (end < BLOCK).nonzero()[0]
            slots["block"][slot[running]] = block[:, running].T
        if full.size == slot.size:
            self._learn(slot, number + BLOCK, block, deviation, steps)
        elif full.size:
            self._learn(slot[full], number[full] + BLOCK, block[:, full], deviation[:, full], steps[:, full])
        return found

    def _found(self, at: SlotArray, slot: SlotArray, number: IntArray, x: FloatArray, previous: FloatArray) -> _Found:
        slots, threshold = self._slots, self._spec.threshold
        mean = slots["mean"][slot]
        deviation = self._deviations.of(slots, slot, np.abs(x - mean))
        step = self._steps.of(slots, slot, np.abs(x - previous))
        jump = step > deviation
        expected = np.where(jump, previous, mean)
        condition = np.where(x > expected, UPPER, LOWER) + np.where(jump, JUMP, 0)
        statistic = np.maximum(step, deviation)
        half = np.zeros(len(at))
        far = (statistic >= threshold).nonzero()[0]  # all others are for the latch alone
        if far.size:
            sizes = (kind.size(slots, slot[far], threshold) for kind in (self._steps, self._deviations))
            half[far] = np.where(jump[far], *sizes)
        return _Found(at, slot, number, condition.astype(np.int8), statistic, expected, half)

    def _violations(self, found: _Found) -> Violations | None:
        if not found.at.size:
            return None
        passed = self._latch.passes(self._slots, found.slot, found.number, found.statistic)
        passed &= found.statistic >= self._spec.threshold
        chosen = passed.nonzero()[0]
        if not chosen.size:
            return None
        chosen = chosen[np.argsort(found.at[chosen])]
        statistic, expected, half = found.statistic[chosen], found.expected[chosen], found.half[chosen]
        risk = score(statistic / self._spec.threshold)
        return Violations(
            found.at[chosen], found.condition[chosen], statistic, risk, expected, expected - half, expected + half
        )

    def _learn(
        self, slot: SlotArray, seen: IntArray, block: FloatArray, deviation: FloatArray, steps: FloatArray
    ) -> None:
        """Take in full blocks, float64[BLOCK, m], of m slots, which have seen int64[m] points."""
        slots = self._slots
        slots["before"][slot] = block[-1]
        centre = slots["mean"][slot]
        first = (seen == BLOCK).nonzero()[0]
        if first.size:
            centre[first] = mean(block[:, first])
            deviation[:, first] = block[:, first] - centre[first]
        weight, judges = BLOCK / seen, seen >= self._spec.warmup
        usual = self._deviations.usual(slots, slot)
        bound = np.where((seen <= _FREE_BLOCKS * BLOCK) | (usual == 0), np.inf, CLIP * usual)
        moved = mean(np.clip(deviation, -bound, bound))
        slots["mean"][slot] = centre + np.maximum(weight, _MEAN_WEIGHT) * moved
        self._deviations.learn(slots, slot, np.abs(deviation), weight, judges)
        self._steps.learn(slots, slot, steps, weight, judges)

    def reason(self, metric: MetricInfo, x: float, violation: Violation) -> str:
        above = "above" if violation.condition & UPPER else "below"
        what = "the value before" if violation.condition & JUMP else "the running mean"
        return (
            f"{quantity(x, metric)} is far {above} {what}, {quantity(violation.expected, metric)}: beyond "
            f"{violation.lower:.6g} to {violation.upper:.6g}, and so far by chance in one point of "
            f"{10 ** min(violation.statistic, 15.0):,.0f}"
        )
