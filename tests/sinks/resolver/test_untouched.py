"""What is answered from memory, against a plain dictionary of everything that happened to each item."""

from collections.abc import Sequence
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sinks.resolver import untouched
from sinks.resolver.facts import Facts
from sinks.resolver.untouched import Happening, Untouched
from tests.sinks.resolver.parts import ENTERPRISES

PRODUCT = "88.118.8/TP-1001"
SERIALS = 400
RUNS = st.tuples(st.integers(0, SERIALS), st.one_of(st.integers(0, 3), st.integers(60, 200))).map(
    lambda run: (run[0], run[0] + run[1])
)
HAPPENINGS = st.lists(
    st.builds(
        lambda run, ts, enterprise, made, disposition: Happening(PRODUCT, *run, ts, enterprise, made, disposition),
        RUNS, st.integers(1, 3), st.sampled_from(["88.118.8"] * 4 + ["88.118.9"]),
        st.sampled_from([True] * 4 + [False]), st.sampled_from(["active"] * 4 + ["", "recalled"]),
    ),
    max_size=12,
)  # fmt: skip


def expected(happenings: Sequence[Happening], serial: int) -> Facts | None:
    """Known of an item is what all that happened to it says alike, if all of it is that it was made, among many."""
    own = [one for one in happenings if one.first <= serial <= one.last]
    alike = {(one.ts, one.disposition) for one in own}
    births = [one.made and one.enterprise == "88.118.8" and one.disposition != "recalled" and one.last - one.first >= 63
              for one in own]  # fmt: skip
    if len(alike) != 1 or not all(births):
        return None
    [(ts, disposition)] = alike
    return Facts(made_at=ts, disposition=disposition or None)


@given(HAPPENINGS, st.randoms(use_true_random=False))
def test_only_what_nothing_else_is_known_of_is_answered_in_whatever_order_it_comes_and_however_often(
    happenings: list[Happening], random: Random
) -> None:
    subject = Untouched(ENTERPRISES)
    told = happenings * 2
    random.shuffle(told)
    for one in told:
        subject.take(one)
    for serial in range(SERIALS + 210):
        assert subject.facts(PRODUCT, serial) == expected(happenings, serial)
        assert subject.facts("88.118.8/OTHER", serial) is None


@given(st.lists(st.tuples(st.integers(0, 80_000), st.integers(0, 70_000)), max_size=6))
def test_long_runs_touch_each_of_their_items(runs: list[tuple[int, int]]) -> None:
    subject = Untouched(ENTERPRISES)
    subject.take(Happening(PRODUCT, 0, 150_010, 1, "88.118.8", True, "active"))
    for first, more in runs:
        subject.take(Happening(PRODUCT, first, first + more, 2, "88.118.8", False, ""))
    edges = {
        edge + beside for first, more in runs for edge in (first, first + more) for beside in (-9, -8, -1, 0, 1, 8)
    }
    for serial in edges | {0, 1_023, 1_024, 65_535, 150_000}:
        is_touched = serial < 0 or any(first <= serial <= first + more for first, more in runs)
        assert (subject.facts(PRODUCT, serial) is None) == is_touched


def test_of_a_product_of_which_too_much_is_known_everything_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(untouched, "_MOST_BLOCKS", 100)
    subject = Untouched(ENTERPRISES)
    made = Happening(PRODUCT, 0, 99, 1, "88.118.8", True, "active")
    subject.take(made)
    subject.take(made._replace(product="88.118.8/OTHER"))
    for serial in range(50_000, 200_000, 1_024):  # made up, by somebody else
        subject.take(Happening("88.118.8/OTHER", serial, serial, 2, "88.118.9"))
    subject.take(made._replace(product="88.118.8/OTHER"))
    assert subject.facts("88.118.8/OTHER", 5) is None
    assert subject.facts(PRODUCT, 5) == Facts(made_at=1, disposition="active")
    assert subject._blocks == sum(map(len, subject._touched.values())) == 0
