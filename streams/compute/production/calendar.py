"""When work is planned: shifts and their breaks as a week that goes round, in local standard time."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from itertools import pairwise
from typing import Final, NamedTuple

from streams.compute.production.spec import DAY_MINUTES, WEEKDAYS, Shift, minute_of_day

MINUTE: Final = 60_000
_DAY: Final = DAY_MINUTES * MINUTE
_WEEK: Final = 7 * _DAY
_MONDAY: Final = 4 * _DAY
"""The epoch began on a Thursday."""


class Span(NamedTuple):
    """A shift as it is worked once, or the pause between two; milliseconds. A pause ends at midnight, too."""

    start: int
    end: int
    shift: str
    """Empty for a pause."""
    breaks: tuple[tuple[int, int], ...] = ()

    @property
    def length(self) -> int:
        """Milliseconds."""
        return self.end - self.start


class Place(NamedTuple):
    """Where a minute lies. All times are epoch ms."""

    shift: str
    """Empty between shifts."""
    start: int
    """When the shift, or the pause between shifts, began."""
    end: int
    """When it ends."""
    day: str
    """Local date of `start`."""
    planned: bool
    """Whether work is planned: in a shift, and not in a break."""


class Calendar:
    """Finds the shift that a moment belongs to. Shifts must not overlap (`overlaps`)."""

    def __init__(self, shifts: Mapping[str, Shift], utc_offset: int) -> None:
        """`utc_offset` in ms, east positive."""
        self._offset = utc_offset - _MONDAY
        self._spans = _week(shifts)
        self._starts = [span.start for span in self._spans]

    def place(self, ts: int) -> Place:
        """Where the minute of `ts`, epoch ms, lies."""
        local = ts + self._offset
        monday = local - local % _WEEK
        span = self._spans[bisect_right(self._starts, local - monday) - 1]
        base = monday - self._offset
        minute = local // MINUTE * MINUTE - monday
        planned = span.shift != "" and not any(start <= minute < end for start, end in span.breaks)
        day = datetime.fromtimestamp((monday + span.start + _MONDAY) / 1000, UTC).date().isoformat()
        return Place(span.shift, base + span.start, base + span.end, day, planned)


def overlaps(shifts: Mapping[str, Shift]) -> Iterator[tuple[str, str]]:
    """Pairs of shifts of which one begins before the other has ended, each pair once."""
    seen: set[tuple[str, str]] = set()
    for one, following in pairwise(sorted(_shifts(shifts))):
        pair = (one.shift, following.shift)
        if following.start < one.end and pair not in seen and pair[::-1] not in seen:
            seen.add(pair)
            yield pair


def _week(shifts: Mapping[str, Shift]) -> list[Span]:
    """Every span that touches the week from Monday 00:00, without holes, in order; starts may lie before it."""
    found: list[Span] = []
    for one, following in pairwise(sorted(_shifts(shifts))):
        found.append(one)
        start = one.end
        while start < following.start:
            end = min(following.start, (start // _DAY + 1) * _DAY)
            found.append(Span(start, end, ""))
            start = end
    return [span for span in found if span.end > 0 and span.start < _WEEK]


def _shifts(shifts: Mapping[str, Shift]) -> Iterator[Span]:
    """The shifts of a week and of those beside it."""
    for name, shift in shifts.items():
        for week in (-1, 0, 1):
            for day in shift.days:
                start = week * _WEEK + WEEKDAYS.index(day) * _DAY + minute_of_day(shift.start) * MINUTE
                breaks = tuple((start + begin * MINUTE, start + end * MINUTE) for begin, end in shift.pauses())
                yield Span(start, start + shift.minutes * MINUTE, name, breaks)
