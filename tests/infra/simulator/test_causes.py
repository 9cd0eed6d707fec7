"""The schedule of causes."""

from itertools import pairwise
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.simulator.causes import FURNACE, SCRUBBER, SHORTEST_SLOT, CauseKind, schedule
from infra.simulator.kinds import KINDS

numbers = st.integers(1, 30)
slots = st.floats(SHORTEST_SLOT, 1000)


def test_every_kind_of_cause_can_happen_and_drives_an_emission_that_a_stack_has() -> None:
    scenarios = (*SCRUBBER, *FURNACE)
    assert {scenario.kind for scenario in scenarios} == set(get_args(CauseKind))
    assert {scenario.metric for scenario in scenarios} <= {signal.metric for signal in KINDS["stack"].signals}


@given(seed=st.integers(0, 1000), number=numbers, slot=slots)
def test_causes_come_in_order_and_each_has_a_slot_of_the_run_to_itself(seed: int, number: int, slot: float) -> None:
    causes = schedule(seed, number, number * slot * 1.0001)
    assert len(causes) == number
    for place, cause in enumerate(causes):
        assert place * slot < cause.start < cause.end < (place + 0.7) * slot * 1.0001
    assert all(before.end < after.start for before, after in pairwise(causes))


@given(seed=st.integers(0, 1000))
def test_the_stacks_take_turns_and_everything_happens(seed: int) -> None:
    causes = schedule(seed, 6, 6 * SHORTEST_SLOT)
    assert all(before.asset != after.asset for before, after in pairwise(causes))
    assert {(cause.asset, cause.metric, cause.kind, cause.size) for cause in causes} == {*SCRUBBER, *FURNACE}


def test_a_run_too_short_for_its_causes_is_refused() -> None:
    with pytest.raises(ValueError, match="10 exceedances need at least 600 s, not 599"):
        schedule(1, 10, 599.0)


@given(seed=st.integers(0, 1000), length=st.floats(60, 1000))
def test_causes_of_a_given_length_have_time_to_come_back_within_their_slots(seed: int, length: float) -> None:
    slot = (length + 30) / 0.85 * 1.0001
    causes = schedule(seed, 10, 10 * slot, length)
    assert all(cause.end - cause.start == pytest.approx(length) for cause in causes)
    assert all(cause.end + 30 < (place + 1) * slot for place, cause in enumerate(causes))
    with pytest.raises(ValueError, match="10 exceedances need at least"):
        schedule(seed, 10, 9.99 * slot, length)


def test_a_seed_gives_causes_and_another_one_others() -> None:
    assert schedule(3, 10, 1200) == schedule(3, 10, 1200) != schedule(4, 10, 1200)
