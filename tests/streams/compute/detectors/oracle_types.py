"""What the oracles of detectors give, and what they are given."""

import math
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any, NamedTuple

from streams.compute.detectors.base import MetricInfo
from streams.compute.detectors.registry import DetectorSpec
from streams.compute.series import SeriesKey

NAN = math.nan


class Verdict(NamedTuple):
    """What holds at one point: names of conditions, and the numbers of the flag."""

    holds: set[str]
    ratio: float
    expected: float = NAN
    lower: float = NAN
    upper: float = NAN


class Expected(NamedTuple):
    """One flag: detector index, series name and the numbers."""

    detector: int
    key: SeriesKey
    ts: int
    offset: int
    value: float
    score: float
    expected: float
    lower: float
    upper: float


@dataclass
class History:
    """What one detector has seen of one series."""

    metric: MetricInfo
    ts: list[int] = field(default_factory=list)
    x: list[float] = field(default_factory=list)
    memory: dict[str, Any] = field(default_factory=dict)


def watches(spec: DetectorSpec, key: SeriesKey) -> bool:
    return any(fnmatchcase(key.metric, p) for p in spec.metrics) and any(fnmatchcase(key.asset, p) for p in spec.assets)


def score(ratio: float) -> float:
    return 1.0 if math.isinf(ratio) else ratio / (1 + ratio)
