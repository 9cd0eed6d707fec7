"""Verdicts of HJ 75-2017 hours in plain Python, written from the rules and without the product's code."""

from collections import defaultdict
from collections.abc import Sequence
from typing import NamedTuple

from tests.streams.compute.compliance.stacks import HOUR, LATENESS, MINUTE, Reading


class Hour(NamedTuple):
    asset: str
    start: int
    finding: str
    coverage: tuple[int, int, int, int]
    raw: float | None
    first_offset: int
    offset: int


def hours(readings: Sequence[Reading], limit: float, reference: float, until: int) -> list[Hour]:
    """Every hour of every stack from its first reading until `until`; readings in log order."""
    kept, late = on_time(readings)
    del late
    minutes: defaultdict[tuple[str, int], list[tuple[int, Reading]]] = defaultdict(list)
    for offset, one in kept:
        if one.metric in ("nox", "o2"):
            minutes[one.asset, one.ts // MINUTE].append((offset, one))
    found = []
    stacks = dict.fromkeys(one.asset for one in readings if one.metric == "nox")
    for asset in stacks:
        measured = [one.ts // MINUTE for _, one in kept if one.asset == asset and one.metric == "nox"]
        if not measured:
            continue
        begin = min(measured) * MINUTE // HOUR * HOUR
        for start in range(begin, until - HOUR + 1, HOUR):
            numbers = [start // MINUTE + minute for minute in range(60)]
            cells = [minutes.get((asset, number), []) if number >= min(measured) else [] for number in numbers]
            found.append(_hour(asset, start, cells, limit, reference))
    return sorted(found, key=lambda hour: (hour.start, list(stacks).index(hour.asset)))


def on_time(readings: Sequence[Reading]) -> tuple[list[tuple[int, Reading]], int]:
    """Readings with their offsets, and how many are too late."""
    stream_time, kept = 0, []
    for offset, one in enumerate(readings):
        stream_time = max(stream_time, one.ts)
        if one.ts // MINUTE * MINUTE + MINUTE + LATENESS > stream_time:
            kept.append((offset, one))
    return kept, len(readings) - len(kept)


def _hour(
    asset: str, start: int, cells: Sequence[Sequence[tuple[int, Reading]]], limit: float, reference: float
) -> Hour:
    valid, stopped, invalid = [], 0, 0
    for cell in cells:
        nox = [one.x for _, one in cell if one.metric == "nox" and one.flag in "NST"]
        oxygen = [one.x for _, one in cell if one.metric == "o2" and one.flag in "NST"]
        if nox and oxygen and sum(oxygen) / len(oxygen) < 21:
            valid.append((sum(nox) / len(nox), sum(oxygen) / len(oxygen)))
        elif any(one.flag == "F" for _, one in cell):
            stopped += 1
        elif cell:
            invalid += 1
    finding, raw = "insufficient_data", None
    if valid:
        raw = sum(x for x, _ in valid) / len(valid)
        oxygen_mean = sum(x for _, x in valid) / len(valid)
        if len(valid) >= 45:
            finding = "exceeded" if raw * (21 - reference) / (21 - oxygen_mean) > limit else "compliant"
    offsets = [offset for cell in cells for offset, _ in cell]
    coverage = (len(valid), stopped, invalid, 60 - len(valid) - stopped - invalid)
    return Hour(asset, start, finding, coverage, raw, min(offsets, default=-1), max(offsets, default=-1))
