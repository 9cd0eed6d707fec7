"""Detectors from a file, and with their thresholds lowered."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import TopologyError
from streams.backtest.declared import load, lowered, raised
from streams.compute.detectors.cusum import Cusum
from streams.compute.detectors.ewma import Ewma
from streams.compute.detectors.lane import Flag
from streams.compute.detectors.limit import Limit
from streams.compute.detectors.rate import Rate
from streams.compute.detectors.registry import DetectorSpec
from streams.compute.detectors.robust_z import RobustZ
from tests.streams.compute.detectors.logs import Point, line, logs, run

LOWERED: list[DetectorSpec] = [
    RobustZ(name="robust", metrics=("*",), window=5, threshold=2.3, report="every"),
    Ewma(name="ewma", metrics=("*",), warmup=4, width=1.7, report="every"),
    Rate(name="rate", metrics=("*",), limit=2.5, report="every"),
]


def by_point(flags: list[Flag]) -> dict[tuple[int, int, int], float]:
    return {(flag.series, flag.ts, flag.offset): flag.score for flag in flags}


@pytest.mark.parametrize("spec", LOWERED, ids=lambda spec: spec.name)
@settings(max_examples=60, deadline=None)
@given(log=logs())
def test_lowering_a_threshold_changes_no_score_and_gives_more_points_one(spec: DetectorSpec, log: list[Point]) -> None:
    declared = by_point(run([spec], log))
    [lower], [fraction] = lowered([spec])
    scores = {at: raised(score, fraction) for at, score in by_point(run([lower], log)).items()}
    assert scores.keys() >= declared.keys()
    for at, score in scores.items():
        assert score == pytest.approx(declared[at], abs=1e-9) if at in declared else score <= 0.5 + 1e-9


def test_points_below_the_threshold_have_a_score_too() -> None:
    [lower], [fraction] = lowered([Rate(name="rate", metrics=("*",), limit=10.0)])
    flags = run([lower], line(0.0, 2.0, 4.0, 6.0, 8.0))
    assert [raised(flag.score, fraction) for flag in flags] == pytest.approx([0.2 / 1.2] * 4)


def test_what_cannot_be_lowered_stays_and_reports_every_point() -> None:
    specs: list[DetectorSpec] = [Cusum(name="c", metrics=("*",), reset=True), Limit(name="l", metrics=("*",), high=1.0)]
    found, fractions = lowered(specs)
    assert fractions == [1.0, 1.0]
    assert [spec.report for spec in found] == ["every", "every"]
    assert found[0].h == specs[0].h  # type: ignore[union-attr]


@given(st.floats(0, 1))
def test_without_lowering_a_score_stays_what_it_is(score: float) -> None:
    assert raised(score, 1.0) == pytest.approx(score)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "is no list of detectors"),
        ("detectors: []", "is no list of detectors"),
        ("[]", "is no list of detectors"),
        ("- {name: a, kind: limit, metrics: [m], hihg: 3}", r"d\.yaml:1: \[0\]\.hihg: is not known here"),
        ("- {name: a, kind: limit, metrics: [m]}", r"give high, low or both"),
        ("- {name: a, kind: limits, metrics: [m]}", "did you mean 'limit'"),
        ("- {name: a, kind: range, metrics: [m]}\n- {name: a, kind: range, metrics: [n]}", r"d\.yaml:2: two detectors"),
        ("- {name: a, kind: [", "is not YAML"),
    ],
)
def test_a_mistake_in_the_file_is_named_with_its_line(tmp_path: Path, text: str, reason: str) -> None:
    file = tmp_path / "d.yaml"
    file.write_text(text)
    with pytest.raises(TopologyError, match=reason):
        load(file)


def test_a_file_that_is_absent_is_named(tmp_path: Path) -> None:
    with pytest.raises(TopologyError, match=r"absent\.yaml: there is no such file"):
        load(tmp_path / "absent.yaml")


def test_a_list_is_read_as_in_a_topology(tmp_path: Path) -> None:
    file = tmp_path / "d.yaml"
    file.write_text('- {name: high, kind: limit, metrics: ["*"], high: 50}\n')
    assert load(file) == (Limit(name="high", metrics=("*",), high=50.0),)
