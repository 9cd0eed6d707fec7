"""How many flags a day a person will look at: a series that would give more has its threshold raised."""

import math
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from streams.compute.detectors.base import BoolArray, FloatArray, IntArray, SlotArray
from streams.compute.detectors.segments import Segments
from streams.compute.detectors.slots import Slots

_STEP: Final = math.log(1.25)
"""What one flag adds to the logarithm of a series' threshold; time takes as much away, `budget` times a day."""
_MOST: Final = math.log(1000.0)
"""A violation counts as this many thresholds at most: even a certain one, score 1, is told within the budget."""
_DAY_MS: Final = 86_400_000


class Budget:
    """Per slot, by how much its threshold is raised.

    A flag is told where its violation, in multiples of the declared threshold, reaches the raised one. It then raises
    it by a quarter, and time lowers it again, `budget` quarters a day, not below the declared one. So in d days there
    are at most `budget` x d flags and those, a few, by which the threshold was learned. Stochastic approximation
    after Robbins and Monro (1951), Annals of Mathematical Statistics 22(3), 400-407.
    """

    def __init__(self, budget: float) -> None:
        """`budget` is in flags a day of event time, more than 0."""
        self._fall = _STEP * budget / _DAY_MS
        self._slots = Slots(raised=0.0, raised_at=np.iinfo(np.int64).min)

    def grow(self, count: int) -> None:
        """Append `count` new slots, whose thresholds are the declared ones."""
        self._slots.grow(count)

    def passes(self, slot: SlotArray, ts: IntArray, score: FloatArray) -> BoolArray:
        """Which of m > 0 violations are told, and takes them into the state.

        `slot` intp[m] may name a slot several times, in the order of its points; `ts` int64[m] is their event time;
        `score` float64[m] is r / (1 + r) of r, the violation in multiples of the threshold.
        """
        with np.errstate(divide="ignore"):
            size = np.minimum(np.log(score / (1 - score)), _MOST)
        passed = np.zeros(len(slot), np.bool_)
        raised, raised_at = self._slots["raised"], self._slots["raised_at"]
        for one, at in Segments.of(slot).each_round():
            # As floats: the difference to no time at all is more than an integer holds.
            elapsed = np.maximum(ts[at].astype(np.float64) - raised_at[one].astype(np.float64), 0.0)
            level = np.maximum(raised[one] - self._fall * elapsed, 0.0)
            told = size[at] >= level
            passed[at] = told
            raised[one] = np.where(told, level + _STEP, level)
            raised_at[one] = np.maximum(ts[at], raised_at[one])
        return passed

    def snapshot(self) -> dict[str, npt.NDArray[Any]]:
        """A copy of the state, one array over slots per name."""
        return self._slots.snapshot()

    def restore(self, arrays: dict[str, npt.NDArray[Any]]) -> None:
        """Continue from a snapshot of as many slots. CheckpointError if it does not fit."""
        self._slots.restore(arrays)
