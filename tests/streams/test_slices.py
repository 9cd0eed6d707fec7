import numpy as np

from streams.slices import PADDING, Slices

VALUES = [b"one", b"", b"three"]


def test_slices_are_the_sequence_they_were_made_of() -> None:
    slices = Slices.of(VALUES)
    assert list(slices) == VALUES
    assert [slices[at] for at in range(-3, 3)] == VALUES + VALUES
    assert list(slices[1:]) == VALUES[1:]
    assert slices.lengths().tolist() == [3, 0, 5]
    assert Slices.of(slices) is slices
    assert list(Slices.of([])) == []


def test_slices_need_not_follow_each_other() -> None:
    slices = Slices(b"a-bb-ccc" + PADDING, np.array([5, 0]), np.array([8, 1]))
    assert list(slices) == [b"ccc", b"a"]
