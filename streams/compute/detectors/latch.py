"""One event, one alarm: a statistic that stays high is told once, and again only if it becomes much larger."""

from typing import Literal

import numpy as np

from streams.compute.detectors.base import BoolArray, FloatArray, IntArray, SlotArray
from streams.compute.detectors.season import SeasonalSpec
from streams.compute.detectors.segments import Segments
from streams.compute.detectors.slots import Slots


class LatchedSpec(SeasonalSpec, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A declaration of a detector whose statistic is latched."""

    report: Literal["onset", "every"] = "every"
    """`every`: what passes the latch. `onset` leaves out what does so directly after another one."""
    hold: int = 150
    """Number of points for which an alarm holds back others that are not much larger."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.hold <= 1_000_000:
            raise ValueError(f"hold {self.hold} must be 0 to 1000000 points")


class Latch:
    """Holds the last statistic that was let through, per slot. Knows no threshold, so that one can be chosen later."""

    def __init__(self, hold: int, larger: float) -> None:
        """`hold` is how many points a statistic is held; a new one must be more than `larger` times it meanwhile."""
        self._hold, self._larger = hold, larger

    @staticmethod
    def state() -> dict[str, float | int]:
        """The arrays that it needs of `Slots`, and what a new slot has in them."""
        return {"held": 0.0, "held_at": 0}

    def passes(self, slots: Slots, slot: SlotArray, index: IntArray, statistic: FloatArray) -> BoolArray:
        """Which of m > 0 points get through, and takes them into the state.

        `slot` intp[m] may name a slot several times, in the order of its points; `index` int64[m] says how many points
        the series had before the point; `statistic` float64[m] is greater than 0 (points without one are left out).
        """
        passed = np.zeros(len(slot), np.bool_)
        held, held_at = slots["held"], slots["held_at"]
        for one, at in Segments.of(slot).each_round():
            level = np.where(index[at] - held_at[one] > self._hold, 0.0, held[one])
            new = statistic[at] > self._larger * level
            passed[at] = new
            held[one] = np.where(new, statistic[at], level)
            held_at[one] = np.where(new, index[at], held_at[one])
        return passed
