"""Rows of closed windows, as columns."""

from dataclasses import dataclass

from streams.compute.events import Floats, Ints


@dataclass(frozen=True, slots=True)
class Rows:
    """Closed windows, ordered by start, then series. One entry per row."""

    start: Ints
    series: Ints
    count: Ints
    sum: Floats
    min: Floats
    max: Floats
    mean: Floats
    stddev: Floats
    first: Floats
    last: Floats
    offset: Ints
