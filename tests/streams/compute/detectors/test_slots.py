"""State as arrays over slots."""

import numpy as np
import pytest

from schemas.errors import CheckpointError
from streams.compute.detectors.slots import Slots


def test_new_slots_have_the_fill_and_old_ones_keep_their_values() -> None:
    slots = Slots(x=np.nan, count=0, ring=np.zeros(3))
    for size in range(1, 20):
        slots.grow(1)
        assert np.isnan(slots["x"][size - 1])
        slots["x"][size - 1] = slots["count"][size - 1] = size
        slots["ring"][size - 1] += size
    state = slots.snapshot()
    assert state["x"].tolist() == state["count"].tolist() == list(range(1, 20))
    assert state["ring"].tolist() == [[size] * 3 for size in range(1, 20)]


def test_growing_is_amortised() -> None:
    slots = Slots(x=0.0)
    arrays = set()
    for _ in range(1000):
        slots.grow(1)
        arrays.add(len(slots["x"]))
    assert len(arrays) <= 12


def test_a_snapshot_does_not_change_with_the_state_and_can_be_restored() -> None:
    slots = Slots(x=0.0)
    slots.grow(2)
    state = slots.snapshot()
    slots["x"][:2] = 5.0
    assert state["x"].tolist() == [0.0, 0.0]
    slots.restore(state)
    assert slots.snapshot()["x"].tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    ("state", "message"),
    [
        ({}, "has arrays \\[\\]"),
        ({"x": np.zeros(2), "y": np.zeros(2)}, "has arrays \\['x', 'y'\\]"),
        ({"x": np.zeros(3)}, "float64\\[3\\], expected float64\\[2\\]"),
        ({"x": np.zeros(2, np.int64)}, "int64\\[2\\], expected float64\\[2\\]"),
    ],
    ids=str,
)
def test_a_state_of_other_names_types_or_sizes_is_refused(state: dict[str, np.ndarray], message: str) -> None:
    slots = Slots(x=0.0)
    slots.grow(2)
    with pytest.raises(CheckpointError, match=message):
        slots.restore(state)
