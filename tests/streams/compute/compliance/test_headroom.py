"""Headroom against figures worked out by hand: while the hour runs, how will it end?"""

import pytest

from streams.compute.compliance.headroom import Headroom
from tests.streams.compute.compliance.stacks import DAY_0, HOUR, MINUTE, Reading, Run, by_minute, rule, steady

RULE = rule("cn-hj75-2017", limits={"hour": 200})


def rows(readings: list[Reading], declared: dict[str, object] = RULE) -> list[Headroom]:
    return list(Run(declared).feed(readings).headroom)


def at(found: list[Headroom], minutes: int) -> Headroom:
    """The row of the end of so many minutes."""
    return next(row for row in found if row.ts == DAY_0 + minutes * MINUTE)


def test_the_hour_is_taken_to_go_on_as_its_last_five_minutes() -> None:
    row = at(rows(by_minute(60, lambda minute: 100 if minute < 25 else 300)), 30)
    assert (row.valid_minutes, row.remaining_minutes) == (30, 30)
    assert row.mean == pytest.approx((25 * 100 + 5 * 300) / 30)
    assert row.projected == pytest.approx((25 * 100 + 35 * 300) / 60)
    assert row.allowed == pytest.approx((200 * 60 - 25 * 100 - 5 * 300) / 30)


def test_an_hour_that_goes_on_as_allowed_ends_at_the_limit() -> None:
    allowed = at(rows(by_minute(60, lambda minute: 320)), 20).allowed
    subject = Run(RULE)
    subject.feed(by_minute(60, lambda minute: 320 if minute < 20 else allowed))
    [verdict] = subject.silence(DAY_0 + HOUR + 10_000).verdicts
    assert verdict.judged == pytest.approx(200)


def test_nothing_is_foretold_from_less_than_five_minutes() -> None:
    found = rows(by_minute(60, lambda minute: 100))
    assert [row.ts for row in found] == [DAY_0 + minute * MINUTE for minute in range(5, 59)]


def test_a_warning_comes_once_and_before_the_hour_is_lost() -> None:
    subject = Run(RULE)
    outcome = subject.feed(by_minute(62, lambda minute: 100 if minute < 20 else 280))
    warnings = [row for row in outcome.headroom if row.warns]
    assert [row.remaining_minutes for row in warnings] == [35]
    assert warnings[0].allowed > 0
    [warning, exceeded] = outcome.flags
    assert (warning.severity, warning.ts, warning.detector) == ("warning", warnings[0].ts, 7)
    assert warning.reason == (
        "going on as in the last 5 min, the period will end at 220 mg/m3, above the limit of 200; "
        "the remaining 35 min may be 245.7 mg/m3 on average"
    )
    assert (exceeded.severity, exceeded.ts, exceeded.value) == ("critical", DAY_0 + HOUR, pytest.approx(220))


def test_the_flag_is_brought_about_by_the_record_that_passes_the_lateness() -> None:
    readings = by_minute(60, lambda minute: 300) + [
        Reading(DAY_0 + HOUR + second * 1_000, "nox", 1) for second in range(20)
    ]
    flags = Run(RULE).feed(readings).flags
    assert [flag.offset for flag in flags if flag.severity == "critical"] == [60 + 10]


def test_a_period_that_nothing_can_save_is_said_to_be_lost() -> None:
    found = Run(RULE).feed(by_minute(7, lambda minute: 5_000))
    assert at(list(found.headroom), 5).allowed < 0
    [warning] = found.flags
    assert "nothing emitted in the rest of it would bring it back" in warning.reason


def test_the_next_hour_is_warned_of_again() -> None:
    found = rows(by_minute(120, lambda minute: 300))
    assert [row.start for row in found if row.warns] == [DAY_0, DAY_0 + HOUR]


def test_headroom_is_at_the_reference_oxygen_and_with_the_confidence_interval() -> None:
    declared = rule("eu-ied", limits={"half_hour": 400, "day": 200}, oxygen={"metric": "o2", "reference": 11})
    row = at(rows(steady(range(30), nox=100, o2=16), declared), 10)
    assert row.mean == pytest.approx(200)
    assert row.limit == 440


def test_without_a_limit_of_the_hour_there_is_no_headroom() -> None:
    assert rows(by_minute(60, lambda minute: 300), RULE | {"limits": {"day": 200}}) == []
