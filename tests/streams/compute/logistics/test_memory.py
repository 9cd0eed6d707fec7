"""What is remembered of a store is bounded, whatever comes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.errors import EventError
from streams.compute.logistics import engine as engine_module
from streams.compute.logistics import pick_lists, places, repeats, stock
from streams.compute.logistics.kind import Kind
from streams.compute.logistics.places import FORGET_MS, Places
from streams.compute.logistics.repeats import MEMORY, Repeats, digest
from streams.compute.logistics.spec import Logistics
from streams.compute.logistics.stock import Stock
from tests.streams.compute.logistics.events import NOW, arrival, decoded, engine, feed, line, pick, pick_list

KIND = Kind("L100x8", "Q355B", 12_000, "H1")


def test_stores_beyond_a_hundred_are_refused() -> None:
    arrivals = [arrival(asset=f"yard-{number}") for number in range(engine_module.MOST_STORES + 1)]
    _, [error] = feed(engine(Logistics()), *arrivals, arrivals[0])
    assert (error.reason, error.detail) == ("too_many_series", "the partition has 100 stores already")


def test_an_empty_bin_is_forgotten_for_a_new_one_and_with_none_empty_the_new_one_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stock, "MOST_BINS", 2)
    known = Stock()
    for name in ("a", "b"):
        known.put(name, KIND, 1, 0)
    with pytest.raises(EventError, match="'c' would be one more than 2 bins with pieces"):
        known.check_arrival("c", KIND, 5)
    known.check_arrival("b", KIND, 5)
    known.take("a", 1, 0)
    known.check_arrival("c", KIND, 5)
    known.put("c", KIND, 1, 0)
    assert [known[name] is None for name in ("a", "b", "c")] == [True, False, False]


def test_the_bin_that_has_been_empty_for_longest_is_forgotten_also_after_a_restart(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(stock, "MOST_BINS", 3)
    known = Stock()
    for name in ("a", "b", "c"):
        known.put(name, KIND, 1, 0)
    known.take("b", 1, 0)
    known.take("a", 1, 0)
    again = Stock(known.snapshot())
    again.put("d", KIND, 1, 0)
    assert [again[name] is None for name in ("a", "b", "c", "d")] == [False, True, False, False]


def test_lists_that_are_done_are_forgotten_first_then_the_oldest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pick_lists, "MOST_BINS", 3)
    running = engine()
    lists = [pick_list(line(pieces=1), order=order) for order in ("T-1", "T-2", "T-3")]
    feed(running, *lists, pick(order="T-2"), pick_list(line("A-1"), order="T-4"))
    found, _ = feed(running, *(pick(order=f"T-{n}", robot="r") for n in (1, 2, 3, 4)), first=9)
    verdicts = [row.verdict for row in found.rows if row.table == "picks"]
    assert verdicts == ["right", "no_list", "right", "right"]
    feed(running, *(pick_list(line("A-1"), order=order) for order in ("T-5", "T-6", "T-7", "T-8")), first=20)
    found, _ = feed(running, *(pick(order=f"T-{n}", robot="s") for n in (4, 5, 6)), first=30)
    verdicts = [row.verdict for row in found.rows if row.table == "picks"]
    assert verdicts == ["no_list", "no_list", "right"]


def test_lists_that_are_cancelled_are_bounded_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pick_lists, "MOST_BINS", 3)
    running = engine()
    feed(running, pick_list(line(), order="T-1"), *(pick_list(order=f"T-{number}") for number in range(2, 9)))
    orders = [order for order, *_ in running.snapshot()["stores"][0]["lists"]]
    assert orders == ["T-7", "T-8", "T-1"]


def test_an_item_that_has_not_moved_for_a_fortnight_does_not_wait_any_more() -> None:
    known = Places(())
    known.put("i", "saw", 0)
    known.put("j", "punch", FORGET_MS)
    assert known.items_at("saw") == 1
    known.put("k", "punch", FORGET_MS + 1)
    assert (known.items_at("saw"), known.items_at("punch")) == (0, 2)
    assert not known.put("i", "weld", 0), "it arrived a fortnight ago"


def test_an_item_that_came_late_is_forgotten_when_its_own_fortnight_is_over() -> None:
    known = Places(())
    known.put("i", "saw", 1_000)
    known.put("late", "saw", 0)
    again = Places((), **known.snapshot())
    for places_ in (known, again):
        places_.put("j", "punch", FORGET_MS + 1)
        assert places_.items_at("saw") == 1


def test_of_very_many_items_the_one_that_has_not_moved_for_longest_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(places, "MOST_ITEMS", 2)
    known = Places(())
    for time, item in enumerate("ijik"):
        known.put(item, item, time)
    assert [known.items_at(place) for place in "ijk"] == [1, 0, 1]


def test_items_that_have_left_are_forgotten_before_those_that_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(places, "MOST_ITEMS", 3)
    known = Places(("shipped",))
    for time, (item, place) in enumerate([("i", "saw"), ("j", "shipped"), ("k", "shipped"), ("l", "saw")]):
        known.put(item, place, time)
    again = Places(("shipped",), **known.snapshot())
    again.put("m", "saw", 9)
    assert again.items_at("saw") == 3
    again.put("n", "shipped", 10)
    assert again.items_at("saw") == 3


@given(
    st.lists(st.tuples(st.sampled_from("ijklm"), st.sampled_from(["saw", "punch", "shipped"]), st.integers(0, 9))),
    st.booleans(),
)
def test_places_are_those_of_a_list_that_is_searched_from_end_to_end(
    moves: list[tuple[str, str, int]], restart: bool
) -> None:
    known = Places(("shipped",))
    lie: dict[str, tuple[int, str]] = {}
    newest = 0
    for item, place, days in moves:
        time = days * FORGET_MS // 4
        newest = max(newest, time)
        lie = {one: where for one, where in lie.items() if where[0] >= newest - FORGET_MS}
        is_newest = newest - FORGET_MS <= time >= lie.get(item, (time, ""))[0]
        if is_newest:
            lie[item] = time, place
        assert known.put(item, place, time) == is_newest
        for where in ("saw", "punch"):
            assert known.items_at(where) == [one for _, one in lie.values()].count(where)
        if restart:
            known = Places(("shipped",), **known.snapshot())


def test_repeats_are_found_among_the_newest_events_by_event_time() -> None:
    known = Repeats()
    for number in range(MEMORY):
        known.add(number, number)
    known.add(-1, 5_000)
    assert (5_000 in known, 0 in known) == (False, True), "it is older than all that are remembered"
    known.add(MEMORY, 6_000)
    assert (0 in known, 1 in known, 6_000 in known) == (False, True, True)
    again = Repeats(**known.snapshot())
    assert (0 in again, 1 in again, 6_000 in again) == (False, True, True)


def test_a_log_that_is_sent_once_more_takes_from_stock_no_second_time_what_is_remembered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(repeats, "MEMORY", 3)
    running = engine()
    log = [arrival(ts=NOW), *(pick(ts=NOW + number) for number in range(1, 5))]
    feed(running, *log, *log)
    assert (running.counts.accepted, running.counts.duplicate) == (7, 3)


def test_repeats_are_found_also_after_a_checkpoint_that_had_no_event_times() -> None:
    first, again = engine(), engine()
    feed(first, arrival(), pick())
    state = first.snapshot()
    state["stores"][0]["repeats"] = state["stores"][0]["repeats"]["digests"]
    again.restore(state)
    feed(again, arrival(), pick(), pick(pieces=2), first=2)
    assert (again.counts.accepted, again.counts.duplicate) == (3, 2)


def test_a_digest_is_of_everything_that_an_event_says() -> None:
    said = {
        digest(decoded(pick(**fields))) for fields in ({}, {"robot": "r"}, {"pieces": 2}, {"ts": 1}, {"asset": "x"})
    }
    assert len(said) == 5
    assert digest(decoded(pick())) == digest(decoded(pick()))
