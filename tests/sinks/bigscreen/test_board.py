"""What the screen knows of alarms and flags."""

from hypothesis import given
from hypothesis import strategies as st

from schemas.results import Alarm
from sinks.bigscreen.board import Alarms, Flags
from tests.sinks.bigscreen.known import NOW, alarm, flag

LIFE = [
    alarm("a", 1),
    alarm("b", 2, priority="low"),
    alarm("a", 3, state="acknowledged", transition="acknowledged"),
    alarm("b", 4, state="shelved", transition="shelved"),
    alarm("a", 5, state="normal", transition="returned", active=False),
    alarm("c", 6, priority="high"),
]


@given(st.permutations(LIFE), st.integers(0, len(LIFE)))
def test_what_stands_does_not_depend_on_the_way_or_order_in_which_transitions_come(
    shuffled: list[Alarm], repeated: int
) -> None:
    alarms = Alarms()
    alarms.take(shuffled[:repeated])
    for one in shuffled:
        alarms.take([one])
    assert [one.alarm for one in alarms.standing()] == ["c"]
    assert [one.alarm for one in alarms.put_aside()] == ["b"]


def test_transitions_of_one_record_count_in_their_order_even_beyond_fifteen() -> None:
    alarms = Alarms()
    alarms.take([alarm("a", 1, id="x10", state="normal"), alarm("a", 1, id="xf", state="unacknowledged")])
    assert alarms.standing() == []


def test_only_what_is_newer_is_news() -> None:
    alarms = Alarms()
    assert alarms.take(LIFE)
    assert not alarms.take(LIFE)
    assert alarms.take([alarm("c", 7, state="acknowledged")])


def test_the_unacknowledged_and_most_urgent_comes_first() -> None:
    alarms = Alarms()
    alarms.take(
        [
            alarm("old", 1, priority="high"),
            alarm("seen", 2, state="acknowledged"),
            alarm("low", 3, priority="low"),
            alarm("new", 4, priority="high"),
            alarm("over", 5, state="returned_unacknowledged", active=False),
        ]
    )
    assert [one.alarm for one in alarms.standing()] == ["over", "new", "old", "low", "seen"]


def test_an_alarm_is_found_by_its_id() -> None:
    alarms = Alarms()
    alarms.take(LIFE)
    found = alarms.find("b")
    assert found is not None
    assert found.state == "shelved"
    assert alarms.find("nobody") is None


def test_flags_are_known_once_and_the_oldest_are_forgotten() -> None:
    flags = Flags()
    assert flags.take([flag(f"f{number}", NOW + number) for number in range(300)])
    assert not flags.take([flag("f299", NOW + 299)])
    newest = flags.newest()
    assert len(newest) == 200
    assert newest[0].id == "f299"
    assert newest[-1].id == "f100"
