"""Runs of serials against a plain reading of each code."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from schemas.codes import Code
from streams.compute.trace.runs import runs_of

PRODUCTS = ("88.118.8/TP-1001", "88.118.8/B", "01/06901234567892")
CODES = st.builds(
    Code, st.sampled_from(PRODUCTS), st.one_of(st.integers(0, 60), st.integers(0, (1 << 40) - 1)), st.just("A"),
    st.just("4Y7Q2M9RVX"),
)  # fmt: skip
NO_CODES = st.sampled_from(
    ["", "x", "urn:epc:id:sscc:6901234.0123456789", "01/06901234567892", "01/06901234567892/10/HEAT7", "/" + "0" * 20,
     "88.118.8/TP-1001/" + "0" * 19, "88.118.8/TP-1001/" + "0" * 19 + "U", "88.118.8/TP-1001/" + "0" * 19 + "é"]
)  # fmt: skip


@given(st.lists(CODES, max_size=80), st.lists(NO_CODES, max_size=5))
def test_runs_hold_each_serial_once_and_nothing_else(codes: list[Code], others: list[str]) -> None:
    runs = runs_of([*others, *map(str, codes), *others])
    serials: dict[str, set[int]] = {}
    for code in codes:
        serials.setdefault(code.product, set()).add(code.serial)
    assert runs.keys() == serials.keys()
    for product, bounds in runs.items():
        spans = list(zip(bounds[::2], bounds[1::2], strict=True))
        assert all(before[1] + 1 < after[0] for before, after in pairwise(spans))
        assert all(first <= last for first, last in spans)
        assert {serial for serial in serials[product] if any(first <= serial <= last for first, last in spans)} == (
            serials[product]
        )
        assert sum(last - first + 1 for first, last in spans) == len(serials[product])


def test_a_thousand_in_a_row_are_one_run() -> None:
    codes = [str(Code("88.118.8/TP-1001", serial, "A", "4Y7Q2M9RVX")) for serial in range(5_000, 6_000)]
    assert runs_of(reversed(codes)) == {"88.118.8/TP-1001": [5_000, 5_999]}
