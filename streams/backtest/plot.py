"""Draws a series with its flags. Imported where something is drawn: matplotlib takes a while."""

from collections.abc import Sequence
from pathlib import Path

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from streams.backtest.judge import Finding
from streams.backtest.run import Trace
from streams.compute.detectors.base import IntArray

_SIZE = (12, 4)
"""Inches, at 100 dots each."""


def draw(file: Path, title: str, trace: Trace, findings: Sequence[Finding], against: Sequence[Finding] = ()) -> None:
    """Write a PNG: values over event time (UTC), each detector's flags, and at a flag what was expected and allowed.

    Flags of a second configuration stand below as triangles. OSError where the file cannot be written.
    """
    with mpl.rc_context({"agg.path.chunksize": 10_000}):
        figure = Figure(_SIZE, dpi=100, layout="constrained")
        axes = figure.subplots()
        order = np.argsort(trace.ts, kind="stable")
        axes.plot(_times(trace.ts[order]), trace.x[order], color="0.4", linewidth=0.8)
        axes.autoscale_view()
        axes.set_autoscaley_on(False)  # wide bands would press the values flat
        for place, name in enumerate(dict.fromkeys(finding.detector for finding in findings)):
            _flags(axes, name, f"C{place % 10}", [finding for finding in findings if finding.detector == name])
        if against:
            ts = _times([finding.flag.ts for finding in against])
            below = np.full(len(ts), 0.02)
            axes.plot(ts, below, "k^", markersize=5, transform=axes.get_xaxis_transform(), label="against")
        axes.set_title(title.replace("$", r"\$"), loc="left")
        axes.grid(alpha=0.3)
        if axes.get_legend_handles_labels()[0]:
            figure.legend(loc="outside right upper", fontsize="small")
        file.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(file)


def _flags(axes: Axes, name: str, color: str, findings: Sequence[Finding]) -> None:
    """The flags of one detector; one without a value, of a gap, is a vertical line."""
    ts = _times([finding.flag.ts for finding in findings])
    x, expected, lower, upper = np.array(
        [[f.flag.value, f.flag.expected, f.flag.lower, f.flag.upper] for f in findings], np.float64
    ).T
    axes.vlines(ts, lower, upper, color=color, linewidth=3, alpha=0.3)
    for bound in (lower, upper):
        axes.plot(ts, bound, "_", color=color, markersize=5, alpha=0.5)
    axes.plot(ts, expected, "x", color=color, markersize=4)
    axes.plot(ts, x, "o", color=color, markersize=5, fillstyle="none", label=f"{name} ({len(findings)})")
    for gap in ts[np.isnan(x)]:
        axes.axvline(gap, color=color, linestyle=":", linewidth=1)


def _times(ts: Sequence[int] | IntArray) -> npt.NDArray[np.datetime64]:
    return np.array(ts, "datetime64[ms]")
