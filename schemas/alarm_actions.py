"""Alarm actions in: what arrives on `alarm.actions`, the one log that the life of every alarm follows from.

Workers send conditions that come on and go off, levels and acknowledgements of adjustments for the control loop, and
ticks; operators and other programs send all else, with
`headrace alarm` or a Kafka client of their own, under the key `site/asset` of the alarm. One JSON object per message,
fields that are not listed are refused: an action that is understood in part must not be carried out.
"""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from schemas.events import LONGEST_NAME
from schemas.process_acks import ProcessAck
from schemas.times import EventTime

Action = Literal[
    "on",
    "off",
    "acknowledge",
    "shelve",
    "unshelve",
    "suppress",
    "unsuppress",
    "out_of_service",
    "in_service",
    "level",
    "ack",
    "tick",
]

Partition = Annotated[int, Meta(ge=0, le=(1 << 31) - 1)]
Offset = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]

LONGEST_REASON = 1_000
"""Characters of an operator's words."""


class Condition(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A condition that has come on or gone off, as a worker found it in a source topic."""

    id: str
    """The same for the same log, whoever computes it."""
    ts: EventTime
    """Event time of the reading that brought it about, epoch milliseconds, UTC."""
    site: str
    """Site of the asset."""
    asset: str
    """The machine, stack or vehicle concerned."""
    metric: str
    """What was measured."""
    name: str
    """Name of the alarm in the topology."""
    value: float | None
    """The reading, in the metric's unit; null where it goes off because the topology has changed."""
    limit: float | None
    """The limit that was passed, in the metric's unit."""
    reason: str
    """One sentence for people."""
    topic: str
    """Source topic of the reading."""
    partition: Partition
    """Partition of the source topic."""
    offset: Offset
    """Offset of the record with the reading."""


class Level(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """What a playbook has to know: a reading now and then of a series that it names."""

    id: str
    """The same for the same log, whoever computes it."""
    ts: EventTime
    """Event time of the reading, at most the broker's time of its record: epoch milliseconds, UTC."""
    site: str
    """Site of the asset."""
    asset: str
    """The machine, stack or vehicle that sent it."""
    metric: str
    """What was measured."""
    value: float
    """The reading, in the metric's unit."""
    topic: str
    """Source topic of the reading."""
    partition: Partition
    """Partition of the source topic."""
    offset: Offset
    """Offset of the record with the reading."""


class AlarmAction(msgspec.Struct, frozen=True, gc=False, omit_defaults=True, forbid_unknown_fields=True):
    """Something that happens to an alarm, or that lets time pass."""

    action: Action
    """`on`, `off`: a condition. `level`, `ack`: what the control loop has to know. `tick`: nothing but the
    broker's time. All others are done to the alarm named below."""
    topology: str = ""
    """Name of the topology whose alarm it is; those of others are left alone. Needed for all but `tick`."""
    alarm: str = ""
    """Id of the alarm, as in the field `alarm` of the topic `alarms`. Needed where one is named."""
    by: Annotated[str, Meta(max_length=LONGEST_NAME)] = ""
    """Who does it. Needed together with `alarm`."""
    reason: Annotated[str, Meta(max_length=LONGEST_REASON)] = ""
    """Why. Needed together with `alarm`."""
    for_ms: Annotated[int, Meta(ge=1)] | None = None
    """How long to shelve, milliseconds from the broker's timestamp of this message. Needed for `shelve` alone."""
    condition: Condition | None = None
    """Needed for `on` and `off` alone."""
    level: Level | None = None
    """Needed for `level` alone."""
    ack: ProcessAck | None = None
    """Needed for `ack` alone."""
