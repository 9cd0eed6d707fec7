"""Logs of points for the tests of detectors, and ways to run them through a bank."""

import io
from collections.abc import Iterable, Sequence
from itertools import accumulate, pairwise
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from hypothesis import strategies as st

from schemas.durations import Duration
from streams.compute.detectors.bank import DetectorBank
from streams.compute.detectors.base import MetricInfo, Spec
from streams.compute.detectors.cusum import Cusum
from streams.compute.detectors.ewma import Ewma
from streams.compute.detectors.lane import Flag
from streams.compute.detectors.limit import Limit
from streams.compute.detectors.mewma import Mewma
from streams.compute.detectors.missing import Missing
from streams.compute.detectors.novelty import Novelty
from streams.compute.detectors.range import Range
from streams.compute.detectors.rate import Rate
from streams.compute.detectors.registry import DetectorSpec
from streams.compute.detectors.robust_z import RobustZ
from streams.compute.detectors.season import Season
from streams.compute.detectors.states import Told, code
from streams.compute.detectors.stuck import Stuck
from streams.compute.detectors.tail import Tail
from streams.compute.series import SeriesKey, SeriesTable

START = 1_700_000_000_000
METRICS = {"temp": MetricInfo("temp", "°C", low=-10.0, high=10.0), "flow": MetricInfo("flow", "m3/h", low=0.0)}
"""`load` is a metric that nobody declared."""
SERIES = [SeriesKey("plant", asset, metric) for metric in ("temp", "flow", "load") for asset in ("a-1", "b-1")]

ALL: Any = {"metrics": ("*",)}
SECONDS = {n: Duration(1000 * n) for n in range(61)}
EXAMPLES: dict[type[Spec], list[DetectorSpec]] = {
    Limit: [
        Limit(name="high", high=5.0, **ALL),
        Limit(name="points-beyond", high=5.0, low=-5.0, report="every", **ALL),
        Limit(name="deadband", high=5.0, low=-5.0, deadband=3.0, **ALL),
        Limit(name="held", low=-2.0, deadband=1.0, report="every", **ALL),
        Limit(name="delayed", high=3.0, low=-3.0, deadband=1.0, on_delay=SECONDS[3], off_delay=SECONDS[5], **ALL),
        Limit(name="few", high=2.0, report="every", budget=5000, **ALL),
        Limit(name="late-off", high=3.0, off_delay=SECONDS[5], report="every", **ALL),
        Limit(name="late-on", low=0.0, high=2.0, on_delay=SECONDS[2], metrics=("temp", "f*")),
    ],
    Range: [
        Range(name="declared", **ALL),
        Range(name="own", high=6.0, report="every", metrics=("temp", "load"), assets=("b-*",)),
    ],
    Rate: [Rate(name="rate", limit=2.5, **ALL), Rate(name="rate-min", limit=60.0, per="minute", report="every", **ALL)],
    Stuck: [
        Stuck(name="stuck", duration=SECONDS[4], **ALL),
        Stuck(name="nearly", duration=SECONDS[3], points=2, tolerance=1.0, report="every", **ALL),
    ],
    Missing: [Missing(name="silent", timeout=SECONDS[10], **ALL), Missing(name="b", timeout=SECONDS[3], **ALL)],
    Ewma: [
        Ewma(name="ewma", weight=0.3, width=1.7, warmup=4, **ALL),
        Ewma(name="ewma-given", target=1.0, sigma=2.3, width=1.1, limits="exact", report="every", **ALL),
        Ewma(name="ewma-half-given", target=0.5, width=1.3, warmup=3, report="every", metrics=("temp",)),
    ],
    Cusum: [
        Cusum(name="cusum", h=2.1, warmup=5, **ALL),
        Cusum(name="cusum-given", target=0.0, sigma=1.9, k=0.3, h=1.7, report="every", **ALL),
        Cusum(name="cusum-reset", sigma=2.0, h=1.3, warmup=2, reset=True, **ALL),
    ],
    RobustZ: [
        RobustZ(name="robust", window=5, threshold=2.3, **ALL),
        RobustZ(name="robust-even", window=4, threshold=1.9, min_scale=0.7, report="every", **ALL),
        RobustZ(name="robust-season", window=3, threshold=1.9, season=Season(SECONDS[6], 3), **ALL),
    ],
    Tail: [
        Tail(name="tail", threshold=1.8, warmup=16, hold=3, **ALL),
        Tail(name="tail-every", threshold=0.1, warmup=20, min_scale=0.5, hold=0, report="every", **ALL),
        Tail(name="tail-season", threshold=0.2, warmup=16, season=Season(SECONDS[6], 2), report="every", **ALL),
        Tail(name="tail-budget", threshold=0.2, warmup=16, hold=0, report="every", budget=9000, **ALL),
    ],
    Mewma: [
        Mewma(name="mewma", weight=0.4, alpha=0.05, warmup=5, hold=SECONDS[5], **ALL),
        Mewma(name="hotelling", weight=1.0, alpha=0.2, warmup=3, hold=SECONDS[60], report="every", **ALL),
        Mewma(
            name="not-held", weight=0.7, alpha=0.1, warmup=4, hold=SECONDS[0], metrics=("temp", "load"), report="every"
        ),
    ],
    Novelty: [
        Novelty(name="novelty", blocks=(2, 1), window=2, warmup=8, threshold=0.3, hold=3, **ALL),
        Novelty(name="novelty-points", blocks=(1,), window=1, warmup=3, threshold=0.01, hold=0, report="every", **ALL),
    ],
}
EVERYTHING = [spec for specs in EXAMPLES.values() for spec in specs]


