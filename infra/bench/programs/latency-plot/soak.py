"""Draws what a soak has sampled: `python soak.py SOAK.json PLOT.png`, a panel for each kind of measurement.

The warm-up is grey; the line between the other two thirds is where the verdict compares.
"""

# mypy: ignore-errors
# It runs in an environment of its own.

import json
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np

PANELS = {
    "memory": ("resident MiB", 2**20),
    "handles": ("open file handles", 1),
    "threads": ("threads", 1),
    "parts": ("active parts", 1),
    "lag": ("lag, s of load", 1),
    "checkpoint": ("checkpoint, KiB", 2**10),
    "ready": ("ready", 1),
}


def main(source: str, target: str) -> None:
    with open(source) as file:
        soak = json.load(file)["results"]
    samples, third = soak["samples"], soak["seconds"] / 180
    minutes = np.array([sample["seconds"] for sample in samples]) / 60
    figure, panels = plt.subplots(len(PANELS), figsize=(10, 15), sharex=True, height_ratios=[3, 2, 2, 2, 2, 2, 1])
    for axes, (kind, (label, scale)) in zip(panels, PANELS.items(), strict=True):
        for name in (name for name in samples[-1]["values"] if name.partition(".")[0] == kind):
            values = np.array([sample["values"].get(name) for sample in samples], float) / scale
            axes.plot(minutes, values, label=name.partition(".")[2] or None, linewidth=1)
        axes.axvspan(0, third, color="0.92")
        axes.axvline(2 * third, color="0.7", linewidth=0.8)
        axes.set_ylabel(label)
        axes.margins(y=0.1)
        axes.set_ylim(bottom=0)
        axes.set_xlim(0, 3 * third)
        axes.grid(alpha=0.3)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(fontsize="x-small", loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    panels[0].set_title(f"{soak['load']['events']:,} events in {soak['load']['seconds'] / 60:.1f} minutes")
    panels[-1].set_xlabel("minutes")
    figure.align_ylabels()
    figure.tight_layout()
    figure.savefig(target, dpi=110)


if __name__ == "__main__":
    main(*sys.argv[1:])
