"""The Numenta Anomaly Benchmark: its data, and its score. Lavin and Ahmad (2015), ICMLA, doi 10.1109/ICMLA.2015.141."""

import csv
import json
import math
from pathlib import Path
from typing import NamedTuple

import numpy as np

from streams.compute.detectors.base import FloatArray

FALSE_ALARM = 0.11
"""What a false alarm costs in the standard profile; a window missed costs 1, one found in time earns 1."""


class File(NamedTuple):
    """One series, and the windows in which an alarm is right: first and last index of each."""

    x: FloatArray
    windows: list[tuple[int, int]]


def load(folder: Path) -> list[File]:
    """`folder` holds windows.json ({"folder/file.csv": [[first time, last time], ...]}) and the files."""
    files = []
    for name, windows in sorted(json.loads((folder / "windows.json").read_text()).items()):
        with (folder / name).open(newline="") as lines:
            rows = list(csv.DictReader(lines))
        at = {row["timestamp"].split(".")[0]: i for i, row in enumerate(rows)}
        bounds = [(at[first.split(".")[0]], at[last.split(".")[0]]) for first, last in windows]
        files.append(File(np.array([float(row["value"]) for row in rows]), bounds))
    return files


def score(files: list[File], alarms: list[list[int]]) -> float:
    """Standard profile, 0 for a detector that is silent, 100 for a perfect one. `alarms` are indices, file by file."""
    earned = possible = 0.0
    for (x, windows), at in zip(files, alarms, strict=True):
        probation = math.ceil(min(math.floor(0.15 * len(x)), 0.15 * 5000))
        best = [0.0] * len(windows)
        for i in at:
            if i < probation:
                continue
            before = [k for k, (first, _) in enumerate(windows) if first <= i]
            if not before:
                earned -= FALSE_ALARM
                continue
            first, last = windows[before[-1]]
            if i <= last:
                reward = _sigmoid(-(last - i + 1) / (last - first + 1)) / _sigmoid(-1)
                best[before[-1]] = max(best[before[-1]], 1 + reward)
            else:
                earned += FALSE_ALARM * _sigmoid((i - last) / max(last - first, 1))
        earned += sum(best)
        possible += 2 * len(windows)
    return 100 * earned / possible


def _sigmoid(position: float) -> float:
    return 2 / (1 + math.exp(5 * position)) - 1 if position <= 3 else -1.0
