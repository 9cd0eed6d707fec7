"""How improbable a size is, by the series' own past: its usual size, a high quantile, and the tail beyond that."""

import math
from typing import Final

import numpy as np

from streams.compute.detectors.base import BoolArray, FloatArray, SlotArray
from streams.compute.detectors.pareto import Pareto
from streams.compute.detectors.slots import Slots

BLOCK: Final = 16
"""Points after which what is known of a series is brought up to date; all points of a block are judged by the same."""
CLIP: Final = 3.0
"""Usual sizes beyond which a point moves the statistics no further."""

_WEIGHT: Final = 1 - (1 - 0.003) ** BLOCK
_QUANTILE: Final = 0.98
_QUANTILE_STEP: Final = 0.08
_LEAST_QUANTILE: Final = 1.0
_EXCESS_WEIGHTS: Final = 1 - (1 - 0.02) ** np.arange(BLOCK + 1.0)
"""By how many excesses there were in a block: as if they had come one by one, each with 2 %."""
_EXCESS_CLIP: Final = 4.0
"""Mean excesses beyond which an excess makes the tail no longer."""
_MOST_DEVIATION: Final = 1e6
_AT_QUANTILE: Final = -math.log10(1 - _QUANTILE)
"""-log10 of the probability at the quantile, where the fitted tail begins."""


class Surprise:
    """One kind of size of every slot, such as the deviation from the mean: nothing but the names of its arrays.

    `usual` is the exponentially weighted mean size. In units of it: `quantile`, the 98 % quantile, and `first` and
    `second`, the mean excess over it and the mean square. `bound` is the quantile in the metric's unit.
    """

    def __init__(self, name: str, least: float) -> None:
        """`least` is the smallest usual size that is believed, in the metric's unit."""
        self._least = least
        self._usual, self._quantile, self._bound = f"{name}_usual", f"{name}_quantile", f"{name}_bound"
        self._first, self._second = f"{name}_first", f"{name}_second"

    def state(self) -> dict[str, float]:
        """The arrays that it needs of `Slots`, and what a new slot has in them: no point is beyond the bound."""
        return {self._usual: 0.0, self._quantile: 2.5, self._bound: np.inf, self._first: 0.8, self._second: 1.28}

    def usual(self, slots: Slots, slot: SlotArray) -> FloatArray:
        """The usual size; 0 where nothing has ever moved."""
        usual: FloatArray = slots[self._usual][slot]
        return usual

    def beyond(self, slots: Slots, slot: SlotArray, size: FloatArray) -> BoolArray:
        """Whether sizes are beyond the quantile, float64[..., m] of m slots."""
        beyond: BoolArray = size > slots[self._bound][slot]
        return beyond

    def of(self, slots: Slots, slot: SlotArray, size: FloatArray) -> FloatArray:
        """-log10 of the probability of so large a size; 0 up to the quantile, where there is no tail to tell."""
        excess = self._deviation(slots, slot, size) - slots[self._quantile][slot]
        tail = Pareto.of(slots[self._first][slot], slots[self._second][slot])
        return np.where(excess > 0, _AT_QUANTILE + tail.surprise(np.maximum(excess, 0)), 0)

    def size(self, slots: Slots, slot: SlotArray, surprise: float) -> FloatArray:
        """The inverse of `of`, but at least the quantile."""
        tail = Pareto.of(slots[self._first][slot], slots[self._second][slot])
        excess = tail.excess(max(0.0, surprise - _AT_QUANTILE))
        size: FloatArray = (slots[self._quantile][slot] + excess) * np.maximum(slots[self._usual][slot], self._least)
        return size

    def learn(self, slots: Slots, slot: SlotArray, sizes: FloatArray, weight: FloatArray, judges: BoolArray) -> None:
        """Take in full blocks of m slots, float64[BLOCK, m].

        `weight` is what they count in the usual size at least: 1 for the first block of a slot. `judges`: whether the
        points of the next block are to be judged.
        """
        usual = slots[self._usual][slot]
        known = (weight < 1).nonzero()[0]
        if known.size:
            self._learn_tail(slots, slot[known], sizes if known.size == slot.size else sizes[:, known])
        # Nothing is clipped where nothing has moved so far, as before a first block.
        clipped = mean(np.minimum(sizes, np.where(usual > 0, CLIP * usual, np.inf)))
        usual = usual + np.maximum(weight, _WEIGHT) * (clipped - usual)
        slots[self._usual][slot] = usual
        bound = slots[self._quantile][slot] * np.maximum(usual, self._least)
        slots[self._bound][slot] = np.where(judges, bound, np.inf)

    def _learn_tail(self, slots: Slots, slot: SlotArray, sizes: FloatArray) -> None:
        quantile, first, second = slots[self._quantile][slot], slots[self._first][slot], slots[self._second][slot]
        beyond = sizes > quantile * np.maximum(slots[self._usual][slot], self._least)
        at = beyond.nonzero()
        column = at[1]
        count = np.bincount(column, minlength=len(slot))
        slots[self._quantile][slot] = np.maximum(
            quantile * (1 + _QUANTILE_STEP * (count / BLOCK - (1 - _QUANTILE))), _LEAST_QUANTILE
        )
        if not column.size:
            return
        excess = np.minimum(
            self._deviation(slots, slot[column], sizes[at]) - quantile[column], _EXCESS_CLIP * first[column]
        )
        weight, most = _EXCESS_WEIGHTS[count], np.maximum(count, 1)
        for name, moment, value in ((self._first, first, excess), (self._second, second, excess * excess)):
            average = np.bincount(column, value, len(slot)) / most
            slots[name][slot] = moment + weight * (average - moment)

    def _deviation(self, slots: Slots, slot: SlotArray, size: FloatArray) -> FloatArray:
        """Sizes greater than 0 in usual sizes: where nothing has ever moved, any movement is as unusual as can be."""
        with np.errstate(divide="ignore"):
            deviation: FloatArray = size / np.maximum(slots[self._usual][slot], self._least)
        return np.minimum(deviation, _MOST_DEVIATION)


def mean(values: FloatArray) -> FloatArray:
    """Over the first axis, BLOCK long, in an order that does not depend on the other one, as numpy's own may."""
    while len(values) > 1:
        half = len(values) // 2
        values = values[:half] + values[half:]
    total: FloatArray = values[0]
    return total / BLOCK
