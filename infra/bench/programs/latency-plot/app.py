"""Draws latencies as HDR histograms are drawn: `python app.py LATENCIES.json PLOT.png`.

The file maps the name of a curve to latencies in ms.
"""

# mypy: ignore-errors
# It runs in an environment of its own.

import json
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

TICKS = (0, 0.5, 0.9, 0.99, 0.999, 0.9999)


def main(source: str, target: str) -> None:
    with open(source) as file:
        curves = json.load(file)
    figure, axes = plt.subplots(figsize=(9, 5.5))
    for place, (name, latencies) in enumerate(sorted(curves.items())):
        ms = np.sort(latencies)
        # The last one has no share above it: it is drawn where half a latency would be.
        above = (len(ms) - np.arange(1, len(ms) + 1)).clip(0.5) / len(ms)
        axes.plot(1 / above, ms, label=name, linestyle="-" if "anomalies" in name else "--", color=f"C{place // 2}")
    axes.set_xscale("log")
    axes.set_xticks([1 / (1 - tick) for tick in TICKS], [f"{100 * tick:g} %" for tick in TICKS])
    axes.minorticks_off()
    axes.set_xlim(1)
    axes.set_ylim(0)
    axes.set_xlabel("share of events at most so late")
    axes.set_ylabel("ms from the intended send time")
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    figure.tight_layout()
    figure.savefig(target, dpi=120)


if __name__ == "__main__":
    main(*sys.argv[1:])
