"""Results out: the messages of `aggregates`, `anomalies`, `alarms`, `process.adjustments` and `dead.letters`.

Field order is the order on the wire. Times are epoch milliseconds, UTC. `topic`, `partition` and `offset` say which
record of the source brought the result about, so that anyone can look it up in the log. A field is only ever added,
with a default; anything else is a new version of the schema.
"""

from typing import Literal

import msgspec

Severity = Literal["info", "warning", "critical"]
Priority = Literal["low", "medium", "high", "critical"]
AlarmState = Literal[
    "normal",
    "unacknowledged",
    "acknowledged",
    "returned_unacknowledged",
    "shelved",
    "suppressed",
    "out_of_service",
]
Transition = Literal[
    "raised",
    "returned",
    "acknowledged",
    "escalated",
    "shelved",
    "unshelved",
    "shelf_expired",
    "suppressed",
    "unsuppressed",
    "out_of_service",
    "in_service",
]

AdjustmentStatus = Literal[
    "proposed",
    "commanded",
    "acknowledged",
    "rejected",
    "timed_out",
    "effective",
    "no_effect",
    "blocked",
    "escalated",
    "settled",
]
Direction = Literal["step", "back"]
Mode = Literal["advise", "automatic"]


class Aggregate(msgspec.Struct, frozen=True, gc=False):
    """One closed window [window_start, window_end) of one series."""

    id: str
    """The same for the same log, whoever computes it: a consumer drops a repeat by it."""
    window_start: int
    """First moment of the window, inclusive: event time, epoch milliseconds, UTC."""
    window_end: int
    """End of the window, exclusive: event time, epoch milliseconds, UTC."""
    window_ms: int
    """Size of the window in milliseconds."""
    window: str
    """Name of the window in the topology."""
    site: str
    """Site of the asset."""
    asset: str
    """The machine, stack or vehicle that sent the points."""
    metric: str
    """What was measured. The topology declares its unit, in which all values of this message are."""
    count: int
    """Number of points."""
    sum: float
    """Sum of the values."""
    min: float
    """Smallest value."""
    max: float
    """Largest value."""
    mean: float
    """Arithmetic mean of the values."""
    stddev: float
    """Population standard deviation; 0 for a single point."""
    first: float
    """Value of the earliest event time; the first in the log among equals."""
    last: float
    """Value of the latest event time; the last in the log among equals."""
    topology: str
    """Name of the topology."""
    topic: str
    """Source topic."""
    partition: int
    """Partition of the source topic."""
    offset: int
    """Offset of the last record that went into the window."""


