"""What a topology may say of logistics, and what it is told where it says something else."""

from typing import Any

import msgspec
import pytest

from schemas.durations import decode_hook
from streams.compute.logistics.spec import Cutting, Logistics


def declared(part: dict[str, Any]) -> Logistics:
    return msgspec.convert(part, Logistics, dec_hook=decode_hook)


def test_everything_can_be_left_out() -> None:
    assert declared({}) == Logistics(stores=(), exits=(), length_tolerance_mm=5, cutting=Cutting())


@pytest.mark.parametrize(
    ("part", "said"),
    [
        ({"stores": ["yard 1"]}, r"matching regex .* - at `\$.stores\[0\]`"),
        ({"stores": ["a/b"]}, r"matching regex"),
        ({"stores": ["a", "b", "a"]}, "stores names a twice"),
        ({"exits": ["a", "a"]}, "exits names a twice"),
        ({"store": ["a"]}, "unknown field `store`"),
        ({"cutting": {"handling_mm": 2_000}}, "handling_mm 2000 must be at most reusable_mm 1000"),
        ({"cutting": {"kerf_mm": -1}}, "Expected `int` >= 0"),
    ],
)
def test_what_cannot_be_is_refused_with_what_is_allowed(part: dict[str, Any], said: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=said):
        declared(part)
