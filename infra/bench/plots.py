"""The plots of the benchmarks. Imported where something is drawn: matplotlib takes a while."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from infra.bench.flatness import Sample

_SHARES: Final = (0, 0.5, 0.9, 0.99, 0.999, 0.9999)
_PANELS: Final = {
    "memory": ("resident MiB", 2**20, 3),
    "handles": ("open file handles", 1, 2),
    "threads": ("threads", 1, 2),
    "parts": ("active parts", 1, 2),
    "lag": ("lag, s of load", 1, 2),
    "checkpoint": ("checkpoint, KiB", 2**10, 2),
    "ready": ("ready", 1, 1),
}
"""Kind of measurement to its label, the unit that it is divided by, and the height of its panel."""


def latencies(curves: Mapping[str, npt.NDArray[np.float64]], file: Path) -> Path:
    """Draw latencies in ms by name as HDR histograms are drawn; returns the PNG."""
    figure = Figure((9, 5.5), dpi=120, layout="tight")
    axes = figure.subplots()
    for place, (name, found) in enumerate(sorted(curves.items())):
        ms = np.sort(found)
        # The last one has no share above it: it is drawn where half a latency would be.
        above = (len(ms) - np.arange(1, len(ms) + 1)).clip(0.5) / len(ms)
        axes.plot(1 / above, ms, label=name, linestyle="-" if "anomalies" in name else "--", color=f"C{place // 2}")
    axes.set_xscale("log")
    axes.set_xticks([1 / (1 - share) for share in _SHARES], [f"{100 * share:g} %" for share in _SHARES])
    axes.minorticks_off()
    axes.set_xlim(1)
    axes.set_ylim(0)
    axes.set_xlabel("share of events at most so late")
    axes.set_ylabel("ms from the intended send time")
    axes.grid(alpha=0.3)
    axes.legend(fontsize="small")
    figure.savefig(file)
    return file


def soak(samples: Sequence[Sample], seconds: float, title: str, file: Path) -> Path:
    """Draw what a soak of so many seconds has sampled, a panel for each kind of measurement; returns the PNG.

    The warm-up is grey; the line between the other two thirds is where the verdict compares.
    """
    minutes, third = np.array([sample.seconds for sample in samples]) / 60, seconds / 180
    figure = Figure((10, 15), dpi=110, layout="tight")
    panels = figure.subplots(len(_PANELS), sharex=True, height_ratios=[height for _, _, height in _PANELS.values()])
    for axes, (kind, (label, unit, _)) in zip(panels, _PANELS.items(), strict=True):
        for name in (name for name in samples[-1].values if name.partition(".")[0] == kind):
            values = np.array([sample.values.get(name, np.nan) for sample in samples], float) / unit
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
    panels[0].set_title(title)
    panels[-1].set_xlabel("minutes")
    figure.align_ylabels()
    figure.savefig(file)
    return file
