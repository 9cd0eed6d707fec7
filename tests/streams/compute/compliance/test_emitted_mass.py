"""Emitted mass and what stands in for it, against figures worked out by hand."""

import math

import pytest

from streams.compute.compliance.mass import Mass
from tests.streams.compute.compliance.stacks import DAY, DAY_0, HOUR, Reading, Run, rule, steady

RULE = rule("cn-hj75-2017", limits={"hour": 200}, flow="flow")
SHORT = RULE | {"changes": {"minutes": 2}}


def hour(number: int, nox: float = 100, minutes: int = 60, flag: str = "N") -> list[Reading]:
    """An hour of 10,000 m3/h: 100 mg/m3 are 1 kg."""
    return steady(range(minutes), DAY_0 + number * HOUR, flag=flag, nox=nox, flow=10_000)


def masses(readings: list[Reading], until: int) -> list[Mass]:
    subject = Run(SHORT)
    return [*subject.feed(readings).masses, *subject.silence(DAY_0 + until * HOUR + 10_000).masses]


def hours(first: int, count: int, nox: float = 100) -> list[Reading]:
    """Hours of which two minutes were measured, as many as `SHORT` needs."""
    return [reading for number in range(first, first + count) for reading in hour(number, nox, 2)]


def test_mass_is_concentration_times_flow() -> None:
    [mass] = masses(hour(0, nox=180), 1)
    assert (mass.kg, mass.method, mass.valid_minutes) == (pytest.approx(1.8), "measured", 60)


def test_of_an_hour_that_ran_in_part_only_that_part_counts() -> None:
    readings = hour(0, minutes=45) + steady(range(45, 60), flag="F", nox=0, flow=0)
    [mass] = masses(readings, 1)
    assert (mass.kg, mass.method, mass.stopped_minutes) == (pytest.approx(0.75), "measured", 15)


def test_a_stopped_hour_emits_nothing() -> None:
    [mass] = masses(hour(0, flag="F"), 1)
    assert (mass.kg, mass.method) == (0, "stopped")
    assert math.isnan(mass.capture)


def test_a_gap_gets_the_largest_of_the_last_180_measured_hours() -> None:
    readings = hours(0, 1, nox=900) + hours(1, 180) + hours(100, 1, nox=300) + hours(183, 1)
    found = {mass.start: mass for mass in masses(sorted(readings), 184)}
    gap = [found[DAY_0 + number * HOUR] for number in (181, 182)]
    assert [(mass.kg, mass.method, mass.gap_hours) for mass in gap] == [(pytest.approx(2.0), "max_180", 2)] * 2
    assert gap[0].capture == pytest.approx(181 / 183)


def test_a_gap_of_more_than_a_day_gets_the_largest_of_720() -> None:
    readings = hours(0, 1, nox=900) + hours(1, 480) + hours(481 + 25, 1)
    found = masses(readings, 507)
    gap = [mass for mass in found if mass.method != "measured"]
    assert [(mass.kg, mass.method, mass.gap_hours) for mass in gap] == [(9.0, "max_720", 25)] * 25
    assert gap[0].capture == pytest.approx(481 / 506)


def test_a_gap_of_a_day_is_a_short_one() -> None:
    found = masses(hours(0, 300) + hours(324, 1), 325)
    assert {mass.method for mass in found if mass.start >= DAY_0 + 300 * HOUR} == {"max_180", "measured"}


def test_below_90_per_cent_capture_the_largest_of_2160_stands_in() -> None:
    readings = hours(0, 1, nox=900) + hours(1, 799) + hours(1_000, 1)
    gap = [mass for mass in masses(readings, 1_001) if mass.method != "measured"]
    assert {(mass.kg, mass.method, mass.gap_hours) for mass in gap} == {(9.0, "max_2160", 200)}
    assert gap[0].capture == 0.8


def test_below_75_per_cent_nothing_stands_in() -> None:
    gap = [mass for mass in masses(hours(0, 60) + hours(100, 1), 101) if mass.method != "measured"]
    assert {(math.isnan(mass.kg), mass.method, mass.gap_hours) for mass in gap} == {(True, "none", 40)}


def test_before_the_first_measured_hour_nothing_stands_in() -> None:
    found = masses(hour(0, minutes=1) + hour(1), 2)
    assert [mass.method for mass in found] == ["none", "measured"]


def test_capture_is_that_of_the_quarter() -> None:
    """Of October to December nothing counts in January, but its hours stand in."""
    january = (31 + 30 + 31) * 24
    readings = hours(january - 40, 10) + hours(january + 10, 100) + hours(january + 111, 1)
    found = masses(readings, january + 112)
    by_start = {(mass.start - DAY_0) // HOUR - january: mass for mass in found}
    assert (by_start[-1].method, by_start[-1].gap_hours, by_start[-1].capture) == ("none", 30, 0.25)
    assert (by_start[0].method, by_start[0].gap_hours, by_start[0].capture) == ("none", 10, 0)
    assert (by_start[110].method, by_start[110].capture) == ("max_180", pytest.approx(100 / 111))


def test_a_stack_that_never_comes_back_has_its_last_gap_told_when_it_goes_out_of_service() -> None:
    found = masses(hours(0, 100), 100 * 24)
    assert len(found) == 100 + 92 * 24
    assert len({mass.start for mass in found}) == len(found)


def test_concentrations_are_never_filled_in() -> None:
    subject = Run(SHORT)
    found = subject.feed(hours(0, 100) + hours(102, 1)).verdicts
    assert [verdict.finding for verdict in found[100:102]] == ["insufficient_data"] * 2


def test_the_largest_of_many_is_kept_in_few_entries() -> None:
    subject = Run(SHORT)
    for day in range(92):
        subject.feed([one for number in range(24) for one in hour(day * 24 + number, 100 + (7 * number) % 24, 2)])
    [state] = subject.compliance.snapshot()["rules"]["nox"]["masses"]["stacks"]
    measured, largest = state[0], state[1]
    assert measured == 92 * DAY // HOUR - 1
    assert len(largest) <= 24 * 90
    assert [number for number, _ in largest] == sorted(number for number, _ in largest)


@pytest.mark.parametrize(("minutes", "method"), [(45, "measured"), (44, "none")])
def test_an_hour_of_mass_needs_45_minutes_with_concentration_and_flow(minutes: int, method: str) -> None:
    readings = steady(range(60), nox=100) + steady(range(minutes), flow=10_000)
    subject = Run(RULE)
    subject.feed(sorted(readings))
    found = subject.silence(DAY_0 + 93 * DAY + 10_000).masses
    assert (found[0].start, found[0].method, found[0].valid_minutes) == (DAY_0, method, minutes)
