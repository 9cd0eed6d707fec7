"""Events in: what a machine, a gateway, the replay and the simulator send.

One JSON object per Kafka message, keyed `site/asset`, or an array of such objects (a frame). `Event` is the strict
shape that the hot path decodes; `LooseEvent` is for the second look at an event that failed it, so that one bad field
does not cost the good ones beside it.
"""

from enum import StrEnum

import msgspec

NOT_MEASURED = frozenset("FMDCB")
"""Data flags of HJ 212 under which an instrument did not measure the process: stopped, maintenance, fault,
calibration, communication fault. Such a value is archived and kept out of windows and detectors."""

FLAGS = "NFMSDCTB"
"""Every data flag: N normal, F stopped, M maintenance, S manual, D fault, C calibration, T over limit, B communication
fault. Absent means N."""

LONGEST_NAME = 200
"""Characters of a site, asset, metric or state."""

LARGEST_RECORD = 1 << 20
"""Bytes of a Kafka message; a larger one is refused unread."""

LARGEST_VALUE = 1e100
"""No physical quantity is larger; squares of smaller values still sum without overflow."""


class Event(msgspec.Struct, gc=False, frozen=True, omit_defaults=True):
    """One reading of one asset at one moment.

    `ts` is event time: epoch milliseconds, or RFC 3339 with an offset. `values` maps metric to a finite number.
    """

    ts: int | str
    site: str
    asset: str
    values: dict[str, float] = {}
    flags: dict[str, str] | None = None
    state: str | None = None


class LooseEvent(msgspec.Struct, frozen=True):
    """The same event with its fields left as JSON, to be looked at one by one."""

    ts: msgspec.Raw = msgspec.Raw(b"null")
    site: msgspec.Raw = msgspec.Raw(b"null")
    asset: msgspec.Raw = msgspec.Raw(b"null")
    values: msgspec.Raw = msgspec.Raw(b"{}")
    flags: msgspec.Raw = msgspec.Raw(b"null")
    state: msgspec.Raw = msgspec.Raw(b"null")


class Reason(StrEnum):
    """Why something became a dead letter. Part of the contract of `dead.letters`."""

    EMPTY = "empty"
    """The message has no bytes, or the object has neither values nor a state."""
    TOO_LARGE = "too_large"
    MALFORMED = "malformed"
    """Not one JSON document in UTF-8."""
    WRONG_TYPE = "wrong_type"
    """A required field is missing or of another type."""
    BAD_TIME = "bad_time"
    """`ts` is no time, or lies before the earliest plausible time (seconds sent as milliseconds, most often)."""
    FUTURE = "future"
    """`ts` lies further ahead of the broker's timestamp than the topology allows."""
    BAD_VALUE = "bad_value"
    """A value that is not a finite number of physical size."""
    BAD_FLAG = "bad_flag"
    """A data flag that HJ 212 does not know: whether the value beside it was measured cannot be told."""
    BAD_NAME = "bad_name"
    """A site, asset, metric or state that is empty or longer than 200 characters."""
    UNKNOWN_ASSET = "unknown_asset"
    UNKNOWN_METRIC = "unknown_metric"


class Scope(StrEnum):
    """How much was refused: the whole Kafka record, one event of it, or one field of an event that was accepted."""

    RECORD = "record"
    EVENT = "event"
    FIELD = "field"
