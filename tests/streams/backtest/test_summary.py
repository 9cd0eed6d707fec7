"""What is counted of outcomes."""

import math
from collections.abc import Sequence

import numpy as np
import pytest

from streams.backtest.judge import Finding
from streams.backtest.run import Outcome, Trace
from streams.backtest.summary import Difference, Summary, Tally
from streams.compute.detectors.lane import Flag
from streams.compute.series import SeriesKey

KEY = SeriesKey("", "m", "p")
DAY = 86_400_000
NAN = math.nan


def findings(times: Sequence[int], detector: str = "d") -> list[Finding]:
    return [
        Finding(row, KEY, detector, Flag(0, 0, ts, row, 1.0, 0.5 + row / 100, NAN, NAN, NAN, "is so"))
        for row, ts in enumerate(times)
    ]


def outcome(first: Sequence[int], second: Sequence[int] = (), days: float = 2) -> Outcome:
    trace = Trace(np.array([int(days * DAY), 0]), np.zeros(2))
    return Outcome(findings(first), findings(second), {}, {KEY: trace})


def test_flags_are_counted_by_detector_and_series_over_all_histories() -> None:
    summary = Summary()
    summary.add(outcome([2000, 1000, 3000]))
    summary.add(outcome([500]))
    summary.add(outcome([]))
    [tally] = summary.tallies()
    assert tally == Tally("d", "m", "p", 4, 6.0, 500, 0.52)
    assert tally.per_day == pytest.approx(4 / 6)


def test_a_series_of_one_moment_has_no_rate() -> None:
    summary = Summary()
    summary.add(outcome([0], days=0))
    assert summary.tallies()[0].per_day is None


@pytest.mark.parametrize(
    ("tolerance", "expected"),
    [(0, (2, 2, 1)), (4, (2, 2, 1)), (5, (1, 1, 2)), (10_000, (0, 0, 3))],
)
def test_flags_are_the_same_within_the_tolerance(tolerance: int, expected: tuple[int, int, int]) -> None:
    summary = Summary(tolerance)
    summary.add(outcome([1000, 2000, 7000], [1000, 2005, 9000]))
    assert summary.differences() == [Difference("m", "p", *expected)]


def test_what_two_detectors_flag_at_once_is_one_flag_of_the_configuration() -> None:
    summary = Summary()
    one = outcome([], [1000])
    summary.add(one._replace(findings=findings([1000], "a") + findings([1000], "b")))
    assert summary.differences() == [Difference("m", "p", both=1)]
