"""The keyed check part, against one computed in plain Python; and that nobody guesses it."""

import base64
import hashlib
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.codes import ALPHABET, SERIALS, parse
from schemas.errors import CodeError, SettingsError
from streams.compute.codes import KeyRing

OLD, NEW = b"an old key of thirty-two bytes..", b"a new key of at least 32 bytes...."
RING = KeyRing({"B": NEW, "A": OLD})
PRODUCT = "88.118.8/TP-1001"


def encoded(key: bytes) -> str:
    return base64.b64encode(key).decode()


def hmac_of(key: bytes, text: str) -> bytes:
    """RFC 2104, spelled out for keys of up to 64 bytes."""
    padded = key.ljust(64, b"\0")
    inner = hashlib.sha256(bytes(one ^ 0x36 for one in padded) + text.encode()).digest()
    return hashlib.sha256(bytes(one ^ 0x5C for one in padded) + inner).digest()


def in_base_32(number: int, symbols: int) -> str:
    return "".join(ALPHABET[number // 32**place % 32] for place in reversed(range(symbols)))


@given(st.sampled_from([PRODUCT, "01/06901234567892"]), st.integers(0, SERIALS - 1))
@settings(max_examples=50, deadline=None)
def test_the_check_part_is_the_first_50_bits_of_the_hmac_of_all_before_it(product: str, serial: int) -> None:
    code = RING.code(product, serial)
    slash = "/21/" if product.startswith("01/") else "/"
    text = f"{product}{slash}{in_base_32(serial, 8)}B"
    bits = int.from_bytes(hmac_of(NEW, text)) >> (256 - 50)
    assert code.mac == in_base_32(bits, 10)
    assert str(code).startswith(text + code.mac)
    assert RING.verify(parse(str(code)))


def test_the_first_key_makes_codes_and_all_verify_them() -> None:
    old = KeyRing({"A": OLD}).code(PRODUCT, 7)
    assert (RING.newest, RING.code(PRODUCT, 7).key, old.key) == ("B", "B", "A")
    assert RING.verify(old)
    assert list(RING.codes(PRODUCT, range(7, 8), "A")) == [old]
    assert not KeyRing({"B": NEW}).verify(old), "its key was taken out"
    assert not KeyRing({"A": NEW}).verify(old), "another key under its id"
    assert not RING.verify(KeyRing({"Z": bytes(32)}).code(PRODUCT, 7)), "what an unknown id is compared with is no key"


def test_a_range_is_minted_in_order() -> None:
    assert list(RING.codes(PRODUCT, range(5, 8), "B")) == [RING.code(PRODUCT, serial) for serial in (5, 6, 7)]
    with pytest.raises(SettingsError, match="has no key C"):
        RING.codes(PRODUCT, range(3), "C")


def test_of_many_random_guesses_none_is_genuine() -> None:
    """With the check symbol right, as whoever knows how codes are made would have it."""
    guess = random.Random(1)
    code = RING.code(PRODUCT, 0)
    for _ in range(20_000):
        forged = type(code)(PRODUCT, guess.randrange(1000), "B", "".join(guess.choices(ALPHABET, k=10)))
        assert parse(str(forged)) == forged
        assert not RING.verify(forged)


@given(st.integers(0, 10_000), st.integers(0, 9), st.sampled_from(ALPHABET))
@settings(max_examples=50, deadline=None)
def test_a_check_part_fits_its_own_product_serial_and_key_alone(serial: int, place: int, symbol: str) -> None:
    code = RING.code(PRODUCT, serial)
    kind = type(code)
    altered = kind(code.product, code.serial, code.key, code.mac[:place] + symbol + code.mac[place + 1 :])
    assert RING.verify(altered) == (altered == code)
    assert not RING.verify(kind("88.118.8/TP-1002", serial, code.key, code.mac))
    assert not RING.verify(kind(code.product, serial + 1, code.key, code.mac))
    assert not RING.verify(kind(code.product, serial, "A", code.mac))
    assert not RING.verify(kind(code.product, serial, "Z", code.mac))


def test_keys_are_read_from_one_text_and_never_shown() -> None:
    ring = KeyRing.parse(f" B:{encoded(NEW)}\nA:{encoded(OLD)}\n")
    assert ring.code(PRODUCT, 1) == RING.code(PRODUCT, 1)
    assert repr(ring) == "KeyRing(B, A)"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no keys"),
        ("A", "entry 1 is not an id, a colon and base64"),
        (f"A:{encoded(OLD)} AB:{encoded(NEW)}", "entry 2 is not"),
        ("A:%%%secret%%%", "entry 1 is not"),
        (f"A:{encoded(OLD)} A:{encoded(NEW)}", "two keys A"),
        (f"U:{encoded(OLD)}", "'U' is no id of a key"),
        (f"A:{encoded(b'secret')}", "key A has 6 bytes; at least 32"),
    ],
)
def test_bad_keys_are_refused_without_quoting_them(text: str, why: str) -> None:
    with pytest.raises(SettingsError) as caught:
        KeyRing.parse(text)
    assert why in str(caught.value)
    assert "secret" not in str(caught.value)
    assert encoded(OLD) not in str(caught.value)


def test_a_code_in_another_alphabet_is_mistyped_before_it_is_forged() -> None:
    with pytest.raises(CodeError):
        parse(f"{PRODUCT}/{'U' * 20}")
