"""The engine of a partition of `production.events`."""

from collections.abc import Mapping
from typing import Any

from schemas.production import ProductionEvent
from streams.compute.production.spec import Production
from streams.compute.shop_floor import Believed, Origin, Outcome, ShopFloorEngine


class ProductionEngine(ShopFloorEngine[ProductionEvent]):
    """Events of production in, rows out."""

    def __init__(self, origin: Origin, believed: Believed, spec: Production) -> None:
        super().__init__(origin, believed)
        self._spec = spec

    def _take(self, offset: int, broker_ts: int, event: ProductionEvent) -> Outcome:
        raise NotImplementedError

    def _state(self) -> dict[str, Any]:
        return {}

    def _restore(self, state: Mapping[str, Any]) -> list[str]:
        return []
