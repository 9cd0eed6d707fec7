"""Deterministic identifiers: the same result of the same log has the same id, whoever computes it and how often.

An id is `<kind and series, hashed to 24 hex digits>-<position in hex>`: the hash is computed once per series, the
position (a window's start, an event's time and offset) is appended per row, so ids cost a string format each.
"""

import hashlib

import msgspec


def prefix(*parts: str | int) -> str:
    """24 hex digits that stand for `parts`. 96 bits: among a billion series, the odds of a collision are 1 in 10^11."""
    return hashlib.blake2b(msgspec.json.encode(parts), digest_size=12).hexdigest()


def at(prefix_: str, *positions: int) -> str:
    """The id of one row of a series: its prefix and where it stands."""
    return "-".join((prefix_, *(format(position, "x") for position in positions)))
