"""The names of a partition's series, dictionary-encoded for the sink and encoded once for keys and ids."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from schemas import identifiers
from sinks.base import Coded
from streams.compute.events import Index, Ints
from streams.compute.series import SeriesTable


class _Words:
    """Distinct words, and for every series which of them it has."""

    def __init__(self) -> None:
        self.words: list[str] = []
        self._ids: dict[str, int] = {}
        self._codes: list[int] = []
        self._frozen: NDArray[np.int32] = np.zeros(0, np.int32)

    def append(self, word: str) -> None:
        code = self._ids.setdefault(word, len(self.words))
        if code == len(self.words):
            self.words.append(word)
        self._codes.append(code)

    def of(self, series: Ints | Index) -> Coded:
        if len(self._frozen) < len(self._codes):
            self._frozen = np.array(self._codes, np.int32)
        return Coded(self._frozen[series], self.words)


class Names:
    """Follows a `SeriesTable` as it grows."""

    def __init__(self, series: SeriesTable, topology: str, topic: str, partition: int) -> None:
        self._series = series
        self._origin = (topology, topic, partition)
        self._site, self._asset, self._metric = _Words(), _Words(), _Words()
        self.keys: list[bytes] = []
        """Kafka message key of each series, `site/asset`."""
        self.lists: list[list[str]] = []
        """Site, asset and metric of each series, as a checkpoint has them."""
        self._id_prefixes: dict[tuple[str, str], list[str]] = {}

    def update(self) -> None:
        """Learn of the series that are new."""
        for key in self._series.keys[len(self.keys) :]:
            self._site.append(key.site)
            self._asset.append(key.asset)
            self._metric.append(key.metric)
            self.lists.append(list(key))
            self.keys.append(f"{key.site}/{key.asset}".encode())

    def columns(self, series: Ints | Index) -> dict[str, Coded]:
        """The columns site, asset and metric for rows of these series."""
        return {"site": self._site.of(series), "asset": self._asset.of(series), "metric": self._metric.of(series)}

    def id_prefixes(self, kind: str, name: str) -> Sequence[str]:
        """By series: the part of an id that a series' results of one declaration have in common."""
        prefixes = self._id_prefixes.setdefault((kind, name), [])
        for key in self._series.keys[len(prefixes) :]:
            prefixes.append(identifiers.prefix(kind, *self._origin, name, *key))
        return prefixes


def constant(word: str, rows: int) -> Coded:
    """A column that reads the same in every row."""
    return Coded(np.zeros(rows, np.int32), [word])


def coded(words: Sequence[str]) -> Coded:
    """Dictionary-encode a short list of words."""
    distinct = list(dict.fromkeys(words))
    code = {word: number for number, word in enumerate(distinct)}
    return Coded(np.array([code[word] for word in words], np.int32), distinct)
