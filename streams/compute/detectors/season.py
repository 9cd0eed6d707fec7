"""What is usual at this time of the day, shift or week: taken off a value before a detector looks at it."""

from collections.abc import Sequence
from typing import Any, Final

import msgspec
import numpy as np
import numpy.typing as npt

from schemas.durations import Duration
from streams.compute.detectors.base import (
    Detector,
    FloatArray,
    IntArray,
    MetricInfo,
    Points,
    SlotArray,
    Spec,
    Violation,
    Violations,
)
from streams.compute.detectors.segments import runs
from streams.compute.detectors.slots import Slots

_PREFIX: Final = "season_"
_LEAST_WEIGHT: Final = 0.1
"""Of the newest of at least ten periods; before, each counts alike."""


class Season(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A period, such as a day, after which values are expected to repeat. Counted from the epoch, in UTC."""

    period: Duration
    """After how long it repeats: 24h, 8h for a shift, 168h for a week."""
    bins: int = 48
    """Parts of the period, each with a mean of its own; between their middles it is interpolated."""

    def __post_init__(self) -> None:
        if not 2 <= self.bins <= 2016:
            raise ValueError(f"bins {self.bins} must be 2 to 2016")
        if self.period < self.bins or self.period % self.bins:
            raise ValueError(f"period {self.period} must be a multiple of {self.bins} milliseconds, one for each bin")


class SeasonalSpec(Spec, kw_only=True, frozen=True, forbid_unknown_fields=True):
    """A declaration of a detector that may look at what is left of a value once its season is taken off."""

    season: Season | None = None
    """Judge deviations from what is usual at the time of the day, shift or week; left out: the values themselves. A
    series is judged, and learnt from, once it is known what is usual at the time."""


class Profile:
    """State per slot: the mean of each bin over the periods so far, and the sum of the values of the running bin.

    A bin's mean is taken up when the series has left the bin, so what is expected within a bin does not depend on it.
    """

    def __init__(self, season: Season) -> None:
        self._bins = season.bins
        self._width = int(season.period) // season.bins
        self._slots = Slots(
            mean=np.full(season.bins, np.nan), periods=np.zeros(season.bins, np.uint8), visit=-1, total=0.0, count=0
        )

    def grow(self, count: int) -> None:
        """Append `count` new slots."""
        self._slots.grow(count)

    def expect(self, slot: SlotArray, length: SlotArray, ts: IntArray, x: FloatArray) -> FloatArray:
        """What is usual at the time of each of m points, float64[m], NaN where unknown; takes them into the state.

        `slot` intp[s] and `length` intp[s], 1 or more: the points are in order of these slots, `length` of each, with
        rising times `ts` int64[m] in epoch milliseconds.
        """
        visit = ts // self._width
        begins = np.concatenate(([True], visit[1:] != visit[:-1]))
        begins[np.cumsum(length)[:-1]] = True
        start = begins.nonzero()[0]
        stay = np.diff(start, append=len(ts))
        whose = np.repeat(slot, length)[start]
        # The stays of a slot one after the other, those of different slots at once.
        first = np.concatenate(([True], whose[1:] != whose[:-1])).nonzero()[0]
        stays = np.diff(first, append=len(start))
        place = np.arange(len(start)) - np.repeat(first, stays)
        order = np.argsort(place, kind="stable")
        expected = np.empty(len(ts))
        for chosen in np.split(order, np.cumsum(np.bincount(place))[:-1]):
            at = np.repeat(start[chosen] - (np.cumsum(stay[chosen]) - stay[chosen]), stay[chosen])
            at += np.arange(len(at))
            expected[at] = self._stay(whose[chosen], stay[chosen], visit[start[chosen]], ts[at], x[at])
        return expected

    def _stay(self, slot: SlotArray, stay: SlotArray, visit: IntArray, ts: IntArray, x: FloatArray) -> FloatArray:
        """Points of one bin of each of s slots."""
        state = self._slots
        left = ((state["visit"][slot] != visit) & (state["count"][slot] > 0)).nonzero()[0]
        self._take_up(slot[left])
        state["visit"][slot] = visit
        each = np.repeat(slot, stay)
        # One after the other, as if they had come one by one: `add.at` adds in the order of its arguments.
        np.add.at(state["total"], each, x)
        state["count"][slot] += stay
        middle = ts - self._width // 2
        before = middle // self._width
        share = (middle - before * self._width) / self._width
        mean = state["mean"]
        return mean[each, before % self._bins] * (1 - share) + mean[each, (before + 1) % self._bins] * share

    def _take_up(self, slot: SlotArray) -> None:
        """The series has left the bin that it was in."""
        state = self._slots
        where = slot, state["visit"][slot] % self._bins
        seen, mean = state["periods"][where], state["mean"][where]
        average = state["total"][slot] / state["count"][slot]
        weight = np.maximum(1 / (seen + 1.0), _LEAST_WEIGHT)
        state["mean"][where] = np.where(seen > 0, mean + weight * (average - mean), average)
        state["periods"][where] = np.minimum(seen, 254) + 1
        state["total"][slot] = 0.0
        state["count"][slot] = 0

    def reset(self, slot: SlotArray) -> None:
        """Forget what is known of these slots."""
        self._slots.reset(slot)

    def snapshot(self) -> dict[str, npt.NDArray[Any]]:
        """A copy of the state, one array over slots per name."""
        return {_PREFIX + name: array for name, array in self._slots.snapshot().items()}

    def restore(self, arrays: dict[str, npt.NDArray[Any]]) -> None:
        """Continue from a snapshot of as many slots. CheckpointError if it does not fit."""
        self._slots.restore({name.removeprefix(_PREFIX): array for name, array in arrays.items()})


class SeasonalDetector:
    """Another detector that sees what is left of the values once their season is taken off. State: both of theirs."""

    def __init__(self, detector: Detector, season: Season) -> None:
        self._detector = detector
        self._profile = Profile(season)
        self.order = detector.order

    def grow(self, metrics: Sequence[MetricInfo]) -> None:
        self._profile.grow(len(metrics))
        self._detector.grow(metrics)

    def step(self, points: Points) -> Violations | None:
        slot = points.slot
        start, length = runs(slot)
        usual = self._profile.expect(slot[start], length, points.ts, points.x)
        known = (~np.isnan(usual)).nonzero()[0]
        if not known.size:
            return None
        found = self._detector.step(Points(slot[known], points.ts[known], (points.x - usual)[known]))
        if found is None:
            return None
        at = known[found.at]
        shift = usual[at]
        return found._replace(
            at=at, expected=found.expected + shift, lower=found.lower + shift, upper=found.upper + shift
        )

    def reset(self, slot: SlotArray) -> None:
        self._detector.reset(slot)
        self._profile.reset(slot)

    def reason(self, metric: MetricInfo, x: float, violation: Violation) -> str:
        return f"{self._detector.reason(metric, x, violation)}, for this time of the season"

    def snapshot(self) -> dict[str, npt.NDArray[Any]]:
        return {**self._detector.snapshot(), **self._profile.snapshot()}

    def restore(self, arrays: dict[str, npt.NDArray[Any]]) -> None:
        own = {name: array for name, array in arrays.items() if name.startswith(_PREFIX)}
        self._profile.restore(own)
        self._detector.restore({name: array for name, array in arrays.items() if name not in own})
