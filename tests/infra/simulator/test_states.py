"""Duty cycles."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from infra.simulator.kinds import STATES
from infra.simulator.states import DutyCycles

LEVELS = np.array([[40.0, 3.0], [10.0, 1.0], [12.0, 1.5], [0.5, 0.1]])
SEEDS = [np.random.SeedSequence(7, spawn_key=(machine,)) for machine in range(3)]
TIMES = np.arange(0, 900, 0.5)[:, None] + np.array([0, 0.1, 0.2])


def test_machines_that_cycle_come_through_every_state_and_others_run_on() -> None:
    state, _ = DutyCycles(LEVELS, SEEDS, cycles=True).at(TIMES)
    assert set(np.unique(state)) == set(range(len(STATES)))
    state, levels = DutyCycles(LEVELS, SEEDS, cycles=False).at(TIMES)
    assert set(np.unique(state)) == {0}
    assert (levels == LEVELS[0]).all()


def test_levels_follow_the_state_without_a_jump() -> None:
    state, levels = DutyCycles(LEVELS, SEEDS, cycles=True).at(TIMES)
    settled = (state[20:] == state[:-20]) & (state[10:-10] == state[:-20])
    np.testing.assert_allclose(levels[20:][settled], LEVELS[state[20:][settled]], atol=0.5)
    # The largest step of half a second is what a lag of 1.5 s leaves of the largest change of level.
    largest = np.ptp(LEVELS[:, 0]) * (1 - np.exp(-0.5 / 1.5))
    assert 1 < np.abs(np.diff(levels[:, :, 0], axis=0)).max() <= largest


@given(cuts=st.lists(st.integers(1, len(TIMES) - 1), max_size=20, unique=True).map(sorted))
def test_cycles_do_not_depend_on_how_time_is_cut(cuts: list[int]) -> None:
    whole = DutyCycles(LEVELS, SEEDS, cycles=True).at(TIMES)
    pieces = DutyCycles(LEVELS, SEEDS, cycles=True)
    cut = [pieces.at(part) for part in np.split(TIMES, cuts)]
    for place in range(2):
        np.testing.assert_array_equal(np.concatenate([piece[place] for piece in cut]), whole[place])


def test_a_machine_has_the_same_cycle_in_a_larger_plant() -> None:
    alone, _ = DutyCycles(LEVELS, SEEDS[1:2], cycles=True).at(TIMES[:, 1:2])
    among, _ = DutyCycles(LEVELS, SEEDS, cycles=True).at(TIMES)
    np.testing.assert_array_equal(alone[:, 0], among[:, 1])
