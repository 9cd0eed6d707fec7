"""`novelty`: windows that are unlike every known pattern."""

import math
import os
import random
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.compute.detectors.base import MetricInfo, Points, Violations
from streams.compute.detectors.novelty import Novelty, NoveltyDetector
from tests.streams.compute.detectors import nab
from tests.streams.compute.detectors.logs import ALL, QUARTERS, line, offsets, run
from tests.streams.compute.detectors.novelty_oracle import NoveltyOracle

SMALL = Novelty(name="n", blocks=(2, 3), window=3, warmup=20, threshold=1e-6, hold=7, **ALL)
NAB = os.environ.get("NAB_DATA")


def detector(spec: Novelty, slots: int) -> NoveltyDetector:
    new = NoveltyDetector(spec)
    new.grow([MetricInfo("x")] * slots)
    return new


def step(to: NoveltyDetector, values: dict[int, float]) -> Violations | None:
    slot = np.array(list(values), np.intp)
    return to.step(Points(slot, np.zeros(len(slot), np.int64), np.array(list(values.values()))))


def day(rng: random.Random, length: int = 56, height: float = 10.0) -> list[float]:
    """A bump with noise, as of a machine that works by day."""
    return [height * max(0.0, math.sin(2 * math.pi * i / length)) + rng.random() for i in range(length)]


def days(count: int, seed: int = 7) -> list[float]:
    rng = random.Random(seed)
    return [x for _ in range(count) for x in day(rng)]


