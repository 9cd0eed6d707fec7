"""Codes as runs of serials: a thousand items in a row are one run for whoever follows what happens to items."""

from collections import defaultdict
from collections.abc import Iterable
from itertools import pairwise
from typing import Final

from schemas.codes import ALPHABET, TAIL, serial_of

_SYMBOLS: Final = frozenset(ALPHABET)


def runs_of(items: Iterable[str]) -> dict[str, list[int]]:
    """Of each product that has codes among the items: first and last serial of each run, in turn, in order.

    Items are named as `schemas.epc.item_key` does. What only looks like a code counts as one: nobody here has the keys.
    """
    serials: defaultdict[str, set[int]] = defaultdict(set)
    for item in items:
        head, _, tail = item.rpartition("/")
        product = head.removesuffix("/21") if head.startswith("01/") else head
        if product and len(tail) == TAIL and _SYMBOLS.issuperset(tail):
            serials[product].add(serial_of(tail))
    return {product: _bounds(sorted(some)) for product, some in serials.items()}


def _bounds(serials: list[int]) -> list[int]:
    bounds = [serials[0]]
    for before, serial in pairwise(serials):
        if serial != before + 1:
            bounds += before, serial
    return [*bounds, serials[-1]]
