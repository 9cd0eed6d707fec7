"""What people have said of a detector's flags: by how much it raised the threshold of each series, for good."""

from typing import Any, Final

import numpy as np
import numpy.typing as npt

from schemas.events import Verdict
from streams.compute.detectors.base import BoolArray, FloatArray, SlotArray
from streams.compute.detectors.slots import Slots

_MOST: Final = 16
"""Steps, each a quarter more than the one before: 35 times the declared threshold."""
_THRESHOLD: Final = 1.25 ** np.arange(_MOST + 1)
_SCORE: Final = np.where(_THRESHOLD > 1, _THRESHOLD / (1 + _THRESHOLD), 0.0)
"""By step, the score that a violation has to reach; any, where the threshold is the declared one."""


class Feedback:
    """Per slot, how many steps its threshold is above the declared one.

    A flag that was wrong takes it one step up, one that was right takes a step back. Time changes nothing.
    """

    def __init__(self) -> None:
        self._slots = Slots(steps=np.int8(0))

    def __bool__(self) -> bool:
        """Whether the threshold of any slot is raised."""
        return bool(self._slots["steps"].any())

    def grow(self, count: int) -> None:
        """Append `count` new slots, whose thresholds are the declared ones."""
        self._slots.grow(count)

    def hear(self, slot: int, verdict: Verdict) -> None:
        """Take in what was said of a flag."""
        step = {"false": 1, "true": -1, "expected": 0}[verdict]
        steps = self._slots["steps"]
        steps[slot] = min(max(steps[slot] + step, 0), _MOST)

    def passes(self, slot: SlotArray, score: FloatArray) -> BoolArray:
        """Which of m violations reach the raised threshold; `score` float64[m] is r / (1 + r) of r, the violation in
        multiples of the declared one."""
        reached: BoolArray = score >= _SCORE[self._slots["steps"][slot]]
        return reached

    def snapshot(self) -> dict[str, npt.NDArray[Any]]:
        """A copy of the state, one array over slots per name."""
        return self._slots.snapshot()

    def restore(self, arrays: dict[str, npt.NDArray[Any]]) -> None:
        """Continue from a snapshot of as many slots. CheckpointError if it does not fit."""
        self._slots.restore(arrays)
