"""Flags of one asset that come soon after one another are one incident: what a person would look at once."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from streams.compute.detectors.lane import Flag
from streams.compute.detectors.slots import Slots
from streams.compute.series import SeriesKey

GAP_MS: Final = 600_000
"""Event time without a flag of the asset after which the next one begins another incident."""
_LONG_AGO: Final = np.iinfo(np.int64).min


class Incidents:
    """State per asset: when its newest incident began, and the newest event time of its flags."""

    def __init__(self) -> None:
        self._asset_of: list[int] = []
        """By series."""
        self._assets: dict[tuple[str, str], int] = {}
        self._slots = Slots(began=_LONG_AGO, newest=_LONG_AGO)

    def grow(self, keys: Sequence[SeriesKey]) -> None:
        """Take in new series; their integers go on from those known so far."""
        for site, asset, _ in keys:
            self._asset_of.append(self._assets.setdefault((site, asset), len(self._assets)))
        self._slots.grow(len(self._assets) - self._slots.size)

    def join(self, flags: Sequence[Flag]) -> list[Flag]:
        """The same flags, each with its incident: the event time of the first flag, epoch milliseconds."""
        began, newest = self._slots["began"], self._slots["newest"]
        joined = []
        for flag in flags:
            asset = self._asset_of[flag.series]
            if int(newest[asset]) == _LONG_AGO or flag.ts - int(newest[asset]) > GAP_MS:
                began[asset] = flag.ts
            newest[asset] = max(flag.ts, int(newest[asset]))
            joined.append(flag._replace(incident=int(began[asset])))
        return joined

    def snapshot(self) -> dict[str, Any]:
        """A copy of the state, one array over assets per name."""
        return self._slots.snapshot()

    def restore(self, state: Mapping[str, Any]) -> None:
        """Continue from a snapshot of the same series; of an older version, which knew of none, from nothing."""
        if state:
            self._slots.restore(dict(state))
