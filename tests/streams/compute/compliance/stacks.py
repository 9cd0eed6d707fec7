"""Readings of stacks in plain Python, and a run of the rules over them."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, NamedTuple

import msgspec
import numpy as np

from schemas.durations import decode_hook
from schemas.events import FLAGS
from streams.compute.compliance.compliance import Compliance, Outcome, joined
from streams.compute.compliance.rule import Compliance as Declared
from streams.compute.compliance.verdict import Verdict
from streams.compute.series import SeriesKey

MINUTE = 60_000
HOUR = 60 * MINUTE
DAY = 24 * HOUR
DAY_0 = 1_759_276_800_000
"""2025-10-01T00:00:00Z."""
LATENESS = 10_000


class Reading(NamedTuple):
    ts: int
    metric: str
    x: float
    flag: str = "N"
    asset: str = "stack-1"


def rule(pack: str, **fields: Any) -> dict[str, Any]:
    """A rule of a topology file."""
    return {"name": "nox", "pack": pack, "metric": "nox", **fields}


class Run:
    """The rules of one partition. Every reading is an event and a record of its own."""

    def __init__(self, *rules: dict[str, Any], utc_offset: str = "+00:00") -> None:
        declared = msgspec.convert({"utc_offset": utc_offset, "rules": rules}, Declared, dec_hook=decode_hook)
        self.compliance = Compliance(declared, {"nox": "mg/m3"}, LATENESS, 7)
        self.keys: list[SeriesKey] = []
        self.next_offset = 0
        self.stream_time = 0

    def feed(self, readings: Sequence[Reading]) -> Outcome:
        """One call with all of them."""
        if not readings:
            return Outcome()
        before = len(self.keys)
        for one in readings:
            key = SeriesKey("site", one.asset, one.metric)
            if key not in self.keys:
                self.keys.append(key)
        self.compliance.grow(self.keys[before:])
        series = np.array([self.keys.index(SeriesKey("site", one.asset, one.metric)) for one in readings], np.intp)
        ts = np.array([one.ts for one in readings], np.int64)
        stream_time = np.maximum(np.maximum.accumulate(ts), self.stream_time)
        offset = np.arange(self.next_offset, self.next_offset + len(readings))
        self.next_offset += len(readings)
        self.stream_time = int(stream_time[-1])
        x = np.array([one.x for one in readings])
        flag = np.array([FLAGS.index(one.flag) for one in readings], np.int8)
        taken = self.compliance.feed(series, ts, x, flag, offset, stream_time)
        return self.compliance.advance(stream_time, offset)._replace(late=taken.late)

    def silence(self, until: int) -> Outcome:
        """It has been decided that nothing came up to `until`."""
        return self.compliance.tick(until, self.next_offset - 1)

    def restored(self, *rules: dict[str, Any]) -> tuple["Run", list[str]]:
        """Another run, with these rules, that goes on from here; and the rules that begin anew."""
        other = Run(*rules)
        other.keys, other.next_offset, other.stream_time = list(self.keys), self.next_offset, self.stream_time
        other.compliance.grow(other.keys)
        return other, other.compliance.restore(self.compliance.snapshot())


def steady(minutes: Iterable[int], start: int = DAY_0, flag: str = "N", **values: float) -> list[Reading]:
    """A reading of each metric in each of these minutes after `start`."""
    return [Reading(start + at * MINUTE + 5_000, metric, x, flag) for at in minutes for metric, x in values.items()]


def verdicts(declared: dict[str, Any], readings: Sequence[Reading], until: int, **run: Any) -> list[Verdict]:
    """What a rule says of these readings, taken in the order of their times, and of the silence up to `until`."""
    subject = Run(declared, **run)
    outcome = joined([subject.feed(sorted(readings)), subject.silence(until + LATENESS)])
    return list(outcome.verdicts)


def by_minute(count: int, value: Callable[[int], float], start: int = DAY_0, metric: str = "nox") -> list[Reading]:
    """A reading in each of `count` minutes."""
    return [Reading(start + at * MINUTE, metric, value(at)) for at in range(count)]
