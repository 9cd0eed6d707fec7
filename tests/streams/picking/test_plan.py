"""From cutting orders as files have them to pick lists."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.errors import UserError
from schemas.logistics import PickLine
from streams.picking.orders import CuttingOrder, Demand, read_orders
from streams.picking.patterns import Saw
from streams.picking.plan import Bin, plan

SAW = Saw(4, 1_000, 250)
L100 = Demand("L100x8", "Q355B", 5_900, 4)
L90 = Demand("L90x7", "Q235B", 2_500, 3)
ORDER = CuttingOrder("T-17", (L100, L90))
HEADER = "order,section,grade,length_mm,quantity\n"
TINY = "{order: T, demands: [{section: L, grade: Q, length_mm: 1, quantity: 1}]}"


def bin_(name: str, pieces: int, length_mm: int = 12_000, section: str = "L100x8", grade: str = "Q355B") -> Bin:
    return Bin(name, section, grade, length_mm, f"heat of {name}", pieces)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("orders.csv", "order,section,grade,length_mm,quantity\nT-17,L100x8,Q355B,5900,4\nT-17,L90x7,Q235B,2500,3\n"),
        (
            "orders.yaml",
            "order: T-17\ndemands:\n- {section: L100x8, grade: Q355B, length_mm: 5900, quantity: 4}\n"
            "- {section: L90x7, grade: Q235B, length_mm: 2500, quantity: 3}\n",
        ),
        (
            "orders.JSON",
            '[{"order": "T-17", "demands": [{"section": "L100x8", "grade": "Q355B", "length_mm": 5900, "quantity": 4},'
            '{"section": "L90x7", "grade": "Q235B", "length_mm": 2500, "quantity": 3}]}]',
        ),
    ],
)
def test_orders_are_read_from_csv_yaml_and_json(name: str, content: str) -> None:
    assert read_orders(name, content.encode()) == [ORDER]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("o.txt", "", "o.txt: cutting orders are read from .csv, .json and .yaml"),
        ("o.csv", "", "o.csv: the header must name order, section, grade, length_mm, quantity"),
        ("o.csv", "order,section,grade,length_mm,quantity,length_mm\nT,L,Q,5900,4,1\n", "o.csv: the header must"),
        ("o.csv", f"{HEADER}T,L,Q,0,1\n", "o.csv: Expected `int` >= 1 - at `$[0].demands[0].length_mm`"),
        ("o.csv", f"{HEADER}T,L,Q\n", "o.csv: Expected `int`, got `null` - at `$[0].demands[0].length_mm`"),
        ("o.csv", b"\xff", "o.csv: 'utf-8' codec can't decode byte 0xff in position 0: invalid start byte"),
        ("o.csv", f'{HEADER}T,"L', "o.csv: unexpected end of data"),
        ("o.csv", f"{HEADER}{'T' * 200_000},L,Q,1,1\n", "o.csv: field larger than field limit (131072)"),
        ("o.json", "[" * 100_000, "o.json: maximum recursion depth exceeded"),
        ("o.json", "[]", "o.json holds no cutting order"),
        ("o.json", '{"order": "T", "demands": []}', "o.json: Expected `array` of length >= 1 - at `$[0].demands`"),
        ("o.yaml", "a: [", "o.yaml: while parsing"),
        ("o.yaml", TINY.replace("1,", "1_000,"), "o.yaml: Expected `int`, got `str` - at `$[0].demands[0].length_mm`"),
        ("o.yaml", TINY.replace("1}", "012}"), "o.yaml: Expected `int`, got `str` - at `$[0].demands[0].quantity`"),
        ("o.yaml", TINY.replace("T,", "T, order: U,"), "o.yaml: 'order' stands here and on line 1"),
        ("o.yaml", f"[{TINY}, {TINY}]", "o.yaml has order T twice: put its demands together"),
    ],
)
def test_a_file_that_is_none_is_refused_in_one_line(name: str, content: str | bytes, said: str) -> None:
    with pytest.raises(UserError) as refused:
        read_orders(name, content if isinstance(content, bytes) else content.encode())
    assert str(refused.value).startswith(said)
    assert "\n" not in str(refused.value)


def test_lines_name_bin_heat_and_cuts_and_the_fullest_bin_comes_first() -> None:
    found = plan(ORDER, [bin_("A", 1), bin_("B", 9), bin_("C", 2, 9_000, "L90x7", "Q235B")], SAW, 5)
    assert found.lines == (
        PickLine("B", "Q355B", "L100x8", 12_000, "heat of B", 2, (5_900, 5_900)),
        PickLine("C", "Q235B", "L90x7", 9_000, "heat of C", 1, (2_500, 2_500, 2_500)),
    )
    assert (found.wanted_mm, found.waste_mm, found.gap_mm) == (31_100, 2 * 200 + 12, 0)
    assert found.rests == {("L90x7", "Q235B", 1_488): 1}


def test_what_a_bin_lacks_comes_from_the_next_one() -> None:
    found = plan(CuttingOrder("T", (Demand("L100x8", "Q355B", 11_500, 5),)), [bin_("A", 2), bin_("B", 3)], SAW, 5)
    assert [(line.bin, line.pieces) for line in found.lines] == [("B", 3), ("A", 2)]


def test_what_the_stock_lacks_is_said_of_every_kind_in_one_line() -> None:
    with pytest.raises(UserError) as lacking:
        plan(ORDER, [bin_("A", 1)], SAW, 5)
    assert str(lacking.value) == (
        "order T-17: what is free in stock lacks 2 x 5900 mm of L100x8 Q355B; 3 x 2500 mm of L90x7 Q235B"
    )


_kinds = st.tuples(st.sampled_from(["L100x8", "L90x7"]), st.sampled_from(["Q355B", "Q235B"]))
_demand = st.builds(
    lambda kind, length, quantity: Demand(*kind, length, quantity), _kinds, st.integers(500, 6_000), st.integers(1, 5)
)
_bins = st.lists(st.tuples(_kinds, st.sampled_from([6_000, 9_000, 12_000]), st.integers(1, 30)), min_size=4, max_size=9)


@given(st.lists(_demand, min_size=1, max_size=5), _bins)
@settings(max_examples=20, deadline=None)
def test_lines_cut_what_the_order_wants_from_what_the_bins_hold(demands: list[Demand], stock: list[tuple]) -> None:
    bins = [Bin(f"b{i}", *kind, length, "h", pieces) for i, (kind, length, pieces) in enumerate(stock)]
    wanted: Counter[tuple[str, str, int]] = Counter()
    for one in demands:
        wanted[one.section, one.grade, one.length_mm] += one.quantity
    try:
        found = plan(CuttingOrder("T", tuple(demands)), bins, SAW, 2)
    except UserError:
        return
    taken: Counter[str] = Counter()
    cuts: Counter[tuple[str, str, int]] = Counter()
    by_name = {one.name: one for one in bins}
    for line in found.lines:
        taken[line.bin] += line.pieces
        for length in line.cuts_mm:
            cuts[line.section, line.grade, length] += line.pieces
        assert by_name[line.bin][1:5] == (line.section, line.grade, line.length_mm, line.heat)
    assert cuts == wanted
    assert all(taken[name] <= by_name[name].pieces for name in taken)
    whole = sum(by_name[name].length_mm * pieces for name, pieces in taken.items())
    rests = sum(length * pieces for (_, _, length), pieces in found.rests.items())
    assert whole == found.wanted_mm + found.waste_mm + rests
