from hypothesis import given
from hypothesis import strategies as st

from schemas import identifiers

positions = st.lists(st.integers(-(1 << 63), 1 << 63), max_size=3)


def test_an_id_is_the_same_in_every_process_and_version() -> None:
    prefix = identifiers.prefix("aggregate", "tower_plant", "machine.events", 0, "10s", "hongyang", "焊机-1", "kw")
    assert prefix == "998a7364cabc054ed6de92f3"
    assert identifiers.at(prefix, 1_760_000_000_000) == "998a7364cabc054ed6de92f3-199c82cc000"
    assert identifiers.at(prefix, 1_760_000_000_000, 42) == "998a7364cabc054ed6de92f3-199c82cc000-2a"


def test_a_prefix_is_24_hex_digits() -> None:
    prefix = identifiers.prefix()
    assert len(prefix) == 24
    int(prefix, 16)


def test_parts_are_told_apart_by_their_borders_their_order_and_their_types() -> None:
    parts = [("ab", "c"), ("a", "bc"), ("abc",), ("c", "ab"), ("abc", ""), ("1",), (1,), ('a","b',), ("a", "b")]
    assert len({identifiers.prefix(*one) for one in parts}) == len(parts)


@given(positions, positions)
def test_different_positions_give_different_ids(one: list[int], other: list[int]) -> None:
    assert (identifiers.at("p", *one) == identifiers.at("p", *other)) == (one == other)
