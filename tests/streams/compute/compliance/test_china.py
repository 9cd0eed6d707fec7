"""HJ 75-2017 with GB 13271-2014, against figures worked out by hand."""

import pytest

from tests.streams.compute.compliance.stacks import DAY, DAY_0, HOUR, MINUTE, Reading, rule, steady, verdicts

HOURLY = rule("cn-hj75-2017", limits={"hour": 200}, oxygen={"metric": "o2", "reference": 9}, standard="GB 13271-2014")


def test_concentrations_are_judged_at_the_reference_oxygen() -> None:
    # 150 mg/m3 at 12 % oxygen: 150 x (21 - 9) / (21 - 12) = 200, the limit; a little more is too much.
    [within] = verdicts(HOURLY, steady(range(60), nox=150, o2=12), DAY_0 + HOUR)
    [beyond] = verdicts(HOURLY, steady(range(60), nox=150.3, o2=12), DAY_0 + HOUR)
    assert (within.finding, within.raw, within.oxygen, within.corrected, within.judged) == (
        "compliant", 150, 12, 200, 200,
    )  # fmt: skip
    assert (beyond.finding, beyond.corrected) == ("exceeded", pytest.approx(200.4))
    assert beyond.reason == "the mean of the hour, 200.4 mg/m3 at 9 % oxygen is above the limit of 200 mg/m3"


def test_without_a_reference_the_measured_concentration_is_judged() -> None:
    [verdict] = verdicts(rule("cn-hj75-2017", limits={"hour": 200}), steady(range(60), nox=150.3), DAY_0 + HOUR)
    assert (verdict.finding, verdict.corrected) == ("compliant", pytest.approx(150.3))


@pytest.mark.parametrize(("good", "finding"), [(45, "compliant"), (44, "insufficient_data"), (0, "insufficient_data")])
def test_an_hour_needs_45_valid_minutes(good: int, finding: str) -> None:
    readings = steady(range(good), nox=100, o2=9) + steady(range(good, 60), flag="C", nox=0, o2=0)
    [verdict] = verdicts(HOURLY, readings, DAY_0 + HOUR)
    assert (verdict.finding, verdict.parts, verdict.required) == (finding, good, 45)
    assert verdict.coverage == (good, 0, 60 - good, 0)


def test_an_exceedance_on_too_few_minutes_is_no_verdict_either() -> None:
    [verdict] = verdicts(HOURLY, steady(range(44), nox=900, o2=9), DAY_0 + HOUR)
    assert verdict.finding == "insufficient_data"
    assert verdict.reason == "44 valid minutes, 45 are needed: 0 min stopped, 0 min invalid, 16 min missing"
    assert verdict.raw == 900


@pytest.mark.parametrize(("flag", "valid"), [(flag, flag in "NTS") for flag in "NFMSDCTB"])
def test_the_flag_decides_what_is_valid(flag: str, valid: bool) -> None:
    [verdict] = verdicts(HOURLY, steady(range(60), flag=flag, nox=100, o2=9), DAY_0 + HOUR)
    assert (verdict.finding == "compliant") == valid
    assert verdict.coverage == ((60, 0, 0, 0) if valid else (0, 60, 0, 0) if flag == "F" else (0, 0, 60, 0))


def test_invalid_readings_do_not_spoil_the_mean_of_their_minute() -> None:
    readings = steady(range(60), nox=100, o2=9)
    readings += [Reading(DAY_0 + at * MINUTE + 7_000, "nox", 900, "C") for at in range(60)]
    [verdict] = verdicts(HOURLY, readings, DAY_0 + HOUR)
    assert (verdict.finding, verdict.raw) == ("compliant", 100)


def test_a_minute_counts_once_however_often_it_was_sampled() -> None:
    readings = steady(range(60), nox=100, o2=9)
    readings += [Reading(DAY_0 + at * 1_000, "nox", 400) for at in range(60)]  # the first minute, 60 more times
    [verdict] = verdicts(HOURLY, readings, DAY_0 + HOUR)
    first = (100 + 60 * 400) / 61
    assert verdict.raw == pytest.approx((59 * 100 + first) / 60)


def test_air_is_not_judged() -> None:
    readings = steady(range(45), nox=100, o2=9) + steady(range(45, 60), nox=100, o2=21)
    [verdict] = verdicts(HOURLY, readings, DAY_0 + HOUR)
    assert (verdict.finding, verdict.corrected) == ("compliant", 100)
    assert verdict.coverage == (45, 0, 15, 0)


def test_minutes_without_oxygen_are_not_valid() -> None:
    readings = steady(range(60), nox=100) + steady(range(44), o2=9)
    [verdict] = verdicts(HOURLY, readings, DAY_0 + HOUR)
    assert (verdict.finding, verdict.coverage) == ("insufficient_data", (44, 0, 16, 0))


