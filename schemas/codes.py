"""Codes of items: one item, one code. What a code is made of, how it is written, and how it is read back.

    88.118.8/TP-1001/0000003KABPVQXMQGCV3                  an enterprise's own number
    01/06901234567892/21/00000007AK4259Y9BCVJ              a GTIN

Before the last slash is the product: the prefix of the enterprise in the national industrial-internet identifiers with
the enterprise's own number, or the GTIN, which begins with the GS1 company prefix. Behind it are 20 characters, as many
as a GS1 serial number has at most:

    0000003K    A      4Y7Q2M9RVX                     N
    serial      key    check part, 50 bits, keyed     check symbol, not keyed

So every GS1 scanner reads the whole as GTIN and serial number. The keyed part (`streams.compute.codes`) is what nobody
can guess. The check symbol tells a mistyped code from a forged one without a key: one wrong character among the 20, or
two that have changed places, never go unnoticed; anything else does once in 32 times.

The alphabet is Crockford's base 32: no I, L, O and U; small letters, hyphens and spaces make no difference, O is read
as 0, I and L as 1. The URI form is `https://<domain>/` and the text: of a GTIN, a GS1 Digital Link (URI Syntax 1.3).
"""

import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import unquote, urlsplit

import msgspec

from schemas.errors import CodeError

ALPHABET: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
MAC_BITS: Final = 50
SERIALS: Final = 1 << 40
"""Serials of a product: 0 to this, exclusive."""

TAIL: Final = 20
"""Characters of a code behind its product."""

_SERIAL: Final = 8
_VALUE: Final = {symbol: value for value, symbol in enumerate(ALPHABET)} | {"O": 0, "I": 1, "L": 1}
_EXTENDED_HEX: Final = str.maketrans(ALPHABET, "0123456789abcdefghijklmnopqrstuv")
"""Crockford's digits to those that `int` reads."""
_PAIRS: Final = [high + low for high in ALPHABET for low in ALPHABET]
"""Ten bits to two symbols."""
_BETWEEN: Final = str.maketrans("", "", "- ")
_PREFIX: Final = re.compile(r"[0-9]{1,10}(\.[0-9]{1,10}){1,5}")
_COMPANY: Final = re.compile(r"[0-9]{4,12}")
_NUMBER: Final = re.compile(r"[0-9A-Z][0-9A-Z.-]{0,39}")
_GTIN: Final = re.compile(r"[0-9]{8}|[0-9]{12,14}")
_QUALIFIERS: Final = ("01", "22", "10", "21")
"""Application identifiers of a GTIN's path in their order: GTIN, variant, lot, serial."""
_SHOWN: Final = 80
"""Characters of a refused text that its error quotes."""


class Code(msgspec.Struct, frozen=True, gc=False):
    """The code of one item; its `str` is the text form."""

    product: str
    """All before the serial: `88.118.8/TP-1001` or `01/06901234567892`."""
    serial: int
    """Which item of the product, below `SERIALS`."""
    key: str
    """Id of the key that the check part was made with: a symbol of the alphabet."""
    mac: str
    """The keyed check part, 10 symbols."""

    @property
    def tail(self) -> str:
        """The 20 characters behind the product."""
        body = f"{digits(self.serial, _SERIAL)}{self.key}{self.mac}"
        return body + _check_symbol(f"{self.product}{_slash(self.product)}", body)

    def __str__(self) -> str:
        return f"{self.product}{_slash(self.product)}{self.tail}"

    def link(self, domain: str) -> str:
        """The URI form at a resolver's domain (host, or host and path): a GS1 Digital Link where there is a GTIN."""
        return f"https://{domain}/{self}"


def digits(number: int, symbols: int) -> str:
    """A number below 32 to the power of `symbols`, an even number of them, in base 32."""
    return "".join([_PAIRS[number >> shift & 1023] for shift in range(5 * symbols - 10, -10, -10)])


def signed_text(product: str, serial: int, key: str) -> str:
    """What the keyed check part is computed over: the text form up to it."""
    return f"{product}{_slash(product)}{digits(serial, _SERIAL)}{key}"


def parse(text: str) -> Code:
    """Read a code in its text or URI form, as printed, typed or scanned.

    CodeError for what is no code, or a mistyped one. That somebody with the key made it is for `KeyRing.verify` to say.
    """
    path = path_of(text.strip()) if "://" in text else text.strip()
    segments = [unquote(segment) for segment in path.strip("/").split("/")]
    product, tail = _gtin_path(segments) or _own_path(segments) or ("", "")
    if not product:
        raise CodeError(
            f"{text[:_SHOWN]!r} is no code; written as 88.118.8/PRODUCT/SERIAL, 01/GTIN/21/SERIAL, or a URI of these"
        )
    symbols = tail.upper().translate(_BETWEEN)
    if len(symbols) != TAIL:
        raise CodeError(f"{tail[:_SHOWN]!r} is mistyped: it has {len(symbols)} characters, not {TAIL}")
    values = [_VALUE.get(symbol, -1) for symbol in symbols]
    if -1 in values:
        raise CodeError(f"{tail!r} is mistyped: {symbols[values.index(-1)]!r} is in no code")
    read = "".join([ALPHABET[value] for value in values])
    if _check_symbol(f"{product}{_slash(product)}", read[:-1]) != read[-1]:
        raise CodeError(f"{tail!r} is mistyped: its check symbol does not fit")
    return Code(product, serial_of(read), read[_SERIAL], read[_SERIAL + 1 : -1])


