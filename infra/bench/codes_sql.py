"""Codes as SQL: what `streams.compute.codes.KeyRing` makes, made by the engine, a million a second.

    HMAC(key, text) = SHA256(key ^ opad, SHA256(key ^ ipad, text))        RFC 2104, SHA-256

The check symbol is linear over GF(2) in the bits of serial and check part: each of its five bits is the parity of some
of theirs, and of a constant of product and key.
"""

from typing import Final

from schemas.codes import ALPHABET, MAC_BITS, Code, digits

_RFC_4648: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_BLOCK: Final = 64
"""Bytes of a block of SHA-256."""
_SERIAL_BITS: Final = 40
_NO_MAC: Final = "0" * (MAC_BITS // 5)


def constant_of(product: str, key_id: str) -> int:
    """What the check symbol is for serial 0 and a check part of zeros."""
    return ALPHABET.index(Code(product, 0, key_id, _NO_MAC).tail[-1])


def code_sql(secret: bytes, key_id: str) -> str:
    """The text form of a code, an expression over `head` (product and slash), `check` (`constant_of`) and `serial`.
    `secret` has at most 64 bytes, as longer keys are hashed first.
    """
    inner, outer = (bytes(byte ^ pad for byte in secret.ljust(_BLOCK, b"\0")).hex() for pad in (0x36, 0x5C))
    big_endian = "reverse(reinterpretAsFixedString(toUInt64(serial)))"
    body = f"{_symbols(f'substring({big_endian}, 4, 5)')} AS body"
    mac = f"SHA256(unhex('{outer}') || SHA256(unhex('{inner}') || head || ({body}) || '{key_id}')) AS digest"
    bits = f"bitShiftRight(reinterpretAsUInt64(reverse(substring(({mac}), 1, 8))), {64 - MAC_BITS}) AS mac"
    return (
        f"concat(head, body, '{key_id}', substring({_symbols('substring(digest, 1, 7)')}, 1, {MAC_BITS // 5}), "
        f"substring('{ALPHABET}', bitXor(check, {_parities(f'({bits})', key_id)}) + 1, 1))"
    )


def _symbols(octets: str) -> str:
    """Bytes in Crockford's base 32."""
    return f"translate(base32Encode({octets}), '{_RFC_4648}', '{ALPHABET}')"


def _parities(mac: str, key_id: str) -> str:
    """What the bits of serial and check part add to the check symbol."""
    product = "0.0/0"
    none = constant_of(product, key_id)

    def effect(serial: int, mac_bits: int) -> int:
        return none ^ ALPHABET.index(Code(product, serial, key_id, digits(mac_bits, MAC_BITS // 5)).tail[-1])

    of_serial = [effect(1 << bit, 0) for bit in range(_SERIAL_BITS)]
    of_mac = [effect(0, 1 << bit) for bit in range(MAC_BITS)]
    terms = []
    for place in range(5):
        masks = [sum((one >> place & 1) << bit for bit, one in enumerate(effects)) for effects in (of_mac, of_serial)]
        ones = f"bitCount(bitAnd({mac}, {masks[0]})) + bitCount(bitAnd(serial, {masks[1]}))"
        terms.append(f"bitShiftLeft(bitAnd({ones}, 1), {place})")
        mac = "mac"
    return " + ".join(terms)
