"""What the control loop knows of the plant: the newest level of each series that was told."""

from collections.abc import Collection, Iterable
from typing import Any, NamedTuple

from schemas.alarm_actions import Level
from streams.compute.series import SeriesKey


class Known(NamedTuple):
    """A level and its time, epoch milliseconds."""

    ts: int
    value: float


class Levels:
    """The newest levels. Times are the broker's; a level from the future counts as one of now."""

    def __init__(self, wanted: Collection[SeriesKey]) -> None:
        """Levels of other series are not kept."""
        self._wanted = frozenset(wanted)
        self._newest: dict[SeriesKey, Known] = {}

    def take(self, level: Level, now: int) -> bool:
        """A level comes in. False if it is of no use: one at least as new is known, or no playbook names the series."""
        key = SeriesKey(level.site, level.asset, level.metric)
        ts = min(level.ts, now)
        known = self._newest.get(key)
        if key not in self._wanted or (known is not None and known.ts >= ts):
            return False
        self._newest[key] = Known(ts, level.value)
        return True

    def fresh(self, key: SeriesKey, now: int, fresh: int) -> Known | None:
        """The level of a series, if it is at most `fresh` ms old."""
        known = self._newest.get(key)
        return known if known is not None and known.ts >= now - fresh else None

    def snapshot(self) -> list[list[Any]]:
        """The state."""
        return [[*key, *known] for key, known in self._newest.items()]

    def restore(self, state: Iterable[Iterable[Any]]) -> None:
        """Take over the state of a snapshot."""
        self._newest = {SeriesKey(site, asset, metric): Known(ts, value) for site, asset, metric, ts, value in state}
