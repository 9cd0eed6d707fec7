"""What the windows must be, computed from the workload itself, and the comparison of a system's windows with it."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from infra.bench.workload import WINDOW_MS, Floats, Ints, Workload

_RELATIVE = 1e-9
"""Allowed difference of sums and means: systems add in different orders."""


@dataclass(frozen=True)
class Windows:
    """Closed windows of the first metric, one entry per window and asset, sorted by `start`, then `asset`."""

    start: Ints
    asset: Ints
    count: Ints
    sum: Floats
    min: Floats
    max: Floats
    mean: Floats

    def __len__(self) -> int:
        return len(self.start)

    def take(self, index: Ints | NDArray[np.bool_]) -> "Windows":
        """Some of these windows, or all in another order."""
        return Windows(
            self.start[index], self.asset[index], self.count[index], self.sum[index], self.min[index], self.max[index],
            self.mean[index],
        )  # fmt: skip

    def sorted(self) -> "Windows":
        """The same windows in the order of the class."""
        return self.take(np.lexsort((self.asset, self.start)))


def expected(workload: Workload) -> Windows:
    """The windows of a workload, without those of its flush events."""
    chunks = [(events.ts, events.asset, events.values[:, 0]) for events in workload.chunks()]
    ts, asset, value = (np.concatenate(column) for column in zip(*chunks, strict=True))
    start = ts - ts % WINDOW_MS
    order = np.lexsort((asset, start))
    start, asset, value = start[order], asset[order], value[order]
    begin = np.flatnonzero(np.r_[True, (np.diff(start) != 0) | (np.diff(asset) != 0)])
    count = np.diff(np.r_[begin, len(value)])
    total = np.add.reduceat(value, begin)
    lowest, highest = np.minimum.reduceat(value, begin), np.maximum.reduceat(value, begin)
    return Windows(start[begin], asset[begin], count, total, lowest, highest, total / count)


def difference(found: Windows, wanted: Windows) -> str | None:
    """What is wrong with the windows of a system, in one line; None where nothing is.

    Counts, least and greatest values must be equal, sums and means within 1e-9 of their size.
    """
    found = found.sorted()
    if len(found) != len(wanted) or (found.start != wanted.start).any() or (found.asset != wanted.asset).any():
        there, due = _keys(found), _keys(wanted)
        return (
            f"{len(due - there)} windows are missing, {len(there - due)} were not expected, "
            f"{len(found) - len(there)} came more than once"
        )
    wrong = (found.count != wanted.count) | (found.min != wanted.min) | (found.max != wanted.max)
    for have, want in ((found.sum, wanted.sum), (found.mean, wanted.mean)):
        wrong |= ~(np.abs(have - want) <= _RELATIVE * np.abs(want))
    if not wrong.any():
        return None
    at = int(np.argmax(wrong))
    shown = [
        f"count {w.count[at]} sum {w.sum[at]} min {w.min[at]} max {w.max[at]} mean {w.mean[at]}"
        for w in (found, wanted)
    ]
    return (
        f"{np.count_nonzero(wrong)} of {len(wanted)} windows are wrong; the first, asset {found.asset[at]} at "
        f"{found.start[at]}: {shown[0]}, expected {shown[1]}"
    )


def _keys(windows: Windows) -> set[tuple[int, int]]:
    return set(zip(windows.start.tolist(), windows.asset.tolist(), strict=True))
