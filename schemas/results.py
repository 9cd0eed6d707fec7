"""Results out: the messages of the topics `aggregates`, `anomalies`, `process.adjustments` and `dead.letters`.

Field order is the order on the wire. Times are epoch milliseconds, UTC. `topic`, `partition` and `offset` say which
record of the source brought the result about, so that anyone can look it up in the log. A field is only ever added,
with a default; anything else is a new version of the schema.
"""

from typing import Literal

import msgspec

Severity = Literal["info", "warning", "critical"]
AdjustmentStatus = Literal[
    "proposed",  # advise mode: what a person should do; nothing is commanded
    "commanded",  # whoever moves the set-point acts on this one alone, once per `adjustment`
    "acknowledged",  # the process says that it has been done
    "rejected",  # the process says that it will not
    "timed_out",  # no acknowledgement in time
    "effective",  # verified: the emission fell
    "no_effect",  # verified: it did not
    "blocked",  # an interlock, a bound or the rate limit forbids the next step
    "escalated",  # the loop has done what it may: a person has to act
    "settled",  # all is well and the set-point is back where it was
]


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


class Anomaly(msgspec.Struct, frozen=True, gc=False):
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


class Adjustment(msgspec.Struct, frozen=True, gc=False):
    """One step in the life of an adjustment of a set-point."""

    id: str
    """The same for the same log, whoever computes it: a consumer drops a repeat by it."""
    adjustment: str
    """Which adjustment: whoever moves the set-point does so once per value of this."""
    ts: int
    """The broker's time, epoch milliseconds, UTC."""
    site: str
    """Site of the assets."""
    asset: str
    """The stack whose alarm is answered; the message's key is `site/asset`."""
    alarm: str
    """Id of the alarm."""
    playbook: str
    """Name of the playbook in the topology."""
    mode: Literal["advise", "automatic"]
    """Whether set-points are moved, or only proposed to a person."""
    target: str
    """The asset that has the set-point."""
    setpoint: str
    """Name of the set-point, a metric of that asset."""
    direction: Literal["step", "back"]
    """A step against the exceedance, or one back to where the set-point was."""
    before: float
    """Set-point before, in its unit."""
    after: float
    """Set-point wanted, in its unit."""
    attempt: int
    """How often it has been commanded, from 1."""
    expires_at: int | None
    """A command is not to be carried out after this (broker's time, epoch milliseconds, UTC); null where nothing is
    commanded."""
    status: AdjustmentStatus
    """What has become of it."""
    reason: str
    """One sentence for people."""
    topology: str
    """Name of the topology."""
    topic: str
    """Source topic: `alarm.actions`."""
    partition: int
    """Partition of the source topic."""
    offset: int
    """Offset of the record that brought this about."""


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
