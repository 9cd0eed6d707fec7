"""What became of items, in plain Python that shares no code with the archive: events replayed in their order.

Where the archive asks of an item where it was, this keeps account of everything at once; where the archive walks, this
lets what is affected spread, again and again, until nothing changes.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from math import inf
from typing import Any, NamedTuple

from schemas.epcis_hash import event_id
from tests.sinks.archive.lives import KEY_OF, LOTS, Told
from tests.streams.compute.trace.messages import MILL, YARD

Member = tuple[str, str, float | None, str]
"""Role, item, quantity and unit."""


class Fact(NamedTuple):
    """An event, once."""

    ts: int
    hash: str
    enterprise: str
    type: str
    action: str
    step: str
    disposition: str
    place: str
    location: str
    link: str
    members: list[Member]
    wrong: bool

    @property
    def names(self) -> set[str]:
        return {item for _, item, _, _ in self.members}

    @property
    def empties(self) -> str:
        """What it takes everything out of."""
        named = [item for role, item, _, _ in self.members if role == "child"]
        return "" if named or self.action != "DELETE" or self.type == "ObjectEvent" else self.members[0][1]


def facts(told: Sequence[Told]) -> list[Fact]:
    found = []
    for enterprise, event, wrong in told:
        digest = event_id(event)[len("ni:///sha-256;") :][:64]
        link = "" if event["type"] in ("ObjectEvent", "TransactionEvent") else event.get("transformationID", digest)
        ts = round(datetime.fromisoformat(event["eventTime"]).timestamp() * 1000)
        point, location = (event.get(name, {"id": ""})["id"] for name in ("readPoint", "bizLocation"))
        words = [event.get(name, "") for name in ("action", "bizStep", "disposition")]
        fact = Fact(
            ts, digest, enterprise, event["type"], *words, point, location, link, members(event), wrong == "own"
        )
        found.append(fact)
        if wrong == "other":  # what somebody else declares wrong stays right; the declaration is an event of its own
            found.append(fact._replace(enterprise=YARD if enterprise == MILL else MILL, wrong=True))
    return sorted(found)


def members(event: dict[str, Any]) -> list[Member]:
    found: list[Member] = []
    for field, role in (
        ("parentID", "parent"), ("epcList", "epc"), ("quantityList", "epc"), ("childEPCs", "child"),
        ("childQuantityList", "child"), ("inputEPCList", "input"), ("inputQuantityList", "input"),
        ("outputEPCList", "output"),
    ):  # fmt: skip
        value = event.get(field, [])
        for one in [value] if isinstance(value, str) else value:
            uri, quantity, uom = (one, None, "") if isinstance(one, str) else (
                one["epcClass"], one.get("quantity"), one.get("uom", ""))  # fmt: skip
            found.append((role, KEY_OF[uri], quantity, uom))
    return found


class Inside(NamedTuple):
    child: str
    parent: str
    since: int
    added: str
    quantity: float | None
    uom: str
    left: float | None


class Shelf:
    """What is in what, and what was."""

    def __init__(self) -> None:
        self.now: list[Inside] = []
        self.past: list[tuple[Inside, int]] = []

    def apply(self, fact: Fact) -> None:
        if fact.type not in ("AggregationEvent", "AssociationEvent") or fact.action == "OBSERVE":
            return
        parent = fact.members[0][1]
        if fact.empties:
            self._end(fact, lambda one: one.parent == parent)
        for role, child, quantity, uom in fact.members:
            if role != "child":
                continue
            here = next((one for one in self.now if (one.child, one.parent) == (child, parent)), None)
            if child in LOTS:
                self._amount(fact, here, Inside(child, parent, fact.ts, fact.hash, quantity, uom, quantity))
            elif fact.action == "DELETE":
                self._end(fact, lambda one, child=child: (one.child, one.parent) == (child, parent))  # type: ignore[misc]
            elif here is None:
                self._end(fact, lambda one, child=child: one.child == child)  # type: ignore[misc]
                self.now.append(Inside(child, parent, fact.ts, fact.hash, None, "", None))

    def _amount(self, fact: Fact, here: Inside | None, named: Inside) -> None:
        if fact.action == "ADD" and here is None:
            self.now.append(named)
        elif here is not None:
            self.now.remove(here)
            sign = 1 if fact.action == "ADD" else -1
            known = named.quantity is not None and named.uom == here.uom
            left = here.left + sign * named.quantity if known and here.left is not None else None  # type: ignore[operator]
            put = here.quantity
            if fact.action == "ADD":
                put = put + named.quantity if known and put is not None else None  # type: ignore[operator]
            elif named.quantity is None or (left is not None and left <= 0):
                self.past.append((here, fact.ts))
                return
            self.now.append(here._replace(quantity=put, left=left))

    def _end(self, fact: Fact, which: Callable[[Inside], bool]) -> None:
        self.past += [(one, fact.ts) for one in self.now if which(one)]
        self.now = [one for one in self.now if not which(one)]

    def around(self, item: str) -> list[str]:
        """What an item is in, the innermost first."""
        found = [item]
        for one in found:
            found += sorted({inside.parent for inside in self.now if inside.child == one} - set(found))
        return found[1:]

    def within(self, item: str) -> Iterator[tuple[str, int]]:
        """What is in an item, with how deep; first the item itself."""
        depth = {item: 0}
        for one in (queue := [item]):
            yield one, depth[one]
            for inside in self.now:
                if inside.parent == one and inside.child not in depth:
                    depth[inside.child] = depth[one] + 1
                    queue.append(inside.child)


Stay = tuple[str, str, int, int | None, float | None, str]


def stays(world: Sequence[Fact]) -> set[Stay]:
    shelf = Shelf()
    for fact in world:
        if not fact.wrong:
            shelf.apply(fact)
    told = [*shelf.past, *((one, None) for one in shelf.now)]
    return {(one.child, one.parent, one.since, until, one.quantity, one.uom) for one, until in told}


def concerning(world: Sequence[Fact], item: str) -> Iterator[tuple[Fact, list[Member], set[str]]]:
    """Each event that concerns an item: how it names it, or else by which containers."""
    shelf = Shelf()
    for fact in world:
        own = [member for member in fact.members if member[1] == item]
        via = set()
        for container in shelf.around(item):
            roles = {role for role, name, _, _ in fact.members if name == container}
            whole = roles - {"parent"} or (roles and fact.type == "TransactionEvent")
            if whole or (fact.empties == container and not fact.wrong):
                via.add(container)
        if own or via:
            yield fact, own, set() if own else via - {item}
        if not fact.wrong:
            shelf.apply(fact)


class Affected(NamedTuple):
    level: dict[str, float]
    """The lowest of each item, at any time."""
    now: dict[str, float]
    """Likewise, for what is affected still."""
    steps: dict[tuple[str, str], float]
    """Link and item to level."""


def spread(world: Sequence[Fact], origin: str) -> Affected:
    own: dict[str, float] = {origin: 0}
    """Of items themselves, and not of what is in them."""
    while True:
        before = dict(own)
        shelf, links = Shelf(), defaultdict[str, float](lambda: inf)
        level, steps = dict(own), defaultdict[tuple[str, str], float](lambda: inf)

        def depth(item: str, shelf: Shelf = shelf) -> float:
            return min(own.get(one, inf) + deep for one, deep in shelf.within(item))

        now: dict[str, float] = {}
        for fact in world:
            if fact.wrong:
                continue
            shelf.apply(fact)
            for role, item, _, _ in fact.members:
                if role == "input":
                    links[fact.link] = min(links[fact.link], depth(item))
            now = {item: depth(item) for item in {one.parent for one in shelf.now}}
            level |= {item: min(level.get(item, inf), deep) for item, deep in now.items()}
            for one in shelf.now:
                steps[one.added, one.parent] = min(steps[one.added, one.parent], depth(one.child) + 1)
        for fact in world:
            for role, item, _, _ in fact.members:
                if role == "output" and not fact.wrong:
                    own[item] = min(own.get(item, inf), links[fact.link] + 1)
                    steps[fact.link, item] = links[fact.link] + 1
        if own == before:
            return Affected(*({key: deep for key, deep in some.items() if deep < inf} for some in (
                level, {item: min(own.get(item, inf), now.get(item, inf)) for item in own.keys() | now.keys()}, steps,
            )))  # fmt: skip
