"""Data flags of the analysers of a stack: short calibrations, and maintenance now and then."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from infra.simulator.kinds import Signal

Floats = NDArray[np.float64]

_EVERY: Final = 45.0
_SECONDS: Final = 2.0
"""A calibration takes minutes and comes daily; in the synthetic plant it is one of two seconds in 45."""
_MAINTENANCE: Final = 4
"""Every so many calibrations there is maintenance instead: nothing that the analysers show counts."""


class Flags:
    """When the analysers of machines of one kind do not measure the process."""

    def __init__(self, signals: Sequence[Signal], phase: Floats) -> None:
        """`phase` float64[machine] in [0, 1): where in its cycle each machine begins."""
        self._calibrated = [number for number, signal in enumerate(signals) if signal.calibration is not None]
        self._zero = np.array([signals[number].calibration for number in self._calibrated], np.float64)
        self._first = _EVERY * phase
        self._calibration = {signals[number].metric: "C" for number in self._calibrated}
        self._maintenance = {signal.metric: "M" for signal in signals}

    def mark(self, t: Floats, value: Floats, faulty: NDArray[np.bool_]) -> dict[tuple[int, int], dict[str, str]]:
        """The flags of readings at `t` [round, machine], by position; what a calibration shows goes into `value`.

        Nobody calibrates while something is wrong (`faulty`, bool[round, machine]).
        """
        if not self._calibrated:
            return {}
        turn, within = np.divmod(t - self._first, _EVERY)
        busy = (within < _SECONDS) & (turn >= 0) & ~faulty
        flags = {}
        for round_, machine in np.argwhere(busy).tolist():
            if int(turn[round_, machine]) % _MAINTENANCE == _MAINTENANCE - 1:
                flags[round_, machine] = self._maintenance
            else:
                flags[round_, machine] = self._calibration
                value[round_, machine, self._calibrated] = self._zero
        return flags
