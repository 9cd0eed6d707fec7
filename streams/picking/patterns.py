"""Cutting patterns: which lengths are cut from one piece of stock, and what of it is used up."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Saw(NamedTuple):
    """How pieces are cut."""

    kerf: int
    """Lost between two lengths, and between the last one and the rest, mm."""
    reusable: int
    """A rest of at least so many mm goes back to stock."""
    handling: int
    """What that costs, as length of steel, mm; at most `reusable`."""

    def occupied(self, cuts: Sequence[int]) -> int:
        """What lengths take up, each with its kerf, mm; the last kerf may fall off the end of the piece."""
        return sum(cuts) + len(cuts) * self.kerf

    def rest(self, stock: int, occupied: int) -> int:
        """What goes back to stock of a piece of which so many mm are occupied; 0 if it is too short."""
        return stock - occupied if stock - occupied >= self.reusable else 0

    def cost(self, stock: int, occupied: int) -> int:
        """What is used up of a piece, and what its rest costs, mm."""
        rest = self.rest(stock, occupied)
        return stock - rest + self.handling if rest else stock


class Pattern(NamedTuple):
    """Lengths that are cut from one piece."""

    stock: int
    """Its length, mm."""
    cuts: tuple[int, ...]
    """How often each length is cut, in the order of the demands."""
    cost: int
    """What is used up of it, lengths, kerfs and waste, and what its rest costs, mm."""


def every_pattern(
    stock: int, lengths: Sequence[int], quantities: Sequence[int], saw: Saw, most: int
) -> list[Pattern] | None:
    """All patterns that can be part of a best plan; None if there are more than `most` ways to fill a piece.

    Left out are those that another length would still fit into at no cost: where the rest is waste anyway.
    """
    found: list[Pattern] = []
    for tried, (cuts, room) in enumerate(_fillings(stock + saw.kerf, lengths, quantities, saw.kerf)):
        if tried == most:
            return None
        cost = saw.cost(stock, stock + saw.kerf - room)
        is_full = all(
            length + saw.kerf > room or cut == quantity
            for length, cut, quantity in zip(lengths, cuts, quantities, strict=True)
        )
        if any(cuts) and (is_full or cost < stock):
            found.append(Pattern(stock, cuts, cost))
    return found


def _fillings(
    room: int, lengths: Sequence[int], quantities: Sequence[int], kerf: int
) -> Iterator[tuple[tuple[int, ...], int]]:
    """Every way to cut some of the lengths, with the room that is left; the last kerf may fall off the end."""
    if not lengths:
        yield (), room
        return
    each = lengths[0] + kerf
    for cut in range(min(quantities[0], room // each), -1, -1):
        for cuts, left in _fillings(room - cut * each, lengths[1:], quantities[1:], kerf):
            yield (cut, *cuts), left


def first_fit(
    lengths: Sequence[int], quantities: Sequence[int], stocks: Sequence[int], limits: Sequence[int], saw: Saw
) -> list[Pattern]:
    """Patterns that come of cutting the longest length that fits, again and again; each length is in one of them.

    A plan can be made of them unless stock is scarce.
    """
    left = list(quantities)
    found = [
        Pattern(
            stocks[0],
            tuple(int(i == j) for j in range(len(lengths))),
            saw.cost(stocks[0], length + saw.kerf),
        )
        for i, length in enumerate(lengths)
    ]
    for stock in (stock for stock, limit in zip(stocks, limits, strict=True) for _ in range(limit)):
        if not any(left):
            break
        cuts, room = [], stock + saw.kerf
        for i, length in enumerate(lengths):
            cuts.append(min(left[i], room // (length + saw.kerf)))
            room -= cuts[i] * (length + saw.kerf)
            left[i] -= cuts[i]
        if any(cuts):
            found.append(Pattern(stock, tuple(cuts), saw.cost(stock, stock + saw.kerf - room)))
    return list(dict.fromkeys(found))


class Pricing:
    """Finds the pattern that a plan lacks most: a bounded knapsack, by dynamic programming over millimetres.

    The subproblem of Gilmore and Gomory (1961), "A linear programming approach to the cutting-stock problem",
    Operations Research 9(6).
    """

    def __init__(self, lengths: Sequence[int], quantities: Sequence[int], longest: int, saw: Saw) -> None:
        self._lengths = lengths
        self._saw = saw
        self._room = longest + saw.kerf
        self._bundles = [bundle for i, quantity in enumerate(quantities) for bundle in self._halved(i, quantity)]
        """Lengths in bundles of 1, 2, 4, ... copies, of which any number up to the quantity can be put together."""

    def best(self, stocks: Sequence[int], values: NDArray[np.float64], rents: Sequence[float]) -> list[Pattern]:
        """For each stock length the pattern with the least reduced cost, if that is below zero.

        `values` are the prices of one more of each length, `rents` the prices (at most 0) of a piece of each stock.
        """
        worth = np.full(self._room + 1, -np.inf)
        worth[0] = 0.0
        taken = []
        for i, copies in self._bundles:
            size = copies * (self._lengths[i] + self._saw.kerf)
            better = np.zeros(self._room + 1, bool)
            with_it = worth[:-size] + copies * values[i]
            better[size:] = with_it > worth[size:]
            worth[size:] = np.maximum(worth[size:], with_it)
            taken.append(better)
        found = []
        for stock, rent in zip(stocks, rents, strict=True):
            occupied = np.arange(stock + self._saw.kerf + 1)
            costs = np.where(stock - occupied < self._saw.reusable, stock, occupied + self._saw.handling)
            reduced = costs - worth[: stock + self._saw.kerf + 1] - rent
            place = int(reduced[1:].argmin()) + 1
            if reduced[place] < -1e-6:
                found.append(Pattern(stock, self._cuts(place, taken), int(costs[place])))
        return found

    def _cuts(self, place: int, taken: Sequence[NDArray[np.bool_]]) -> tuple[int, ...]:
        cuts = [0] * len(self._lengths)
        for (i, copies), better in zip(reversed(self._bundles), reversed(taken), strict=True):
            if better[place]:
                cuts[i] += copies
                place -= copies * (self._lengths[i] + self._saw.kerf)
        return tuple(cuts)

    def _halved(self, i: int, quantity: int) -> Iterator[tuple[int, int]]:
        left = min(quantity, self._room // (self._lengths[i] + self._saw.kerf))
        copies = 1
        while left > 0:
            yield i, min(copies, left)
            left -= copies
            copies *= 2