def serial_of(tail: str) -> int:
    """The serial that the characters behind a code's product begin with, of the alphabet all of them."""
    return int(tail[:_SERIAL].translate(_EXTENDED_HEX), 32)


def path_of(uri: str) -> str:
    """The path of a URI; empty where it is none, such as `https://[`."""
    try:
        return urlsplit(uri).path
    except ValueError:
        return ""


def parse_product(text: str) -> str:
    """The product that `88.118.8/TP-1001`, `01/06901234567892` or a bare GTIN names. CodeError if it is none."""
    segments = text.strip().split("/")
    if len(segments) == 2 and segments[0] != "01":
        product = _own(*segments)
    else:
        product = _gtin(segments[-1]) if segments[:-1] in ([], ["01"]) else ""
    if not product:
        raise CodeError(f"{text[:_SHOWN]!r} is no product: write 88.118.8/NUMBER (A-Z, 0-9, . and -) or a GTIN")
    return product


def is_prefix(text: str) -> bool:
    """Whether `text` is a prefix of an enterprise: a national identifier such as 88.118.8, or a GS1 company prefix."""
    return bool(_PREFIX.fullmatch(text) or _COMPANY.fullmatch(text))


def belongs_to(product: str, prefix: str) -> bool:
    """Whether an enterprise's prefix is that of a product. Within a GTIN it comes after the packaging level."""
    if product.startswith("01/"):
        return "." not in prefix and product.startswith(prefix, 4)
    return product.startswith(f"{prefix}/")


def gtin_check_digit(digits_: str) -> str:
    """The last digit of a GTIN, from those before it (GS1 General Specifications, 7.9)."""
    weighted = sum(int(digit) * (3, 1)[place % 2] for place, digit in enumerate(reversed(digits_)))
    return str(-weighted % 10)


def _gtin_path(segments: Sequence[str]) -> tuple[str, str] | None:
    """Product and tail of a path that ends as a GS1 Digital Link does."""
    segments = segments[-2 * len(_QUALIFIERS) :]
    for start in range(len(segments) % 2, len(segments) - 3, 2):
        identifiers, values = segments[start::2], segments[start + 1 :: 2]
        known = [one for one in _QUALIFIERS if one in identifiers]
        if known == identifiers and identifiers[0] == "01" and identifiers[-1] == "21":
            product = _gtin(values[0])
            return (product, values[-1]) if product else None
    return None


def _own_path(segments: Sequence[str]) -> tuple[str, str] | None:
    """Product and tail of a path that ends with prefix, own number and tail."""
    if len(segments) < 3:
        return None
    product = _own(*segments[-3:-1])
    return (product, segments[-1]) if product else None


def _gtin(text: str) -> str:
    """The product of a GTIN of any length; empty if it is none. CodeError where its check digit does not fit."""
    if not _GTIN.fullmatch(text):
        return ""
    if gtin_check_digit(text[:-1]) != text[-1]:
        raise CodeError(f"GTIN {text} is mistyped: its check digit does not fit")
    return f"01/{text:0>14}"


def _own(prefix: str, number: str) -> str:
    """The product of an enterprise's own number; empty if it is none."""
    number = number.upper()
    return f"{prefix}/{number}" if _PREFIX.fullmatch(prefix) and _NUMBER.fullmatch(number) else ""


def _slash(product: str) -> str:
    """What stands between product and serial."""
    return "/21/" if product.startswith("01/") else "/"


def _check_symbol(head: str, body: str) -> str:
    """The symbol that makes the polynomial with these coefficients zero at a generator of GF(32).

    Coefficients of different powers below 31 never cancel: hence the promise for the last 20 characters.
    """
    check = 0
    for sign in head:  # of the product, which has other signs, too
        check = _TIMES[_TIMES[check] ^ ord(sign) >> 5] ^ ord(sign) & 31
    for symbol in body:
        check = _TIMES[check] ^ _VALUE[symbol]
    return ALPHABET[_TIMES[check]]


_TIMES: Final = [value << 1 ^ (0b100101 if value & 16 else 0) for value in range(32)]
"""Each element of GF(32) times the generator x, modulo x^5 + x^2 + 1, which is primitive."""
