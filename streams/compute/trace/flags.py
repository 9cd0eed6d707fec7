"""Flags of codes: what goes on is told once, and what belongs together is one incident."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np

from schemas import identifiers
from schemas.results import Anomaly, Severity
from streams.compute.incidents import GAP_MS
from streams.compute.shop_floor import Origin
from streams.compute.trace.newest import Newest, key_of

NO_PRODUCT: Final = "other"
"""Asset of flags of items of which no product is known, such as a pallet."""


class Signal(NamedTuple):
    """What is to be told."""

    detector: str
    metric: str
    severity: Severity
    item: str
    """The code, or another item."""
    score: float
    """0 to 1; 0.5 where a limit is passed by nothing."""
    value: float | None
    upper: float | None
    reason: str


class Flagging:
    """Makes flags of signals; of an enterprise, `site` is its prefix and `asset` the number of a product.

    State: of what was told, when it was last so; of products, when the newest incident began, and its newest flag.
    """

    def __init__(self, origin: Origin, quiet: int, most: int) -> None:
        """`quiet` in milliseconds is as in the declaration; `most` is how much of either is remembered."""
        self._origin = origin
        self._quiet = quiet
        self._told = Newest(most, (np.int64,))
        self._incidents = Newest(most, (np.int64, np.int64))

    def is_new(self, detector: str, enterprise: str, subject: str, ts: int) -> bool:
        """Whether something begins; if it only goes on, it was told. To be asked each time that it is so."""
        key = key_of(detector, enterprise, subject)
        last = self._told.get(key)
        self._told.put(key, ts if last is None else max(ts, last[0]))
        return last is None or ts - last[0] > self._quiet

    def flag(self, signal: Signal, enterprise: str, ts: int, offset: int) -> Anomaly:
        """The flag of a record's signal. A record has one of each detector at most."""
        asset = number_of(signal.item)
        return Anomaly(
            identifiers.at(identifiers.prefix("anomaly", *self._origin, signal.detector), ts, offset), ts, enterprise,
            asset, signal.metric, signal.detector, signal.severity, signal.score, signal.value, None, None,
            signal.upper, signal.reason, *self._origin, offset, self._incident(enterprise, asset, ts),
        )  # fmt: skip

    def snapshot(self) -> dict[str, Any]:
        """The state."""
        return {"told": self._told.snapshot(), "incidents": self._incidents.snapshot()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over a snapshot."""
        self._told.restore(state["told"])
        self._incidents.restore(state["incidents"])

    def _incident(self, enterprise: str, asset: str, ts: int) -> str:
        """As `streams.compute.incidents` joins flags of readings."""
        key = key_of(enterprise, asset)
        began, newest = self._incidents.get(key) or (ts, ts)
        if ts - newest > GAP_MS:
            began = ts
        self._incidents.put(key, began, max(ts, newest))
        return identifiers.at(identifiers.prefix("incident", self._origin.topology, enterprise, asset), began)


def number_of(item: str) -> str:
    """What stands for an item's product in the key of a message, which has no more slashes: of `88.118.8/TP-1001/…`
    `TP-1001`, of `01/06901234567892/21/…` the GTIN.
    """
    parts = item.split("/")
    if parts[0] == "01" and len(parts) > 1:
        return parts[1]
    return parts[1] if len(parts) == 3 and parts[1] and ":" not in parts[0] else NO_PRODUCT
