"""`mewma`: the metrics of an asset, none of which need be remarkable, are unusual together."""

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec
import numpy as np

from schemas.durations import Duration
from streams.compute.detectors import f_distribution
from streams.compute.detectors.base import BoolArray, FloatArray, IntArray, MetricInfo, SlotArray, Spec, quantity, score
from streams.compute.detectors.correlation import diagonal, inverse, shrunk, varies, without
from streams.compute.detectors.slots import SlotState

MOST_METRICS: Final = 16
"""Metrics of one asset that one declaration can watch."""
_FARTHEST: Final = 1e6
"""Standard deviations; what is farther counts as so far, which keeps every later number finite."""


class Mewma(Spec, kw_only=True, frozen=True, forbid_unknown_fields=True, tag="mewma"):
    """Multivariate EWMA chart of all metrics of an asset: finds shifts, and metrics that no longer move together.

    An observation is the values of one asset at one event time. It is taken once every metric has come that was there
    at the observation before, or else with the first newer point of the asset. A metric that is missing is held at its
    newest value for up to `hold`, and longer than that left out.

    The first `warmup` observations in a row of the same metrics give means, standard deviations and correlations, the
    latter shrunk; these are not judged, and the baseline then stays as learned. A metric that did not vary in them, or
    comes later, is not watched; a warm-up without any variation is prolonged. Then, with u the vector of (x - mean) /
    sigma and R the correlations: w = lambda u + (1 - lambda) w, from 0, and T2 = w' R^-1 w / (lambda / (2 - lambda) +
    1 / warmup); the second term is for the learned means. With lambda = 1 this is Hotelling's T2 of single
    observations. It signals above p (n - 1) / (n - p) F(alpha; p, n - p), with p metrics and n = warmup: exact for
    independent normal observations and R as it is, less often than alpha for R as it is shrunk. Where metrics are left
    out T2 is that of the others alone; w begins at 0 again whenever the metrics change.

    A flag is of the metric that contributes most, of those that came at the observation's time: without it T2 would be
    lowest (T2 - T2 of the others, the last term of the decomposition of Mason, Tracy and Young).

    The baseline is as good as its warm-up: what that has not seen, of a machine's modes of operation or of its course
    over days, is unusual for ever.

    At most 16 metrics of an asset are watched, those that came first. Points out of order within their series are
    skipped.

    Score: r / (1 + r) with r = T2 / its limit. Expected is where the metric's moving average should be, given those of
    the others; between lower and upper it would not signal by itself.

    Source: Lowry, Woodall, Champ and Rigdon (1992), A Multivariate Exponentially Weighted Moving Average Control Chart,
    Technometrics 34(1), 46-53; Hotelling (1947); limit for single observations as in Montgomery, Introduction to
    Statistical Quality Control, chapter 11; contributions by Mason, Tracy and Young (1995), Journal of Quality
    Technology 27(2), 99-108, and Runger, Alt and Montgomery (1996).
    """

    weight: float = msgspec.field(default=0.2, name="lambda")
    """Weight of the newest observation, 0.001 to 1; less for smaller shifts, 1 for Hotelling's T2."""
    alpha: float = 1e-6
    """Probability that T2 exceeds its limit at an observation of normal operation."""
    warmup: int = 200
    """Number of observations from which the baseline is learned, at least two more than metrics: enough of them to see
    every mode of normal operation."""
    hold: Duration = Duration(60_000)
    """How long a metric that does not come is held at its newest value: longer than its interval, or it is left out."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0.001 <= self.weight <= 1:
            raise ValueError(f"lambda {self.weight:g} must be 0.001 to 1")
        if not 1e-15 <= self.alpha < 1:
            raise ValueError(f"alpha {self.alpha:g} must be 1e-15 or more and less than 1")
        if not 2 <= self.warmup <= 100_000:
            raise ValueError(f"warmup {self.warmup} must be 2 to 100000 observations")


class Observations(NamedTuple):
    """At most one observation of an asset each: n of them, of up to d metrics."""

    slot: SlotArray
    """Assets."""
    x: FloatArray
    """[n, d]; any number where there is no value."""
    present: BoolArray
    """[n, d]: where there is a value, of the observation's own time or held."""

    def only(self, rows: SlotArray) -> "Observations":
        """Some of them."""
        return Observations(self.slot[rows], self.x[rows], self.present[rows])


class Signals(NamedTuple):
    """The observations, m of them, at which T2 exceeds its limit."""

    at: SlotArray
    """Indices into the observations, ascending."""
    t2: FloatArray
    score: FloatArray
    judged: BoolArray
    """[m, d]: the metrics that were judged together."""
    share: FloatArray
    """[m, d]: the part by which T2 would be lower without the metric."""
    expected: FloatArray
    """[m, d]"""
    reach: FloatArray
    """[m, d]: half the width of the band around `expected`."""


