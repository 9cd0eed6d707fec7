"""Times as events give them."""

from datetime import datetime
from typing import Final

from schemas.errors import EventError
from schemas.events import Reason

_SHOWN: Final = 80
"""Characters of a refused time that its dead letter quotes."""


def parse_time(ts: int | str) -> int:
    """Epoch milliseconds of `ts`; EventError where it is neither whole milliseconds nor RFC 3339 with an offset."""
    if isinstance(ts, int):
        if abs(ts) >= 1 << 62:
            raise EventError(Reason.BAD_TIME, "an integer of more than 62 bits is no time in epoch milliseconds")
        return ts
    try:
        moment = datetime.fromisoformat(ts.upper())
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise EventError(Reason.BAD_TIME, f"{ts[:_SHOWN]!r} is no RFC 3339 time with an offset")
    return round(moment.timestamp() * 1000)
