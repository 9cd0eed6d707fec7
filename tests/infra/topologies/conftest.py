"""What the detectors of a topology say of a series of readings, without servers."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from streams.compute.detectors.bank import DetectorBank
from streams.compute.detectors.base import MetricInfo
from streams.compute.series import SeriesKey, SeriesTable
from streams.topology.model import Topology

Reading = tuple[int, str, dict[str, float]]
"""Event time in epoch milliseconds, asset, values."""


class Flagged(NamedTuple):
    """One flag by name."""

    detector: str
    asset: str
    metric: str
    ts: int


@pytest.fixture(scope="session")
def topologies() -> Path:
    return Path(__file__).parents[3] / "infra" / "topologies"


@pytest.fixture(scope="session")
def judge() -> Callable[[Topology, Iterable[Reading]], list[Flagged]]:
    return _judge


def _judge(topology: Topology, readings: Iterable[Reading]) -> list[Flagged]:
    table = SeriesTable()
    series, ts, x, record = [], [], [], []
    for number, (time, asset, values) in enumerate(readings):
        for metric, value in values.items():
            series.append(table.id_of(SeriesKey(topology.site, asset, metric)))
            ts.append(time)
            x.append(value)
            record.append(number)
    metrics = {name: MetricInfo(name, one.unit, one.low, one.high) for name, one in topology.metrics.items()}
    bank = DetectorBank(topology.detectors, metrics)
    bank.grow(table.keys)
    times = np.array(ts, np.int64)
    newest = np.maximum.accumulate(times)
    flags = bank.feed(np.array(series, np.intp), times, np.array(x), np.array(record, np.int64), newest)
    names = [detector.name for detector in topology.detectors]
    keys = [table.keys[flag.series] for flag in flags]
    return [
        Flagged(names[flag.detector], key.asset, key.metric, flag.ts) for flag, key in zip(flags, keys, strict=True)
    ]
