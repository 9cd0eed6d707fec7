import numpy as np
import pytest

from schemas.events import Event
from streams import layouts
from streams.compute.series import SeriesKey, SeriesTable
from streams.layouts import NOT_ACCEPTED, Layouts
from streams.second_look import EventRules

RULES = EventRules(earliest=0, max_future=0)


def event(asset: str, *metrics: str) -> Event:
    return Event(0, "s", asset, dict.fromkeys(metrics, 1.0))


def points(found: Layouts, events: list[Event]) -> tuple[list[int], list[int]]:
    number = found.look_up(events)
    spread = found.spread(number)
    assert not found.admit(number, np.zeros(len(number), np.int64)).any()
    return spread.tolist(), found.series(number).tolist()


def test_every_value_is_led_to_its_event_and_its_series() -> None:
    series = SeriesTable()
    events = [event("a", "t", "u"), event("b"), event("b", "t"), event("a", "u", "t"), event("a", "t", "u")]
    assert points(Layouts(series, RULES), events) == ([0, 0, 2, 3, 3, 4, 4], [0, 1, 2, 1, 0, 0, 1])
    assert series.keys == [SeriesKey("s", "a", "t"), SeriesKey("s", "a", "u"), SeriesKey("s", "b", "t")]


def test_events_of_one_value_each_are_led_likewise() -> None:
    assert points(Layouts(SeriesTable(), RULES), [event("b", "t"), event("a", "t"), event("b", "t")]) == (
        [0, 1, 2],
        [0, 1, 0],
    )


def test_no_events_have_no_values() -> None:
    assert points(Layouts(SeriesTable(), RULES), []) == ([], [])


def test_later_calls_find_the_series_of_earlier_ones() -> None:
    series = SeriesTable()
    series.id_of(SeriesKey("s", "z", "t"))
    found = Layouts(series, RULES)
    assert points(found, [event("a", "t")])[1] == [1]
    assert points(found, [event("b", "t", "u"), event("a", "t")])[1] == [2, 3, 1]
    assert points(found, [event("z", "t"), event("b", "u", "t")])[1] == [0, 3, 2]


def test_a_layout_makes_series_only_once_an_event_of_it_is_accepted() -> None:
    series = SeriesTable()
    found = Layouts(series, RULES)
    found.look_up([event("a", "t")])
    assert len(series) == 0
    assert points(found, [event("b", "t"), event("a", "t")])[1] == [0, 1]


def test_a_layout_that_cannot_be_accepted_is_told_and_not_remembered() -> None:
    rules = EventRules(earliest=0, max_future=0, metrics={"t"})
    found = Layouts(SeriesTable(), rules)
    number = found.look_up([event("a", "t"), event("a", "x"), event("", "t"), event("b", "t")])
    assert (number == NOT_ACCEPTED).tolist() == [False, True, True, False]
    assert len(found) == 2


def test_the_cache_is_emptied_when_it_has_grown_large_and_finds_the_same_series_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(layouts, "_MOST_CACHED", 10)
    series = SeriesTable()
    found = Layouts(series, RULES)
    events = [event(asset, "t", "u") for asset in "abcd"]
    before = points(found, events)
    assert len(found) == 4
    assert found.trim()
    assert len(found) == 0
    assert points(found, events[::-1])[1] == np.array(before[1]).reshape(4, 2)[::-1].ravel().tolist()
    assert len(series) == 8


def test_a_cache_that_is_not_large_is_kept() -> None:
    found = Layouts(SeriesTable(), RULES)
    points(found, [event("a", "t")])
    assert not found.trim()
    assert len(found) == 1