class MewmaDetector(SlotState):
    """State by asset: the baseline, w, and the metrics that w is of.

    While the baseline is learned, `matrix` holds the sums of products of deviations by the recurrence of Welford
    (1962), then the inverse of R.
    """

    def __init__(self, spec: Mewma) -> None:
        columns = np.zeros(MOST_METRICS)
        super().__init__(
            count=0,
            ready=False,
            among=columns.astype(bool),
            mean=columns,
            sigma=columns,
            matrix=np.zeros((MOST_METRICS, MOST_METRICS)),
            average=columns,
            judged=columns.astype(bool),
        )
        self.hold, self._weight = int(spec.hold), spec.weight
        metrics = range(1, MOST_METRICS + 1)
        self._needed = np.array([0, *(max(spec.warmup, p + 2) for p in metrics)])
        """Observations of a warm-up, by number of metrics."""
        limits = [self._per_f(p) * f_distribution.quantile(spec.alpha, p, int(self._needed[p]) - p) for p in metrics]
        self._limit = np.array([math.inf, *limits])
        """By number of metrics."""

    def concerned(self, slot: SlotArray, came: BoolArray) -> BoolArray:
        """Of which observations it takes notice, bool[n]: while it learns of all, then of its baseline's metrics.

        `came` bool[n, d]: which metrics have a value of the observation's own time.
        """
        state = self._slots
        among: BoolArray = state["among"][slot, : came.shape[1]]
        return ~state["ready"][slot] | (among & came).any(axis=1)

    def step(self, seen: Observations) -> Signals | None:
        """Learn from the observations of assets whose baseline is not known yet, judge the others."""
        ready = self._slots["ready"][seen.slot]
        learning, judging = (~ready).nonzero()[0], ready.nonzero()[0]
        if learning.size:
            self._learn(seen.only(learning))
        if not judging.size:
            return None
        found = self._judge(seen.only(judging))
        return None if found is None else found._replace(at=judging[found.at])

    def _learn(self, seen: Observations) -> None:
        slot, x, present = seen
        state, d = self._slots, x.shape[1]
        # Views of the columns that are in use: what stands in the others is zero.
        among, mean, matrix = state["among"][:, :d], state["mean"][:, :d], state["matrix"][:, :d, :d]
        same = (among[slot] == present).all(axis=1)
        count = np.where(same, state["count"][slot], 0) + 1
        before = np.where(same[:, None], mean[slot], 0.0)
        delta = np.where(present, x - before, 0.0)
        products = np.where(same[:, None, None], matrix[slot], 0.0)
        products += delta[:, :, None] * delta[:, None, :] * ((count - 1) / count)[:, None, None]
        state["count"][slot], among[slot] = count, present
        mean[slot], matrix[slot] = before + delta / count[:, None], products

        metrics = varies(products).sum(axis=1)
        done = ((metrics > 0) & (count >= self._needed[metrics])).nonzero()[0]
        if done.size:
            self._finish(slot[done], products[done], count[done])

    def _finish(self, slot: SlotArray, products: FloatArray, count: IntArray) -> None:
        state, d = self._slots, products.shape[1]
        used = varies(products)
        both = used[:, :, None] & used[:, None, :]
        variance = diagonal(products) / (count - 1)[:, None]
        state["ready"][slot], state["among"][slot, :d] = True, used
        state["sigma"][slot, :d] = np.sqrt(np.where(used, variance, 0.0))
        state["matrix"][slot, :d, :d] = np.where(both, inverse(shrunk(products, count)), 0.0)

    def _judge(self, seen: Observations) -> Signals | None:
        slot, x, present = seen
        state, d = self._slots, x.shape[1]
        among, average, judged = state["among"][slot, :d], state["average"][:, :d], state["judged"][:, :d]
        mean, sigma, precision = state["mean"][slot, :d], state["sigma"][slot, :d], state["matrix"][:, :d, :d][slot]
        here = among & present
        same = (judged[slot] == here).all(axis=1)
        u = np.clip((x - mean) / np.where(among, sigma, 1.0), -_FARTHEST, _FARTHEST)
        w = np.where(same[:, None], average[slot], 0.0)
        w = np.where(here, self._weight * u + (1 - self._weight) * w, 0.0)
        average[slot], judged[slot] = w, here

        if (among != here).any():
            precision = without(precision, among & ~here)
        product = np.zeros_like(w)
        for k in range(d):
            product += precision[:, k] * w[:, k, None]
        t2 = np.zeros(len(w))
        for k in range(d):
            t2 += w[:, k] * product[:, k]
        variance = self._weight / (2 - self._weight) + 1 / state["count"][slot]
        t2 /= variance
        metrics = here.sum(axis=1)
        at = (t2 > self._limit[metrics]).nonzero()[0]
        if not at.size:
            return None

        t2, metrics, here, sigma, product, w = t2[at], metrics[at], here[at], sigma[at], product[at], w[at]
        own = np.where(here, diagonal(precision)[at], 1.0)
        variance, limit = variance[at, None], self._limit[metrics]
        share = np.where(here, product**2 / own / variance, 0.0) / t2[:, None]
        expected = mean[at] + sigma * (w - product / own)
        reach = sigma * np.sqrt(limit[:, None] * variance / own)
        return Signals(at, t2, score(t2 / limit), here, share, expected, reach)

    def reason(self, metric: MetricInfo, x: float, t2: float, shares: Sequence[tuple[str, float]]) -> str:
        """One sentence for people about a signal, of which `metric` with value `x` is the first among its causes.

        `shares` are those of all metrics judged, by name.
        """
        p = len(shares)
        chance = f_distribution.tail(t2 / self._per_f(p), p, int(self._needed[p]) - p)
        largest = sorted(shares, key=lambda one: -one[1])[:3]
        parts = ", ".join(f"{share:.0%} without {name}" for name, share in largest)
        return (
            f"{metric.name} {quantity(x, metric)}: T2 {t2:.4g} of {p} metrics together exceeds {self._limit[p]:.4g}, "
            f"by chance with probability {chance:.2g}; it would be lower by {parts}"
        )

    def _per_f(self, p: int) -> float:
        """T2 of p metrics divided by this follows the F distribution."""
        n = int(self._needed[p])
        return p * (n - 1) / (n - p)
