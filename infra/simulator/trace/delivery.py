"""From the gate to the tower: what becomes of bundles, and what people read when the tower stands."""

from collections import deque
from functools import partial
from typing import Final, NamedTuple

import numpy as np

from infra.simulator.trace import epcis
from infra.simulator.trace.agenda import Agenda
from infra.simulator.trace.catalogue import CUSTOMERS, DOMAIN, GATE, PREFIX, TOWER, Customer
from infra.simulator.trace.journey import Bundles
from infra.simulator.trace.minter import Minter
from schemas.codes import Code
from schemas.trace import Found, Place, Scan

_SHIPPED, _RECEIVED, _UNPACKED, _MOUNTED = 1_000, 3_000, 4_000, 5_000
"""Milliseconds after packing. In the world it takes weeks."""
_SCANNED, _BETWEEN = 1_000, 300
"""Milliseconds from that to the first scan, and to the next."""
_SCANS: Final = 3
"""Items of an order that somebody scans, at most."""
_NEAR: Final = 0.005
"""Degrees by which a telephone may be beside the tower."""
_KNOWN: Final = 50


class Mounted(NamedTuple):
    """An item that is part of a tower."""

    item: Code
    customer: Customer


class Delivery:
    """Ships bundles to customers, who mount what is in them."""

    def __init__(self, random: np.random.Generator, agenda: Agenda, minter: Minter) -> None:
        self._random = random
        self._agenda = agenda
        self._minter = minter
        self.mounted: deque[Mounted] = deque(maxlen=_KNOWN)
        """The newest items that are mounted, and with which nothing else is going to happen."""
        self.shipped: deque[Code] = deque(maxlen=_KNOWN)
        """The newest bundles on their way."""

    def deliver(self, order: str, bundles: Bundles, ts: int) -> None:
        """Everything that becomes of an order's bundles, packed at `ts`."""
        customer = CUSTOMERS[int(self._random.integers(len(CUSTOMERS)))]
        self._agenda.at(ts + _SHIPPED, partial(self._ship, order, bundles, customer))
        self._agenda.at(ts + _RECEIVED, partial(self._receive, order, bundles, customer))
        self._agenda.at(ts + _UNPACKED, partial(self._unpack, bundles, customer))
        self._agenda.at(ts + _MOUNTED, partial(self._mount, bundles, customer))

    def scan(self, item: Code, place: Place, ts: int, found: Found = "genuine") -> None:
        """Somebody near a place reads a code, and a resolver answers `found`."""
        latitude, longitude = self._random.uniform(-_NEAR, _NEAR, size=2).round(5).tolist()
        near = Place(round(place.latitude + latitude, 5), round(place.longitude + longitude, 5))
        read = Scan(
            enterprise=PREFIX, ts=ts, code=str(item), found=found, disposition="active", place=near,
            client=self._random.bytes(8).hex(),
        )  # fmt: skip
        self._agenda.send(read)

    def _ship(self, order: str, bundles: Bundles, customer: Customer, now: int) -> None:
        wholes = [bundle for bundle, _ in bundles]
        shipped = epcis.event(
            "TransactionEvent", now, "shipping", GATE, action="ADD", disposition="in_transit",
            epcList=epcis.links(wholes), bizTransactionList=epcis.documents(po=f"{customer.name}-{order}"),
            destinationList=[{"type": "possessing_party", "destination": customer.uri}],
        )  # fmt: skip
        self._agenda.capture(shipped)
        self.shipped.extend(wholes)

    def _receive(self, order: str, bundles: Bundles, customer: Customer, now: int) -> None:
        received = epcis.observed(
            now, "receiving", customer.uri, [bundle for bundle, _ in bundles], disposition="in_progress",
            bizLocation={"id": customer.uri}, bizTransactionList=epcis.documents(po=f"{customer.name}-{order}"),
        )  # fmt: skip
        self._agenda.capture(received)

    def _unpack(self, bundles: Bundles, customer: Customer, now: int) -> None:
        for bundle, items in bundles:
            self._agenda.capture(epcis.put(now, "DELETE", "unpacking", customer.uri, bundle, items))

    def _mount(self, bundles: Bundles, customer: Customer, now: int) -> None:
        [tower] = self._minter.take(TOWER, 1, now)
        items = [item for _, its_items in bundles for item in its_items]
        mounted = epcis.event(
            "AssociationEvent", now, "installing", customer.uri, action="ADD", parentID=tower.link(DOMAIN),
            childEPCs=epcis.links(items), disposition="active", bizLocation={"id": customer.uri},
        )  # fmt: skip
        self._agenda.capture(mounted)
        chosen = self._random.choice(len(items), min(_SCANS, len(items)), replace=False).tolist()
        for place, number in enumerate(chosen):
            self._agenda.at(now + _SCANNED + _BETWEEN * place, partial(self._read, items[number], customer))

    def _read(self, item: Code, customer: Customer, now: int) -> None:
        self.scan(item, customer.place, now)
        self.mounted.append(Mounted(item, customer))
