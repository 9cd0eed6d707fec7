"""The IED's half-hours and part 75's quarters of an hour, against figures worked out by hand."""

import pytest

from tests.streams.compute.compliance.stacks import DAY, DAY_0, HOUR, MINUTE, Reading, rule, steady, verdicts

HALF_HOUR = 30 * MINUTE
IED = rule("eu-ied", limits={"half_hour": 400, "day": 200}, oxygen={"metric": "o2", "reference": 11})
PART_75 = rule("us-part75", limits={"hour": 200})


@pytest.mark.parametrize(
    ("metric", "mean", "interval"),
    [("nox", 410, 40), ("nox", 100, 20), ("so2", 410, 40), ("pm", 410, 60), ("co", 410, 20)],
)
def test_the_confidence_interval_is_subtracted(metric: str, mean: float, interval: float) -> None:
    """A share of the day's limit (200), or of the mean where that is lower."""
    declared = IED | {"metric": metric}
    readings = steady(range(30), **{metric: mean, "o2": 11})
    [verdict] = verdicts(declared, readings, DAY_0 + HALF_HOUR)
    assert (verdict.corrected, verdict.confidence) == (pytest.approx(mean), pytest.approx(interval))
    assert verdict.judged == pytest.approx(mean - interval)
    assert verdict.finding == "compliant"


def test_a_half_hour_beyond_limit_and_interval_is_exceeded() -> None:
    [verdict] = verdicts(IED, steady(range(30), nox=441, o2=11), DAY_0 + HALF_HOUR)
    assert (verdict.finding, verdict.judged) == ("exceeded", pytest.approx(401))
    assert verdict.reason == (
        "the mean of the half-hour, 441 mg/m3 at 11 % oxygen, less 40 for the confidence interval, "
        "is above the limit of 400 mg/m3"
    )


@pytest.mark.parametrize(("minutes", "finding"), [(20, "compliant"), (19, "insufficient_data")])
def test_a_half_hour_needs_two_thirds_of_its_minutes(minutes: int, finding: str) -> None:
    [verdict] = verdicts(IED, steady(range(minutes), nox=100, o2=11), DAY_0 + HALF_HOUR)
    assert verdict.finding == finding


def half_hours(numbers: range, flag: str = "N", nox: float = 230) -> list[Reading]:
    return [
        reading
        for number in numbers
        for reading in steady(range(30), DAY_0 + number * HALF_HOUR, flag=flag, nox=nox, o2=11)
    ]


@pytest.mark.parametrize(("invalid", "finding"), [(5, "compliant"), (6, "insufficient_data")])
def test_a_day_may_lose_five_half_hours(invalid: int, finding: str) -> None:
    readings = half_hours(range(48 - invalid)) + half_hours(range(48 - invalid, 48), flag="M", nox=0)
    day = verdicts(IED, readings, DAY_0 + DAY)[-1]
    assert (day.period, day.finding, day.parts) == ("day", finding, 48 - invalid)
    assert (day.corrected, day.judged) == (pytest.approx(230), pytest.approx(190))


def test_what_was_stopped_is_not_lost() -> None:
    readings = half_hours(range(10)) + half_hours(range(10, 48), flag="F", nox=0)
    day = verdicts(IED, readings, DAY_0 + DAY)[-1]
    assert (day.finding, day.parts) == ("compliant", 10)
    assert (day.coverage.valid, day.coverage.stopped) == (300, 38 * 30)


def test_what_came_before_the_first_reading_is_lost() -> None:
    day = verdicts(IED, half_hours(range(6, 48)), DAY_0 + DAY)[-1]
    assert (day.finding, day.parts) == ("insufficient_data", 42)
    assert day.reason.startswith("6 half-hours are not valid although the plant ran, 5 may be")


def test_59_minutes_are_valid_in_china_and_in_america() -> None:
    readings = steady(range(59), nox=100)
    assert [one.finding for one in verdicts(PART_75, readings, DAY_0 + HOUR)] == ["compliant"]
    assert [
        one.finding for one in verdicts(rule("cn-hj75-2017", limits={"hour": 200}), readings, DAY_0 + HOUR)
    ] == ["compliant"]  # fmt: skip


def test_45_minutes_with_an_empty_quarter_are_valid_in_china_alone() -> None:
    readings = steady(range(45), nox=100)
    [america] = verdicts(PART_75, readings, DAY_0 + HOUR)
    [china] = verdicts(rule("cn-hj75-2017", limits={"hour": 200}), readings, DAY_0 + HOUR)
    assert (china.finding, america.finding) == ("compliant", "insufficient_data")
    assert america.reason == "no valid minute in quarter 4 of the hour: 0 min stopped, 0 min invalid, 15 min missing"


def test_a_minute_in_each_quarter_is_enough_in_america_alone() -> None:
    readings = steady([3, 17, 44, 59], nox=250)
    [america] = verdicts(PART_75, readings, DAY_0 + HOUR)
    [china] = verdicts(rule("cn-hj75-2017", limits={"hour": 200}), readings, DAY_0 + HOUR)
    assert (america.finding, america.parts, america.required) == ("exceeded", 4, 4)
    assert china.finding == "insufficient_data"


def test_a_quarter_in_which_the_unit_did_not_run_needs_no_minute() -> None:
    readings = steady(range(20), nox=100) + steady(range(30, 60), flag="F", nox=0)
    [verdict] = verdicts(PART_75, readings, DAY_0 + HOUR)
    assert (verdict.finding, verdict.parts, verdict.required) == ("compliant", 2, 2)


def test_a_quarter_in_which_the_unit_ran_for_a_minute_needs_one() -> None:
    readings = steady(range(30), nox=100) + steady(range(30, 60), flag="F", nox=0)
    readings.append(Reading(DAY_0 + 31 * MINUTE, "nox", 0, "D"))
    readings = [one for one in readings if one[:2] != (DAY_0 + 31 * MINUTE + 5_000, "nox")]
    [verdict] = verdicts(PART_75, readings, DAY_0 + HOUR)
    assert (verdict.finding, verdict.parts, verdict.required) == ("insufficient_data", 2, 3)
