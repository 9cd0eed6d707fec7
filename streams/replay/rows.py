"""Rows of a history file as events, by the column mapping of the topology."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import numpy as np

from streams.replay.cells import Floats
from streams.replay.readings import Readings, RowReader
from streams.replay.refusals import Refusals
from streams.replay.stretch import Stretch
from streams.topology.mapping import Replay

_encode = msgspec.json.Encoder().encode


class RowEvents:
    """Turns the rows of one file into events."""

    def __init__(self, path: Path, replay: Replay, site: str, refusals: Refusals) -> None:
        """Raises UserError where row times need a year that the file's name does not have."""
        self._reader = RowReader(path, replay, refusals)
        self._replay = replay
        self._site = site
        self._keys: dict[str, bytes] = {}

    def read(self) -> Iterator[Stretch]:
        """The whole file, one event a row. Raises UserError for a file, column or (unless skipped) row that is bad."""
        for readings in self._reader.read():
            yield self._stretch(readings)

    def _stretch(self, readings: Readings) -> Stretch:
        ts, assets, states, x = readings.ts, readings.assets, readings.states, readings.x
        given = ~np.isnan(x)
        empty = ~given.any(axis=0) & np.array([state is None for state in states], bool)
        sent = np.flatnonzero(~readings.refused & ~empty)
        records = []
        for row, when, values in zip(sent.tolist(), ts[sent].tolist(), self._values(x[:, sent]), strict=True):
            asset = assets[row]
            event: dict[str, object] = {"ts": when, "site": self._site, "asset": asset, "values": values}
            if states[row] is not None:
                event["state"] = states[row]
            records.append((self._key(asset), _encode(event)))
        return Stretch(ts[sent], records, int(np.count_nonzero(empty & ~readings.refused)), readings.done)

    def _values(self, x: Floats) -> list[dict[str, float]]:
        """Per event (column of `x`) its metrics and values, without the NaN."""
        metrics = list(self._replay.values)
        rows = x.T.tolist()
        if not np.isnan(x).any():
            return [dict(zip(metrics, row, strict=True)) for row in rows]
        return [{metric: value for metric, value in zip(metrics, row, strict=True) if value == value} for row in rows]

    def _key(self, asset: str) -> bytes:
        key = self._keys.get(asset)
        if key is None:
            key = self._keys[asset] = f"{self._site}/{asset}".encode()
        return key
