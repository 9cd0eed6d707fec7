"""What is remembered of codes, against lists of everything."""

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.compute.trace.last_hour import HOUR_MS, LastHour
from streams.compute.trace.newest import Newest
from streams.compute.trace.voids import Voided

MOST = 3


@given(st.lists(st.tuples(st.integers(0, 6), st.integers(), st.booleans())), st.integers(0, 20))
@settings(deadline=None)
def test_the_newest_keys_are_remembered(puts: list[tuple[int, int, bool]], restart: int) -> None:
    subject, expected = Newest(MOST, (np.int64, np.float64)), list[tuple[int, tuple[Any, ...]]]()
    for place, (key, number, is_put) in enumerate(puts):
        number %= 1_000
        expected = [one for one in expected if one[0] != key]
        if is_put:
            subject.put(key, number, number / 2)
            expected = [*expected, (key, (number, number / 2))][-MOST:]
        else:
            subject.discard(key)
        if place == restart:
            again = Newest(MOST, (np.int64, np.float64))
            again.restore(subject.snapshot())
            subject = again
        assert len(subject) == len(expected)
        for known in range(7):
            assert subject.get(known) == dict(expected).get(known)
            assert (known in subject) == (known in dict(expected))


def test_with_less_room_than_before_the_newest_are_kept() -> None:
    large, small = Newest(3, (np.int64,)), Newest(2, (np.int64,))
    for key in (5, 6, 7):
        large.put(key, key)
    small.restore(large.snapshot())
    assert [small.get(key) for key in (5, 6, 7)] == [None, (6,), (7,)]


steps = st.tuples(st.integers(0, 3), st.integers(0, 4), st.integers(0, 12).map(lambda step: step * HOUR_MS // 4))


@given(st.lists(steps, max_size=60), st.integers(0, 60))
@settings(deadline=None)
def test_who_was_there_within_the_hour_is_counted(log: list[tuple[int, int, int]], restart: int) -> None:
    allowed = 2
    subject = LastHour(allowed, 1_000)
    for place, (key, who, ts) in enumerate(log):
        if place == restart:
            again = LastHour(allowed, 1_000)
            again.restore(subject.snapshot())
            subject = again
        of_key = [(one, time) for other, one, time in log[: place + 1] if other == key]
        since = max(time for _, time in of_key) - HOUR_MS
        there = {one for one, time in of_key if time > since}
        assert subject.add(key, who, ts) == (min(len(there), allowed + 1) if ts > since else 0)


def test_where_there_are_too_many_the_key_longest_ago_is_forgotten() -> None:
    subject = LastHour(5, 3)
    assert [subject.add(key, who, 0) for key, who in ((1, 1), (2, 1), (1, 2), (3, 1))] == [1, 1, 2, 1]
    assert subject.add(1, 3, 0) == 3, "2 was forgotten, and now 3 is"
    assert subject.add(2, 2, 0) == 1, "and now 1"
    assert subject.add(1, 4, 0) == 1
    assert subject.snapshot()["keys"].tolist() == [2, 1]


voids = st.tuples(st.sampled_from("pq"), st.integers(0, 30), st.integers(1, 8), st.integers(0, 9))


@given(st.lists(voids, max_size=20), st.integers(0, 20))
@settings(max_examples=200, deadline=None)
def test_a_serial_is_void_since_it_first_was(log: list[tuple[str, int, int, int]], restart: int) -> None:
    subject, expected = Voided(1_000), dict[tuple[str, int], int]()
    for place, (product, first, count, ts) in enumerate(log):
        subject.add(product, first, first + count, ts)
        for serial in range(first, first + count):
            expected.setdefault((product, serial), ts)
        if place == restart:
            again = Voided(1_000)
            again.restore(subject.snapshot())
            assert [again.snapshot()["products"], again.snapshot()["ranges"].tolist()] == [
                subject.snapshot()["products"],
                subject.snapshot()["ranges"].tolist(),
            ]
            subject = again
    for product in "pqr":
        for serial in range(40):
            assert subject.since(product, serial) == expected.get((product, serial))
        assert (product in subject) == any(one[0] == product for one in expected)
    assert bool(subject) == bool(log)


def test_of_too_many_ranges_the_first_ones_are_forgotten() -> None:
    subject = Voided(2)
    for first, ts in ((10, 1), (0, 2), (5, 3)):
        subject.add("p", first, first + 2, ts)
    assert [subject.since("p", serial) for serial in (10, 0, 5, 7)] == [None, 2, 3, None]
    subject.add("q", 0, 1, 4)
    subject.add("q", 3, 4, 5)
    assert "p" not in subject
    smaller = Voided(1)
    smaller.restore(subject.snapshot())
    assert [smaller.since("q", serial) for serial in (0, 3)] == [None, 5]
