"""How often each detector flags what, and where two configurations differ."""

from collections import defaultdict
from collections.abc import Iterable

import msgspec
import numpy as np

from streams.backtest.judge import Finding
from streams.backtest.run import Outcome
from streams.compute.detectors.base import IntArray
from streams.compute.series import SeriesKey

_DAY_MS = 86_400_000


class Tally(msgspec.Struct):
    """The flags of one detector on one series."""

    detector: str
    asset: str
    metric: str
    flags: int
    days: float
    """Event time from the oldest to the newest value of the series, of each history."""
    first: int
    """Event time of the earliest flag, epoch milliseconds."""
    highest: float
    """Highest score."""

    @property
    def per_day(self) -> float | None:
        """Flags a day; None for a series of a single moment."""
        return self.flags / self.days if self.days else None


class Difference(msgspec.Struct):
    """The flags of two configurations on one series, whichever detector raised them."""

    asset: str
    metric: str
    only_first: int = 0
    only_second: int = 0
    both: int = 0
    """Flags of the first with one of the second near by."""


class Summary:
    """Counts the outcomes of histories."""

    def __init__(self, tolerance: int = 0) -> None:
        """How far apart in event time, in ms, two flags may be that are called the same."""
        self._tolerance = tolerance
        self._days: dict[SeriesKey, float] = defaultdict(float)
        self._tallies: dict[tuple[str, SeriesKey], Tally] = {}
        self._differences: dict[SeriesKey, Difference] = {}

    def add(self, outcome: Outcome) -> None:
        """Count one more."""
        for key, trace in outcome.traces.items():
            self._days[key] += (int(trace.ts.max()) - int(trace.ts.min())) / _DAY_MS
        for _, key, detector, flag in outcome.findings:
            name = (detector, key)
            tally = self._tallies.get(name)
            if tally is None:
                tally = self._tallies[name] = Tally(detector, key.asset, key.metric, 0, 0.0, flag.ts, flag.score)
            tally.flags += 1
            tally.first = min(tally.first, flag.ts)
            tally.highest = max(tally.highest, flag.score)
        first, second = _times(outcome.findings), _times(outcome.against)
        nothing = np.empty(0, np.int64)
        for key in first.keys() | second.keys():
            difference = self._differences.setdefault(key, Difference(key.asset, key.metric))
            mine, others = first.get(key, nothing), second.get(key, nothing)
            shared = _near(mine, others, self._tolerance)
            difference.both += shared
            difference.only_first += len(mine) - shared
            difference.only_second += len(others) - _near(others, mine, self._tolerance)

    def tallies(self) -> list[Tally]:
        """Of each detector and series with a flag, by name."""
        for (_, key), tally in self._tallies.items():
            tally.days = self._days[key]
        return [self._tallies[name] for name in sorted(self._tallies)]

    def differences(self) -> list[Difference]:
        """Of each series with a flag of either, by name."""
        return [self._differences[key] for key in sorted(self._differences)]


def _times(findings: Iterable[Finding]) -> dict[SeriesKey, IntArray]:
    """When there was a flag: distinct event times of each series, ascending."""
    times: dict[SeriesKey, set[int]] = defaultdict(set)
    for finding in findings:
        times[finding.key].add(finding.flag.ts)
    return {key: np.array(sorted(some), np.int64) for key, some in times.items()}


def _near(times: IntArray, others: IntArray, tolerance: int) -> int:
    """How many of `times` have one of `others` (ascending) at most `tolerance` away."""
    begin = np.searchsorted(others, times - tolerance, "left")
    end = np.searchsorted(others, times + tolerance, "right")
    return int(np.count_nonzero(end > begin))
