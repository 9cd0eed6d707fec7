"""Codes that were voided, and when: the newest ranges of a partition."""

from bisect import bisect_right
from collections import deque
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np


class _Spans(NamedTuple):
    """Ranges of a product that do not overlap, in order; three lists of the same length."""

    firsts: list[int]
    ends: list[int]
    times: list[int]


class Voided:
    """The voided serials of each product. What is voided again keeps its first void."""

    def __init__(self, most: int) -> None:
        """`most` is how many ranges are remembered; the one that came first in the log is forgotten first."""
        self._most = most
        self._products: dict[str, _Spans] = {}
        self._order: deque[tuple[str, int]] = deque()
        """Product and first serial of each range, the oldest first."""

    def __bool__(self) -> bool:
        return bool(self._products)

    def __contains__(self, product: str) -> bool:
        return product in self._products

    def add(self, product: str, first: int, end: int, ts: int) -> None:
        """Void [first, end)."""
        while first < end:
            spans = self._products.setdefault(product, _Spans([], [], []))
            place = bisect_right(spans.firsts, first)
            if place and first < spans.ends[place - 1]:
                first = spans.ends[place - 1]  # known
                continue
            until = min(end, spans.firsts[place]) if place < len(spans.firsts) else end
            for column, value in zip(spans, (first, until, ts), strict=True):
                column.insert(place, value)
            self._order.append((product, first))
            if len(self._order) > self._most:
                self._forget(*self._order.popleft())
            first = until

    def since(self, product: str, serial: int) -> int | None:
        """When a serial was voided, epoch ms; None if it was not, as far as is remembered."""
        spans = self._products.get(product)
        if spans is None:
            return None
        place = bisect_right(spans.firsts, serial) - 1
        return spans.times[place] if place >= 0 and serial < spans.ends[place] else None

    def snapshot(self) -> dict[str, Any]:
        """The products, and of each range the number of its product, first serial, end and time, the oldest first."""
        products = {product: number for number, product in enumerate(self._products)}
        ranges = []
        for product, first in self._order:
            spans = self._products[product]
            place = bisect_right(spans.firsts, first) - 1
            ranges.append((products[product], first, spans.ends[place], spans.times[place]))
        return {"products": list(products), "ranges": np.array(ranges, np.int64).reshape(-1, 4)}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Take over a snapshot."""
        self._products = {product: _Spans([], [], []) for product in state["products"]}
        self._order = deque()
        for number, first, end, ts in np.asarray(state["ranges"]).tolist():
            self.add(state["products"][number], first, end, ts)

    def _forget(self, product: str, first: int) -> None:
        spans = self._products[product]
        place = bisect_right(spans.firsts, first) - 1
        for column in spans:
            del column[place]
        if not spans.firsts:
            del self._products[product]
