"""Series: one metric of one asset of one site, known by a small integer.

Integers are given in the order in which series first appear in the partition's log, so they are a function of the log.
"""

from collections.abc import Sequence
from typing import NamedTuple


class SeriesKey(NamedTuple):
    """Names of a series."""

    site: str
    asset: str
    metric: str


_MINUTE = 60_000


class SeriesTable:
    """The two-way dictionary of a partition's series. It only grows, and not without bounds."""

    def __init__(self, new_per_minute: int = 1 << 62, most: int = 1 << 62) -> None:
        """How many series may appear in a minute by the broker's clock, and in all."""
        self.keys: list[SeriesKey] = []
        self._ids: dict[SeriesKey, int] = {}
        self._new_per_minute = new_per_minute
        self._most = most
        self._minute = 0
        self._new = 0
        """Series that appeared in that minute."""

    def __len__(self) -> int:
        return len(self.keys)

    def id_of(self, key: SeriesKey) -> int:
        """The integer of `key`, given now if the series is new."""
        number = self._ids.setdefault(key, len(self.keys))
        if number == len(self.keys):
            self.keys.append(key)
        return number

    def get(self, key: SeriesKey) -> int | None:
        """The integer of `key`; None where it has none yet."""
        return self._ids.get(key)

    def admit(self, keys: Sequence[SeriesKey], broker_ts: int) -> list[int] | None:
        """The integers of an event's series; None, and nothing is changed, if it brings more new ones than may come."""
        new = sum(key not in self._ids for key in keys)
        if new:
            minute = broker_ts // _MINUTE
            if minute > self._minute:
                self._minute, self._new = minute, 0
            if self._new + new > self._new_per_minute or len(self) + new > self._most:
                return None
            self._new += new
        return [self.id_of(key) for key in keys]

    def snapshot(self) -> list[int]:
        """The state except the names."""
        return [self._minute, self._new]

    def restore(self, names: Sequence[Sequence[str]], state: Sequence[int]) -> None:
        """Take over names, in order, and the state of a snapshot."""
        for key in names:
            self.id_of(SeriesKey(*key))
        self._minute, self._new = state
