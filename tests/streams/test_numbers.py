import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from streams.numbers import PADDING, Numbers, find

_digits = st.text("0123456789", min_size=1, max_size=24)
_whole = _digits.map(lambda digits: digits.lstrip("0") or "0")
_plain = st.builds(
    lambda sign, whole, places: sign + whole + places,
    st.sampled_from(["", "-"]),
    _whole,
    st.just("") | _digits.map(lambda digits: "." + digits),
)
"""Numbers of JSON's grammar without an exponent, up to 24 digits on each side of the point."""


def numbers(text: str) -> Numbers:
    return find(text.encode() + PADDING)


@given(st.lists(_plain | st.floats(-1e15, 1e15).map(repr).filter(lambda text: "e" not in text), min_size=1))
@settings(max_examples=500, deadline=None)
def test_every_number_is_read_to_the_last_bit_as_float_reads_it(tokens: list[str]) -> None:
    text = ",".join(f'"x":{token}' for token in tokens)
    found = numbers(text)
    assert [text[a:b] for a, b in zip(found.start.tolist(), found.end.tolist(), strict=True)] == tokens
    assert found.is_good.all()
    for token, value, integer, is_time in zip(
        tokens, found.value.tolist(), found.integer.tolist(), found.is_time.tolist(), strict=True
    ):
        assert value == float(token)
        assert math.copysign(1, value) == math.copysign(1, float(token))
        assert is_time == (token.isdigit() and len(token) <= 18)
        assert not is_time or integer == int(token)


@pytest.mark.parametrize("token", ["-", "01", "-01", "00", "5.", "-5.", "-.5", "000000000001.5"])
def test_what_only_looks_like_a_number_is_not_good_and_its_neighbour_is(token: str) -> None:
    assert numbers(f'{{"a":{token},"b":1}}').is_good.tolist() == [False, True]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ('{"a":5}', ["5"]),
        ('{"a": -5.25}', ["-5.25"]),
        ('{"a":  5}', []),
        ('{"a":"5"}', []),
        ("[1,2]", []),
        ('"at 12:30"', ["30"]),
        ('{"a":1e5}', ["1"]),
        ("1:2:3", ["2", "3"]),
        ('{"a":', []),
        ('{"a":-', ["-"]),
        ("", []),
    ],
)
def test_a_number_is_what_follows_a_colon_and_at_most_one_blank(text: str, found: list[str]) -> None:
    where = numbers(text)
    assert [text[a:b] for a, b in zip(where.start.tolist(), where.end.tolist(), strict=True)] == found
