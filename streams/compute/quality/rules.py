"""When points of a control chart are no longer chance.

Trends and alternation are those of the plotted values. The other rules look at standardised points z, in standard
deviations of the plotted statistic from the centre line: where subgroups differ in size, limits change from point to
point. The newest point is last; a rule that counts points is violated at a point that is one of those counted and
completes them.

Sources: Western Electric (1956), Statistical Quality Control Handbook, pages 23-28, as in NIST/SEMATECH e-Handbook of
Statistical Methods, 6.3.2; Nelson (1984), The Shewhart Control Chart: Tests for Special Causes, Journal of Quality
Technology 16(4), 237-239.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Final, Literal, NamedTuple

import msgspec

Rule = Literal[
    "beyond_limits",
    "2_of_3_beyond_2s",
    "4_of_5_beyond_1s",
    "8_on_one_side",
    "9_on_one_side",
    "6_in_a_trend",
    "14_alternating",
    "15_within_1s",
    "8_outside_1s",
]
RuleSet = Literal["shewhart", "western_electric", "nelson"]
Side = Literal[-1, 0, 1]
"""Below, of no side, above; for a trend falling and rising."""

SETS: Final[Mapping[str, Sequence[Rule]]] = {
    "shewhart": ("beyond_limits",),
    "western_electric": ("beyond_limits", "2_of_3_beyond_2s", "4_of_5_beyond_1s", "8_on_one_side"),
    "nelson": (
        "beyond_limits", "9_on_one_side", "6_in_a_trend", "14_alternating", "2_of_3_beyond_2s", "4_of_5_beyond_1s",
        "15_within_1s", "8_outside_1s",
    ),
}  # fmt: skip
"""In the order in which their authors number them."""

MOST_POINTS: Final = 15
"""What the longest rule looks at."""


class Limits(NamedTuple):
    """What a point is judged by, in its unit."""

    centre: float
    lower: float | None
    upper: float
    sigma: float
    """Standard deviation of the plotted statistic."""


class Watch(msgspec.Struct):
    """The state of a line: its newest points, standardised and as plotted, and the rules that its newest one
    violates."""

    recent: list[float] = []
    values: list[float] = []
    """Empty where no rule looks at them."""
    standing: dict[str, int] = {}

    def judge(self, value: float, limits: Limits, rules: Sequence[Rule]) -> tuple[list[str], list[tuple[Rule, Side]]]:
        """The rules that the next point violates, and with their side those that the one before did not."""
        self.recent = [*self.recent[1 - MOST_POINTS :], (value - limits.centre) / limits.sigma]
        if not _OF_VALUES.keys().isdisjoint(rules):  # else they would only take room in checkpoints
            self.values = [*self.values[1 - MOST_POINTS :], value]
        found = {rule: side for rule in rules if (side := self._side(rule, value, limits)) is not None}
        begun = [(rule, side) for rule, side in found.items() if self.standing.get(rule) != side]
        self.standing = {rule: int(side) for rule, side in found.items()}
        return list(found), begun

    def _side(self, rule: Rule, value: float, limits: Limits) -> Side | None:
        if rule == "beyond_limits":
            return 1 if value > limits.upper else -1 if limits.lower is not None and value < limits.lower else None
        if rule in _OF_VALUES:
            return _OF_VALUES[rule](self.values)
        return _OF_Z[rule](self.recent)


def expand(chosen: Iterable[RuleSet | Rule]) -> tuple[Rule, ...]:
    """The rules of sets and single rules, each once."""
    rules = [rule for one in chosen for rule in SETS.get(one, (one,))]
    return tuple(dict.fromkeys(rules))  # type: ignore[arg-type]


def _most_beyond(z: Sequence[float], least: int, of: int, sigmas: float) -> Side | None:
    """At least so many of the newest points, the newest among them, beyond so many sigmas on one side."""
    for side in (1, -1):
        beyond = [side * point > sigmas for point in z[-of:]]
        if beyond[-1] and sum(beyond) >= least:
            return 1 if side == 1 else -1
    return None


def _trend(values: Sequence[float], points: int) -> Side | None:
    steps = [newer - older for older, newer in pairwise(values[-points:])]
    if len(steps) < points - 1:
        return None
    return 1 if all(step > 0 for step in steps) else -1 if all(step < 0 for step in steps) else None


def _alternating(values: Sequence[float], points: int) -> Side | None:
    steps = [newer - older for older, newer in pairwise(values[-points:])]
    turns = len(steps) == points - 1 and all(one > 0 > next_ or one < 0 < next_ for one, next_ in pairwise(steps))
    return 0 if turns else None


def _all(z: Sequence[float], points: int, holds: Callable[[float], bool]) -> Side | None:
    return 0 if len(z) >= points and all(map(holds, z[-points:])) else None


_Pattern = Callable[[Sequence[float]], Side | None]
_OF_VALUES: Final[Mapping[str, _Pattern]] = {
    "6_in_a_trend": partial(_trend, points=6),
    "14_alternating": partial(_alternating, points=14),
}
_OF_Z: Final[Mapping[str, _Pattern]] = {
    "2_of_3_beyond_2s": partial(_most_beyond, least=2, of=3, sigmas=2),
    "4_of_5_beyond_1s": partial(_most_beyond, least=4, of=5, sigmas=1),
    "8_on_one_side": partial(_most_beyond, least=8, of=8, sigmas=0),
    "9_on_one_side": partial(_most_beyond, least=9, of=9, sigmas=0),
    "15_within_1s": partial(_all, points=15, holds=lambda z: abs(z) <= 1),
    "8_outside_1s": partial(_all, points=8, holds=lambda z: abs(z) > 1),
}
