"""Tallies: the sums of a period under way, a structure of arrays over the stacks of a rule."""

from collections.abc import Mapping
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from streams.compute.compliance.minutes import NEVER
from streams.compute.compliance.verdict import Coverage
from streams.compute.events import Bools, Ints

_FIELDS: Final[dict[str, type[np.generic]]] = {
    "parts": np.int64,  # that are valid
    "excused": np.int64,  # that need not be: the plant did not run
    "raw": np.float64,  # sums over the valid parts
    "oxygen": np.float64,
    "corrected": np.float64,
    "judged": np.float64,
    "valid": np.int64,  # minutes
    "stopped": np.int64,
    "invalid": np.int64,
    "quadrants_valid": np.int64,  # bits
    "quadrants_stopped": np.int64,
    "quadrants_ran": np.int64,
    "first_offset": np.int64,
    "offset": np.int64,
}


class Tally:
    """Sums of one period; entry k belongs to the rule's stack k."""

    def __init__(self) -> None:
        self.column: dict[str, NDArray[Any]] = {name: np.zeros(0, kind) for name, kind in _FIELDS.items()}

    def grow(self, stacks: int) -> None:
        """Make room for more stacks."""
        for name, column in self.column.items():
            self.column[name] = np.concatenate((column, np.full(stacks, _empty(name), column.dtype)))

    def clear(self) -> None:
        """Begin the next period."""
        for name, column in self.column.items():
            column[:] = _empty(name)

    def read(self, stack: int) -> dict[str, Any]:
        """The sums of one stack."""
        return {name: column[stack].item() for name, column in self.column.items()}

    def add(self, stack: int, **sums: float) -> None:
        """Add to the sums of one stack; offsets widen the range of records."""
        for name, number in sums.items():
            if name not in ("first_offset", "offset"):
                self.column[name][stack] += number
        if sums["offset"] != NEVER:
            first = self.column["first_offset"][stack]
            self.column["first_offset"][stack] = (
                sums["first_offset"] if first == NEVER else min(first, sums["first_offset"])
            )
            self.column["offset"][stack] = max(self.column["offset"][stack], sums["offset"])

    def add_minute(self, quadrant: int, valid: Bools, stopped: Bools, invalid: Bools) -> None:
        """Count a minute of all stacks in the quarter of an hour `quadrant`, 0 to 3."""
        column = self.column
        for name, those in (("parts", valid), ("valid", valid), ("stopped", stopped), ("invalid", invalid)):
            column[name] += those
        column["quadrants_valid"] |= valid.astype(np.int64) << quadrant
        column["quadrants_stopped"] |= stopped.astype(np.int64) << quadrant
        column["quadrants_ran"] |= (valid | invalid).astype(np.int64) << quadrant

    def add_records(self, first_offset: Ints, offset: Ints) -> None:
        """Widen the range of records of all stacks; `NEVER` where there is none."""
        column = self.column
        first = column["first_offset"]
        fresh = (offset != NEVER) & ((first == NEVER) | (first_offset < first))
        first[fresh] = first_offset[fresh]
        np.maximum(column["offset"], offset, out=column["offset"])

    def snapshot(self) -> dict[str, NDArray[Any]]:
        """The sums."""
        return {name: column.copy() for name, column in self.column.items()}

    def restore(self, state: Mapping[str, NDArray[Any]]) -> None:
        """Take over a snapshot of as many stacks."""
        self.column = {name: np.array(state[name], kind) for name, kind in _FIELDS.items()}


def coverage(sums: Mapping[str, Any], minutes: int) -> Coverage:
    """How the minutes of a period of so many went."""
    known = (sums["valid"], sums["stopped"], sums["invalid"])
    return Coverage(*known, minutes - sum(known))


def _empty(name: str) -> int:
    return NEVER if "offset" in name else 0
