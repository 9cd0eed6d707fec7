"""Codes of items: what is written is read back, and what was mistyped is told."""

import contextlib
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.codes import (
    ALPHABET,
    SERIALS,
    Code,
    belongs_to,
    gtin_check_digit,
    is_prefix,
    parse,
    parse_product,
)
from schemas.errors import CodeError

symbols = st.sampled_from(ALPHABET)
own_numbers = st.tuples(
    st.lists(st.integers(0, 9_999_999_999), min_size=2, max_size=6).map(lambda parts: ".".join(map(str, parts))),
    st.text("ABCXYZILOU0189.-", max_size=39).map(lambda text: f"T{text}"),
).map("/".join)
gtins = st.text("0123456789", min_size=13, max_size=13).map(lambda body: f"01/{body}{gtin_check_digit(body)}")
products = own_numbers | gtins
codes = st.builds(
    Code, products, st.integers(0, SERIALS - 1), symbols, st.lists(symbols, min_size=10, max_size=10).map("".join)
)
CODE = Code("88.118.8/TP-1001", 115, "A", "BPVQXMQGCV")
GTIN = Code("01/06901234567892", 7, "A", "K4259Y9BCV")


def with_tail(tail: str) -> str:
    return f"{CODE.product}/{tail}"


@given(codes)
@settings(max_examples=100, deadline=None)
def test_a_code_is_read_back_from_its_text_and_from_its_uri(code: Code) -> None:
    assert parse(str(code)) == code
    assert parse(code.link("id.example.com")) == code
    assert parse(f"http://shop.example/a/path/{code}?linkType=gs1:pip#top") == code
    assert len(code.tail) == 20


@given(codes)
@settings(max_examples=100, deadline=None)
def test_it_may_be_typed_in_small_letters_with_hyphens_spaces_and_letters_for_digits(code: Code) -> None:
    head = str(code).removesuffix(code.tail)
    tail = "-".join(code.tail[at : at + 5] for at in range(0, 20, 5)).replace("0", "o").replace("1", "l")
    assert parse(f"  {head}{tail.lower()} ") == code
    assert parse(head + code.tail.replace("1", "I").replace("0", "O")) == code
    assert parse(code.link("x.example").replace(code.tail, f"%{ord(code.tail[0]):02x}{code.tail[1:]}")) == code


@given(codes, st.integers(0, 19), symbols)
@settings(max_examples=100, deadline=None)
def test_one_wrong_character_is_told(code: Code, place: int, symbol: str) -> None:
    wrong = code.tail[:place] + symbol + code.tail[place + 1 :]
    if wrong != code.tail:
        with pytest.raises(CodeError, match="mistyped: its check symbol"):
            parse(str(code).removesuffix(code.tail) + wrong)


@given(codes, st.integers(0, 19), st.integers(0, 19))
@settings(max_examples=100, deadline=None)
def test_two_characters_that_have_changed_places_are_told(code: Code, one: int, other: int) -> None:
    swapped = list(code.tail)
    swapped[one], swapped[other] = swapped[other], swapped[one]
    if "".join(swapped) != code.tail:
        with pytest.raises(CodeError, match="mistyped: its check symbol"):
            parse(str(code).removesuffix(code.tail) + "".join(swapped))


def test_most_codes_of_another_product_are_told_to_be_mistyped() -> None:
    told = 0
    for number in range(1000):
        try:
            parse(f"88.118.8/TP-{2000 + number}/{CODE.tail}")
        except CodeError:
            told += 1
    assert told > 930


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "is no code"),
        ("88.118.8/TP-1001", "is no code"),
        ("TP-1001/0000003KABPVQXMQGCV3", "is no code"),
        ("88/TP-1001/0000003KABPVQXMQGCV3", "is no code"),
        ("88.118.8/TP 1001/0000003KABPVQXMQGCV3", "is no code"),
        ("https://id.example.com/01/06901234567892", "is no code"),
        ("https://id.example.com/01/06901234567892/10/LOT", "is no code"),
        ("https://id.example.com/01/06901234567892/21/1/10/LOT", "is no code"),
        (str(GTIN).replace("06901234567892", "06901234567893"), "GTIN 06901234567893 is mistyped"),
        (with_tail("0000003KA"), "it has 9 characters, not 20"),
        (with_tail("0000003KAUPVQXMQGCV3"), "'U' is in no code"),
        ("x" * 5000, "is no code"),
        ("https://[id.example.com/88.118.8/TP-1001/0000003KABPVQXMQGCV3", "is no code"),
    ],
)
def test_what_is_no_code_is_refused_in_one_line(text: str, why: str) -> None:
    with pytest.raises(CodeError) as caught:
        parse(text)
    assert why in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


@given(st.text(max_size=60) | st.text("/.0123AB:-", max_size=60))
@settings(max_examples=200, deadline=None)
def test_any_text_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(CodeError):
        assert parse(str(parse(text))) == parse(text)


def test_a_digital_link_may_name_variant_and_lot_and_a_shorter_gtin() -> None:
    tail = GTIN.tail
    assert parse(f"https://example.com/01/06901234567892/22/2A/10/{quote('L/7', safe='')}/21/{tail}?17=270101") == GTIN
    assert parse(f"https://example.com/01/6901234567892/21/{tail}") == GTIN
    assert parse(f"https://example.com/p/01/06901234567892/21/{tail}") == GTIN


@pytest.mark.parametrize("gtin", ["6291041500213", "00614141123452", "10614141073464", "96385074"])
def test_check_digits_of_published_gtins(gtin: str) -> None:
    """GS1 General Specifications, EPC Tag Data Standard."""
    assert gtin_check_digit(gtin[:-1]) == gtin[-1]


@pytest.mark.parametrize(
    ("text", "product"),
    [
        ("88.118.8/tp-1001", "88.118.8/TP-1001"),
        (" 01/06901234567892", "01/06901234567892"),
        ("6901234567892", "01/06901234567892"),
        ("96385074", "01/00000096385074"),
    ],
)
def test_a_product_is_an_own_number_or_a_gtin(text: str, product: str) -> None:
    assert parse_product(text) == product


@pytest.mark.parametrize("text", ["", "TP-1001", "88.118.8/", "88.118.8/A/B", "6901234567893", "02/06901234567892"])
def test_what_is_no_product_is_refused(text: str) -> None:
    with pytest.raises(CodeError):
        parse_product(text)


def test_a_prefix_is_an_identifier_with_dots_or_a_company_prefix() -> None:
    assert [text for text in ("88.118.8", "6901234", "690", "88.", "x", "1" * 13) if is_prefix(text)] == [
        "88.118.8",
        "6901234",
    ]
    assert belongs_to("88.118.8/TP-1001", "88.118.8")
    assert not belongs_to("88.118.81/TP-1001", "88.118.8")
    assert belongs_to("01/06901234567892", "6901234")
    assert belongs_to("01/16901234567899", "6901234"), "whatever the packaging level"
    assert not belongs_to("01/06901234567892", "0690123")


def test_a_code_is_found_at_the_end_of_a_path_of_any_length() -> None:
    for path in ("a/" * 50_000, "a/" * 50_001, "01/" * 50_000):
        assert parse(f"https://id.example.com/{path}{GTIN}") == GTIN
