"""The bank: selection of series, order of flags, state of all detectors together."""

import msgspec
import numpy as np
import pytest

from schemas.errors import CheckpointError
from streams.compute.detectors.bank import DetectorBank
from streams.compute.detectors.ewma import Ewma
from streams.compute.detectors.limit import Limit
from streams.compute.detectors.missing import Missing
from streams.compute.detectors.range import Range
from streams.compute.detectors.registry import DetectorSpec
from streams.compute.series import SeriesKey
from tests.streams.compute.detectors.logs import ALL, EVERYTHING, METRICS, SECONDS, START, Runner, bits, line, log_of

HIGH = Limit(name="high", high=5.0, **ALL)
WARM = Ewma(name="warm", warmup=5, **ALL)
CALM = [0.0, 1.0, 0.0, 1.0, 0.0, 1.0]


def test_two_detectors_of_one_name_are_refused() -> None:
    with pytest.raises(ValueError, match="must differ"):
        DetectorBank([HIGH, Range(name="high", **ALL)], {})


def test_a_bank_without_detectors_flags_nothing() -> None:
    runner = Runner([])
    assert runner.feed(line(1e99)) == []
    assert runner.restarted().bank.tick(START + 10**9, 1) == []


def test_a_chunk_without_points_flags_nothing() -> None:
    assert Runner(EVERYTHING).feed([]) == []


@pytest.mark.parametrize(
    ("metrics", "assets", "watched"),
    [
        (("temp",), ("*",), {"temp a-1", "temp b-1"}),
        (("t*", "f?ow"), ("b-*",), {"temp b-1", "flow b-1"}),
        (("[ft]*",), ("a-1", "c"), {"temp a-1", "flow a-1"}),
        (("Temp",), ("*",), set()),
        (("*",), ("-1",), set()),
    ],
)
def test_patterns_select_series_by_metric_and_asset(
    metrics: tuple[str, ...], assets: tuple[str, ...], watched: set[str]
) -> None:
    runner = Runner([Limit(name="high", high=5.0, metrics=metrics, assets=assets)])
    flags = runner.feed(log_of([[(s, 0, 9.0) for s in range(6)]]))
    keys = [runner.table.keys[flag.series] for flag in flags]
    assert {f"{key.metric} {key.asset}" for key in keys} == watched


def test_flags_of_one_record_come_by_detector_and_then_by_series() -> None:
    missing = Missing(name="missing", timeout=SECONDS[10], **ALL)
    specs: list[DetectorSpec] = [HIGH, missing, Range(name="range", **ALL)]
    runner = Runner(specs)
    flags = runner.feed(log_of([[(0, 0, 0.0), (1, 0, 0.0)], [(1, 20_000, 99.0)]]))
    assert [(flag.detector, flag.series) for flag in flags] == [(0, 1), (1, 0), (1, 1), (2, 1)]


def test_a_detector_that_is_new_or_declared_anew_starts_anew_and_the_others_go_on() -> None:
    runner = Runner([HIGH, WARM])
    runner.feed(line(*CALM, 9.0))

    changed = Runner([msgspec.structs.replace(WARM, warmup=7), HIGH, Range(name="new", **ALL)])
    changed.table = runner.table
    changed.bank.grow(runner.table.keys)
    assert changed.bank.restore(runner.saved()) == ["warm (declared otherwise)", "new (new)"]

    later = log_of([[(0, 60_000, 9.0)], [(0, 61_000, -99.0)]])
    assert [flag.detector for flag in changed.feed(later)] == [2], "high is on since before, warm is learning"


def test_a_state_of_other_series_does_not_fit() -> None:
    runner = Runner(EVERYTHING)
    runner.feed(line(*CALM))
    other = DetectorBank(EVERYTHING, METRICS)
    with pytest.raises(CheckpointError, match="expected int64"):
        other.restore(runner.saved())


def test_a_state_of_another_version_does_not_fit() -> None:
    runner = Runner([WARM])
    runner.feed(line(*CALM))
    state = runner.saved()
    state["warm"]["surplus"] = state["warm"].pop("mean")
    with pytest.raises(CheckpointError, match="surplus"):
        runner.bank.restore(state)
    with pytest.raises(CheckpointError, match="series"):
        runner.bank.restore({})


def test_many_new_series_in_mid_stream_keep_the_state_of_the_old_ones() -> None:
    alone, among = Runner([WARM, HIGH]), Runner([WARM, HIGH])
    first, later = line(*CALM), log_of([[(0, 10_000 + 1000 * i, 2.0 * i)] for i in range(20)])
    alone.feed(first)
    among.feed(first)
    among.bank.grow([SeriesKey("plant", f"c-{i}", "temp") for i in range(1000)])
    assert bits(among.feed(later)) == bits(alone.feed(later)) != []


def test_memory_grows_with_series_and_not_with_points() -> None:
    def size(points: int) -> int:
        runner = Runner(EVERYTHING)
        runner.feed(log_of([[(i % 2, 1000 * i, float(i % 3))] for i in range(points)]))
        return sum(array.nbytes for arrays in runner.bank.snapshot().values() for array in arrays.values())

    assert size(40) == size(4000)


def test_more_series_than_sixteen_bits_can_count_keep_apart() -> None:
    bank = DetectorBank([Limit(name="high", high=5.0, metrics=("temp",))], METRICS)
    bank.grow([SeriesKey("plant", f"a-{i}", "temp") for i in range(70_000)])
    series = np.array([65_536 + 3, 3, 65_536 + 3, 69_999], np.intp)
    ts = np.full(4, START)
    flags = bank.feed(series, ts, np.array([9.0, 0.0, 9.0, 9.0]), np.arange(4), ts)
    assert [(flag.offset, flag.series) for flag in flags] == [(0, 65_539), (3, 69_999)]