@settings(max_examples=25, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    late=st.integers(0, 9),
    wild=st.sampled_from([0.0, 0.01, 0.2]),
    blocks=st.lists(st.integers(1, 4), min_size=1, max_size=3, unique=True).map(tuple),
    window=st.integers(1, 4),
    hold=st.integers(0, 30),
)
def test_many_series_at_once_give_bit_for_bit_what_plain_python_gives(
    seed: int, late: int, wild: float, blocks: tuple[int, ...], window: int, hold: int
) -> None:
    """Long enough for patterns to be replaced; series of different lengths, some in another step than others."""
    spec = Novelty(name="n", blocks=blocks, window=window, warmup=40, threshold=1e-6, hold=hold, **ALL)
    rng = random.Random(seed)
    both, oracles = detector(spec, 5), [NoveltyOracle(spec) for _ in range(5)]
    for i in range(120 * blocks[0]):
        present = [s for s in range(5) if i >= s * late and rng.random() < 0.95]
        rng.shuffle(present)
        values = {s: (rng.gauss(0, 1) + (s * i // 60 % 2)) * (1e3 if rng.random() < wild else 1.0) for s in present}
        found = step(both, values) if values else None
        expected = {s: oracles[s].add(x) for s, x in values.items()}
        got = {} if found is None else {present[at]: k for k, at in enumerate(found.at.tolist())}
        assert set(got) == {s for s, told in expected.items() if told.statistic > spec.threshold}
        for s, k in got.items():
            assert found is not None
            told = (float(found.statistic[k]), float(found.lower[k]), float(found.upper[k]))
            assert told == expected[s]


def test_what_comes_again_is_no_novelty_and_what_is_new_is_one() -> None:
    usual = days(30)
    rng = random.Random(8)
    changed = [*usual, *day(rng, height=20.0), *days(3, seed=9)]
    spec = Novelty(name="n", threshold=3.0, **ALL)
    assert run([spec], line(*usual, *days(3, seed=9))) == []
    flag, *more = run([spec], line(*changed))
    assert len(usual) <= flag.offset < len(usual) + 56
    assert all(later.offset < len(changed) - 56 for later in more)


def test_a_pattern_at_the_wrong_time_is_a_novelty_though_every_value_is_usual() -> None:
    """Half a day is left out, so that the bump comes at once after a bump."""
    usual = days(30)
    twice = [*day(random.Random(1))[:28], *day(random.Random(2))]
    flagged = offsets(run([Novelty(name="n", threshold=2.0, **ALL)], line(*usual, *twice)))
    assert flagged
    assert min(flagged) >= len(usual)


def test_the_reason_names_what_was_expected() -> None:
    usual = days(30)
    (flag, *_) = run([Novelty(name="n", threshold=3.0, **ALL)], line(*usual, *[30.0] * 14))
    assert flag.reason.startswith("the last 56 points up to 30 °C are unlike every known pattern, by ")
    assert flag.lower < flag.expected < flag.upper


def test_within_the_latch_only_a_much_larger_statistic_is_told() -> None:
    log = line(*days(30), *[14.0] * 14, *[60.0] * 14)
    always = run([Novelty(name="n", threshold=1.0, hold=0, **ALL)], log)
    latched = run([Novelty(name="n", threshold=1.0, **ALL)], log)
    assert set(offsets(latched)) < set(offsets(always))
    for before, after in pairwise(latched):
        ratios = [flag.score / (1 - flag.score) for flag in (before, after)]
        assert after.offset - before.offset >= 100 or ratios[1] > 1.3 * ratios[0]


def test_the_threshold_only_selects() -> None:
    """So that flags at any threshold can be read off the scores at a small one."""
    log = line(*days(30), *[14.0] * 14, *days(5, seed=5), *[60.0] * 14)
    every = run([Novelty(name="n", threshold=1e-3, **ALL)], log)
    for threshold in (0.5, 1.4, 3.0):
        expected = [f.offset for f in every if f.score / (1 - f.score) > 1000 * threshold]
        assert offsets(run([Novelty(name="n", threshold=threshold, **ALL)], log)) == expected


@settings(max_examples=30, deadline=None)
@given(values=st.lists(QUARTERS, min_size=60, max_size=120), power=st.integers(-60, 60))
def test_a_unit_that_is_a_power_of_two_of_the_other_does_not_show_in_a_bit(values: Sequence[float], power: int) -> None:
    one, other = run([SMALL], line(*values)), run([SMALL], line(*(x * 2.0**power for x in values)))
    assert [(flag.offset, flag.score) for flag in one] == [(flag.offset, flag.score) for flag in other]
    assert [flag.upper * 2.0**power for flag in one] == [flag.upper for flag in other]


@settings(max_examples=30, deadline=None)
@given(values=st.lists(QUARTERS, min_size=60, max_size=120), factor=st.floats(0.001, 1000))
def test_the_unit_does_not_matter(values: Sequence[float], factor: float) -> None:
    """Of values in steps, many lie on the edge of a level."""
    one, other = run([SMALL], line(*values)), run([SMALL], line(*(x * factor for x in values)))
    assert [(flag.offset, flag.score) for flag in one] == [(flag.offset, flag.score) for flag in other]
    assert [flag.upper * factor for flag in one] == pytest.approx([flag.upper for flag in other], abs=1e-9 * factor)


def test_a_warm_up_without_any_spread_is_prolonged() -> None:
    constant = [5.0] * 200
    assert run([Novelty(name="n", **ALL)], line(*constant, *[6.0] * 7)) == []
    assert run([Novelty(name="n", **ALL)], line(*constant, *[6.0] * 7, *[100.0] * 70)) != []


def test_memory_stays_as_it_was_declared() -> None:
    many = detector(Novelty(name="n", **ALL), 1)
    rng = np.random.default_rng(3)
    before = sum(array.nbytes for array in many.snapshot().values())
    for x in rng.normal(size=3000).tolist():
        step(many, {0: x})
    assert sum(array.nbytes for array in many.snapshot().values()) == before <= 7700


@pytest.mark.skipif(
    NAB is None, reason="NAB_DATA is not set to the folder of the Numenta Anomaly Benchmark with its windows.json"
)
def test_the_benchmark_is_scored_as_before() -> None:
    files = nab.load(Path(str(NAB)))
    spec = Novelty(name="n", **ALL)
    every = detector(spec, len(files))
    alarms: list[list[int]] = [[] for _ in files]
    for i in range(max(len(file.x) for file in files)):
        present = [s for s, file in enumerate(files) if i < len(file.x)]
        found = step(every, {s: float(files[s].x[i]) for s in present})
        for at in [] if found is None else found.at.tolist():
            alarms[present[at]].append(i)
    assert nab.score(files, alarms) >= 69