class Point(NamedTuple):
    """One point of a log; those of one record share offset and stream time."""

    key: SeriesKey
    ts: int
    x: float
    offset: int
    stream_time: int
    state: str = ""
    """Machine state that the point's event tells; none where it is empty."""


def log_of(records: Iterable[Sequence[tuple[int, int, float]]]) -> list[Point]:
    """A log from records of (index into SERIES, event time after START, value)."""
    log: list[Point] = []
    stream_time = 0
    for offset, record in enumerate(records):
        stream_time = max(stream_time, *(START + ts for _, ts, _ in record))
        log += [Point(SERIES[series], START + ts, x, offset, stream_time) for series, ts, x in record]
    return log


def line(*values: float, step: int = 1000, series: int = 0) -> list[Point]:
    """A log of one series, a point every `step` ms."""
    return log_of([(series, i * step, x)] for i, x in enumerate(values))


QUARTERS = st.integers(-48, 48).map(lambda n: n / 4)
"""Values whose sums are exact, and which are often equal to one another and to a limit."""
ANY_FLOAT = st.floats(-1e100, 1e100)


@st.composite
def logs(draw: st.DrawFn, values: st.SearchStrategy[float] = QUARTERS, most: int = 60) -> list[Point]:
    """Logs with disorder, repeated times, silences, frames of several points, and series that come late."""
    steps = st.sampled_from([0, 500, 1000, 1000, 1000, 2000, 4000, 15_000])
    back = st.sampled_from([0, 0, 0, 0, 500, 1000, 3000, 12_000])
    few = st.one_of(values, st.sampled_from([0.0, -0.0, 5.0, -5.0, 3.0, 12.0]))
    point = st.tuples(st.integers(0, draw(st.integers(0, len(SERIES) - 1))), back, few)
    records = draw(st.lists(st.tuples(steps, st.lists(point, min_size=1, max_size=3)), min_size=1, max_size=most))
    clocks = accumulate(step for step, _ in records)
    return log_of(
        [(s, clock - late, x) for s, late, x in points] for clock, (_, points) in zip(clocks, records, strict=True)
    )


@st.composite
def cuts_of(draw: st.DrawFn, log: Sequence[Point]) -> list[int]:
    """Places to cut a log into chunks, some of them empty."""
    return sorted(draw(st.lists(st.integers(0, len(log)), max_size=8)))


class Runner:
    """Feeds a log to a bank as a partition task would: new series are known by their first point."""

    def __init__(self, specs: Sequence[DetectorSpec]) -> None:
        self.specs = specs
        self.table = SeriesTable()
        self.bank = DetectorBank(specs, METRICS)

    def feed(self, points: Sequence[Point]) -> list[Flag]:
        known = len(self.table)
        series = np.array([self.table.id_of(point.key) for point in points], np.intp)
        self.bank.grow(self.table.keys[known:])
        columns: list[npt.NDArray[Any]] = [
            series,
            np.array([point.ts for point in points], np.int64),
            np.array([point.x for point in points], np.float64),
            np.array([point.offset for point in points], np.int64),
            np.array([point.stream_time for point in points], np.int64),
        ]
        for column in columns:
            column.flags.writeable = False
        at = np.array([i for i, point in enumerate(points) if point.state], np.intp)
        codes = np.array([code(points[i].state) for i in at], np.int64)
        return self.bank.feed(*columns, Told(columns[0][at], columns[1][at], codes, at) if at.size else None)

    def saved(self) -> dict[str, dict[str, npt.NDArray[Any]]]:
        """The bank's state after a trip through a file."""
        flat: Any = {
            f"{name} {array}": a for name, arrays in self.bank.snapshot().items() for array, a in arrays.items()
        }
        file = io.BytesIO()
        np.savez(file, **flat)
        file.seek(0)
        state: dict[str, dict[str, npt.NDArray[Any]]] = {name: {} for name in self.bank.snapshot()}
        with np.load(file, allow_pickle=False) as arrays:
            for path in arrays.files:
                name, array = path.split(" ")
                state[name][array] = arrays[path]
        return state

    def restarted(self) -> "Runner":
        """A new bank that continues from the state of this one."""
        new = Runner(self.specs)
        new.table = SeriesTable()
        new.table.restore(self.table.keys, [0, 0])
        new.bank.grow(new.table.keys)
        assert new.bank.restore(self.saved()) == []
        return new


def run(specs: Sequence[DetectorSpec], log: Sequence[Point]) -> list[Flag]:
    """The flags of a log in one chunk."""
    return Runner(specs).feed(log)


def run_in_chunks(
    specs: Sequence[DetectorSpec], log: Sequence[Point], cuts: Sequence[int], restart: bool
) -> list[Flag]:
    """The flags of a log cut into chunks, with the state saved and restored at every cut if wanted."""
    runner, flags = Runner(specs), []
    for begin, end in pairwise((0, *cuts, len(log))):
        flags += runner.feed(log[begin:end])
        if restart:
            runner = runner.restarted()
    return flags


def bits(flags: Iterable[Flag]) -> list[tuple[object, ...]]:
    """Flags in a form in which they are equal only if they are to the last bit, NaN equal to NaN."""
    return [tuple(field.hex() if isinstance(field, float) else field for field in flag) for flag in flags]


def offsets(flags: Iterable[Flag]) -> list[int]:
    """Which records were flagged."""
    return [flag.offset for flag in flags]
