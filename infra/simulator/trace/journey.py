"""The way of a pack through the plant: heats become parts, parts joints, and both a bundle."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from infra.simulator.assets import Asset
from infra.simulator.shop_floor.catalogue import STORE, WORK
from infra.simulator.shop_floor.transport import ROUTE, YARD
from infra.simulator.shop_floor.yard import pick_lines
from infra.simulator.trace import epcis
from infra.simulator.trace.agenda import Agenda
from infra.simulator.trace.catalogue import BUNDLE, GALVANISING, PREFIX, PUNCHING, lot, machine, part
from infra.simulator.trace.minter import Minter
from infra.simulator.trace.recent import Recent
from schemas.codes import Code
from schemas.events import Event
from schemas.logistics import Arrival, Move, PickLine, PickList
from schemas.production import Job
from schemas.quality import Sample
from schemas.shop_floor import ShopFloorEvent
from schemas.trace import Span, Void

Bundles = list[tuple[Code, list[Code]]]
"""Each with what is in it."""

_BATH: Final = "zinc_temperature"
_STAY_MS: Final = 5_000
"""How long packs stay with a machine; of those that were on their way when the plant began."""
_PARTS_OF_A_JOINT: Final = 3
_MOST_JOINTS: Final = 2
_SCRAPPED: Final = 0.01
"""Share of the parts that do not pass their last inspection."""


@dataclass
class _Pack:
    order: str
    lines: Sequence[PickLine]
    items: list[Code] = field(default_factory=list)
    """Its parts and joints."""


class Journey:
    """Takes what the shop floor says. What a machine has done to a pack is captured when a crane has taken it away."""

    def __init__(
        self,
        machines: Sequence[Asset],
        random: np.random.Generator,
        agenda: Agenda,
        minter: Minter,
        deliver: Callable[[str, Bundles, int], None],
    ) -> None:
        """`deliver` takes an order's bundles and the time at which they are packed."""
        self._places = {kind: [one.name for one in machines if one.kind == kind] for kind in ROUTE}
        self._random = random
        self._agenda = agenda
        self._minter = minter
        self._deliver = deliver
        self._lists: dict[str, Sequence[PickLine]] = {}
        self._packs: dict[str, _Pack] = {}
        self._bath: dict[str, Recent[float]] = {}
        self._samples: dict[str, Recent[Sequence[float]]] = {}
        self._products: dict[str, Recent[str]] = {}
        self.to_repack = 0
        """Bundles that will have to be packed anew."""

    def take(self, event: Event | ShopFloorEvent) -> None:
        """Take the next event, in the order of time."""
        match event:
            case Event(values=values) if _BATH in values:
                self._bath.setdefault(event.asset, Recent()).add(int(event.ts), values[_BATH])
            case Sample() if event.asset in self._places["kettle"]:
                self._samples.setdefault(event.asset, Recent()).add(int(event.ts), event.values)
            case Job() if event.asset in self._places["weld"]:
                self._products.setdefault(event.asset, Recent()).add(int(event.ts), event.product)
            case Arrival():
                self._arrived(event)
            case PickList():
                self._lists[event.order] = event.lines
            case Move():
                self._moved(event)

    def _arrived(self, steel: Arrival) -> None:
        bars = _bars(steel.grade, steel.section, steel.length_mm, steel.heat, steel.pieces)
        received = epcis.event(
            "ObjectEvent", int(steel.ts), "receiving", machine(STORE), action="OBSERVE", quantityList=[bars],
            disposition="in_progress", bizTransactionList=epcis.documents(cert=steel.heat),
        )  # fmt: skip
        self._agenda.capture(received)

    def _moved(self, move: Move) -> None:
        order, left = move.item.removesuffix("-pack"), int(move.departed)
        if move.source == STORE:
            self._packs[move.item] = _Pack(order, self._lists.pop(order, ()) or pick_lines(self._random))
            return
        if move.item not in self._packs:
            self._packs[move.item] = self._on_its_way(order, move.source, left)
        pack = self._packs[move.item]
        self._worked_on(pack, move.source, left)
        if move.destination == YARD:
            del self._packs[move.item]
            self._packed(pack, int(move.ts))

    def _on_its_way(self, order: str, place: str, left: int) -> _Pack:
        """A pack that was on its way when the plant began: what had been done to it, at which machine."""
        pack = _Pack(order, pick_lines(self._random))
        before = ROUTE[: ROUTE.index(_kind(place))]
        for steps, kind in zip(range(len(before), 0, -1), before, strict=True):
            self._worked_on(pack, str(self._random.choice(self._places[kind])), left - steps * _STAY_MS)
        return pack

    def _worked_on(self, pack: _Pack, asset: str, ts: int) -> None:
        work = {"saw": self._sawn, "punch": self._punched, "weld": self._welded, "kettle": self._galvanised}
        work[_kind(asset)](pack, asset, ts)

    def _sawn(self, pack: _Pack, asset: str, ts: int) -> None:
        for line in pack.lines:
            parts = self._minter.take(part(line.section), line.pieces * len(line.cuts_mm), ts)
            bars = _bars(line.grade, line.section, line.length_mm, line.heat, line.pieces)
            self._transformed(pack, asset, ts, inputQuantityList=[bars], outputEPCList=epcis.links(parts))
            pack.items += parts

    def _punched(self, pack: _Pack, asset: str, ts: int) -> None:
        order = epcis.documents(prodorder=pack.order)
        self._agenda.capture(epcis.observed(ts, PUNCHING, machine(asset), pack.items, bizTransactionList=order))

    def _welded(self, pack: _Pack, asset: str, ts: int) -> None:
        known = self._products.get(asset)
        product = (known.at(ts) if known else None) or WORK["weld"].products[0]
        joints = int(self._random.integers(1, _MOST_JOINTS + 1))
        for _ in range(min(joints, len(pack.items) // _PARTS_OF_A_JOINT)):
            parts, pack.items = pack.items[:_PARTS_OF_A_JOINT], pack.items[_PARTS_OF_A_JOINT:]
            joint = self._minter.take(product.upper(), 1, ts)
            self._transformed(pack, asset, ts, inputEPCList=epcis.links(parts), outputEPCList=epcis.links(joint))
            pack.items += joint

    def _galvanised(self, pack: _Pack, asset: str, ts: int) -> None:
        bath, samples = self._bath.get(asset), self._samples.get(asset)
        celsius, measured = bath and bath.at(ts), samples and samples.at(ts)
        order = epcis.documents(prodorder=pack.order)
        more = {"sensorElementList": epcis.temperature(celsius, machine(asset))} if celsius else {}
        self._agenda.capture(
            epcis.observed(ts, GALVANISING, machine(asset), pack.items, bizTransactionList=order, **more)
        )
        fails = self._random.uniform(size=len(pack.items)) < _SCRAPPED
        fails[0] = False  # or there might be nothing to pack
        scrap = [item for item, fail in zip(pack.items, fails, strict=True) if fail]
        pack.items = [item for item, fail in zip(pack.items, fails, strict=True) if not fail]
        more = {"sensorElementList": epcis.thickness(measured)} if measured else {}
        self._agenda.capture(
            epcis.observed(ts, "inspecting", machine(asset), pack.items, disposition="conformant", **more)
        )
        if scrap:
            self._scrapped(scrap, asset, ts)

    def _scrapped(self, items: Sequence[Code], asset: str, ts: int) -> None:
        destroyed = epcis.observed(ts, "destroying", machine(asset), items, disposition="destroyed")
        self._agenda.capture(destroyed | {"action": "DELETE"})
        for item in items:
            void(self._agenda, item, ts, "scrapped at the last inspection")

    def _packed(self, pack: _Pack, ts: int) -> None:
        [bundle] = self._minter.take(BUNDLE, 1, ts)
        self._agenda.capture(epcis.put(ts, "ADD", "packing", machine(YARD), bundle, pack.items))
        bundles = [(bundle, pack.items)]
        if self.to_repack and len(pack.items) > 1:
            self.to_repack -= 1
            bundles = self._repacked(bundle, pack.items, ts)
        self._deliver(pack.order, bundles, ts)

    def _repacked(self, bundle: Code, items: list[Code], ts: int) -> Bundles:
        """A strap breaks, and there are two bundles in place of one."""
        self._agenda.capture(epcis.put(ts + 100, "DELETE", "unpacking", machine(YARD), bundle, items))
        half = len(items) // 2
        both = list(zip(self._minter.take(BUNDLE, 2, ts), (items[:half], items[half:]), strict=True))
        for place, (new, its_items) in enumerate(both):
            now = ts + 200 + 100 * place
            self._agenda.capture(epcis.put(now, "ADD", "repackaging", machine(YARD), new, its_items))
        return both

    def _transformed(self, pack: _Pack, asset: str, ts: int, **lists: object) -> None:
        made = epcis.event(
            "TransformationEvent", ts, "commissioning", machine(asset), disposition="active",
            bizTransactionList=epcis.documents(prodorder=pack.order), **lists,
        )  # fmt: skip
        self._agenda.capture(made)


def void(agenda: Agenda, item: Code, ts: int, reason: str) -> None:
    """Say that a code is worth nothing."""
    span = Span(item.serial, 1)
    agenda.send(Void(enterprise=PREFIX, ts=ts, product=item.product, spans=(span,), reason=reason, by="li"))


def _bars(grade: str, section: str, length_mm: int, heat: str, pieces: int) -> dict[str, object]:
    return {"epcClass": lot(grade, section, length_mm, heat), "quantity": pieces}


def _kind(asset: str) -> str:
    return asset.rpartition("-")[0]
