"""Codes as runs of serials: a thousand items in a row are one run for whoever follows what happens to items."""

from collections import defaultdict
from collections.abc import Iterable
from typing import Final

import numpy as np
import numpy.typing as npt

from schemas.codes import ALPHABET

_TAIL: Final = 20
"""Characters of a code behind its product (see `schemas.codes`), of which so many are the serial:"""
_SERIAL: Final = 8
_NONE: Final = 255
_VALUES: Final = np.full(256, _NONE, np.uint8)
_VALUES[np.frombuffer(ALPHABET.encode(), np.uint8)] = np.arange(len(ALPHABET), dtype=np.uint8)
_WEIGHTS: Final = 32 ** np.arange(_SERIAL - 1, -1, -1, dtype=np.int64)


def runs_of(items: Iterable[str]) -> dict[str, list[int]]:
    """Of each product that has codes among the items: first and last serial of each run, in turn, in order.

    Items are named as `schemas.epc.item_key` does. What only looks like a code counts as one: nobody here has the keys.
    """
    tails: defaultdict[str, list[str]] = defaultdict(list)
    for item in items:
        head, _, tail = item.rpartition("/")
        product = head.removesuffix("/21") if head.startswith("01/") else head
        if product and len(tail) == _TAIL and tail.isascii():
            tails[product].append(tail)
    found = ((product, _runs(some)) for product, some in tails.items())
    return {product: runs for product, runs in found if runs}


def _runs(tails: list[str]) -> list[int]:
    signs = np.frombuffer("".join(tails).encode(), np.uint8).reshape(-1, _TAIL)
    values = _VALUES[signs]
    serials = np.unique(values[(values != _NONE).all(axis=1), :_SERIAL] @ _WEIGHTS)
    return [] if not serials.size else _bounds(serials)


def _bounds(serials: npt.NDArray[np.int64]) -> list[int]:
    ends = np.flatnonzero(np.diff(serials) > 1)
    firsts, lasts = serials[np.r_[0, ends + 1]], serials[np.r_[ends, serials.size - 1]]
    return list(map(int, np.column_stack([firsts, lasts]).ravel()))
