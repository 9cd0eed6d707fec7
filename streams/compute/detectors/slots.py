"""State as a structure of arrays over slots, with growth and snapshot."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from schemas.errors import CheckpointError
from streams.compute.detectors.base import MetricInfo, SlotArray


class Slots:
    """Named arrays of one common length. Reserves twice what it needs, so that growing is amortised O(1) per slot."""

    def __init__(self, **fills: npt.ArrayLike) -> None:
        """`fills` maps each array's name to the value of a new slot, which also sets its dtype and trailing shape."""
        self.size = 0
        self._fills = {name: np.asarray(fill) for name, fill in fills.items()}
        self._arrays = {name: np.empty((0, *fill.shape), fill.dtype) for name, fill in self._fills.items()}

    def __getitem__(self, name: str) -> npt.NDArray[Any]:
        """The array itself, to be read and written in place; it may be longer than `size`, and `grow` replaces it."""
        return self._arrays[name]

    def grow(self, count: int) -> None:
        """Append `count` new slots."""
        self.size += count
        for name, array in self._arrays.items():
            if self.size > len(array):
                fill = self._fills[name]
                grown = np.empty((max(self.size, 2 * len(array)), *fill.shape), fill.dtype)
                grown[: len(array)] = array
                grown[len(array) :] = fill
                self._arrays[name] = grown

    def reset(self, slot: SlotArray) -> None:
        """Make some slots as new."""
        for name, array in self._arrays.items():
            array[slot] = self._fills[name]

    def snapshot(self) -> dict[str, npt.NDArray[Any]]:
        """A copy of every array, without the reserve."""
        return {name: array[: self.size].copy() for name, array in self._arrays.items()}

    def restore(self, arrays: dict[str, npt.NDArray[Any]]) -> None:
        """Take over a snapshot of as many slots. CheckpointError if names, types or shapes differ."""
        if arrays.keys() != self._arrays.keys():
            raise CheckpointError(f"state has arrays {sorted(arrays)}, this version keeps {sorted(self._arrays)}")
        for name, array in arrays.items():
            own = self._arrays[name][: self.size]
            if array.dtype != own.dtype or array.shape != own.shape:
                raise CheckpointError(
                    f"state {name} is {array.dtype}{list(array.shape)}, expected {own.dtype}{list(own.shape)}"
                )
            own[:] = array


class SlotState:
    """What all detectors share whose whole state is one set of slots."""

    def __init__(self, **fills: npt.ArrayLike) -> None:
        self._slots = Slots(**fills)

    def grow(self, metrics: Sequence[MetricInfo]) -> None:
        """Append one slot per element."""
        self._slots.grow(len(metrics))

    def reset(self, slot: SlotArray) -> None:
        """Forget what is known of these slots."""
        self._slots.reset(slot)

    def snapshot(self) -> dict[str, npt.NDArray[Any]]:
        """A copy of the state, one array over slots per name."""
        return self._slots.snapshot()

    def restore(self, arrays: dict[str, npt.NDArray[Any]]) -> None:
        """Continue from a snapshot of the same declaration and as many slots. CheckpointError if it does not fit."""
        self._slots.restore(arrays)
