"""The keyed check part of codes: makes codes of items, and tells whether one was made here."""

import base64
import binascii
import hmac
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from schemas.codes import ALPHABET, MAC_BITS, Code, digits, signed_text
from schemas.errors import SettingsError

_LEAST_BYTES: Final = 32
_SYMBOLS: Final = MAC_BITS // 5
_NO_KEY: Final = bytes(_LEAST_BYTES)


class KeyRing:
    """The keys by their ids: the first one makes codes, all of them verify. Its `repr` shows no secrets.

    The check part is HMAC-SHA-256 (RFC 2104) over the text of the code before it, cut to its first 50 bits: whoever
    knows any number of codes and no key guesses right once in 2^50. A key that leaks is taken out, and its codes are
    refused.
    """

    def __init__(self, keys: Mapping[str, bytes]) -> None:
        """At least one key. An id is one symbol of the alphabet of codes, a key has at least 32 bytes: ValueError."""
        if not keys:
            raise ValueError("no keys")
        for id_, key in keys.items():
            if len(id_) != 1 or id_ not in ALPHABET:
                raise ValueError(f"{id_[:20]!r} is no id of a key: allowed is one of {ALPHABET}")
            if len(key) < _LEAST_BYTES:
                raise ValueError(f"key {id_} has {len(key)} bytes; at least {_LEAST_BYTES} are needed")
        self._keys = dict(keys)
        self.newest = next(iter(keys))
        """Id of the key that makes codes."""

    @classmethod
    def parse(cls, text: str) -> "KeyRing":
        """Read `id:base64` each, separated by white space. SettingsError, which never quotes a key."""
        keys: dict[str, bytes] = {}
        for position, word in enumerate(text.split(), 1):
            id_, colon, encoded = word.partition(":")
            try:
                key = base64.b64decode(encoded, validate=True)
            except (binascii.Error, ValueError):
                key = b""
            if not colon or len(id_) != 1 or not key:
                raise SettingsError(f"HEADRACE_CODE_KEYS: entry {position} is not an id, a colon and base64")
            if id_ in keys:
                raise SettingsError(f"HEADRACE_CODE_KEYS: there are two keys {id_}")
            keys[id_] = key
        try:
            return cls(keys)
        except ValueError as error:
            raise SettingsError(f"HEADRACE_CODE_KEYS: {error}") from None

    def __repr__(self) -> str:
        return f"KeyRing({', '.join(self._keys)})"

    def code(self, product: str, serial: int) -> Code:
        """The code of an item, by the newest key. `product` as `schemas.codes.parse_product` gives it."""
        return Code(product, serial, self.newest, _mac(self._keys[self.newest], product, serial, self.newest))

    def codes(self, product: str, serials: Iterable[int], key: str) -> Iterator[Code]:
        """The codes of many items, by the key with which their range was minted. SettingsError if it is not here."""
        secret = self._keys.get(key)
        if secret is None:
            raise SettingsError(f"HEADRACE_CODE_KEYS has no key {key}")
        return (Code(product, serial, key, _mac(secret, product, serial, key)) for serial in serials)

    def verify(self, code: Code) -> bool:
        """Whether a code was made with a key of this ring. Takes as long for a wrong one as for a right one."""
        expected = _mac(self._keys.get(code.key, _NO_KEY), code.product, code.serial, code.key)
        return hmac.compare_digest(expected, code.mac) and code.key in self._keys


def _mac(secret: bytes, product: str, serial: int, key: str) -> str:
    digest = hmac.digest(secret, signed_text(product, serial, key).encode(), "sha256")
    return digits(int.from_bytes(digest[:7]) >> 56 - MAC_BITS, _SYMBOLS)
