"""What the screen reads from ClickHouse. Times are epoch milliseconds, UTC."""

from typing import NamedTuple


class Reading(NamedTuple):
    """The newest reading of a series."""

    asset: str
    metric: str
    value: float
    flag: str
    """Data flag of HJ 212: N, or why it is no measurement of the process, such as C for calibration."""
    state: str
    """As the machine reported it; empty if it did not."""
    ts: int


class Point(NamedTuple):
    """The mean of a closed window of a series."""

    asset: str
    metric: str
    start: int
    mean: float


class Headroom(NamedTuple):
    """How the running period of a rule and stack will end; in the metric's unit at the reference oxygen."""

    rule: str
    asset: str
    ts: int
    period_end: int
    mean: float
    projected: float
    allowed: float
    limit: float


class Oee(NamedTuple):
    """What a machine did in the running shift so far."""

    asset: str
    line: str
    shift: str
    shift_start: int
    until: int
    """End of the last minute that is in it."""
    planned_ms: int
    """Planned busy time, as ISO 22400 has it."""
    production_ms: int
    good: int
    rejected: int
    ideal_ms: float
    """Planned run time per item x produced quantity."""


class Downtime(NamedTuple):
    """Planned busy time lost in the running shift for one reason."""

    reason: str
    """The state where no reason was given."""
    stops: int
    lost_ms: int


class Order(NamedTuple):
    """What a machine works on."""

    asset: str
    order: str
    product: str
    good: int
    quantity: int
    """Items that the order wants of the machine; 0 if that is not known."""


class Inspected(NamedTuple):
    """Items inspected in the last 24 hours."""

    inspected: int
    passed: int
    """At once, without rework."""
    ts: int


class Defects(NamedTuple):
    """One kind of defect in the last 24 hours."""

    defect: str
    found: int


class ChartLine(NamedTuple):
    """One line of a control chart: which it is, and its newest point."""

    asset: str
    product: str
    characteristic: str
    chart: str
    unit: str
    ts: int
    phase: str
    rules: str
    """Rules that are violated, joined with a blank."""


class ChartPoint(NamedTuple):
    """A point of a control chart."""

    ts: int
    value: float
    centre: float | None
    lower: float | None
    upper: float | None
    rules: str


class Capability(NamedTuple):
    """Newest capability of a characteristic."""

    asset: str
    product: str
    characteristic: str
    cpk: float


class Stock(NamedTuple):
    """What lies in the stores, by section."""

    section: str
    pieces: int
    metres: float


class Picks(NamedTuple):
    """What robots took in the last 24 hours."""

    picks: int
    wrong: int
    ts: int


class WrongPick(NamedTuple):
    """A pick that was not as the pick list wanted."""

    ts: int
    order: str
    robot: str
    verdict: str
    reason: str


class Picking(NamedTuple):
    """How far a cutting order is picked."""

    order: str
    wanted: int
    picked: int
    waste: float
    """Share of the length that is lost."""


class Queue(NamedTuple):
    """What lies at a place."""

    place: str
    items: int


class Moves(NamedTuple):
    """What was carried in the last hour."""

    moves: int
    median_ms: float


class Minted(NamedTuple):
    """Codes that were given out."""

    today: int
    all: int


class Happened(NamedTuple):
    """Items of today's events, each once."""

    made: int
    packed: int
    shipped: int
    received: int


class Scanned(NamedTuple):
    """Today's scans."""

    scans: int
    forged: int
    void: int


class Traced(NamedTuple):
    """What happened to an item last."""

    ts: int
    step: str
    asset: str
    """The machine; empty if it was none."""
    item: str
