"""Detectors on the simulated plant: `python app.py DAYS` prints as JSON what they flag of it when nothing is wrong, and
after how many readings they flag what is wrong.

It runs in the environment of headrace, whose bank it feeds as a worker does.
"""

# mypy: ignore-errors
# A program of its own: nothing in infra imports it, nor streams.

import json
import sys
from collections import Counter

import msgspec
import numpy as np

from infra.simulator.assets import SITE, assets
from infra.simulator.plant import Plant
from schemas.durations import decode_hook
from streams.compute.detectors.bank import DetectorBank
from streams.compute.detectors.registry import DetectorSpec
from streams.compute.series import SeriesKey

SEED = 7
START_MS = 1_760_000_000_000
PERIOD_S = 60
"""Of the readings of a machine."""
DAY_S = 86_400
STRETCH_S = DAY_S // 4

BUDGET = 1.0
MONTH = [{"name": "tail", "kind": "tail", "metrics": ["*"], "budget": BUDGET}]
"""What one would put on every series of a plant."""

LEARNED_DAYS, FAULT_READINGS = 3, 180
FINDERS = [
    {"name": "tail", "kind": "tail", "metrics": ["*"]},
    {"name": "novelty", "kind": "novelty", "metrics": ["*"]},
    {"name": "mewma", "kind": "mewma", "metrics": ["*"], "lambda": 1, "warmup": 1000},
    {"name": "stuck", "kind": "stuck", "metrics": ["*"], "duration": "15m"},
]
PUMP, PUNCH = ("scrubber-1", "pump_current"), ("punch-1", "vibration")


def faults(clean, sigma, random):
    """Name, series and what it shows instead of the readings `clean` while the fault lasts."""
    t = np.arange(FAULT_READINGS)
    noise = random.normal(0, sigma[PUMP], FAULT_READINGS)
    pump = clean[PUMP]
    yield "spike, 10 sigma", PUMP, pump + np.where(t == 0, 10 * sigma[PUMP], 0)
    yield "level shift, 6 sigma", PUMP, pump + 6 * sigma[PUMP]
    yield "drift, 12 sigma in 3 h", PUMP, pump + 12 * sigma[PUMP] * t / FAULT_READINGS
    yield "stuck", PUMP, np.full(FAULT_READINGS, pump[0])
    yield "noise, 6 times", PUMP, pump + 6 * noise
    yield "oscillation, 4 sigma, 12 readings", PUMP, pump + 4 * sigma[PUMP] * np.sin(2 * np.pi * t / 12)
    # Each value is usual, but not beside the others: it is that of another machine, which runs when this one idles.
    yield "correlation break", PUNCH, clean["punch-2", "vibration"]


def readings(days, only=None):
    """Stretches of (series keys, series, event times, values) of the plant without faults; flagged values left out."""
    machines = [machine for machine in assets() if only is None or machine.name in only]
    plant = Plant(SEED, machines, len(machines) / PERIOD_S, START_MS)
    numbers, keys = {}, []
    for end in range(STRETCH_S, int(days * DAY_S) + 1, STRETCH_S):
        rows = []
        for message in plant.until(end):
            event = message.event
            for metric, x in event.values.items():
                if (event.flags or {}).get(metric, "N") == "N":
                    key = SeriesKey(SITE, event.asset, metric)
                    if key not in numbers:
                        numbers[key] = len(keys)
                        keys.append(key)
                    rows.append((numbers[key], event.ts, x))
        series, ts, x = (np.array(column) for column in zip(*rows, strict=True))
        yield keys, series.astype(np.intp), ts.astype(np.int64), x.astype(np.float64)


class Judge:
    """A bank and the series it knows of."""

    def __init__(self, declared):
        self.bank = DetectorBank(msgspec.convert(declared, list[DetectorSpec], dec_hook=decode_hook), {})
        self.known = 0

    def __call__(self, keys, series, ts, x):
        self.bank.grow(keys[self.known :])
        self.known = len(keys)
        return self.bank.feed(series, ts, x, np.arange(len(ts)), np.maximum.accumulate(ts))


def month(days):
    """What is flagged of the plant in `days` days in which nothing is wrong."""
    judge, flags, points = Judge(MONTH), Counter(), 0
    for keys, series, ts, x in readings(days):
        flags.update(flag.series for flag in judge(keys, series, ts, x))
        points += len(x)
    return {
        "days": days,
        "points": points,
        "series": judge.known,
        "budget": BUDGET,
        "flags": flags.total(),
        "worst_series": max(flags.values(), default=0),
    }


def found():
    """Fault, then readings from its first to the first flag of each detector, None where it is not found."""
    only = {PUMP[0], PUNCH[0], "punch-2"}
    days = LEARNED_DAYS + FAULT_READINGS * PERIOD_S / DAY_S
    stretches = list(readings(LEARNED_DAYS + 1, only))
    keys = stretches[-1][0]
    series, ts, x = (np.concatenate(columns) for columns in zip(*(one[1:] for one in stretches), strict=True))
    began, ended = START_MS + LEARNED_DAYS * DAY_S * 1000, START_MS + int(days * DAY_S) * 1000
    during, before = (ts >= began) & (ts < ended), ts < began
    of = {key[1:]: number for number, key in enumerate(keys)}
    clean = {name: x[(series == number) & during][:FAULT_READINGS] for name, number in of.items()}
    sigma = {name: float(np.std(x[(series == number) & before])) for name, number in of.items()}
    rows = []
    for fault, name, values in faults(clean, sigma, np.random.default_rng(SEED)):
        asset = [number for other, number in of.items() if other[0] == name[0]]
        kept = np.isin(series, asset) & (ts < ended)
        wrong = x.copy()
        wrong[(series == of[name]) & during] = values
        healthy, ill = (
            {(flag.detector, flag.series, flag.ts) for flag in Judge(FINDERS)(keys, series[kept], ts[kept], y[kept])}
            for y in (x, wrong)
        )
        delays = {}
        for index, declared in enumerate(FINDERS):
            first = min((at for detector, _, at in ill - healthy if detector == index and at >= began), default=None)
            delays[declared["name"]] = None if first is None else 1 + int((first - began) // (PERIOD_S * 1000))
        rows.append({"fault": fault, "series": "/".join(name), "delays": delays})
    return rows


if __name__ == "__main__":
    print(json.dumps({"month": month(float(sys.argv[1])), "faults": found()}))
