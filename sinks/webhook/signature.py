"""Signatures after the Standard Webhooks specification 1.0 (https://www.standardwebhooks.com): HMAC-SHA256, `v1`."""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Sequence
from typing import Final

from schemas.errors import SettingsError

_PREFIX: Final = "whsec_"
_SIZES: Final = range(24, 65)
"""Bytes of a key."""


def keys(secret: str) -> list[bytes]:
    """The keys in HEADRACE_WEBHOOK_SECRET: one, or while it is changed several, separated by spaces.

    SettingsError says what is wrong, and shows nothing of them.
    """
    found = [_key(word) for word in secret.split()]
    if not found:
        raise SettingsError("HEADRACE_WEBHOOK_SECRET is empty")
    return found


def sign(signing_keys: Sequence[bytes], id_: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`: a signature with each key. `timestamp` is in seconds since the epoch."""
    content = f"{id_}.{timestamp}.".encode() + body
    digests = (hmac.new(key, content, hashlib.sha256).digest() for key in signing_keys)
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)


def _key(word: str) -> bytes:
    try:
        key = base64.b64decode(word.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if not word.startswith(_PREFIX) or len(key) not in _SIZES:
        raise SettingsError(
            f"HEADRACE_WEBHOOK_SECRET is no secret of a webhook: write {_PREFIX} and 24 to 64 bytes in base64, "
            f'such as "{_PREFIX}$(openssl rand -base64 32)"'
        )
    return key
