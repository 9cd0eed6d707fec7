"""What is known of the plant at one moment. `store` replaces it as a whole, so that whoever has one may keep it."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from schemas.results import Alarm, Anomaly
from sinks.archive.results import Circumstances, Genealogy, Life
from sinks.bigscreen.rows import (
    Capability,
    ChartLine,
    ChartPoint,
    Defects,
    Downtime,
    Happened,
    Headroom,
    Inspected,
    Minted,
    Moves,
    Oee,
    Order,
    Picking,
    Picks,
    Point,
    Queue,
    Reading,
    Scanned,
    Stock,
    Traced,
    WrongPick,
)


@dataclass(frozen=True, kw_only=True)
class Production:
    """The running shift."""

    oee: Sequence[Oee] = ()
    downtime: Sequence[Downtime] = ()
    orders: Sequence[Order] = ()


@dataclass(frozen=True, kw_only=True)
class Quality:
    """The last 24 hours."""

    inspected: Inspected | None = None
    defects: Sequence[Defects] = ()
    lines: Sequence[ChartLine] = ()
    drawn: ChartLine | None = None
    """The line that is drawn: the newest that violates a rule, else the newest."""
    points: Sequence[ChartPoint] = ()
    """Of that line."""
    capability: Sequence[Capability] = ()


@dataclass(frozen=True, kw_only=True)
class Logistics:
    """Stock and queues now, picks and moves of the last 24 hours and hour."""

    stock: Sequence[Stock] = ()
    picks: Picks | None = None
    wrong: Sequence[WrongPick] = ()
    picking: Sequence[Picking] = ()
    queues: Sequence[Queue] = ()
    moves: Moves | None = None


@dataclass(frozen=True, kw_only=True)
class Traceability:
    """Codes, and today's events and scans."""

    minted: Minted | None = None
    happened: Happened | None = None
    scanned: Scanned | None = None
    newest: Sequence[Traced] = ()


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """Everything."""

    newest: int | None = None
    """Event time of the newest reading, epoch milliseconds; None where there is none yet."""
    readings: Sequence[Reading] = ()
    trends: Sequence[Point] = ()
    headroom: Sequence[Headroom] = ()
    production: Production = field(default_factory=Production)
    quality: Quality = field(default_factory=Quality)
    logistics: Logistics = field(default_factory=Logistics)
    traceability: Traceability = field(default_factory=Traceability)


@dataclass(frozen=True, kw_only=True)
class AssetDetail:
    """What is shown of one asset when somebody asks for it."""

    asset: str
    trends: Sequence[Point] = ()
    alarms: Sequence[Alarm] = ()
    flags: Sequence[Anomaly] = ()


@dataclass(frozen=True, kw_only=True)
class ItemDetail:
    """What is shown of an item when somebody asks for it."""

    item: str
    life: Life
    up: Genealogy
    down: Genealogy
    at_machines: Sequence[Circumstances] = ()
    """Of the machines that it was at, and when."""
