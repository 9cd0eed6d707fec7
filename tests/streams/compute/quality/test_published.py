"""Published answers, through the processor."""

import json
from pathlib import Path
from typing import Any

import pytest

from streams.compute.quality.rows import SampleRow, SpcPoint
from tests.streams.compute.quality.logs import Run, inspection, run, sample

WEIGHTS = [
    52.0, 47.0, 53.0, 49.3, 50.1, 47.0, 51.0, 50.1, 51.2, 50.5,
    49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1,
]  # fmt: skip
RINGS = json.loads(Path(__file__).with_name("piston_rings.json").read_text())


def spc(charts: list[dict[str, Any]], **baseline: Any) -> dict[str, Any]:
    declared = {"name": "bore", "unit": "mm", "charts": charts, "baseline": baseline}
    return {"characteristics": [declared]}


def line(found: Run, chart: str) -> list[SpcPoint]:
    return [point for point in found.of(SpcPoint) if point.chart == chart]


def singles(values: list[float]) -> list[dict[str, Any]]:
    return [sample(at, x) for at, x in enumerate(values)]


def test_the_moving_average_of_nist() -> None:
    """NIST/SEMATECH e-Handbook, 6.3.2.4. It truncates sqrt(0.3 / 1.7), hence its lower limit of 47.4115."""
    found = run(spc([{"kind": "ewma", "lambda": 0.3, "L": 3}], mean=50, sigma=2.0539), singles(WEIGHTS))
    points = line(found, "ewma")
    assert [round(point.value, 2) for point in points] == [
        50.6, 49.52, 50.56, 50.18, 50.16, 49.21, 49.75, 49.85, 50.26, 50.33,
        50.11, 49.36, 49.52, 50.05, 49.38, 49.92, 50.73, 51.23, 51.94, 51.99,
    ]  # fmt: skip
    assert {(round(point.upper or 0, 4), round(point.lower or 0, 3)) for point in points} == {(52.5884, 47.412)}
    assert not found.flags


def test_the_cumulative_sums_of_nist() -> None:
    """NIST/SEMATECH e-Handbook, 6.3.2.3, which rounds while it adds up."""
    x = [
        324.925, 324.675, 324.725, 324.35, 325.35, 325.225, 324.125, 324.525, 325.225, 324.6,
        324.625, 325.15, 328.325, 327.25, 327.825, 328.5, 326.675, 327.775, 326.875, 328.35,
    ]  # fmt: skip
    found = run(spc([{"kind": "cusum", "k": 0.3175, "h": 4.1959}], mean=325, sigma=1), singles(x))
    assert [point.value for point in line(found, "cusum_high")] == pytest.approx(
        [0, 0, 0, 0, 0.03, 0, 0, 0, 0, 0, 0, 0, 3.01, 4.94, 7.45, 10.63, 11.99, 14.44, 16.0, 19.04], abs=0.02
    )
    assert [point.value for point in line(found, "cusum_low")] == pytest.approx(
        [0, 0.01, 0, 0.33, 0, 0, 0.56, 0.72, 0.17, 0.25, 0.31, 0, 0, 0, 0, 0, 0, 0, 0, 0], abs=0.02
    )
    [flag] = found.flags
    assert (flag.detector, flag.offset) == ("cusum_high:beyond_limits", 13)


def test_individuals_and_moving_ranges_of_nist() -> None:
    """NIST/SEMATECH e-Handbook, 6.3.2.2, by an eleventh point that ends the learning."""
    x = [49.6, 47.6, 49.9, 51.3, 47.8, 51.2, 52.6, 52.4, 53.6, 52.1]
    found = run(spc([{"kind": "individuals", "rules": ["shewhart"]}], subgroups=10), singles([*x, 50.81]))
    *learned, point = line(found, "individuals")
    assert [(one.value, one.upper, one.phase) for one in learned] == [(value, None, "learning") for value in x]
    assert (point.centre, point.lower, point.upper) == pytest.approx((50.81, 45.8159, 55.8041), abs=0.00005)
    assert line(found, "moving_range")[-1].centre == pytest.approx(1.8778, abs=0.00005)


