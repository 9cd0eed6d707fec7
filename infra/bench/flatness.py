"""Whether what was sampled over a long run has stayed where it was: the last third of the run against its middle third.

The first third is the warm-up: caches fill, the JVM sizes its heap, ClickHouse makes its first large parts. Means are
compared: a sawtooth (garbage, parts before a merge) is flat as long as its teeth do not grow.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

MEBIBYTE = 1 << 20


@dataclass(frozen=True)
class Sample:
    """What was seen at one moment."""

    seconds: float
    """Since the load began."""
    values: dict[str, float] = field(default_factory=dict)
    """By name, such as `memory.worker`: what is measured, and of whom. NaN where it could not be measured."""


@dataclass(frozen=True)
class Limit:
    """By how much the mean of the last third may exceed that of the middle third: the larger of the two."""

    share: float
    """Of the middle third."""
    least: float

    def allows(self, middle: float) -> float:
        """The growth that is allowed."""
        return max(self.share * middle, self.least)


LIMITS: Mapping[str, Limit] = {
    # ClickHouse swings by 20 MiB within a minute, with its merges. From third to third of 30 minutes at 20,000 events/s
    # lie 12 million events: three bytes kept of each, or 3 KiB of each commit of a partition, are more in any process
    # of less than half a GiB.
    "memory": Limit(0.05, 24 * MEBIBYTE),
    # The broker fills its heap of 512 MiB as slowly as it likes; more than that has a bound of its own.
    "memory.kafka": Limit(0.0, 128 * MEBIBYTE),
    # A handle or a thread that is lost once a minute is more; what comes and goes, such as the threads in which the
    # publisher writes tables, is not.
    "handles": Limit(0.0, 4),
    "threads": Limit(0.0, 2),
    # Parts of a MergeTree grow with the logarithm of its rows: half as many rows again bring few. Where merges do not
    # keep up, every second brings several.
    "parts": Limit(0.25, 10),
    # Results are committed four times a second, so a second's records are always on their way in part; a worker that is
    # one per cent too slow is six seconds further behind after a third of 30 minutes. In seconds of the load.
    "lag": Limit(0.0, 1.0),
    # State is bounded by series and open windows; it swings with how many windows are open just then.
    "checkpoint": Limit(0.1, 1024),
}
"""By what is measured, or what of whom; what is not here is not judged."""


@dataclass(frozen=True)
class Finding:
    """What came of one series of samples."""

    name: str
    middle: float
    """Mean of the middle third."""
    last: float
    """Mean of the last third."""
    most: float
    """The greatest of all samples, those of the warm-up included."""
    allowed: float
    """How much larger the last may be than the middle."""
    per_hour: float
    """The growth, were it to go on."""

    @property
    def growth(self) -> float:
        """From the middle third to the last."""
        return self.last - self.middle

    @property
    def flat(self) -> bool:
        """Whether it has not grown by more than is allowed; what was never measured is not flat."""
        return self.growth <= self.allowed


def judge(samples: Sequence[Sample], seconds: float) -> list[Finding]:
    """A finding for everything sampled that has a limit; `seconds` is how long the load lasted."""
    names = dict.fromkeys(name for sample in samples for name in sample.values)
    return [
        _judge(name, samples, seconds, limit)
        for name in names
        if (limit := LIMITS.get(name, LIMITS.get(name.partition(".")[0])))
    ]


def not_ready(samples: Sequence[Sample], seconds: float) -> int:
    """Samples after the warm-up in which the worker did not say that it is ready."""
    return sum(sample.seconds >= seconds / 3 and sample.values["ready"] != 1 for sample in samples)


def _judge(name: str, samples: Sequence[Sample], seconds: float, limit: Limit) -> Finding:
    moments = np.array([sample.seconds for sample in samples])
    values = np.array([sample.values.get(name, np.nan) for sample in samples])
    measured = ~np.isnan(values)
    middle = _mean(values[measured & (seconds / 3 <= moments) & (moments < 2 * seconds / 3)])
    last = _mean(values[measured & (2 * seconds / 3 <= moments)])
    most = float(values[measured].max()) if measured.any() else float("nan")
    return Finding(name, middle, last, most, limit.allows(middle), (last - middle) / (seconds / 3) * 3600)


def _mean(values: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
    return float(np.mean(values)) if len(values) else float("nan")
