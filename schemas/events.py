"""Events in: what a machine, a gateway, the replay and the simulator send.

One JSON object per Kafka message, keyed `site/asset`, or an array of such objects (a frame). `Event` is the strict
shape that the hot path decodes; `LooseEvent` is for the second look at an event that failed it, so that one bad field
does not cost the good ones beside it.
"""

from enum import StrEnum
from typing import Final, Literal

import msgspec

FLAG_MEANINGS: Final = {
    "N": "normal",
    "F": "stopped",
    "M": "maintenance",
    "S": "set by hand",
    "D": "fault",
    "C": "calibration",
    "T": "over the limit",
    "B": "communication fault",
}
"""Every data flag of HJ 212; absent means N."""

FLAGS: Final = "".join(FLAG_MEANINGS)
"""The flags; a flag's position is its code in columns and checkpoints."""

NOT_MEASURED: Final = frozenset("FMDCB")
"""Flags under which an instrument did not measure the process. Such a value is archived and kept out of windows and
detectors."""

LONGEST_NAME = 200
"""Characters of a site, asset, metric or state."""

LARGEST_RECORD = 1 << 20
"""Bytes of a Kafka message; a larger one is refused unread."""

LARGEST_VALUE = 1e100
"""No physical quantity is larger; squares of smaller values still sum without overflow."""


Verdict = Literal["true", "false", "expected"]
"""What people say of an anomaly flag: it was right, it was wrong, or it was right and they knew."""


class Judgement(msgspec.Struct, gc=False, frozen=True):
    """What was said of a flag of one of the asset's series."""

    topology: str
    """Name of the topology whose flag it was; workers of others leave it alone."""
    metric: str
    """What was measured."""
    detector: str
    """Name of the detector in the topology."""
    verdict: Verdict
    """Whether the flag was right."""


class Event(msgspec.Struct, gc=False, frozen=True, omit_defaults=True):
    """One reading of one asset at one moment: values, a state, or both; or what was said of a flag. Fields that are not
    listed are ignored."""

    ts: int | str
    """Event time: epoch milliseconds, UTC, or RFC 3339 with an offset."""
    site: str
    """The factory."""
    asset: str
    """The machine, stack or vehicle within the site."""
    values: dict[str, float] = {}
    """Metric to a finite number, in the metric's unit as the topology declares it."""
    flags: dict[str, str] | None = None
    """Metric to its data flag of HJ 212; a metric without one has N."""
    state: str | None = None
    """State of the machine, such as running."""
    feedback: Judgement | None = None
    """What was said of a flag, in an event of its own, without values and state. It has no part in stream time and is
    never late. Sent by workers for what arrives on `anomaly.feedback`."""


class LooseEvent(msgspec.Struct, frozen=True):
    """The same event with its fields left as JSON, to be looked at one by one."""

    ts: msgspec.Raw = msgspec.Raw(b"null")
    site: msgspec.Raw = msgspec.Raw(b"null")
    asset: msgspec.Raw = msgspec.Raw(b"null")
    values: msgspec.Raw = msgspec.Raw(b"{}")
    flags: msgspec.Raw = msgspec.Raw(b"null")
    state: msgspec.Raw = msgspec.Raw(b"null")
    feedback: msgspec.Raw = msgspec.Raw(b"null")


class Reason(StrEnum):
    """Why something became a dead letter. Part of the contract of `dead.letters`."""

    EMPTY = "empty"
    """The message has no bytes, or the object has neither values nor a state nor feedback."""
    TOO_LARGE = "too_large"
    """The message has more than 1 MiB. It was not read. Or it stands for a whole batch that has more than a million
    messages, unpacks to more than 64 MiB, or cannot be unpacked."""
    MALFORMED = "malformed"
    """Not one JSON document in UTF-8."""
    WRONG_TYPE = "wrong_type"
    """A field is of another type, or a required one is missing."""
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
    MORE = "more"
    """Stands for the further refusals of a record that already has a hundred dead letters."""
    TOO_MANY_SERIES = "too_many_series"
    """The event brings a new series, and no more of them may appear this minute, or at all."""
    UNKNOWN_ALARM = "unknown_alarm"
    """An action names an alarm that never came on in this partition, or a condition one that is not declared."""
    NOT_APPLICABLE = "not_applicable"
    """An action does not fit the alarm's state: an acknowledgement of an alarm that is normal, for example."""
    SHELF_TOO_LONG = "shelf_too_long"
    """An alarm was to be shelved for longer than the topology allows."""
    UNKNOWN_FLAG = "unknown_flag"
    """Feedback names a source partition, a series or a detector that is not there: no such flag was raised here."""
    NOT_EPCIS = "not_epcis"
    """A captured event breaks a rule of EPCIS 2.0 or of the Core Business Vocabulary; the detail says which."""
    UNKNOWN_ENTERPRISE = "unknown_enterprise"
    """The topology does not declare the enterprise, or the product is not below its prefix, or not one of its own."""
    CODES_TAKEN = "codes_taken"
    """Codes were to be minted of which some are there already."""
    UNKNOWN_CODES = "unknown_codes"
    """Codes were to be voided of which some were never minted."""
    QUOTA = "quota"
    """The enterprise has minted, or had captured, as much as the topology allows."""
    UNKNOWN_ASSET = "unknown_asset"
    """The topology does not declare the asset, and says that such events are dead letters."""
    UNKNOWN_STATE = "unknown_state"
    """A machine is said to be in a state that the topology does not declare for production."""
    UNKNOWN_METRIC = "unknown_metric"
    """The topology does not declare the metric, and says that such values are dead letters."""
    BIN_TAKEN = "bin_taken"
    """Logistics: material arrives in a bin that holds pieces of another kind, by the model of stock."""
    UNKNOWN_BIN = "unknown_bin"
    """Logistics: a stock take of a bin in which nothing has ever arrived: it cannot be told what was counted."""
    TOO_MANY_BINS = "too_many_bins"
    """Logistics: a store has 20,000 bins, none of them empty, and material arrives in another one."""
    BAD_PICK_LIST = "bad_pick_list"
    """Logistics: a pick list contradicts itself: one bin with two kinds of pieces, or cuts longer than the piece."""


class Scope(StrEnum):
    """How much was refused: the whole Kafka record, one event of it, or one field of an event that was accepted."""

    RECORD = "record"
    """The whole Kafka record."""
    EVENT = "event"
    """One event: the record's only one, or one of a frame."""
    FIELD = "field"
    """One field; the rest of its event was accepted."""
