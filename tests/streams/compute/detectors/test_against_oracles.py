"""The vectorised detectors find what plain Python finds."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.compute.detectors.base import Spec
from streams.compute.detectors.registry import DETECTORS
from tests.streams.compute.detectors.logs import EVERYTHING, EXAMPLES, Point, Runner, log_of, logs
from tests.streams.compute.detectors.oracles import expected_flags


@pytest.mark.parametrize("kind", DETECTORS, ids=lambda kind: kind.__name__)
@settings(max_examples=100, deadline=None)
@given(log=logs(), data=st.data())
def test_a_detector_finds_what_its_oracle_finds(kind: type[Spec], log: list[Point], data: st.DataObject) -> None:
    runner = Runner(EXAMPLES[kind])
    cut = data.draw(st.integers(0, len(log)))
    found = runner.feed(log[:cut]) + runner.feed(log[cut:])
    expected = expected_flags(EXAMPLES[kind], log)

    names = [(flag.detector, runner.table.keys[flag.series], flag.ts, flag.offset) for flag in found]
    assert names == [flag[:4] for flag in expected]
    for flag, wanted in zip(found, expected, strict=True):
        assert flag[4:9] == pytest.approx(wanted[4:], rel=1e-9, abs=1e-9, nan_ok=True)


@settings(max_examples=30, deadline=None)
@given(log=logs(), data=st.data())
def test_flags_of_all_detectors_come_by_position_detector_and_series(log: list[Point], data: st.DataObject) -> None:
    specs = data.draw(st.permutations(EVERYTHING))
    runner = Runner(specs)
    found = [(flag.detector, runner.table.keys[flag.series], flag.ts) for flag in runner.feed(log)]
    assert found == [flag[:3] for flag in expected_flags(specs, log)]


def test_every_example_flags_something() -> None:
    """Guards the tests above against examples that never fire."""
    values = [0.0, 1.0, 0.0, 1.5, 0.5, 9.0, *[12.0] * 6, -12.0, -12.0, 0.0, 30.0]
    log = log_of([(0, 1000 * i, x), (1, 1000 * i, x)] for i, x in enumerate(values * 3))
    log += log_of([[(2, 60_000, 0.0)], [(2, 120_000, 0.0)]])
    fired = {flag.detector for flag in expected_flags(EVERYTHING, log)}
    assert [spec.name for index, spec in enumerate(EVERYTHING) if index not in fired] == []
