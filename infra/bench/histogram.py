"""Latencies: percentiles, and the text format of HDR histograms (`.hgrm`) that the usual plotters read."""

import numpy as np
from numpy.typing import NDArray

Ms = NDArray[np.float64]

_STEPS_PER_HALVING = 5
"""As HdrHistogram's own output: so many lines for each halving of the distance to 100 %."""


def percentile(latencies: Ms, share: float) -> float:
    """The smallest latency that at least `share` (0 to 1) of all are at or below; NaN without any."""
    if not len(latencies):
        return float("nan")
    place = max(int(np.ceil(share * len(latencies))) - 1, 0)
    return float(np.partition(latencies, place)[place])


def hgrm(latencies: Ms) -> str:
    """The percentile distribution, value in ms, as HdrHistogram prints it."""
    ordered, lines = (
        np.sort(latencies),
        [f"{'Value':>12} {'Percentile':>14} {'TotalCount':>10} {'1/(1-Percentile)':>14}\n"],
    )
    share, step = 0.0, 0.5 / _STEPS_PER_HALVING
    half = 0.5
    while len(ordered):
        count = max(int(np.ceil(share * len(ordered))), 1)
        lines.append(f"{ordered[count - 1]:12.3f} {share:14.12f} {count:10d} {1 / (1 - share):14.2f}")
        if count >= len(ordered):
            break
        share += step
        if share >= half - 1e-12:
            half, step = half + (1 - half) / 2, step / 2
    if len(ordered):
        lines.append(f"{ordered[-1]:12.3f} {1.0:14.12f} {len(ordered):10d}")
    mean, spread = (float(ordered.mean()), float(ordered.std())) if len(ordered) else (0.0, 0.0)
    greatest = float(ordered[-1]) if len(ordered) else 0.0
    lines.append(f"#[Mean    = {mean:12.3f}, StdDeviation   = {spread:12.3f}]")
    lines.append(f"#[Max     = {greatest:12.3f}, Total count    = {len(ordered):12d}]")
    return "\n".join(lines) + "\n"
