"""Cutting plans: everything wanted is cut, nothing is taken that is not there, and no plan loses less."""

from collections import Counter
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.picking import cutting
from streams.picking.cutting import CuttingPlan, Shortage, cut
from streams.picking.patterns import Saw
from tests.streams.picking.oracle import least

ROLLS = {
    1380: 22, 1520: 25, 1560: 12, 1710: 14, 1820: 18, 1880: 18, 1930: 20, 2000: 10, 2050: 12, 2100: 14, 2140: 16,
    2150: 18, 2200: 20,
}  # fmt: skip
"""Widths and numbers of the example in Wikipedia, "Cutting stock problem": rolls of 5,600 mm, no kerf, no rests."""

_demands = st.dictionaries(st.integers(5, 60), st.integers(1, 3), min_size=1, max_size=3).filter(
    lambda demands: sum(demands.values()) <= 6
)
_stock = st.dictionaries(st.integers(20, 100), st.integers(1, 2), min_size=1, max_size=3)


def check(plan: CuttingPlan, demands: Mapping[int, int], stock: Mapping[int, int], saw: Saw) -> int:
    """Every length is cut as often as it is wanted, out of pieces that are there, and the waste is what is lost.

    Gives waste and handling.
    """
    cuts: Counter[int] = Counter()
    taken: Counter[int] = Counter()
    lost = handled = 0
    for (length, of_it), pieces in plan.pieces.items():
        cuts.update({one: of_it.count(one) * pieces for one in set(of_it)})
        taken[length] += pieces
        rest = length - sum(of_it) - saw.kerf * len(of_it)
        assert rest >= -saw.kerf
        goes_back = rest >= saw.reusable
        lost += pieces * (length - sum(of_it) - (rest if goes_back else 0))
        handled += pieces * saw.handling * goes_back
    assert cuts == Counter(demands)
    assert all(taken[length] <= stock[length] for length in taken)
    assert plan.waste == lost
    assert plan.gap >= 0
    return lost + handled


@pytest.mark.parametrize("most", [cutting.MOST_FILLINGS, 0], ids=["all patterns", "patterns as they are needed"])
@given(_demands, _stock, st.builds(Saw, st.integers(0, 3), st.sampled_from([5, 15, 200]), st.integers(0, 5)))
@settings(max_examples=20, deadline=None)
def test_no_plan_loses_less_or_takes_fewer_pieces(
    most: int, demands: dict[int, int], stock: dict[int, int], saw: Saw
) -> None:
    best = least(demands, stock, *saw)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cutting, "MOST_FILLINGS", most)
        if most and best is None:
            with pytest.raises(Shortage):
                cut(demands, stock, saw, 5)
            return
        try:
            plan = cut(demands, stock, saw, 5)
        except Shortage:
            assert not most or best is None
            return
    cost = check(plan, demands, stock, saw)
    assert best is not None
    assert cost - plan.gap <= best[0] <= cost
    if most:
        assert (cost, plan.pieces.total(), plan.gap) == (*best, 0)


def test_the_example_of_wikipedia_takes_73_rolls() -> None:
    plan = cut(ROLLS, {5_600: 100}, Saw(0, 5_600, 0), 30)
    check(plan, ROLLS, {5_600: 100}, Saw(0, 5_600, 0))
    assert plan.pieces.total() == 73
    assert round(plan.waste / (73 * 5_600), 5) == 0.00401
    assert plan.gap == 0


def test_column_generation_finds_the_same_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cutting, "MOST_FILLINGS", 0)
    plan = cut(ROLLS, {5_600: 100}, Saw(0, 5_600, 0), 30)
    check(plan, ROLLS, {5_600: 100}, Saw(0, 5_600, 0))
    assert plan.pieces.total() == 73


def test_many_lengths_of_one_kind_lose_little_more_than_the_kerfs() -> None:
    demands = {700 + 137 * i: 3 + i % 5 for i in range(30)}
    stock = {12_000: 60, 9_000: 20, 6_000: 20}
    plan = cut(demands, stock, Saw(4, 1_000, 250), 2)
    cost = check(plan, demands, stock, Saw(4, 1_000, 250))
    assert cost < 0.03 * sum(length * number for length, number in demands.items())
    assert plan.gap < cost


def test_what_is_lacking_is_named_with_how_many() -> None:
    with pytest.raises(Shortage) as longer:
        cut({6_000: 2, 13_000: 1}, {12_000: 5}, Saw(4, 1_000, 250), 5)
    assert longer.value.lacking == {13_000: 1}
    with pytest.raises(Shortage) as too_few:
        cut({6_000: 5}, {12_000: 2}, Saw(0, 1_000, 250), 5)
    assert too_few.value.lacking == {6_000: 1}
    with pytest.raises(Shortage) as none:
        cut({6_000: 5}, {}, Saw(0, 1_000, 250), 5)
    assert none.value.lacking == {6_000: 5}


def test_the_last_kerf_may_fall_off_the_end() -> None:
    assert cut({3_000: 4}, {12_012: 1}, Saw(4, 1_000, 250), 5).waste == 12
