"""Duplicates against a set of everything ever seen."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.compute.duplicates import Duplicates

NOW = 1_760_000_000_000
HORIZON = 5_000

points = st.tuples(st.integers(0, 200), st.integers(NOW - 10_000, NOW + 10_000) | st.sampled_from([NOW, NOW + 4_000]))


def expected(log: list[tuple[int, int]]) -> list[bool]:
    seen: set[tuple[int, int]] = set()
    stream_time, found = NOW - 20_000, []
    for series, ts in log:
        stream_time = max(stream_time, ts)
        recent = ts > stream_time - HORIZON
        found.append(recent and (series, ts) in seen)
        if recent:
            seen.add((series, ts))
    return found


def find(subject: Duplicates, log: list[tuple[int, int]], begin: int, end: int) -> list[bool]:
    series = np.array([one for one, _ in log], np.intp)
    ts = np.array([one for _, one in log], np.int64)
    stream_time = np.maximum.accumulate(ts)
    found = subject.find(series[begin:end], ts[begin:end], stream_time[begin:end])
    return [False] * (end - begin) if found is None else found.tolist()


@given(st.lists(points, max_size=200), st.lists(st.integers(0, 200), max_size=12))
@settings(max_examples=200, deadline=None)
def test_however_the_log_is_cut_the_first_of_equal_readings_wins(log: list[tuple[int, int]], cuts: list[int]) -> None:
    subject, found = Duplicates(HORIZON), []
    for begin, end in pairwise([0, *sorted(cut % (len(log) + 1) for cut in cuts), len(log)]):
        found += find(subject, log, begin, end)
    assert found == expected(log)


@given(st.lists(points, min_size=1, max_size=100), st.integers(0, 100), st.integers(1, 20))
@settings(max_examples=100, deadline=None)
def test_a_snapshot_holds_what_is_needed(log: list[tuple[int, int]], cut: int, size: int) -> None:
    cut %= len(log) + 1
    subject, restored = Duplicates(HORIZON), Duplicates(HORIZON)
    for begin in range(0, cut, size):
        find(subject, log, begin, min(begin + size, cut))
    stream_time = max([ts for _, ts in log[:cut]], default=NOW)
    state = subject.snapshot(stream_time)
    restored.restore(state, stream_time)
    assert np.array_equal(restored.snapshot(stream_time)["steps"], state["steps"])
    assert find(restored, log, cut, len(log)) == find(subject, log, cut, len(log)) == expected(log)[cut:]


def test_memory_is_bounded_by_the_horizon() -> None:
    subject = Duplicates(HORIZON)
    for second in range(300):
        ts = np.full(1_000, NOW + 1_000 * second)
        assert subject.find(np.arange(1_000), ts, ts) is None
        assert len(subject) <= 4 * 1_000 * (HORIZON // 1_000)
    assert len(subject.snapshot(int(ts[0]))["steps"]) == 1_000 * (HORIZON // 1_000)


def test_nothing_is_found_where_it_is_switched_off() -> None:
    subject, same = Duplicates(0), np.full(2, NOW)
    assert subject.find(np.zeros(2, np.intp), same, same) is None
    assert len(subject) == 0


@pytest.mark.parametrize("ts", [-5_000_000_000, 0, 1 << 42, NOW])
def test_times_of_any_century_are_told_apart(ts: int) -> None:
    subject, times = Duplicates(HORIZON), np.array([ts - 1, ts, ts + 1])
    assert subject.find(np.zeros(3, np.intp), times, times) is None
    again = subject.find(np.zeros(3, np.intp), times, np.full(3, ts + 1))
    assert again is not None
    assert again.all()
    restored = Duplicates(HORIZON)
    restored.restore(subject.snapshot(ts + 1), ts + 1)
    assert len(restored) == 3
    assert restored.find(np.zeros(1, np.intp), times[1:2], times[2:]) is not None
