"""Windows: what is not already held against the oracle in `tests/streams/test_processor.py`."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.compute.windows import Rows, Windows


def add(windows: Windows, points: list[tuple[int, int, float]], stream_time: int | None = None) -> None:
    series, ts, x = (np.array(column) for column in zip(*points, strict=True))
    moved = np.maximum.accumulate(ts) if stream_time is None else np.full(len(ts), stream_time)
    windows.add(series.astype(np.intp), ts, x.astype(np.float64), np.arange(len(ts)), moved)


def close(windows: Windows, stream_time: int) -> Rows:
    return windows.close(windows.due(stream_time))


def test_a_window_is_due_when_its_end_and_its_lateness_have_passed() -> None:
    windows = Windows(10, lateness=5)
    add(windows, [(0, 3, 1.0)])
    assert windows.due(14) == []
    assert windows.due(15) == [0]


def test_a_window_contains_its_start_and_not_its_end() -> None:
    windows = Windows(10)
    add(windows, [(0, 10, 1.0), (0, 19, 2.0), (0, 20, 4.0)])
    rows = close(windows, 100)
    assert rows.start.tolist() == [10, 20]
    assert rows.sum.tolist() == [3.0, 4.0]


def test_windows_before_1970_are_aligned_like_those_after() -> None:
    windows = Windows(10, lateness=50)
    add(windows, [(0, -1, 1.0), (0, -10, 2.0), (0, -11, 4.0)])
    rows = close(windows, 100)
    assert dict(zip(rows.start.tolist(), rows.sum.tolist(), strict=True)) == {-10: 3.0, -20: 4.0}


def test_a_hopping_window_counts_a_point_once_in_each_window_that_contains_it() -> None:
    windows = Windows(30, advance=10)
    add(windows, [(0, 25, 1.0)])
    assert close(windows, 1_000).start.tolist() == [0, 10, 20]
    assert windows.windowed == 3


def test_a_point_may_be_late_for_one_hopping_window_and_on_time_for_the_next() -> None:
    windows = Windows(30, advance=10)
    add(windows, [(0, 25, 1.0)], stream_time=35)
    assert (windows.windowed, windows.late) == (2, 1)
    assert not windows.late_for_all(np.array([25]), np.array([35]))[0]
    assert windows.late_for_all(np.array([25]), np.array([50]))[0]


def test_first_and_last_go_by_event_time_and_among_equals_by_the_log() -> None:
    windows = Windows(100)
    add(windows, [(0, 5, 1.0), (0, 2, 2.0), (0, 2, 3.0), (0, 9, 4.0), (0, 9, 5.0), (0, 7, 6.0)])
    rows = close(windows, 1_000)
    assert (rows.first.tolist(), rows.last.tolist()) == ([2.0], [5.0])


def test_thousands_of_windows_of_few_points_in_one_chunk_are_all_closed() -> None:
    windows = Windows(10)
    add(windows, [(0, 10_000_000 * i, float(i)) for i in range(3_000)])
    rows = close(windows, 10_000_000 * 3_000)
    assert rows.count.tolist() == [1] * 3_000
    assert rows.last.tolist() == [float(i) for i in range(3_000)]
    assert len(windows) == 0


def test_cells_are_used_again_so_that_memory_follows_the_series_and_not_the_events() -> None:
    windows = Windows(10)
    sizes = set()
    for step in range(200):
        add(windows, [(series, step * 10, 1.0) for series in range(50)])
        close(windows, step * 10)
        sizes.add((len(windows), len(windows._cells._columns["count"])))
    assert sizes == {(50, 256)}


def test_series_that_appear_later_get_their_own_rows() -> None:
    windows = Windows(10)
    add(windows, [(0, 1, 1.0)])
    add(windows, [(5_000, 2, 2.0), (0, 3, 3.0)])
    rows = close(windows, 1_000)
    assert dict(zip(rows.series.tolist(), rows.sum.tolist(), strict=True)) == {0: 4.0, 5_000: 2.0}


def test_a_snapshot_of_another_declaration_is_refused() -> None:
    windows = Windows(10)
    add(windows, [(0, 1, 1.0)])
    assert not Windows(20).restore(windows.snapshot())
    assert Windows(10).restore(windows.snapshot())


points = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 300), st.floats(-1e100, 1e100)), min_size=1, max_size=50)


@given(points)
@settings(max_examples=200, deadline=None)
def test_no_statistic_is_ever_infinite_or_nan(drawn: list[tuple[int, int, float]]) -> None:
    windows = Windows(50)
    add(windows, drawn)
    rows = close(windows, 10_000)
    for name in ("sum", "mean", "stddev", "min", "max"):
        assert np.isfinite(getattr(rows, name)).all(), name


@given(st.floats(-1e9, 1e9), st.floats(1e-3, 1e3), st.integers(2, 400), st.integers(0, 2**32 - 1))
@settings(max_examples=100, deadline=None)
def test_the_deviation_keeps_its_digits_where_the_mean_is_large(
    mean: float, spread: float, count: int, seed: int
) -> None:
    x = mean + spread * np.random.default_rng(seed).standard_normal(count)
    windows = Windows(10)
    add(windows, [(0, 1, float(value)) for value in x])
    rows = close(windows, 1_000)
    exact = np.sqrt(np.mean((x.astype(np.longdouble) - x.astype(np.longdouble).mean()) ** 2))
    assert float(rows.stddev[0]) == pytest.approx(float(exact), rel=1e-9)
