"""One history through one configuration, or through two that are compared."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from streams.backtest.declared import lowered, raised
from streams.backtest.history import History
from streams.backtest.judge import Finding, Judge
from streams.compute.detectors.base import FloatArray, IntArray, MetricInfo
from streams.compute.detectors.registry import DetectorSpec
from streams.compute.series import SeriesKey
from streams.replay.refusals import Refusals


class Trace(NamedTuple):
    """The values of a series in the order of the table."""

    ts: IntArray
    x: FloatArray


class Outcome(NamedTuple):
    """What came of one history."""

    findings: list[Finding]
    against: list[Finding]
    """Of the second configuration."""
    scores: dict[int, float]
    """Highest score of a row; rows that are not there have 0."""
    traces: dict[SeriesKey, Trace]


class Backtest:
    """Runs histories, each going on from the one before, as one log would."""

    def __init__(
        self,
        specs: Sequence[DetectorSpec],
        metrics: Mapping[str, MetricInfo],
        every: bool = False,
        against: Sequence[DetectorSpec] = (),
    ) -> None:
        """With `every` there is a score for every point that a detector can give one, not for flags alone."""
        lower, fractions = lowered(specs if every else ())
        self._fractions = {spec.name: fraction for spec, fraction in zip(lower, fractions, strict=True)}
        self._judge, self._second, self._scorer = (Judge(some, metrics) for some in (specs, against, lower))

    def run(self, history: History, refusals: Refusals) -> Outcome:
        """Raises UserError for what cannot be read, and from `refusals`."""
        findings: list[Finding] = []
        against: list[Finding] = []
        scores: dict[int, float] = {}
        values: dict[SeriesKey, tuple[list[int], list[float]]] = {}
        for points in history.points(refusals):
            found = self._judge.judge(points)
            findings += found
            against += self._second.judge(points)
            told = [(one.row, one.flag.score) for one in found]
            told += [
                (one.row, raised(one.flag.score, self._fractions[one.detector])) for one in self._scorer.judge(points)
            ]
            for row, score in told:
                scores[row] = max(score, scores.get(row, 0.0))
            for key, ts, x in zip(points.keys, points.ts.tolist(), points.x.tolist(), strict=True):
                times, numbers = values.setdefault(key, ([], []))
                times.append(ts)
                numbers.append(x)
        traces = {key: Trace(np.array(ts, np.int64), np.array(x, np.float64)) for key, (ts, x) in values.items()}
        return Outcome(findings, against, scores, traces)
