"""Grouping a chunk by series and arranging it in rounds."""

from itertools import pairwise

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from streams.compute.detectors.segments import Segments

SERIES = st.lists(st.sampled_from([0, 1, 2, 7, 70_000, 140_000]), min_size=1, max_size=40)


def grouped(segments: Segments) -> dict[int, list[int]]:
    return {
        series: segments.at[start : start + count].tolist()
        for series, start, count in zip(
            segments.series.tolist(), segments.start.tolist(), segments.count.tolist(), strict=True
        )
    }


@given(SERIES)
def test_points_are_grouped_by_series_in_the_order_of_the_log(series: list[int]) -> None:
    segments = Segments.of(np.array(series, np.intp))
    assert grouped(segments) == {s: [i for i, other in enumerate(series) if other == s] for s in sorted(set(series))}


@given(SERIES, st.sets(st.integers(0, 5)))
def test_some_of_the_series_are_the_same_groups(series: list[int], chosen: set[int]) -> None:
    segments = Segments.of(np.array(series, np.intp))
    mask = np.array([i in chosen for i in range(len(segments))])
    wanted = {s: at for i, (s, at) in enumerate(grouped(segments).items()) if i in chosen}
    assert grouped(segments.only(mask)) == wanted


@given(SERIES, st.data())
def test_points_that_are_not_kept_leave_no_empty_group(series: list[int], data: st.DataObject) -> None:
    segments = Segments.of(np.array(series, np.intp))
    kept = np.array(data.draw(st.lists(st.booleans(), min_size=len(series), max_size=len(series))))
    left = set(segments.at[kept].tolist())
    wanted = {s: [i for i in at if i in left] for s, at in grouped(segments).items()}
    assert grouped(segments.keep(kept)) == {s: at for s, at in wanted.items() if at}


@given(SERIES)
def test_round_r_holds_the_rth_point_of_every_series_that_has_so_many(series: list[int]) -> None:
    segments = Segments.of(np.array(series, np.intp))
    ranking, bounds, take = segments.rounds
    rounds = [segments.at[take[begin:end]].tolist() for begin, end in pairwise(bounds)]
    in_order = [grouped(segments)[s] for s in segments.series[ranking].tolist()]
    assert rounds == [[at[r] for at in in_order if len(at) > r] for r in range(max(map(len, in_order)))]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(-5, 20)), min_size=1, max_size=40), st.integers(-5, 20))
def test_newest_is_the_running_maximum_of_each_series(points: list[tuple[int, int]], before: int) -> None:
    series, ts = np.array(points, np.int64).T
    segments = Segments.of(series)
    newest = segments.newest(ts[segments.at], np.full(len(segments), before))
    wanted = [max(before, *(t for s, t in points[: at + 1] if s == points[at][0])) for at in segments.at.tolist()]
    assert newest.tolist() == wanted
