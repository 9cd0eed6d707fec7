"""Numbers, times and units as people read them from afar: few digits, no more words than needed."""

from datetime import UTC, datetime

MISSING = "–"


def number(value: float | None) -> str:
    """Three digits or so: 7.08, 41.2, 143, 12,345; a dash where there is none."""
    if value is None:
        return MISSING
    size = abs(value)
    if size >= 99.95:
        return f"{value:,.0f}"
    return f"{value:.1f}" if size >= 9.995 else f"{value:.2f}"


def limit(value: float) -> str:
    """A number that somebody has declared, as it was."""
    return f"{value:g}"


def count(value: int | None) -> str:
    """A number of things."""
    return MISSING if value is None else f"{value:,}"


def percent(share: float | None) -> str:
    """A share as percent without its sign: 87.5, 100, 1,235; a dash where there is none."""
    if share is None:
        return MISSING
    return f"{100 * share:.1f}" if 100 * share < 99.95 else f"{100 * share:,.0f}"


def unit(name: str) -> str:
    """A unit as it is printed; nothing for the unit 1."""
    return {"1": "", "mg/m3": "mg/m³", "m3/h": "m³/h"}.get(name, name)


def clock(ms: int, offset_ms: int) -> str:
    """Time of day at the plant, with seconds."""
    return f"{datetime.fromtimestamp((ms + offset_ms) / 1000, UTC):%H:%M:%S}"


def minute(ms: int, offset_ms: int) -> str:
    """Time of day at the plant."""
    return f"{datetime.fromtimestamp((ms + offset_ms) / 1000, UTC):%H:%M}"


def duration(ms: float) -> str:
    """A span of time: 34 s, 12 min, 3 h 05."""
    seconds = max(int(ms / 1000), 0)
    if seconds < 120:
        return f"{seconds} s"
    minutes = seconds // 60
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h {minutes % 60:02}"


def ratio(above: float, below: float) -> float | None:
    """None where there is nothing to divide by."""
    return above / below if below else None
