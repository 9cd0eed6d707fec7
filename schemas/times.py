"""Times as events give them, and the place on Earth whose hours and days count."""

from datetime import datetime
from typing import Annotated, Final

from msgspec import Meta

from schemas.errors import EventError
from schemas.events import Reason

UtcOffset = Annotated[str, Meta(pattern=r"^[+-](0\d|1[0-4]):(00|30)\Z")]
"""Local standard time against UTC, such as `+08:00`."""

LARGEST_TIME: Final = (1 << 62) - 1
"""Epoch milliseconds, and the same below 0: sums of times fit into 64 bits."""
FIRST_DATED: Final = -62_135_596_800_000
LAST_DATED: Final = 253_402_300_799_999
"""Epoch milliseconds of the years 1 and 9999: outside them a time has no date that could be shown."""
EventTime = Annotated[int, Meta(ge=FIRST_DATED, le=LAST_DATED)]
"""Epoch milliseconds, UTC."""
_MINUTE_MS: Final = 60_000
_SHOWN: Final = 80
"""Characters of a refused time that its dead letter quotes."""


def parse_time(ts: int | str) -> int:
    """Epoch milliseconds of `ts`; EventError where it is neither whole milliseconds nor RFC 3339 with an offset."""
    if isinstance(ts, int):
        if abs(ts) > LARGEST_TIME:
            raise EventError(Reason.BAD_TIME, "an integer of more than 62 bits is no time in epoch milliseconds")
        return ts
    try:
        moment = datetime.fromisoformat(ts.upper())
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise EventError(Reason.BAD_TIME, f"{ts[:_SHOWN]!r} is no RFC 3339 time with an offset")
    return round(moment.timestamp() * 1000)


def utc_offset_ms(utc_offset: str) -> int:
    """Milliseconds of a `UtcOffset`, east positive."""
    minutes = int(utc_offset[1:3]) * 60 + int(utc_offset[4:])
    return (-minutes if utc_offset[0] == "-" else minutes) * _MINUTE_MS