def test_local_rules_change_numbers_of_the_pack_and_the_verdict_says_so() -> None:
    local = HOURLY | {"changes": {"minutes": 30}}
    [verdict] = verdicts(local, steady(range(30), nox=100, o2=9), DAY_0 + HOUR)
    assert (verdict.finding, verdict.required) == ("compliant", 30)


def hours(count: int, minutes: int, start: int = DAY_0, nox: float = 100) -> list[Reading]:
    return [reading for hour in range(count) for reading in steady(range(minutes), start + hour * HOUR, nox=nox, o2=9)]


@pytest.mark.parametrize(("good", "finding"), [(20, "compliant"), (19, "insufficient_data")])
def test_a_day_needs_20_valid_hours(good: int, finding: str) -> None:
    readings = hours(good, 60) + hours(24 - good, 44, DAY_0 + good * HOUR, nox=900)
    [verdict] = verdicts(HOURLY | {"limits": {"day": 150}}, readings, DAY_0 + DAY)
    assert (verdict.period, verdict.finding, verdict.parts, verdict.required) == ("day", finding, good, 20)
    assert verdict.corrected == 100, "hours that are not valid are no part of the day's mean"
    assert verdict.coverage.valid == good * 60 + (24 - good) * 44


def test_the_mean_of_a_day_is_that_of_its_hours() -> None:
    readings = hours(12, 60, nox=100) + hours(12, 45, DAY_0 + 12 * HOUR, nox=300)
    found = verdicts(HOURLY | {"limits": {"hour": 250, "day": 199}}, readings, DAY_0 + DAY)
    assert [verdict.finding for verdict in found if verdict.period == "hour"] == ["compliant"] * 12 + ["exceeded"] * 12
    assert (found[-1].period, found[-1].finding, found[-1].judged) == ("day", "exceeded", 200)


MONTHLY = HOURLY | {"limits": {"month": 150}, "changes": {"minutes": 1}}


def month(start: int, days: int) -> list[Reading]:
    return [reading for day in range(days) for reading in hours(20, 1, start + day * DAY)]


@pytest.mark.parametrize(("days", "finding"), [(25, "compliant"), (24, "insufficient_data")])
def test_a_month_needs_25_valid_days(days: int, finding: str) -> None:
    [verdict] = verdicts(MONTHLY, month(DAY_0, days), DAY_0 + 31 * DAY)
    assert (verdict.period, verdict.finding, verdict.parts, verdict.required) == ("month", finding, days, 25)
    assert (verdict.start, verdict.end) == (DAY_0, DAY_0 + 31 * DAY)


@pytest.mark.parametrize(("days", "finding"), [(23, "compliant"), (22, "insufficient_data")])
def test_february_needs_23(days: int, finding: str) -> None:
    february = DAY_0 + (31 + 30 + 31 + 31) * DAY
    [verdict] = verdicts(MONTHLY, month(february, days), february + 28 * DAY)
    assert (verdict.end - verdict.start, verdict.finding, verdict.required) == (28 * DAY, finding, 23)


def test_days_begin_where_the_plant_is() -> None:
    begin = DAY_0 - 8 * HOUR  # midnight in China
    found = verdicts(HOURLY | {"limits": {"day": 150}}, hours(24, 60, begin), begin + DAY, utc_offset="+08:00")
    assert [(verdict.start, verdict.end, verdict.finding) for verdict in found] == [(begin, begin + DAY, "compliant")]


def test_hours_without_readings_are_insufficient_data() -> None:
    found = verdicts(HOURLY, hours(1, 60) + hours(1, 60, DAY_0 + 4 * HOUR), DAY_0 + 6 * HOUR)
    assert [verdict.finding for verdict in found] == [
        "compliant", *["insufficient_data"] * 3, "compliant", "insufficient_data",
    ]  # fmt: skip
    assert {verdict.coverage for verdict in found[1:4]} == {(0, 0, 0, 60)}
    assert {(verdict.first_offset, verdict.offset) for verdict in found[1:4]} == {(-1, -1)}


def test_after_a_quarter_of_silence_a_stack_is_out_of_service_until_it_sends_again() -> None:
    back = DAY_0 + 400 * DAY
    found = verdicts(HOURLY, hours(1, 60) + hours(1, 60, back), back + HOUR)
    assert len(found) == 1 + 92 * 24 + 1
    assert (found[-1].start, found[-1].finding) == (back, "compliant")


def test_an_hour_in_which_the_plant_did_not_run_is_neither_good_nor_bad() -> None:
    [verdict] = verdicts(HOURLY, steady(range(60), flag="F", nox=0, o2=20.9), DAY_0 + HOUR)
    assert (verdict.finding, verdict.reason) == ("insufficient_data", "the plant did not run")


def test_a_verdict_names_the_records_that_it_rests_on() -> None:
    readings = hours(2, 60)
    found = verdicts(HOURLY, readings, DAY_0 + 2 * HOUR)
    assert [(verdict.first_offset, verdict.offset) for verdict in found] == [(0, 119), (120, 239)]
