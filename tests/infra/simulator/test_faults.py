"""The schedule of faults."""

from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.simulator.assets import assets
from infra.simulator.faults import FAULT_KINDS, TARGETS, schedule
from infra.simulator.kinds import KINDS


def test_every_kind_of_fault_has_targets_that_exist() -> None:
    assert set(TARGETS) == set(FAULT_KINDS)
    for targets in TARGETS.values():
        for target in targets:
            assert target.metric in {signal.metric for signal in KINDS[target.kind].signals}


@given(seed=st.integers(0, 1000), duration=st.sampled_from([10.0, 20.0, 59.0, 90.0, 600.0]))
def test_faults_come_in_order_and_every_kind_happens_within_the_run(seed: int, duration: float) -> None:
    faults = list(schedule(seed, assets(), 0.1, duration))
    assert {fault.kind for fault in faults} == set(FAULT_KINDS)
    cycles = max(1, int(duration // 60))
    assert len(faults) == len(FAULT_KINDS) * cycles
    assert all(before.start <= after.start for before, after in pairwise(faults))
    assert all(
        0.3 * duration / cycles < fault.start < fault.end < 0.9 * duration / cycles
        for fault in faults[: len(FAULT_KINDS)]
    )
    assert faults[-1].end < duration - 0.1 * duration / cycles


@given(seed=st.integers(0, 1000))
def test_no_metric_of_a_machine_has_two_faults_at_once(seed: int) -> None:
    faults = list(schedule(seed, assets(), 0.1, 600.0))
    for number, fault in enumerate(faults):
        for other in faults[:number]:
            if (fault.asset, fault.metric) == (other.asset, other.metric):
                assert other.end <= fault.start


@pytest.mark.parametrize("period", [0.1, 1.0, 10.0])
def test_every_fault_is_long_enough_to_be_read(period: float) -> None:
    assert all(fault.end - fault.start > period for fault in schedule(3, assets(), period, 20.0))


def test_an_endless_run_goes_on_having_faults() -> None:
    faults = list(islice(schedule(3, assets(), 0.1, None), 80))
    assert faults[-1].start > 9 * 60


def test_kinds_without_a_machine_are_left_out() -> None:
    punches_and_saws = assets(7)
    assert {fault.kind for fault in schedule(3, punches_and_saws, 0.1, 20.0)} == {"level_shift"}


def test_a_seed_gives_a_schedule_and_another_one_another() -> None:
    one, again, other = (list(schedule(seed, assets(), 0.1, 60.0)) for seed in (3, 3, 4))
    assert one == again
    assert one != other
