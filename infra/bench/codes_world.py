"""Who makes what in `headrace bench codes`: enterprises, their products, and which codes there are."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from schemas.codes import SERIALS, gtin_check_digit

TOPOLOGY: Final = "codes"
PARTITIONS: Final = 2
CODES: Final = 1_143_000_000
_ENTERPRISES: Final = 3_000
_PRODUCTS: Final = 11_000
"""Codes, enterprises and products of the platform that is taken as the mark."""
_LEAST_EACH: Final = 100
"""Codes of a product; where there are few codes, there are few products."""


@dataclass(frozen=True)
class Product:
    """A product, whose serials begin at 0."""

    number: int
    name: str
    """As `schemas.codes.parse_product` gives it."""
    enterprise: str
    partition: int
    """Of trace.events, where all of its enterprise is."""

    @property
    def head(self) -> str:
        """The text of its codes before the serial."""
        return f"{self.name}/21/" if self.name.startswith("01/") else f"{self.name}/"


@dataclass(frozen=True)
class World:
    """Some `least` codes, shared evenly among the products."""

    least: int

    @property
    def product_count(self) -> int:
        return max(min(_PRODUCTS, self.least // _LEAST_EACH), 1)

    @property
    def enterprise_count(self) -> int:
        return min(_ENTERPRISES, self.product_count)

    @property
    def each(self) -> int:
        """Codes of each product."""
        return -(-self.least // self.product_count)

    @property
    def codes(self) -> int:
        """All of them."""
        return self.each * self.product_count

    def products(self) -> list[Product]:
        """In the order of their codes."""
        return sorted(map(self._product, range(self.product_count)), key=lambda product: product.head)

    def topology_yaml(self) -> str:
        """A topology with all enterprises, each of which may do what the benchmark does."""
        return "\n".join(self._topology_lines())

    def _topology_lines(self) -> Iterator[str]:
        yield f"topology: {TOPOLOGY}\nsite: bench\nsources: {{machine.events: {{partitions: 1}}}}"
        yield f"trace:\n  partitions: {PARTITIONS}\n  most_repeats: 500000\n  enterprises:"
        for number in range(self.enterprise_count):
            quotas = f"most_codes: {SERIALS}, events_per_minute: 10000000"
            yield f'    - {{prefix: "{prefix(number)}", name: enterprise {number}, {quotas}}}'

    def _product(self, number: int) -> Product:
        maker = number % self.enterprise_count
        own = prefix(maker)
        digits = f"0{own}{number:05}"
        name = f"{own}/TP-{number}" if "." in own else f"01/{digits}{gtin_check_digit(digits)}"
        return Product(number, name, own, maker % PARTITIONS)


def prefix(enterprise: int) -> str:
    """Every fourth enterprise has a GS1 company prefix, the others a national identifier."""
    return str(6_900_000 + enterprise) if enterprise % 4 == 3 else f"88.118.{enterprise}"
