"""Serials of products that have codes: which are taken."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping
from typing import Final

MOST_GAPS: Final = 1_000
"""Per product. Whoever mints one range after the other leaves none."""


class Taken:
    """The taken serials of each product, as ranges that do not touch: memory is bounded by gaps, not by codes."""

    def __init__(self) -> None:
        self._bounds: dict[str, list[int]] = {}
        """First serial of a range and the first behind it, in turn."""

    def has_any(self, product: str, first: int, end: int) -> bool:
        """Whether one of [first, end) is taken."""
        bounds = self._bounds.get(product, ())
        place = bisect_right(bounds, first)
        return place % 2 == 1 or bisect_left(bounds, end) > place

    def has_all(self, product: str, first: int, end: int) -> bool:
        """Whether all of [first, end) are taken."""
        bounds = self._bounds.get(product, ())
        place = bisect_right(bounds, first)
        return place % 2 == 1 and end <= bounds[place]

    def has_room(self, product: str, first: int, end: int) -> bool:
        """Whether [first, end) can be taken without leaving too many gaps."""
        bounds = self._bounds.get(product, ())
        return len(bounds) < 2 * MOST_GAPS or first in bounds or end in bounds

    def take(self, product: str, first: int, end: int) -> None:
        """Take [first, end), of which none is taken."""
        bounds = self._bounds.setdefault(product, [])
        place = bisect_left(bounds, first)
        after = place + bounds[place : place + 1].count(first)  # touches the range before it
        beyond = after + bounds[after : after + 1].count(end)  # touches the one behind
        bounds[place:beyond] = [first] * (after == place) + [end] * (beyond == after)

    def __contains__(self, product: str) -> bool:
        return product in self._bounds

    def snapshot(self) -> dict[str, list[int]]:
        """Each product's bounds."""
        return {product: list(bounds) for product, bounds in self._bounds.items()}

    def restore(self, products: Mapping[str, list[int]]) -> None:
        """Take over the bounds of a snapshot."""
        self._bounds = {product: list(bounds) for product, bounds in products.items()}
