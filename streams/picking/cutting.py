"""The cutting-stock problem for one kind of steel: least waste, from pieces of several lengths, so many of each.

The model is that of Gilmore and Gomory (1961): how often is each pattern cut, so that every length is cut often enough
and no more pieces are taken than there are. Rests that are long enough go back to stock and are no waste, as in Cherri,
Arenales and Yanasse (2009), "The one-dimensional cutting stock problem with usable leftover", EJOR 196(3); each costs
something, for else the best plan would be to begin a new piece for every cut. Where the patterns are few, all of them
are in the model and its optimum is the optimum; else those that column generation brings are, and its optimum can be a
little above it: `gap` says by how much at most.

HiGHS solves the programmes, through scipy.
"""

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import LinearConstraint, linprog, milp
from scipy.sparse import csr_array, eye_array, hstack, vstack

from streams.picking.patterns import Pattern, Pricing, Saw, every_pattern, first_fit

MOST_FILLINGS: Final = 5_000
"""Ways to fill a piece of stock, up to which all are tried."""
_CLOSE: Final = 1e-5
"""Share of the steel that a plan may be above the best one of the patterns that were generated."""
_ROUNDING: Final = 1e-4
"""What bounds of HiGHS may be off, mm."""


class CuttingPlan(NamedTuple):
    """What is cut from what."""

    pieces: Counter[tuple[int, tuple[int, ...]]]
    """Length of a piece and the lengths cut from it, the longest first, mm, to how many such pieces."""
    waste: int
    """What is lost, mm: kerfs, and rests that are too short to use."""
    gap: int
    """By how much, at most, waste and handling are above those of the best plan there can be, mm; 0 for the best."""


class Shortage(Exception):
    """The stock does not suffice. `lacking` are lengths with how many of them cannot be cut."""

    def __init__(self, lacking: Mapping[int, int]) -> None:
        super().__init__("the stock does not suffice")
        self.lacking = lacking


def cut(demands: Mapping[int, int], stock: Mapping[int, int], saw: Saw, seconds: float) -> CuttingPlan:
    """The plan with the least waste and handling, and of those with the same the one that takes the fewest pieces.

    `demands` are lengths (mm) with how many are wanted, `stock` lengths of pieces with how many there are. The search
    ends after `seconds` at the latest, with the best plan so far. Shortage where not all can be cut.
    """
    lengths = sorted(demands, reverse=True)
    stocks = sorted((length for length, pieces in stock.items() if pieces), reverse=True)
    too_long = {length: demands[length] for length in lengths if not stocks or length > stocks[0]}
    if too_long:
        raise Shortage(too_long)
    programme = _Programme(
        lengths, [demands[length] for length in lengths], stocks, [stock[length] for length in stocks]
    )
    bound = programme.fill(saw)
    chosen, least = programme.solve(seconds, gap=0.0 if bound is None else _CLOSE)
    pieces = _exactly(chosen, lengths, demands)
    occupied = [(length, saw.occupied(cuts), times) for (length, cuts), times in pieces.items()]
    cost = sum(saw.cost(length, its) * times for length, its, times in occupied)
    used = sum((length - saw.rest(length, its)) * times for length, its, times in occupied)
    wanted = sum(length * quantity for length, quantity in demands.items())
    return CuttingPlan(pieces, used - wanted, max(0, cost - math.ceil((least if bound is None else bound) - _ROUNDING)))


