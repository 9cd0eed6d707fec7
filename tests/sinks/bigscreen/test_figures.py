"""Numbers and times as the screen shows them."""

import pytest

from sinks.bigscreen import figures


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "–"), (0.0, "0.00"), (7.084, "7.08"), (9.994, "9.99"), (9.996, "10.0"), (41.24, "41.2"), (99.94, "99.9"),
        (99.96, "100"), (143.4, "143"), (12345.6, "12,346"), (-7.084, "-7.08"), (-143.4, "-143"),
    ],
)  # fmt: skip
def test_numbers_have_about_three_digits(value: float | None, text: str) -> None:
    assert figures.number(value) == text


@pytest.mark.parametrize(
    ("ms", "text"),
    [(-5, "0 s"), (999, "0 s"), (34_000, "34 s"), (119_999, "119 s"), (120_000, "2 min"), (7_200_000, "2 h 00")],
)
def test_spans_of_time_are_short(ms: int, text: str) -> None:
    assert figures.duration(ms) == text


def test_times_are_those_of_the_plant() -> None:
    assert figures.clock(1_760_000_000_000, 8 * 3_600_000) == "16:53:20"
    assert figures.minute(1_760_000_000_000, 0) == "08:53"


def test_shares_are_percent_and_nothing_over_nothing_is_none() -> None:
    assert [figures.percent(share) for share in (0.8754, 0.9994, 0.9996, 1.0, 12.346)] == [
        "87.5", "99.9", "100", "100", "1,235",
    ]  # fmt: skip
    assert figures.percent(figures.ratio(0, 0)) == "–"
