"""Where periods begin and end, at a fixed distance from UTC."""

from typing import Final

import numpy as np

from streams.compute.compliance.packs import Period

HALF_HOUR: Final = 1_800_000
HOUR: Final = 2 * HALF_HOUR
DAY: Final = 24 * HOUR

_FIXED: Final[dict[Period, int]] = {"half_hour": HALF_HOUR, "hour": HOUR, "day": DAY}


def start_of(period: Period, ts: int, utc_offset: int) -> int:
    """Start of the period that contains `ts`, epoch ms; `utc_offset` in ms, east positive."""
    local = ts + utc_offset
    size = _FIXED.get(period)
    start = _first_of_month(local, 0) if size is None else local - local % size
    return start - utc_offset


def end_of(period: Period, start: int, utc_offset: int) -> int:
    """End, exclusive, of the period that begins at `start`."""
    size = _FIXED.get(period)
    return _first_of_month(start + utc_offset, 1) - utc_offset if size is None else start + size


def month_of(ts: int, utc_offset: int) -> int:
    """1 for January."""
    return int(np.datetime64(ts + utc_offset, "ms").astype("M8[M]").astype(int)) % 12 + 1


def quarter_of(ts: int, utc_offset: int) -> int:
    """A number that is the same within a quarter of a year, and one more in the next."""
    return int(np.datetime64(ts + utc_offset, "ms").astype("M8[M]").astype(int)) // 3


def _first_of_month(local: int, later: int) -> int:
    month = np.datetime64(local, "ms").astype("M8[M]") + later
    return int(month.astype("M8[ms]").astype(int))
