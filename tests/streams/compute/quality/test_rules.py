"""Each rule is violated by the shortest pattern that it names, and by nothing shorter."""

import random

import pytest

from streams.compute.quality.rules import Limits, Rule, Watch, expand

LIMITS = Limits(10.0, 7.0, 13.0, 1.0)
UP_AND_DOWN = [0.1, -0.1] * 7


def violated(rule: Rule, z: list[float]) -> list[bool]:
    """Whether the rule is violated at each point, given in sigmas from the centre line."""
    watch = Watch()
    return [bool(watch.judge(LIMITS.centre + point, LIMITS, [rule])[0]) for point in z]


@pytest.mark.parametrize(
    ("rule", "pattern"),
    [
        ("beyond_limits", [3.1]),
        ("beyond_limits", [-3.1]),
        ("2_of_3_beyond_2s", [2.1, 0, 2.1]),
        ("2_of_3_beyond_2s", [-2.1, -2.1]),
        ("4_of_5_beyond_1s", [1.1, 1.1, -3, 1.1, 1.1]),
        ("8_on_one_side", [-0.1] * 8),
        ("9_on_one_side", [0.1] * 9),
        ("6_in_a_trend", [-0.2, -0.1, 0, 0.1, 0.2, 0.3]),
        ("6_in_a_trend", [5, 4, 3, 2, 1, 0]),
        ("14_alternating", UP_AND_DOWN),
        ("15_within_1s", [0.9, 0.9, -0.9] * 5),
        ("8_outside_1s", [1.1, -1.1] * 4),
    ],
)
def test_a_rule_is_violated_by_the_point_that_completes_its_pattern(rule: Rule, pattern: list[float]) -> None:
    assert violated(rule, pattern) == [False] * (len(pattern) - 1) + [True]


@pytest.mark.parametrize(
    ("rule", "pattern"),
    [
        ("beyond_limits", [3.0, -3.0]),
        ("2_of_3_beyond_2s", [2.1, -2.1, 0, 0, 2.1, 0, 0, 2.1]),
        ("2_of_3_beyond_2s", [2.0, 2.0, 2.0]),
        ("4_of_5_beyond_1s", [1.1, 1.1, 1.1, -1.1, -1.1, 1.1]),
        ("8_on_one_side", [0.1] * 7 + [0] + [0.1] * 7),
        ("6_in_a_trend", [1, 2, 3, 4, 5, 5, 6, 7, 8, 9]),
        ("14_alternating", [*UP_AND_DOWN[:-1], 0.1]),
        ("15_within_1s", [0.1] * 14 + [1.1] + [0.1] * 14),
        ("8_outside_1s", [1.1] * 7 + [1.0] + [1.1] * 7),
    ],
)
def test_what_is_not_quite_the_pattern_violates_nothing(rule: Rule, pattern: list[float]) -> None:
    assert not any(violated(rule, pattern))


def test_a_point_between_does_not_violate_what_those_before_it_did() -> None:
    assert violated("2_of_3_beyond_2s", [2.1, 2.1, 0]) == [False, True, False]


@pytest.mark.parametrize(
    ("rule", "values", "sigmas"),
    [
        ("6_in_a_trend", [11, 12, 13, 14, 15, 16], [1, 2, 3, 4, 5, 6]),
        ("6_in_a_trend", [16, 15, 14, 13, 12, 11], [6, 5, 4, 3, 2, 1]),
        ("14_alternating", [11, 13] * 7, [1, 3] * 7),
    ],
)
def test_trend_and_alternation_are_those_of_the_plotted_values_where_limits_change(
    rule: Rule, values: list[float], sigmas: list[float]
) -> None:
    watch = Watch()
    for number, (value, sigma) in enumerate(zip(values, sigmas, strict=True), 1):
        limits = Limits(10.0, 10 - 3 * sigma, 10 + 3 * sigma, sigma)  # z is 1 at each point
        assert bool(watch.judge(value, limits, [rule])[0]) == (number == len(values))
    watch = Watch()
    for value, sigma in zip([11] * 14, range(1, 15), strict=True):  # z falls, what is plotted does not
        assert watch.judge(value, Limits(10.0, 0.0, 20.0, sigma), [rule])[0] == []


def test_a_rule_begins_once_for_as_long_as_it_is_violated_on_one_side() -> None:
    watch = Watch()
    begun = [watch.judge(LIMITS.centre + z, LIMITS, expand(["shewhart"]))[1] for z in (4, 5, -4, -5, 0, -4)]
    assert begun == [[("beyond_limits", 1)], [], [("beyond_limits", -1)], [], [], [("beyond_limits", -1)]]


def test_sets_and_single_rules_are_joined_and_each_rule_counts_once() -> None:
    assert expand(["western_electric", "6_in_a_trend", "shewhart"]) == (
        "beyond_limits", "2_of_3_beyond_2s", "4_of_5_beyond_1s", "8_on_one_side", "6_in_a_trend",
    )  # fmt: skip
    assert len(expand(["nelson"])) == 8


def test_western_electric_rules_together_cry_wolf_once_in_92_points() -> None:
    """Average run length 91.75 in control: Champ and Woodall (1987), Technometrics 29(4), 393-399."""
    chance, points, runs = random.Random(1), 0, 600
    rules = expand(["western_electric"])
    for _ in range(runs):
        watch, signal = Watch(), False
        while not signal:
            points += 1
            signal = bool(watch.judge(chance.gauss(LIMITS.centre, LIMITS.sigma), LIMITS, rules)[0])
    assert points / runs == pytest.approx(91.75, abs=8)
