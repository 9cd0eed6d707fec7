"""The engine of a partition of `quality.events`."""

from collections.abc import Mapping
from typing import Any

from schemas.quality import QualityEvent
from streams.compute.quality.spec import Quality
from streams.compute.shop_floor import Believed, Origin, Outcome, ShopFloorEngine


class QualityEngine(ShopFloorEngine[QualityEvent]):
    """Events of quality in, rows out."""

    def __init__(self, origin: Origin, believed: Believed, spec: Quality) -> None:
        super().__init__(origin, believed)
        self._spec = spec

    def _take(self, offset: int, broker_ts: int, event: QualityEvent) -> Outcome:
        raise NotImplementedError

    def _state(self) -> dict[str, Any]:
        return {}

    def _restore(self, state: Mapping[str, Any]) -> list[str]:
        return []
