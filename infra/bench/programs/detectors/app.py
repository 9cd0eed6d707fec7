"""How fast a detector is and how much it remembers: `python app.py DETECTORS.yaml` prints both as JSON.

It runs in the environment of headrace, whose bank it feeds as a worker does. What is counted is time on the processor,
so that whoever else uses the machine weighs little.
"""

# mypy: ignore-errors
# A program of its own: nothing in infra imports it, nor streams.

import json
import sys
import time
from pathlib import Path

import numpy as np

from streams.backtest.declared import load
from streams.compute.detectors.bank import DetectorBank
from streams.compute.series import SeriesKey

SERIES = 4096
POINTS = 64
"""Of each series in a chunk."""
WARM_UP, CHUNKS = 16, 8
"""Chunks that are fed before the clock starts, for windows to fill and baselines to be learned, and then."""
STEP_MS = 10_000
SEASON = 360
"""Points of an hour."""


def chunks(count):
    """Series, event times and values of a random walk with a season, the same in every run."""
    random = np.random.default_rng(20_260_101)
    walk, scale = np.zeros(SERIES), random.uniform(0.5, 50, SERIES)
    series = np.tile(np.arange(SERIES, dtype=np.intp), POINTS)
    for begin in range(0, count * POINTS, POINTS):
        step = np.arange(begin, begin + POINTS)
        walks = walk + np.cumsum(random.normal(0, 0.1, (POINTS, SERIES)), axis=0)
        walk = walks[-1]
        season = 3 * np.sin(2 * np.pi * step / SEASON)[:, None]
        x = scale * (20 + walks + season + random.normal(0, 1, (POINTS, SERIES)))
        yield series, np.repeat(step * STEP_MS, SERIES), x.ravel()


def main(file):
    specs = load(Path(file))
    bank = DetectorBank(specs, {})
    bank.grow([SeriesKey("bench", f"asset-{n}", "value") for n in range(SERIES)])
    seconds, flags = 0.0, 0
    for number, (series, ts, x) in enumerate(chunks(WARM_UP + CHUNKS)):
        begin = time.process_time()
        found = len(bank.feed(series, ts, x, np.arange(len(ts)), ts))
        if number >= WARM_UP:
            seconds += time.process_time() - begin
            flags += found
    arrays = [array for spec in specs for array in bank.snapshot()[spec.name].values() if len(array) == SERIES]
    points = CHUNKS * POINTS * SERIES
    print(
        json.dumps(
            {
                "points_per_second": points / seconds,
                "bytes_per_series": sum(array.nbytes for array in arrays) / SERIES,
                "flags_per_point": flags / points,
            }
        )
    )


if __name__ == "__main__":
    main(sys.argv[1])
