"""`mewma`: what it finds in the metrics of an asset together, and how it is calibrated."""

import math
import random
from collections.abc import Sequence
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.compute.detectors import f_distribution
from streams.compute.detectors.base import MetricInfo
from streams.compute.detectors.mewma import MOST_METRICS, Mewma, MewmaDetector, Observations
from tests.streams.compute.detectors.logs import ALL, EXAMPLES, SECONDS, Point, Runner, bits, log_of, offsets, run
from tests.streams.compute.detectors.oracles import expected_flags

TEMP, FLOW, LOAD = 0, 2, 4
"""The metrics of asset a-1, as indices into SERIES."""

SPEC = Mewma(name="m", warmup=100, **ALL)


def together(seconds: int, seed: int = 1, noise: float = 0.1) -> list[list[float]]:
    """Three metrics that follow one load, and each its own noise beside; a row a second."""
    rng = random.Random(seed)
    rows = []
    for _ in range(seconds):
        load = rng.gauss(0, 1)
        rows.append([5 + load + rng.gauss(0, noise), 50 - 10 * load + rng.gauss(0, 10 * noise), load])
    return rows


def events(rows: Sequence[Sequence[float]]) -> list[Point]:
    """One record a second with all three metrics."""
    return log_of(
        [(series, 1000 * i, x) for series, x in zip((TEMP, FLOW, LOAD), row, strict=True)] for i, row in enumerate(rows)
    )


def test_metrics_that_part_are_found_though_each_stays_within_its_own_band() -> None:
    rows = together(220)
    usual = events(rows)
    assert run([SPEC], usual) == []
    for row in rows[200:]:
        row[0] = 5 - row[2]  # against the load, as far as ever with it
    flag = run([SPEC], events(rows))[0]
    assert flag.offset in range(200, 205)
    assert abs(flag.value - 5) < 3, "no more than three standard deviations"
    assert not flag.lower < flag.value < flag.upper


