"""Tokens by which the services over HTTP know an enterprise.

Written down are digests alone, so that whoever reads the file cannot log in: `prefix:sha256` each, the digest of the
token in hexadecimal digits. An enterprise may have several, which is how one is changed.
"""

import hashlib
import re
import secrets
from typing import Final

from schemas.codes import is_prefix
from schemas.errors import SettingsError

_BYTES: Final = 32
_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_BEARER: Final = "bearer "


class Tokens:
    """The enterprises by the digests of their tokens."""

    def __init__(self, enterprises: dict[str, str]) -> None:
        self._enterprises = enterprises

    @classmethod
    def parse(cls, text: str) -> "Tokens":
        """Read `prefix:sha256` each, separated by white space. SettingsError, which quotes nothing of it."""
        enterprises: dict[str, str] = {}
        for position, word in enumerate(text.split(), 1):
            prefix, _, digest = word.partition(":")
            if not is_prefix(prefix) or not _DIGEST.fullmatch(digest):
                raise SettingsError(f"HEADRACE_TOKENS: entry {position} is not a prefix, a colon and a SHA-256 digest")
            if digest in enterprises:
                raise SettingsError(f"HEADRACE_TOKENS: entry {position} has the token of another entry")
            enterprises[digest] = prefix
        return cls(enterprises)

    def __len__(self) -> int:
        return len(self._enterprises)

    def enterprise(self, authorization: str | None) -> str | None:
        """Prefix of the enterprise whose bearer token an `Authorization` header holds; None if it is nobody's.

        It is the digest that is looked up: how long that takes tells nothing about a token of 256 random bits.
        """
        if authorization is None or not authorization.lower().startswith(_BEARER):
            return None
        token = authorization[len(_BEARER) :].strip()
        return self._enterprises.get(hashlib.sha256(token.encode()).hexdigest())


def make(prefix: str) -> tuple[str, str]:
    """A new token for an enterprise, and the entry by which it is known."""
    token = secrets.token_urlsafe(_BYTES)
    return token, f"{prefix}:{hashlib.sha256(token.encode()).hexdigest()}"
