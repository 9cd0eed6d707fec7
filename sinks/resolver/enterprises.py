"""The enterprises whose codes are resolved, found by their products."""

from collections.abc import Iterable
from dataclasses import dataclass

from schemas.codes import belongs_to


@dataclass(frozen=True)
class Enterprise:
    """What a topology says of an enterprise, as far as it is told."""

    prefix: str
    name: str
    products: frozenset[str] = frozenset()
    """All that it makes, as `schemas.codes.parse_product` names them; empty: whatever has its prefix."""
    warranty_ms: int | None = None
    """How long it answers for an item; None where it has not said."""


class Enterprises:
    """Look-up by product, as quick for thousands of them as for one."""

    def __init__(self, enterprises: Iterable[Enterprise]) -> None:
        self._by_prefix = {enterprise.prefix: enterprise for enterprise in enterprises}
        self._lengths = sorted({len(prefix) for prefix in self._by_prefix if "." not in prefix})

    def of(self, product: str) -> Enterprise | None:
        """Whose product it is; None if nobody's here."""
        head, _, number = product.partition("/")
        prefixes = [number[1 : 1 + length] for length in self._lengths] if head == "01" else [head]
        for prefix in prefixes:
            found = self._by_prefix.get(prefix)
            if found and belongs_to(product, prefix) and (not found.products or product in found.products):
                return found
        return None