class _Programme:
    """The patterns so far, and what is solved over them."""

    def __init__(
        self, lengths: Sequence[int], quantities: Sequence[int], stocks: Sequence[int], limits: Sequence[int]
    ) -> None:
        self._lengths, self._quantities, self._stocks, self._limits = lengths, quantities, stocks, limits
        self._patterns: list[Pattern] = []

    def fill(self, saw: Saw) -> float | None:
        """Bring in every pattern; or those that matter, then with what no plan can cost less than, mm."""
        for stock in self._stocks:
            found = every_pattern(stock, self._lengths, self._quantities, saw, MOST_FILLINGS)
            if found is None:
                return self._generate(saw)
            self._patterns += found
        return None

    def solve(self, seconds: float, gap: float) -> tuple[Counter[Pattern], float]:
        """How often each pattern is cut, and what no choice among them can cost less than, mm; at a share of
        `gap` between the two the search ends. Shortage if none can be.
        """
        tie = 1 / (sum(self._quantities) + 1)  # for a piece: less than a millimetre, however many are taken
        found = self._solved(self._costs() + tie, 0, seconds, gap)
        if found.x is None:
            found = self._solved(np.zeros(len(self._patterns)), len(self._lengths), seconds, gap)
            self._check(found.x[len(self._patterns) :])
        chosen = Counter({one: round(x) for one, x in zip(self._patterns, found.x, strict=False) if x > 0.5})
        cost = float(sum(one.cost * times for one, times in chosen.items()))
        return chosen, cost if found.status == 0 and not gap else found.mip_dual_bound - 1

    def _generate(self, saw: Saw) -> float:
        """Column generation: bring in what the relaxed programme lacks most, until it lacks nothing."""
        self._patterns = first_fit(self._lengths, self._quantities, self._stocks, self._limits, saw)
        pricing = Pricing(self._lengths, self._quantities, self._stocks[0], saw)
        wanted = len(self._lengths)
        while True:
            matrix, limits = self._rows(wanted)
            costs = np.concatenate([self._costs(), np.full(wanted, 10.0 * self._stocks[0])])
            relaxed = linprog(costs, matrix, limits, method="highs")
            prices = relaxed.ineqlin.marginals
            lacks = pricing.best(self._stocks, -prices[:wanted], prices[wanted:])
            if not lacks:
                return float(relaxed.fun)
            self._patterns += lacks

    def _check(self, lacking: NDArray[np.float64]) -> None:
        lacks = {length: round(x) for length, x in zip(self._lengths, lacking, strict=True) if x > 0.5}
        if lacks:
            raise Shortage(lacks)

    def _solved(self, costs: NDArray[np.float64], lacking: int, seconds: float, gap: float) -> Any:
        """The integer programme; with `lacking` lengths that may be cut too seldom, at a cost of their length each."""
        matrix, limits = self._rows(lacking)
        costs = np.concatenate([costs, np.array(self._lengths[:lacking], float)])
        return milp(
            costs, integrality=np.ones(len(costs)), constraints=LinearConstraint(matrix, ub=limits),
            options={"time_limit": seconds, "mip_rel_gap": gap},
        )  # fmt: skip

    def _costs(self) -> NDArray[np.float64]:
        return np.array([one.cost for one in self._patterns], float)

    def _rows(self, lacking: int) -> tuple[csr_array, NDArray[np.float64]]:
        """`matrix @ (times of patterns, lengths lacking) <= limits`: every length often enough, no piece too often."""
        cuts = csr_array(np.array([one.cuts for one in self._patterns]).T)
        pieces = csr_array([[one.stock == stock for one in self._patterns] for stock in self._stocks], dtype=float)
        slack = eye_array(len(self._lengths) + len(self._stocks), lacking)
        matrix = hstack([vstack([-cuts, pieces]), -slack])
        return matrix, np.array([*(-quantity for quantity in self._quantities), *self._limits], float)


def _exactly(
    chosen: Mapping[Pattern, int], lengths: Sequence[int], demands: Mapping[int, int]
) -> Counter[tuple[int, tuple[int, ...]]]:
    """The patterns as cuts, without those that are more than is wanted: their pieces have a longer rest."""
    surplus = {length: -quantity for length, quantity in demands.items()}
    for pattern, times in chosen.items():
        for length, number in zip(lengths, pattern.cuts, strict=True):
            surplus[length] += number * times
    pieces: Counter[tuple[int, tuple[int, ...]]] = Counter()
    for pattern, times in chosen.items():
        for _ in range(times):
            cuts: list[int] = []
            for length, number in zip(lengths, pattern.cuts, strict=True):
                without = min(number, surplus[length])
                surplus[length] -= without
                cuts += [length] * (number - without)
            if cuts:
                pieces[pattern.stock, tuple(cuts)] += 1
    return pieces
