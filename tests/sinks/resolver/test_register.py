"""What is minted and void, against a plain dictionary."""

from hypothesis import given
from hypothesis import strategies as st

from sinks.resolver.register import Minted, Register, Voided

SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 20), st.integers(1, 9)), max_size=25)


@given(SPANS)
def test_whatever_order_ranges_come_in_each_serial_keeps_what_was_known_of_it_first(
    spans: list[tuple[int, int, int]],
) -> None:
    register, expected = Register(), dict[int, tuple[int, str]]()
    for first, more, ts in spans:
        register.take_voided(Voided("88.118.8/A", first, first + more, ts, f"reason {ts}"))
        for serial in range(first, first + more + 1):
            expected.setdefault(serial, (ts, f"reason {ts}"))
    for serial in range(90):
        assert register.voided("88.118.8/A", serial) == expected.get(serial)
        assert register.minted("88.118.8/A", serial) is None
        assert register.voided("88.118.8/B", serial) is None


@given(SPANS)
def test_rows_that_are_read_again_change_nothing_and_take_no_memory(spans: list[tuple[int, int, int]]) -> None:
    register = Register()
    rows = [Minted("88.118.8/A", first, first + more, ts, "A") for first, more, ts in spans]
    for row in rows:
        register.take_minted(row)
    size, found = len(register), [register.minted("88.118.8/A", serial) for serial in range(90)]
    for row in rows:
        register.take_minted(row)
    assert len(register) == size
    assert [register.minted("88.118.8/A", serial) for serial in range(90)] == found
