"""Results out: the messages of the topics `aggregates`, `anomalies` and `dead.letters`.

Field order is the order on the wire. Times are epoch milliseconds, UTC. `topic`, `partition` and `offset` say which
record of the source brought the result about, so that anyone can look it up in the log. A field is only ever added,
with a default; anything else is a new version of the schema.
"""

from typing import Literal

import msgspec

Severity = Literal["info", "warning", "critical"]

SCHEMA_VERSION = {"aggregate": 1, "anomaly": 1, "dead_letter": 1}


class Aggregate(msgspec.Struct, frozen=True, gc=False):
    """One closed window [window_start, window_end) of one series."""

    id: str
    window_start: int
    window_end: int
    window_ms: int
    window: str
    """Name of the window in the topology."""
    site: str
    asset: str
    metric: str
    count: int
    sum: float
    min: float
    max: float
    mean: float
    stddev: float
    """Population standard deviation; 0 for a single point."""
    first: float
    """Value of the earliest event time; the first in the log among equals."""
    last: float
    """Value of the latest event time; the last in the log among equals."""
    topology: str
    topic: str
    partition: int
    offset: int
    """The last record that went into the window."""


class Anomaly(msgspec.Struct, frozen=True, gc=False):
    """One anomaly flag."""

    id: str
    ts: int
    """Event time of the point that was flagged; for missing data the moment at which it was due."""
    site: str
    asset: str
    metric: str
    detector: str
    """Name of the detector in the topology."""
    severity: Severity
    score: float
    """0 (unremarkable) to 1 (certain), comparable within one detector."""
    value: float | None
    expected: float | None
    lower: float | None
    upper: float | None
    reason: str
    topology: str
    topic: str
    partition: int
    offset: int


class DeadLetter(msgspec.Struct, frozen=True, gc=False):
    """Input that could not be accepted."""

    id: str
    ts: int
    """The broker's timestamp of the record."""
    reason: str
    scope: str
    """`record`, `event` (one of a frame) or `field` (the rest of its event was accepted)."""
    detail: str
    field: str
    """The field that was refused where scope is `field`, else empty."""
    key: str
    payload: str
    """The beginning of the record as text, other bytes escaped; the whole is at topic, partition, offset."""
    payload_bytes: int
    topology: str
    topic: str
    partition: int
    offset: int
    index: int
    """Position of the event within its record (frame); 0 for a record of one event."""
