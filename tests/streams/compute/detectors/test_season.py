"""A season, taken off before a detector looks."""

import math

import numpy as np
import pytest

from schemas.durations import Duration
from streams.compute.detectors.robust_z import RobustZ
from streams.compute.detectors.season import Season
from streams.compute.detectors.tail import Tail
from tests.streams.compute.detectors.logs import ALL, SERIES, Point, line, offsets, run

MINUTE = 60_000
DAY = Season(Duration(24 * 60 * MINUTE))


def days(count: int, noise: float = 0.2) -> list[float]:
    """A point every five minutes: 20 at night, 80 at noon."""
    wave = 50 - 30 * np.cos(np.arange(count * 288) * 2 * np.pi / 288)
    return (wave + np.random.default_rng(1).normal(0, noise, len(wave))).tolist()


def five_minutes(values: list[float]) -> list[Point]:
    return line(*values, step=5 * MINUTE)


def test_a_value_of_noon_is_remarkable_at_midnight_alone() -> None:
    values = days(8)
    values[7 * 288] = 79.0
    log = five_minutes(values)
    (flag,) = run([RobustZ(name="z", threshold=9, window=288, season=DAY, **ALL)], log)
    assert flag.offset == 7 * 288
    assert flag.expected == pytest.approx(20, abs=1.5)
    assert flag.lower < flag.expected < flag.upper < 79
    assert flag.reason.endswith("for this time of the season")
    assert run([RobustZ(name="z", threshold=9, window=288, **ALL)], log) == []


def test_a_day_is_learnt_before_anything_is_judged() -> None:
    values = days(4)
    values[200], values[288 + 50] = 5000.0, -5000.0
    found = run([RobustZ(name="z", window=10, season=DAY, **ALL)], five_minutes(values))
    assert min(offsets(found)) > 288


def test_a_season_changes_slowly_and_is_followed() -> None:
    """From one week to the next everything is 10 higher: a surprise the first day, and the usual after two weeks."""
    values = np.concatenate((days(14), np.array(days(21)) + 10)).tolist()
    found = offsets(run([Tail(name="tail", season=DAY, **ALL)], five_minutes(values)))
    assert [at for at in found if 14 * 288 <= at < 14 * 288 + 12]
    assert len([at for at in found if at >= 20 * 288]) < 5


def test_between_the_middles_of_bins_it_is_interpolated() -> None:
    """A straight line within each period has no residual but where it jumps."""
    season = Season(Duration(1000 * MINUTE), 10)
    values = [*(float(i % 200) for i in range(1100)), 1e6]
    log = [Point(SERIES[0], 5 * MINUTE * i, x, i, 5 * MINUTE * i) for i, x in enumerate(values)]
    flag = run([RobustZ(name="z", window=20, season=season, **ALL)], log)[-1]
    assert flag.expected == pytest.approx(100, abs=0.6)


@pytest.mark.parametrize(
    ("period", "bins", "says"),
    [
        (86_400_000, 1, "bins 1 must be 2 to 2016"),
        (86_400_000, 2017, "bins 2017 must be 2 to 2016"),
        (1000, 48, "period 1s must be a multiple of 48 milliseconds"),
        (10, 48, "must be a multiple of 48 milliseconds"),
    ],
)
def test_an_impossible_season_is_refused(period: int, bins: int, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Season(Duration(period), bins)


def test_what_a_season_expects_is_finite_or_not_there() -> None:
    found = run([Tail(name="tail", threshold=0.5, season=DAY, **ALL)], five_minutes(days(5)))
    assert found
    assert not any(math.isnan(flag.expected) for flag in found)
