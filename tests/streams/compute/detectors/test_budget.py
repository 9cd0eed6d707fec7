"""A budget of flags a day: the threshold of a series that would give more is raised."""

import msgspec
import numpy as np
import pytest

from streams.compute.detectors.bank import DetectorBank
from streams.compute.detectors.limit import Limit
from streams.compute.detectors.mewma import Mewma
from streams.compute.detectors.tail import Tail
from tests.streams.compute.detectors.logs import ALL, METRICS, SECONDS, Runner, bits, line, log_of, offsets, run

DAY_S = 86_400
ALTERNATING = [0.0, 150.0]
"""Flagged at every other point, each 1.5 times as far beyond the limit."""


def limit(budget: float | None) -> Limit:
    return Limit(name="high", high=100.0, budget=budget, **ALL)


def test_in_the_long_run_there_are_as_many_flags_as_the_budget_says() -> None:
    """A point a minute, every other one beyond the limit, for 20 days."""
    log = line(*ALTERNATING * (20 * 720), step=60_000)
    assert len(run([limit(None)], log)) == 20 * 720
    found = run([limit(5.0)], log)
    assert 95 <= len(found) <= 105
    last_days = [flag for flag in found if flag.ts > log[-1].ts - 10 * DAY_S * 1000]
    assert len(last_days) == pytest.approx(50, abs=1)


def test_a_series_within_the_budget_is_not_touched() -> None:
    log = line(*[0.0, 150.0, *[0.0] * 22] * 30, step=3_600_000)
    assert bits(run([limit(2.0)], log)) == bits(run([limit(None)], log))


def test_a_larger_violation_is_told_when_the_budget_is_spent() -> None:
    values = [*ALTERNATING * 50, 0.0, 900.0]
    assert offsets(run([limit(1.0)], line(*values)))[-1] == 101


def test_even_certain_violations_are_told_within_the_budget() -> None:
    log = line(*[float(10**9 * (i % 2)) for i in range(4000)], step=60_000)
    assert len(run([limit(1.0)], log)) < 40


def test_each_series_has_its_own_budget() -> None:
    log = log_of([(0, 1000 * i, 150.0 * (i % 2)), (1, 1000 * i, 150.0 * (i == 999))] for i in range(1000))
    assert [flag.series for flag in run([limit(1.0)], log)][-1] == 1


def test_normal_noise_keeps_to_the_budget() -> None:
    """A month, a point a minute: 43,200 points, beyond the threshold 21 of them."""
    rng = np.random.default_rng(4)
    found = run([Tail(name="tail", budget=0.2, **ALL)], line(*rng.normal(size=43_200).tolist(), step=60_000))
    assert 1 <= len(found) <= 0.2 * 30 + 3


def test_metrics_that_are_judged_together_have_one_budget_an_asset() -> None:
    """Every other observation is far from what the warm-up saw."""
    values = np.random.default_rng(1).normal(size=(2100, 2))
    values[100::2] += 50
    log = log_of([[(0, 1000 * i, a), (2, 1000 * i, b)] for i, (a, b) in enumerate(values.tolist())])
    together = Mewma(name="together", weight=1.0, warmup=50, assets=("a-1",), metrics=("*",))
    assert len(run([together], log)) == 1000
    assert len(run([msgspec.structs.replace(together, budget=1.0)], log)) < 40


def restarted(before: Limit, after: Limit) -> tuple[list[str], DetectorBank]:
    """What begins anew when a declaration changes, and the bank that goes on."""
    runner = Runner([before])
    runner.feed(line(*ALTERNATING * 20))
    bank = DetectorBank([after], METRICS)
    bank.grow(runner.table.keys)
    return bank.restore(runner.bank.snapshot()), bank


def test_another_budget_goes_on_where_the_old_one_was() -> None:
    anew, bank = restarted(limit(1.0), limit(2.0))
    assert anew == []
    assert bank.snapshot()["high"]["lane_budget_raised"] > 0


def test_a_budget_may_be_dropped_and_one_that_is_declared_later_begins_unspent() -> None:
    assert restarted(limit(1.0), limit(None))[0] == []
    anew, bank = restarted(limit(None), limit(1.0))
    assert anew == []
    assert bank.snapshot()["high"]["lane_budget_raised"] == 0


def test_another_delay_begins_anew() -> None:
    other = msgspec.structs.replace(limit(1.0), on_delay=SECONDS[1])
    assert restarted(limit(1.0), other)[0] == ["high (declared otherwise)"]
