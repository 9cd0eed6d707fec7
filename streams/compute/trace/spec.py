"""What a topology declares of traceability."""

from typing import Annotated

import msgspec
from msgspec import Meta

from schemas.codes import SERIALS, belongs_to, is_prefix, parse_product
from schemas.durations import Duration
from schemas.errors import CodeError


class Enterprise(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An enterprise that gives out codes and captures events."""

    prefix: str
    """National industrial-internet identifier, such as `88.118.8`, or GS1 company prefix, such as `6901234`; in quotes,
    or YAML takes it for a number."""
    name: str
    """For people."""
    products: tuple[str, ...] = ()
    """What it may mint codes for: `88.118.8/TP-1001` or a GTIN, below its prefix; left out, everything below it."""
    most_codes: Annotated[int, Meta(ge=1, le=SERIALS)] = 10_000_000_000
    """Codes that it may mint in all."""
    most_products: Annotated[int, Meta(ge=1, le=100_000)] = 1_000
    """Products that it may mint codes for."""
    events_per_minute: Annotated[int, Meta(ge=1, le=10_000_000)] = 600_000
    """Events that it may have captured in a minute by the broker's clock."""
    warranty: Duration | None = None
    """How long it answers for an item, from the first scan or sale on; left out, the resolver tells the beginning."""

    def __post_init__(self) -> None:
        if not is_prefix(self.prefix):
            raise ValueError(f"prefix {self.prefix!r} is neither an identifier such as 88.118.8 nor a company prefix")
        for product in self.products:
            try:
                known = parse_product(product)
            except CodeError as error:
                raise ValueError(str(error)) from None
            if not belongs_to(known, self.prefix):
                raise ValueError(f"product {product} does not begin with prefix {self.prefix}")

    def makes(self, product: str) -> bool:
        """Whether it may mint codes for a product, named as `parse_product` does."""
        return belongs_to(product, self.prefix) and (not self.products or product in map(parse_product, self.products))


class Trace(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The topic `trace.events` and what becomes of it."""

    enterprises: tuple[Enterprise, ...] = ()
    """Those whose messages are accepted."""
    partitions: Annotated[int, Meta(ge=1, le=1000)] = 2
    """Partitions of the topic. An enterprise is in one."""
    retention: Duration = Duration.parse("30d")
    """How long the broker keeps records."""
    repeats: Duration = Duration.parse("1d")
    """How far behind stream time the repeat of an event is told. An event that is older is late: it is archived and
    marked."""
    most_repeats: Annotated[int, Meta(ge=1, le=500_000)] = 50_000
    """Events that are remembered for that in each partition, the newest. Each takes 16 bytes of a checkpoint."""

    def __post_init__(self) -> None:
        prefixes = [enterprise.prefix for enterprise in self.enterprises]
        for place, prefix in enumerate(prefixes):
            if prefix in prefixes[:place]:
                raise ValueError(f"prefix {prefix} is that of two enterprises")
