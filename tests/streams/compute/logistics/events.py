"""Events of logistics for tests, and an engine that takes them."""

from random import Random
from typing import Any

import msgspec
from hypothesis import strategies as st

from schemas.errors import EventError
from schemas.logistics import LogisticsEvent
from streams.compute.logistics.engine import LogisticsEngine
from streams.compute.logistics.spec import Logistics
from streams.compute.shop_floor import Believed, Found, Origin
from tests.streams.compute.logistics.oracle import EXITS, MAX_FUTURE, STORES, TOLERANCE, Event

NOW = 1_760_000_000_000
SPEC = Logistics(stores=STORES, exits=EXITS, length_tolerance_mm=TOLERANCE)
ORIGIN = Origin("test", "logistics.events", 3)
BASE = {"ts": NOW, "site": "s", "asset": "yard-1"}
PIECE = {"grade": "Q355B", "section": "L100x8", "length_mm": 12_000, "heat": "H1"}


def engine(spec: Logistics = SPEC) -> LogisticsEngine:
    return LogisticsEngine(ORIGIN, Believed(946_684_800_000, MAX_FUTURE), spec)


def decoded(event: Event) -> LogisticsEvent:
    return msgspec.convert(event, LogisticsEvent)


def feed(target: LogisticsEngine, *events: Event, first: int = 0) -> tuple[Found, list[EventError]]:
    """What comes out of events, and what was refused."""
    refused = [target.feed(first + i, NOW, decoded(event)) for i, event in enumerate(events)]
    return target.drain(), [error for error in refused if error is not None]


def arrival(bin_: str = "A-1", pieces: int = 10, **fields: Any) -> Event:
    return {**BASE, **PIECE, "kind": "arrival", "bin": bin_, "pieces": pieces, **fields}


def line(bin_: str = "A-1", pieces: int = 2, **fields: Any) -> dict[str, Any]:
    return {**PIECE, "bin": bin_, "pieces": pieces, "cuts_mm": [6_000, 5_900], **fields}


def pick_list(*lines: dict[str, Any], order: str = "T-1", **fields: Any) -> Event:
    return {**BASE, "kind": "pick_list", "order": order, "lines": [*lines], "waste_mm": 200, **fields}


def pick(bin_: str = "A-1", pieces: int = 1, order: str = "T-1", **fields: Any) -> Event:
    event = {**BASE, **PIECE, "kind": "pick", "order": order, "robot": "robot-1", "bin": bin_, "pieces": pieces}
    return {**event, **fields}


def move(item: str, source: str, destination: str, **fields: Any) -> Event:
    event = {**BASE, "kind": "move", "item": item, "source": source, "destination": destination}
    return {**event, "departed": fields.get("ts", NOW) - 60_000, **fields}


def log(seed: int, events: int = 60) -> list[tuple[int, Event]]:
    """A log of (broker's time, event) in which everything happens that can: few bins and orders, most kinds alike."""
    random = Random(seed)
    made: list[Event] = []
    for _ in range(events):
        made.append(random.choice(made[-3:]) if made and random.random() < 0.05 else _event(random))
    return [(NOW, event) for event in made]


LOGS = st.integers(0, 2**32).map(log)


def _event(random: Random) -> Event:
    plain: dict[str, Any] = {
        "ts": NOW + random.choice([-3, -2, -1, 0, 0, 0, 1, 2, 3, 6]) * 60_000,
        "asset": random.choice([STORES[0]] * 15 + [STORES[1]] * 3 + ["elsewhere"]),
    }
    bin_, order, pieces = (
        random.choice(["A-1", "A-2", "A-3"]),
        random.choice(["T-1", "T-1", "T-2"]),
        random.randint(1, 4),
    )
    word = random.choice(["arrival"] * 3 + ["stock_take"] + ["pick_list"] * 3 + ["pick"] * 6 + ["move"] * 3)
    if word == "arrival":
        return arrival(bin_, pieces, **_kind(random), **plain)
    if word == "stock_take":
        return {**BASE, "kind": word, "bin": bin_, "pieces": random.randint(0, 4), **plain}
    if word == "pick_list":
        bins = random.choices(["A-1", "A-2", "A-4"], k=random.choice([0, 1, 1, 2, 2, 3, 3]))
        cuts = [2_500] * random.choice([1, 2, 3, 4, 5])
        return pick_list(
            *(line(b, random.randint(1, 4), cuts_mm=cuts, **_kind(random)) for b in bins), order=order, **plain
        )
    if word == "pick":
        return pick(bin_, pieces, order, robot=random.choice(["robot-1", "robot-2"]), **_kind(random), **plain)
    places = [random.choice(["saw", "punch", "shipped"]) for _ in range(2)]
    departed = plain["ts"] - random.choice([0, 30_000, 90_000, -1])
    return move(random.choice("ijk"), *places, **{**plain, "departed": departed})


def _kind(random: Random) -> dict[str, Any]:
    """Most often the same."""
    others = {"section": "L90x7", "grade": "Q235B", "length_mm": 11_990, "heat": "H2"}
    other = {name: value for name, value in others.items() if random.random() < 0.06}
    return {**PIECE, "length_mm": random.choice([12_000, 12_005, 11_995]), **other}