class Anomaly(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One anomaly flag."""

    id: str
    """The same for the same log, whoever computes it: a consumer drops a repeat by it."""
    ts: int
    """Event time of the point that was flagged; for missing data the moment at which it was due. Epoch milliseconds,
    UTC."""
    site: str
    """Site of the asset."""
    asset: str
    """The machine, stack or vehicle that sent the point."""
    metric: str
    """What was measured. The topology declares its unit."""
    detector: str
    """Name of the detector in the topology."""
    severity: Severity
    """As the topology declares it for the detector."""
    score: float
    """0 (unremarkable) to 1 (certain), comparable within one detector."""
    value: float | None
    """The flagged value, in the metric's unit; null for missing data."""
    expected: float | None
    """What the detector expected, in the metric's unit; null if it expects no value."""
    lower: float | None
    """Lower bound of the normal range, in the metric's unit; null if there is none."""
    upper: float | None
    """Upper bound of the normal range, in the metric's unit; null if there is none."""
    reason: str
    """One sentence for the operator."""
    topology: str
    """Name of the topology."""
    topic: str
    """Source topic."""
    partition: int
    """Partition of the source topic."""
    offset: int
    """Offset of the record that brought the flag about."""
    incident: str = ""
    """The same for all flags of an asset, whatever raised them, that come within ten minutes of one another: what an
    alerting system tells a person once."""


class Alarm(msgspec.Struct, frozen=True, gc=False):
    """One transition of one alarm (ANSI/ISA-18.2-2016, IEC 62682): what changed, when, by whom and why."""

    id: str
    """The same for the same log, whoever computes it: a consumer drops a repeat by it."""
    alarm: str
    """Which alarm: one id for a condition of a series, the same every time it comes on."""
    ts: int
    """When: event time where a condition came on or went off, the broker's time of the action or of the timer else.
    Epoch milliseconds, UTC."""
    site: str
    """Site of the asset."""
    asset: str
    """The machine, stack or vehicle concerned."""
    metric: str
    """What was measured. The topology declares its unit."""
    name: str
    """Name of the alarm in the topology."""
    priority: Priority
    """As the topology declares it."""
    transition: Transition
    """What happened."""
    previous: AlarmState
    """State before."""
    state: AlarmState
    """State from now on."""
    active: bool
    """Whether the condition holds, whatever the state."""
    raised_at: int | None
    """Event time at which the condition last came on; null if it never did. Epoch milliseconds, UTC."""
    value: float | None
    """The value at which the condition came on or went off, in the metric's unit; null for all else."""
    limit: float | None
    """The limit that it passed, in the metric's unit."""
    by: str
    """Who: the operator as named in the action, or `headrace` for what follows from conditions and time."""
    reason: str
    """Why: the operator's words, or one sentence."""
    until: int | None
    """When a shelf expires, for `shelved`; null for all else. Epoch milliseconds, UTC."""
    flood: bool
    """Whether the site's alarms of this partition were in flood (more than 10 raised in 10 minutes)."""
    topology: str
    """Name of the topology."""
    topic: str
    """Source topic of the transition: `alarm.actions`."""
    partition: int
    """Partition of the source topic."""
    offset: int
    """Offset of the record that brought the transition about."""


class Adjustment(msgspec.Struct, frozen=True, gc=False):
    """One step in the life of an adjustment of a set-point. Whoever moves set-points acts on `commanded` alone."""

    id: str
    """The same for the same log, whoever computes it: a consumer drops a repeat by it."""
    adjustment: str
    """Which adjustment: it is to be carried out once, however often it is commanded."""
    ts: int
    """The broker's time, epoch milliseconds, UTC."""
    site: str
    """Site of the asset."""
    asset: str
    """The stack whose alarm is answered; the message's key is `site/asset`."""
    alarm: str
    """Id of the alarm that is answered."""
    playbook: str
    """Name of the playbook in the topology."""
    mode: Mode
    """As the topology declares it: `advise` commands nothing."""
    target: str
    """The asset that has the set-point."""
    setpoint: str
    """Which set-point: a metric of that asset. The topology declares its unit."""
    direction: Direction
    """`step` answers the alarm, `back` winds back what was done."""
    before: float
    """The set-point before, in its unit."""
    after: float
    """The set-point wanted, in its unit; equal to `before` where nothing is wanted."""
    attempt: int
    """How often it has been commanded, or proposed, so far; 0 if it has not been."""
    expires_at: int | None
    """A command must not be carried out after this, the broker's time; null for all else. Epoch milliseconds, UTC."""
    status: AdjustmentStatus
    """`proposed`: what a person should do. `commanded`: to be carried out. `acknowledged`, `rejected`, `timed_out`:
    what the process said. `effective`, `no_effect`: whether the emission fell. `blocked`: an interlock, or something
    unknown, forbids it. `escalated`: a person has to act. `settled`: all is well and the set-point is back."""
    reason: str
    """One sentence for people."""
    topology: str
    """Name of the topology."""
    topic: str
    """Source topic: `alarm.actions`."""
    partition: int
    """Partition of the source topic."""
    offset: int
    """Offset of the record that brought it about."""


class DeadLetter(msgspec.Struct, frozen=True, gc=False):
    """Input that could not be accepted."""

    id: str
    """The same for the same log, whoever computes it: a consumer drops a repeat by it."""
    ts: int
    """The broker's timestamp of the record, epoch milliseconds, UTC."""
    reason: str
    """A word for programs; more may be added."""
    scope: str
    """How much was refused: `record`, `event` (one of a frame) or `field` (the rest of its event was accepted)."""
    detail: str
    """One sentence for people."""
    field: str
    """The metric that was refused, or `state`, where scope is `field`; else empty."""
    key: str
    """Key of the record as text, bytes that are not UTF-8 escaped."""
    payload: str
    """The beginning of the record's value as text, escaped likewise; all of it is at topic, partition, offset."""
    payload_bytes: int
    """Size of the record's value in bytes."""
    topology: str
    """Name of the topology."""
    topic: str
    """Source topic."""
    partition: int
    """Partition of the source topic."""
    offset: int
    """Offset of the record."""
    index: int
    """Position of the event within its record (frame); 0 for a record of one event."""
