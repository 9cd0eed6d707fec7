"""Series: one metric of one asset of one site, known by a small integer.

Integers are given in the order in which series first appear in the partition's log, so they are a function of the log.
"""

from typing import NamedTuple


class SeriesKey(NamedTuple):
    """Names of a series."""

    site: str
    asset: str
    metric: str


class SeriesTable:
    """The two-way dictionary of a partition's series. It only grows."""

    def __init__(self, keys: list[SeriesKey] | None = None) -> None:
        self.keys: list[SeriesKey] = []
        self._ids: dict[SeriesKey, int] = {}
        for key in keys or ():
            self.id_of(key)

    def __len__(self) -> int:
        return len(self.keys)

    def id_of(self, key: SeriesKey) -> int:
        """The integer of `key`, given now if the series is new."""
        number = self._ids.setdefault(key, len(self.keys))
        if number == len(self.keys):
            self.keys.append(key)
        return number
