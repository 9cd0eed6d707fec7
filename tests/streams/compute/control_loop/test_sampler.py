"""Levels are sampled as a function of the log: the first reading of each 5 s, whatever the cut."""

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.compute.control_loop.sampler import Sample, Sampler
from streams.compute.series import SeriesKey

KEYS = [SeriesKey("s", "stack", "so2"), SeriesKey("s", "stack", "other"), SeriesKey("s", "scrubber", "pump")]
WANTED = {KEYS[0]: ["stack"], KEYS[2]: ["stack", "stack-2"]}
Point = tuple[int, int, float]
"""Series, event time, value."""

_points = st.lists(st.tuples(st.integers(0, 2), st.integers(0, 60_000), st.floats(-1e6, 1e6)), max_size=60)


def fed(points: list[Point], cuts: list[int]) -> tuple[Sampler, list[Sample]]:
    sampler = Sampler(WANTED)
    sampler.grow(KEYS[:1])
    sampler.grow(KEYS[1:])
    bounds = sorted({0, len(points), *(cut for cut in cuts if cut < len(points))})
    found = []
    for begin, end in pairwise(bounds):
        part = points[begin:end]
        found += sampler.feed(
            np.array([one[0] for one in part], np.intp),
            np.array([one[1] for one in part], np.int64),
            np.array([one[2] for one in part]),
            np.arange(begin, end, dtype=np.int64),
        )
        saved, sampler = sampler.snapshot(), Sampler(WANTED)
        sampler.grow(KEYS)
        sampler.restore(saved)
    return sampler, found


@given(_points, st.lists(st.integers(0, 60), max_size=5))
@settings(max_examples=100, deadline=None)
def test_the_first_reading_of_each_interval_is_told_to_all_who_need_it(points: list[Point], cuts: list[int]) -> None:
    expected = []
    newest: dict[int, int] = {}
    for offset, (series, ts, value) in enumerate(points):
        if series != 1 and ts // 5_000 > newest.get(series, -1):
            newest[series] = ts // 5_000
            expected += [Sample(series, asset, ts, value, offset) for asset in WANTED[KEYS[series]]]
    assert fed(points, cuts)[1] == expected


def test_a_series_that_is_newly_wanted_is_told_from_then_on() -> None:
    sampler, _ = fed([(0, 1_000, 1.0), (1, 1_000, 1.0)], [])
    other = Sampler({KEYS[0]: ["stack"], KEYS[1]: ["stack"]})
    other.grow(KEYS)
    other.restore(sampler.snapshot())
    again = other.feed(np.array([0, 1]), np.array([2_000, 2_000]), np.array([1.0, 2.0]), np.array([5, 5]))
    assert again == [Sample(1, "stack", 2_000, 2.0, 5)]


def test_where_nothing_is_wanted_nothing_is_told() -> None:
    sampler = Sampler({})
    sampler.grow(KEYS)
    assert sampler.feed(np.array([0]), np.array([0]), np.array([1.0]), np.array([0])) == []
