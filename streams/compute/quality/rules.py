"""When points of a control chart are no longer chance.

The rules look at standardised points z, in standard deviations of the plotted statistic from the centre line, the newest
last. A rule that counts points is violated at a point that is one of those counted and completes them.

Sources: Western Electric (1956), Statistical Quality Control Handbook, pages 23-28, as in NIST/SEMATECH e-Handbook of
Statistical Methods, 6.3.2; Nelson (1984), The Shewhart Control Chart: Tests for Special Causes, Journal of Quality
Technology 16(4), 237-239.
"""

from collections.abc import Mapping, Sequence
from typing import Final, Literal

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

SETS: Final[Mapping[RuleSet, Sequence[Rule]]] = {
    "shewhart": ("beyond_limits",),
    "western_electric": ("beyond_limits", "2_of_3_beyond_2s", "4_of_5_beyond_1s", "8_on_one_side"),
    "nelson": (
        "beyond_limits", "9_on_one_side", "6_in_a_trend", "14_alternating", "2_of_3_beyond_2s", "4_of_5_beyond_1s",
        "15_within_1s", "8_outside_1s",
    ),
}  # fmt: skip
"""In the order in which their authors number them."""
