"""What the windows must be, and what the comparison finds."""

import math
from collections import defaultdict
from dataclasses import replace

import numpy as np
import pytest

from infra.bench.oracle import Windows, difference, expected
from infra.bench.workload import WINDOW_MS, Workload


@pytest.fixture(scope="module")
def windows() -> Windows:
    return expected(Workload(events=20_000, assets=50))


def test_the_oracle_agrees_with_a_loop_over_the_events() -> None:
    workload = Workload(events=20_000, assets=50)
    values: defaultdict[tuple[int, int], list[float]] = defaultdict(list)
    for chunk in workload.chunks():
        for ts, asset, value in zip(chunk.ts.tolist(), chunk.asset.tolist(), chunk.values[:, 0].tolist(), strict=True):
            values[ts // WINDOW_MS * WINDOW_MS, asset].append(value)
    found = expected(workload)
    assert list(zip(found.start.tolist(), found.asset.tolist(), strict=True)) == sorted(values)
    for at, (_, inside) in enumerate(sorted(values.items())):
        assert found.count[at] == len(inside)
        assert (found.min[at], found.max[at]) == (min(inside), max(inside))
        assert found.sum[at] == pytest.approx(math.fsum(inside), rel=1e-12)
        assert found.mean[at] == pytest.approx(math.fsum(inside) / len(inside), rel=1e-12)


def test_the_same_windows_in_another_order_are_right(windows: Windows) -> None:
    assert difference(windows.take(np.random.default_rng(1).permutation(len(windows))), windows) is None


def test_a_rounding_error_of_a_sum_is_right(windows: Windows) -> None:
    assert difference(replace(windows, sum=windows.sum * (1 + 1e-12)), windows) is None


@pytest.mark.parametrize("column", ["count", "sum", "min", "max", "mean"])
def test_one_wrong_number_is_found(windows: Windows, column: str) -> None:
    changed = getattr(windows, column).copy()
    changed[7] = changed[7] * 1.001 + 1
    found = difference(replace(windows, **{column: changed}), windows)
    assert found is not None
    assert found.startswith(f"1 of {len(windows)} windows are wrong")


def test_a_number_that_is_none_is_wrong(windows: Windows) -> None:
    changed = windows.sum.copy()
    changed[0] = np.nan
    assert difference(replace(windows, sum=changed), windows) is not None


def test_missing_repeated_and_unexpected_windows_are_counted(windows: Windows) -> None:
    two_missing = windows.take(np.arange(2, len(windows)))
    assert difference(two_missing, windows) == "2 windows are missing, 0 were not expected, 0 came more than once"
    repeated = windows.take(np.r_[0, np.arange(len(windows))])
    assert difference(repeated, windows) == "0 windows are missing, 0 were not expected, 1 came more than once"
    moved = replace(windows, start=windows.start + np.r_[1, np.zeros(len(windows) - 1, np.int64)])
    assert difference(moved, windows) == "1 windows are missing, 1 were not expected, 0 came more than once"