def test_viscosities_of_montgomery_as_r_charts_them() -> None:
    """Montgomery, Introduction to Statistical Quality Control; limits as the R package qcc prints them, whose d2 has
    more digits."""
    x = [33.75, 33.05, 34, 33.81, 33.46, 34.02, 33.68, 33.27, 33.49, 33.20, 33.62, 33.00, 33.54, 33.12, 33.84]
    found = run(spc([{"kind": "individuals"}], subgroups=15), singles([*x, 33.5]))
    point = line(found, "individuals")[-1]
    assert (point.centre, point.lower, point.upper) == pytest.approx((33.52333, 32.24484, 34.80183), abs=0.0005)


def test_piston_rings_of_montgomery_as_r_charts_them() -> None:
    """Montgomery's piston rings: 25 samples in control, 15 more of which the last but few are not. Numbers as the R
    package qcc prints them for xbar, R and process.capability, whose d2 has more digits."""
    quality = spc([{"kind": "xbar_r", "rules": ["shewhart"]}])
    quality["characteristics"][0] |= {"lower": 73.95, "upper": 74.05, "target": 74}
    found = run(quality, [sample(at, *values) for at, values in enumerate(RINGS)])
    xbar, ranges = line(found, "xbar"), line(found, "range")
    assert [point.phase for point in xbar] == ["learning"] * 25 + ["monitoring"] * 15
    assert (xbar[25].centre, xbar[25].lower, xbar[25].upper) == pytest.approx((74.00118, 73.98805, 74.0143), abs=5e-6)
    assert (ranges[25].centre, ranges[25].lower, ranges[25].upper) == pytest.approx((0.02276, 0, 0.04812533), abs=2e-5)
    row = found.of(SampleRow)[24]
    assert (row.capability_values, row.cp, row.cpk) == pytest.approx((125, 1.703, 1.663), abs=0.0005)
    assert [at for at, point in enumerate(xbar, 1) if point.rules] == [37, 38, 39]
    assert [(flag.detector, flag.offset) for flag in found.flags] == [("xbar:beyond_limits", 36)]


def test_the_p_chart_of_thirty_lots() -> None:
    """50 items each, mean .2313 in NIST/SEMATECH e-Handbook, 6.3.3.2; limits as the R package qcc prints them for the
    same counts (Montgomery's orange juice cans), with samples 15 and 23 beyond the upper one."""
    bad = [
        12, 15, 8, 10, 4, 7, 16, 9, 14, 10, 5, 6, 17, 12, 22, 8, 10, 5, 13, 11, 20, 18, 24, 15, 9, 12, 7, 13, 9, 6,
    ]  # fmt: skip
    lots = [inspection(at, 50, 50 - count) for at, count in enumerate([*bad, *bad])]
    found = run({"inspections": {"subgroup": 50, "subgroups": 30}}, lots)
    points = line(found, "p")
    assert {(point.phase, point.upper) for point in points[:30]} == {("learning", None)}
    for point in points[30:]:
        assert (point.centre, point.lower, point.upper) == pytest.approx((0.2313333, 0.05242755, 0.4102391), abs=5e-7)
    assert [at for at, point in enumerate(points[30:], 1) if point.rules] == [15, 23]


def test_a_spread_that_is_rounding_has_no_capability() -> None:
    declared = {"name": "bore", "unit": "mm", "lower": 0, "upper": 1e90}
    [row] = run({"characteristics": [declared]}, [sample(0, 0.0, 5e-324)]).of(SampleRow)
    assert (row.cp, row.cpk, row.pp, row.ppk) == (None, None, None, None)


def test_capability_of_nist() -> None:
    """NIST/SEMATECH e-Handbook, 6.1.6: limits 8 and 20, mean 16 and standard deviation 2 give 1.0 and 0.6667."""
    declared = {"name": "bore", "unit": "mm", "lower": 8, "upper": 20}
    x = 16 + 3**0.5, 16 - 3**0.5
    [row] = run({"characteristics": [declared]}, [sample(0, *x, *x)]).of(SampleRow)
    assert (row.pp, row.ppk) == pytest.approx((1.0, 0.6667), abs=0.00005)
