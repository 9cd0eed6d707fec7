"""Whatever is violated, on whatever line, the reason is a sentence with numbers and unit."""

from typing import get_args

import pytest

from streams.compute.quality.charts import Point
from streams.compute.quality.rules import Limits, Rule, Side
from streams.compute.quality.signals import Subject, violated

LIMITS = Limits(10.0, 7.0, 13.0, 1.0)
BORE = Subject("s", "a", "", "bore")
LINES = ("xbar", "range", "individuals", "moving_range", "ewma", "cusum_high", "cusum_low", "p")


@pytest.mark.parametrize("rule", get_args(Rule))
@pytest.mark.parametrize("side", [-1, 1])
def test_every_rule_has_its_sentence(rule: Rule, side: Side) -> None:
    for line in LINES:
        reason = violated(BORE, "mm", Point(line, 5, 10 + 4.0 * side, LIMITS), LIMITS, rule, side).reason
        assert reason.startswith("bore: ")
        assert f"{10 + 4 * side} mm" in reason
        assert not set("{}") & set(reason)


def test_a_rule_that_counts_points_names_side_and_centre_line() -> None:
    point = Point("individuals", 1, 9.8, LIMITS)
    assert violated(BORE, "mm", point, LIMITS, "8_on_one_side", -1).reason == (
        "bore: 8 points in a row lie below the centre line 10 mm; newest value 9.8 mm"
    )
    assert violated(BORE, "1", point, LIMITS, "6_in_a_trend", -1).reason == (
        "bore: 6 points in a row fall; newest value 9.8"
    )


def test_a_score_is_a_half_at_the_limit_and_grows_with_the_distance() -> None:
    scores = [
        violated(BORE, "mm", Point("xbar", 5, x, LIMITS), LIMITS, "beyond_limits", 1).score for x in (13.0, 16.0, 1e9)
    ]
    assert scores == pytest.approx([1 / 2, 2 / 3, 1])
