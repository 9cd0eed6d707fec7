"""Shifts of a week that goes round."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from streams.compute.production.calendar import Calendar, Place
from tests.streams.compute.production.factory import HOUR, MINUTE, spec

CHINA = timezone(timedelta(hours=8))
FACTORY = Calendar(
    spec(
        shifts={
            "early": {"start": "06:00", "end": "14:00", "days": ["mon", "tue", "wed", "thu", "fri"]},
            "night": {
                "start": "22:00", "end": "06:00", "days": ["sun", "mon"], "breaks": [{"start": "23:50", "end": "00:20"}]
            },
        }
    ).shifts,
    8 * HOUR,
)  # fmt: skip


def at(text: str) -> int:
    return round(datetime.fromisoformat(text).replace(tzinfo=CHINA).timestamp() * 1000)


@pytest.mark.parametrize(
    ("moment", "shift", "start", "end", "day", "planned"),
    [
        ("2025-10-13 06:00", "early", "2025-10-13 06:00", "2025-10-13 14:00", "2025-10-13", True),
        ("2025-10-13 13:59", "early", "2025-10-13 06:00", "2025-10-13 14:00", "2025-10-13", True),
        ("2025-10-13 14:00", "", "2025-10-13 14:00", "2025-10-13 22:00", "2025-10-13", False),
        ("2025-10-14 05:59", "night", "2025-10-13 22:00", "2025-10-14 06:00", "2025-10-13", True),
        ("2025-10-14 00:19", "night", "2025-10-13 22:00", "2025-10-14 06:00", "2025-10-13", False),
        ("2025-10-14 00:20", "night", "2025-10-13 22:00", "2025-10-14 06:00", "2025-10-13", True),
        ("2025-10-13 00:00", "night", "2025-10-12 22:00", "2025-10-13 06:00", "2025-10-12", False),  # over the week
        ("2025-10-17 23:59", "", "2025-10-17 14:00", "2025-10-18 00:00", "2025-10-17", False),
        ("2025-10-18 12:00", "", "2025-10-18 00:00", "2025-10-19 00:00", "2025-10-18", False),  # a whole day without
        ("2025-10-19 21:59", "", "2025-10-19 00:00", "2025-10-19 22:00", "2025-10-19", False),
        ("1969-12-29 07:00", "early", "1969-12-29 06:00", "1969-12-29 14:00", "1969-12-29", True),  # before the epoch
    ],
)
def test_a_moment_has_its_place(moment: str, shift: str, start: str, end: str, day: str, planned: bool) -> None:
    place = Place(shift, at(start), at(end), day, planned)
    assert FACTORY.place(at(moment)) == FACTORY.place(at(moment) + MINUTE - 1) == place


def test_equal_times_are_a_whole_day() -> None:
    start = round(datetime(2025, 10, 13, 6, tzinfo=UTC).timestamp() * 1000)
    days = Calendar(spec(shifts={"day": {"start": "06:00", "end": "06:00"}}).shifts, 0)
    for moment in (start, start + 24 * HOUR - 1):
        assert days.place(moment) == Place("day", start, start + 24 * HOUR, "2025-10-13", True)
