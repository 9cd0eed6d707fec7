"""The engine of a partition of `logistics.events`."""

from collections.abc import Mapping
from typing import Any

from schemas.logistics import LogisticsEvent
from streams.compute.logistics.spec import Logistics
from streams.compute.shop_floor import Believed, Origin, Outcome, ShopFloorEngine


class LogisticsEngine(ShopFloorEngine[LogisticsEvent]):
    """Events of logistics in, rows out."""

    def __init__(self, origin: Origin, believed: Believed, spec: Logistics) -> None:
        super().__init__(origin, believed)
        self._spec = spec

    def _take(self, offset: int, broker_ts: int, event: LogisticsEvent) -> Outcome:
        raise NotImplementedError

    def _state(self) -> dict[str, Any]:
        return {}

    def _restore(self, state: Mapping[str, Any]) -> list[str]:
        return []
