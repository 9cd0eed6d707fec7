"""What comes out is what the definitions say, whatever the cut and whenever the worker is replaced."""

import random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.compute.quality.rows import DefectRow, InspectionRow, SampleRow, SpcPoint
from tests.streams.compute.quality.logs import inspection, run, sample
from tests.streams.compute.quality.oracle import Oracle

QUALITY: dict[str, Any] = {
    "characteristics": [
        {
            "name": "bore", "unit": "mm", "lower": 9.0, "upper": 11.0, "capability_samples": 10,
            "baseline": {"subgroups": 4},
            "charts": [
                {"kind": "xbar_r", "rules": ["nelson", "western_electric"]},
                {"kind": "ewma", "lambda": 0.3, "L": 2.0, "limits": "asymptotic"},
                {"kind": "individuals", "rules": ["shewhart"]},
            ],
        },
        {
            "name": "length", "unit": "m", "lower": 8.0, "upper": 10.5, "capability_samples": 6,
            "baseline": {"mean": 10.1, "sigma": 0.4},
            "charts": [
                {"kind": "individuals", "rules": ["nelson"]},
                {"kind": "cusum", "k": 0.4, "h": 2.0},
                {"kind": "ewma", "lambda": 0.5, "L": 2.0, "limits": "exact"},
            ],
        },
    ],
    "inspections": {"subgroup": 20, "subgroups": 2, "rules": ["western_electric"]},
}  # fmt: skip


def log_of(seed: int, events: int) -> list[dict[str, Any]]:
    """A log in which everything happens: few series, shifts, repeats, late events."""
    chance, log, level = random.Random(seed), [], 10.0
    for at in range(events):
        if log and chance.random() < 0.1:
            log.append(chance.choice(log[-60:]))
            continue
        when = at - chance.choice([0, 0, 0, 0, 0, 0, 3, 40])
        level += chance.choice([0, 0, 0, 0.2, -0.2])
        product = chance.choice(["", "p"])
        if chance.random() < 0.2:
            inspected = chance.randint(1, 30)
            passed = chance.randint(inspected // 2, inspected)
            defects = {"crack": chance.randint(0, 2), "burr": chance.randint(0, 2)}
            log.append(inspection(when, inspected, passed, reworked=inspected - passed, defects=defects))
        else:
            values = [chance.gauss(level, 0.5) for _ in range(chance.choice([1, 1, 2, 4, 5]))]
            name = chance.choice(["bore", "bore", "length", "length", "unheard"])
            log.append(sample(when, *values, product=product, characteristic=name, item=str(chance.randint(1, 3))))
    return log


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1 << 32), st.integers(1, 250))
def test_rows_and_flags_are_what_the_definitions_say(seed: int, events: int) -> None:
    log = log_of(seed, events)
    oracle = Oracle(QUALITY)
    for offset, event in enumerate(log):
        oracle.feed(offset, event)
    found = run(QUALITY, log)
    assert_alike(found.of(SampleRow), oracle.samples)
    assert_alike(found.of(SpcPoint), oracle.points)
    assert_alike(found.of(InspectionRow), oracle.inspections)
    assert [(row.offset, row.defect, row.count) for row in found.of(DefectRow)] == oracle.defects
    assert [(flag.offset, flag.detector) for flag in found.flags] == oracle.flags
    counts = found.processor.engine.counts
    assert counts.events == len(log)
    for outcome in ("accepted", "late", "duplicate"):
        assert getattr(counts, outcome) == oracle.outcomes.count(outcome)


def test_state_does_not_grow_with_events() -> None:
    sizes = [len(msgspec.msgpack.encode(run(QUALITY, log_of(1, n)).processor.engine.snapshot())) for n in (400, 4000)]
    assert sizes[1] < 1.1 * sizes[0]


def assert_alike(rows: list[Any], expected: list[dict[str, Any]]) -> None:
    assert len(rows) == len(expected)
    for row, wanted in zip(rows, expected, strict=True):
        for name, value in wanted.items():
            found = getattr(row, name)
            assert found == (pytest.approx(value, rel=1e-9, abs=1e-9) if isinstance(value, float) else value), name


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1 << 32), st.lists(st.integers(0, 120), max_size=8).map(sorted), st.booleans())
def test_any_cut_and_any_restart_give_the_same(seed: int, cuts: list[int], restarts: bool) -> None:
    log = log_of(seed, 120)
    whole, pieces = run(QUALITY, log), run(QUALITY, log, cuts, restarts)
    assert pieces.rows == whole.rows
    assert pieces.flags == whole.flags
    assert pieces.processor.engine.snapshot() == whole.processor.engine.snapshot()
    for rows in (whole.of(SampleRow), whole.of(SpcPoint), whole.of(InspectionRow), whole.of(DefectRow), whole.flags):
        assert len({row.id for row in rows}) == len(rows)
