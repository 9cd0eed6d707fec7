"""What `headrace bench codes` sends to trace.events: mints, captured events of one item and of many, scans, heats."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import islice
from typing import Any, Final

import msgspec

from infra.bench.codes_world import PARTITIONS, World, prefix
from schemas.codes import gtin_check_digit
from schemas.epc import item_key
from schemas.trace import Scan

Message = tuple[int, bytes, bytes]
"""Partition, key and value."""

FAN: Final = (10, 100, 10)
"""Outputs of each input, by level: a heat is made into 10,000 items in three."""
HEAT_ITEMS: Final = 10 + 10 * 100 + 10 * 100 * 10
PALLET: Final = 100
"""Items of the last level on a pallet."""

_LOT: Final = "urn:epc:class:lgtin:6900003.056789.HEAT{}"
_DOMAIN: Final = "https://id.example.com/"
_encode: Final = msgspec.json.Encoder().encode


def mints(world: World, ranges: int, key_id: str, now: int) -> Iterator[Message]:
    """All codes, so many ranges of each product, the products in turn."""
    products = world.products()
    for turn in range(ranges):
        first, end = (world.each * bound // ranges for bound in (turn, turn + 1))
        for one in products:
            mint = {"kind": "mint", "enterprise": one.enterprise, "ts": now, "product": one.name, "first": first,
                    "count": end - first, "key": key_id}  # fmt: skip
            yield one.partition, one.enterprise.encode(), _encode(mint)


def seen(codes: Sequence[str], each: int, now: int) -> Iterator[Message]:
    """Items seen on their way, so many an event."""
    for number, first in enumerate(range(0, len(codes), each)):
        items = _uris(codes[first : first + each])
        yield _captured(number, now + number, type="ObjectEvent", action="OBSERVE", bizStep="shipping",
                        disposition="in_transit", epcList=items)  # fmt: skip


def scans(codes: Sequence[tuple[str, str]], now: int) -> Iterator[Message]:
    """People who scan codes, each given with its enterprise."""
    for number, (enterprise, code) in enumerate(codes):
        scan = Scan(enterprise=enterprise, ts=now + number, code=code, found="genuine", client=f"{number:016x}")
        yield number % PARTITIONS, enterprise.encode(), _encode(scan)


def heats(codes: Sequence[str], now: int) -> Iterator[Message]:
    """Heats, each made into `HEAT_ITEMS` of the codes as `FAN` says; the last ones are put on pallets and shipped."""
    unused = iter(codes)
    for number in range(len(codes) // HEAT_ITEMS):
        sources: list[dict[str, Any]] = [
            {"inputQuantityList": [{"epcClass": _LOT.format(number), "quantity": 25.0, "uom": "TNE"}]}
        ]
        made: list[str] = []
        for level, outputs in enumerate(FAN):
            made = []
            for source in sources:
                items = _uris(islice(unused, outputs))
                made += items
                yield _captured(number, now + level, type="TransformationEvent", bizStep="commissioning",
                                disposition="active", outputEPCList=items, **source)  # fmt: skip
            sources = [{"inputEPCList": [item]} for item in made]
        for first in range(0, len(made), PALLET):
            pallet = _sscc(number * len(made) + first)
            packed = now + len(FAN)
            yield _captured(number, packed, type="AggregationEvent", action="ADD", bizStep="packing",
                            disposition="in_progress", parentID=pallet,
                            childEPCs=made[first : first + PALLET])  # fmt: skip
            yield _captured(number, packed + 1, type="ObjectEvent", action="OBSERVE", bizStep="shipping",
                            disposition="in_transit", epcList=[pallet])  # fmt: skip


def heat(number: int) -> str:
    """A heat, as the archive names it."""
    return item_key(_LOT.format(number))


def _captured(number: int, at: int, **event: Any) -> Message:
    enterprise = prefix(number % PARTITIONS)
    time = datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")
    about = {"eventTime": time, "eventTimeZoneOffset": "+00:00", "readPoint": {"id": "urn:headrace:asset:e0:gate-1"}}
    capture = {"kind": "event", "enterprise": enterprise, "event": about | event}
    return number % PARTITIONS, enterprise.encode(), _encode(capture)


def _uris(codes: Iterable[str]) -> list[str]:
    return [_DOMAIN + code for code in codes]


def _sscc(number: int) -> str:
    digits = f"06900003{number:09}"
    return f"{_DOMAIN}00/{digits}{gtin_check_digit(digits)}"