def test_a_flag_names_the_metric_that_left_the_others() -> None:
    for number, series in enumerate((TEMP, FLOW, LOAD)):
        rows = together(202)
        rows[200][number] = [15.0, 100.0, 10.0][number]
        runner = Runner([msgspec.structs.replace(SPEC, weight=1.0)])
        (flag,) = runner.feed(events(rows))
        assert (flag.offset, flag.series, flag.value) == (200, series // 2, rows[200][number])


def test_the_reason_tells_the_statistic_its_limit_the_chance_and_the_three_largest_contributions() -> None:
    rows = together(202)
    rows[200] = [7.0, 50.0, 0.0]
    (flag,) = run([msgspec.structs.replace(SPEC, weight=1.0)], events(rows))
    assert flag.reason == (
        "temp 7 °C: T2 144.4 of 3 metrics together exceeds 36.6, by chance with probability 6.9e-19; it would be lower "
        "by 100% without temp, 30% without load, 15% without flow"
    )


def test_a_small_shift_that_lasts_is_found_by_the_average_and_not_by_single_observations() -> None:
    rows = together(400, noise=1.0)
    for row in rows[200:]:
        row[0] += 2.0
    assert run([msgspec.structs.replace(SPEC, weight=1.0)], events(rows)) == []
    assert offsets(run([msgspec.structs.replace(SPEC, weight=0.1)], events(rows)))[0] in range(203, 230)


def test_an_observation_is_judged_with_the_last_point_of_its_event() -> None:
    log = events([*together(150), [99.0, 0.0, 0.0]])
    assert run([SPEC], log[:-1]) == []
    (flag,) = run([SPEC], log)
    assert (flag.offset, flag.ts) == (150, log[-1].ts)


def test_metrics_in_records_of_their_own_are_judged_at_the_last_one_in_whatever_order() -> None:
    rows = [*together(150), [99.0, 0.0, 0.0]]
    for order in ((0, 1, 2), (2, 1, 0), (1, 0, 2)):
        log = log_of([((TEMP, FLOW, LOAD)[n], 1000 * i, row[n])] for i, row in enumerate(rows) for n in order)
        (flag,) = run([SPEC], log)
        assert (flag.offset, flag.value) == (len(log) - 1, 99.0)


def test_where_a_metric_does_not_come_the_observation_is_judged_before_the_next() -> None:
    rows = together(151)
    records = [[(s, 1000 * i, x) for s, x in zip((TEMP, FLOW, LOAD), row, strict=True)] for i, row in enumerate(rows)]
    records.append([(TEMP, 151_000, 99.0), (FLOW, 151_000, 0.0)])
    assert run([SPEC], log_of(records)) == []
    (flag,) = run([SPEC], log_of([*records, [(LOAD, 152_000, 0.0)]]))
    assert (flag.offset, flag.value, flag.ts - log_of(records)[0].ts) == (152, 99.0, 151_000)


@pytest.mark.parametrize("hold", [0, 5, 60])
def test_a_metric_that_is_left_out_does_not_make_the_others_unusual(hold: int) -> None:
    """The others go on as before and are judged alone; held for long, it would be one that no longer follows."""
    rows = together(300)
    records = [[(s, 1000 * i, x) for s, x in zip((TEMP, FLOW, LOAD), row, strict=True)] for i, row in enumerate(rows)]
    silent = [record if i < 200 else record[:2] for i, record in enumerate(records)]
    spec = msgspec.structs.replace(SPEC, hold=SECONDS[hold], weight=1.0)
    flagged = offsets(run([spec], log_of(silent)))
    assert (flagged == []) == (hold == 0)
    assert all(offset <= 201 + hold for offset in flagged)
    silent[280] = [(TEMP, 280_000, 7.0), (FLOW, 280_000, 70.0)]
    assert offsets(run([spec], log_of(silent)))[-1:] == [280], "two that part are found without the third"


def test_the_warm_up_takes_observations_in_a_row_of_the_same_metrics() -> None:
    rows = together(160)
    records = [[(s, 1000 * i, x) for s, x in zip((TEMP, FLOW, LOAD), row, strict=True)] for i, row in enumerate(rows)]
    late = [record[:2] if i < 50 else record for i, record in enumerate(records)]
    late[140] = [(TEMP, 140_000, 99.0), *records[140][1:]]
    late[155] = [(TEMP, 155_000, 999.0), *records[155][1:]]
    assert offsets(run([SPEC], log_of(late))) == [155], "100 observations after the 50th"
    assert offsets(run([SPEC], log_of(late[50:]))) == [105]


def test_metrics_that_do_not_vary_or_come_after_the_warm_up_are_not_watched() -> None:
    rows = [[row[0], 50.0, row[2]] for row in together(220)]
    records = [[(s, 1000 * i, x) for s, x in zip((TEMP, FLOW, LOAD), row, strict=True)] for i, row in enumerate(rows)]
    records[150][1] = (FLOW, 150_000, 1e9)
    assert run([SPEC], log_of(records)) == []
    joins = [record if i >= 120 else record[:2] for i, record in enumerate(records)]
    joins[200] = [*joins[200][:2], (LOAD, 200_000, 1e9)]
    assert run([SPEC], log_of(joins)) == []
    joins[210] = [(TEMP, 210_000, 1e9), *joins[210][1:]]
    assert offsets(run([SPEC], log_of(joins))) == [210]


def test_a_metric_that_is_not_watched_makes_no_observations_of_its_own() -> None:
    records = [[(TEMP, 1000 * i, row[0]), (FLOW, 1000 * i, row[1])] for i, row in enumerate(faulty())]
    beside = [[record, [(LOAD, 1000 * i + 500, 0.0)]] if i >= 120 else [record] for i, record in enumerate(records)]
    spec = msgspec.structs.replace(SPEC, report="every")
    alone = run([spec], log_of(records))
    among = run([spec], log_of(record for both in beside for record in both))
    assert len(alone) > 5
    assert [(flag.ts, flag.score) for flag in among] == [(flag.ts, flag.score) for flag in alone]


def test_a_warm_up_without_any_variation_is_prolonged() -> None:
    rows = [[5.0, 50.0, 0.0]] * 300
    assert run([SPEC], events([*rows, [6.0, 50.0, 0.0]])) == []


def test_the_metrics_beyond_the_most_are_not_watched() -> None:
    rng = random.Random(3)
    names = [f"m{n}" for n in range(MOST_METRICS + 2)]
    log = [
        Point(log_of([[(0, 0, 0.0)]])[0].key._replace(metric=name), 1000 * i, rng.gauss(0, 1), i, 1000 * i)
        for i in range(140)
        for name in names
    ]

    def flagged(metric: str) -> list[int]:
        changed = [p._replace(x=99.0) if p.key.metric == metric and p.offset == 130 else p for p in log]
        return offsets(run([SPEC], changed))

    assert flagged(names[MOST_METRICS - 1]) == [130]
    assert flagged(names[MOST_METRICS]) == []


def faulty() -> list[list[float]]:
    rows = together(300, noise=0.3)
    for row in rows[200:]:
        row[0] += 1.0
    rows[250] = [9.0, 10.0, 5.0]
    return rows


@pytest.mark.parametrize("report", ["onset", "every"])
def test_the_unit_of_a_metric_makes_no_difference(report: Any) -> None:
    spec = msgspec.structs.replace(SPEC, report=report)
    usual = run([spec], events(faulty()))
    assert len(usual) > 1
    for factor, exact in ((2.0**-40, True), (2.0**60, True), (1.8, False), (1e-5, False)):
        scaled = run([spec], events([[row[0] * factor, row[1] / factor, row[2]] for row in faulty()]))
        numbers = [(flag.offset, flag.series, flag.ts) for flag in usual]
        assert [(flag.offset, flag.series, flag.ts) for flag in scaled] == numbers
        if exact:
            assert [flag.score.hex() for flag in scaled] == [flag.score.hex() for flag in usual]
        assert [flag.score for flag in scaled] == pytest.approx([flag.score for flag in usual])


def test_an_asset_is_judged_to_the_last_bit_as_if_it_were_alone() -> None:
    spec = msgspec.structs.replace(SPEC, report="every")
    alone = events(faulty())
    flags = run([spec], alone)
    rng = random.Random(5)
    among = []
    for i in range(300):
        among += [point for point in alone if point.offset == i]
        for asset in range(7):
            keys = [alone[0].key._replace(asset=f"c-{asset}", metric=f"m{n}") for n in range(2 * asset + 1)]
            among += [Point(key, alone[3 * i].ts, rng.gauss(0, 1), i, alone[3 * i].ts) for key in keys]
    runner = Runner([spec])
    of_asset = [flag for flag in runner.feed(among) if runner.table.keys[flag.series].asset == "a-1"]
    series = {number: index for index, number in enumerate(sorted({flag.series for flag in of_asset}))}
    assert series
    names = [runner.table.keys[flag.series].metric for flag in of_asset]
    lone = Runner([spec])
    lone.feed(alone)
    assert names == [lone.table.keys[flag.series].metric for flag in flags]
    assert bits(flag._replace(series=0) for flag in of_asset) == bits(flag._replace(series=0) for flag in flags)


@st.composite
def machines(draw: st.DrawFn) -> list[Point]:
    """Logs of whole events, some with a metric missing, some in records of their own, some late, some after a pause."""
    rng = random.Random(draw(st.integers(0, 1000)))
    records: list[list[tuple[int, int, float]]] = []
    now = 0
    for odd in draw(st.lists(st.integers(0, 20), min_size=25, max_size=60)):
        load = rng.gauss(0, 1)
        values = [(s, now, (load if rng.random() < 0.9 else 9.0) + rng.gauss(0, 0.5)) for s in (TEMP, FLOW, LOAD)]
        if odd < 3:
            del values[odd]
        if odd in (3, 4):
            values = [(s, ts - 1500, x) if s == FLOW else (s, ts, x) for s, ts, x in values]
        records += [[value] for value in values] if odd in (4, 5, 6) else [values]
        now += 9000 if odd == 7 else 1000
    return log_of(records)


@settings(max_examples=60, deadline=None)
@given(log=machines(), cut=st.integers(0, 200))
def test_of_whole_machines_it_finds_what_its_oracle_finds_however_the_log_is_cut(log: list[Point], cut: int) -> None:
    specs = EXAMPLES[Mewma]
    runner = Runner(specs)
    first = runner.feed(log[:cut])
    runner = runner.restarted()
    found = first + runner.feed(log[cut:])
    assert bits(found) == bits(run(specs, log))
    expected = expected_flags(specs, log)
    names = [(flag.detector, runner.table.keys[flag.series], flag.ts, flag.offset) for flag in found]
    assert names == [flag[:4] for flag in expected]
    for flag, wanted in zip(found, expected, strict=True):
        assert flag[4:9] == pytest.approx(wanted[4:], rel=1e-6, abs=1e-9)


def detector(assets: int, **settings: Any) -> MewmaDetector:
    made = MewmaDetector(Mewma(name="m", **ALL | settings))
    made.grow([MetricInfo("x")] * assets)
    return made


def observe(made: MewmaDetector, x: np.ndarray) -> list[int]:
    """Which assets signal; x is [assets, metrics]."""
    found = made.step(Observations(np.arange(len(x)), x, np.ones(x.shape, bool)))
    return [] if found is None else found.at.tolist()


@pytest.mark.parametrize("weight", [1.0, 0.2])
@pytest.mark.parametrize("common", [0.0, 1.0, 4.0])
def test_normal_operation_signals_as_often_as_alpha_says_or_less_where_shrinking_widens_the_band(
    weight: float, common: float
) -> None:
    rng = np.random.default_rng(11)
    assets, metrics, warmup = 1000, 4, 100
    made = detector(assets, weight=weight, alpha=0.02, warmup=warmup)

    def normal() -> np.ndarray:
        return rng.normal(size=(assets, metrics)) + common * rng.normal(size=(assets, 1))

    assert not any(observe(made, normal()) for _ in range(warmup))
    for _ in range(30):  # until the average has forgotten that it began at 0
        observe(made, normal())
    rate = sum(len(observe(made, normal())) for _ in range(40)) / (40 * assets)
    assert 0.008 < rate < 0.022
    assert common != 1.0 or rate > 0.017, "shrunk least"


def test_the_average_run_length_is_the_published_one() -> None:
    """p = 4, lambda = 0.1, H = 12.73: 200 observations (Montgomery, Introduction to Statistical Quality Control, table
    of the MEWMA after Prabhu and Runger 1997)."""
    n, h, assets = 100_000, 12.73, 1000
    made = detector(assets, weight=0.1, warmup=n, alpha=f_distribution.tail(h / (4 * (n - 1) / (n - 4)), 4, n - 4))
    known = made.snapshot()  # a baseline that is known instead of learned
    known["ready"][:], known["count"][:] = True, 1 << 60
    known["among"][:, :4], known["sigma"][:, :4] = True, 1.0
    known["matrix"][:, range(4), range(4)] = 1.0
    made.restore(known)
    rng = np.random.default_rng(13)
    lengths = np.zeros(assets)
    for t in range(1, 3000):
        signals = observe(made, rng.normal(size=(assets, 4)))
        fresh = [asset for asset in signals if not lengths[asset]]
        lengths[fresh] = t
        if lengths.all():
            break
    assert lengths.mean() == pytest.approx(200, abs=4 * 200 / math.sqrt(assets))
