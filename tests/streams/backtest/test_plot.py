"""A PNG of a series."""

import math
from pathlib import Path

import matplotlib.image
import numpy as np
import pytest

from streams.backtest.judge import Finding
from streams.backtest.plot import draw
from streams.backtest.run import Trace
from streams.compute.detectors.lane import Flag
from streams.compute.series import SeriesKey

KEY = SeriesKey("", "m", "p")
NAN = math.nan
TRACE = Trace(np.arange(0, 100_000, 1000), np.sin(np.arange(100)))


def flag(ts: int, value: float, *band: float) -> Finding:
    return Finding(0, KEY, f"detector-{value}", Flag(0, 0, ts, 0, value, 0.9, *band, "is so"))


def pixels(file: Path) -> np.ndarray[tuple[int, ...], np.dtype[np.float32]]:
    image: np.ndarray[tuple[int, ...], np.dtype[np.float32]] = matplotlib.image.imread(file)
    return image


def test_a_series_is_a_png_of_the_size_that_was_asked_for(tmp_path: Path) -> None:
    draw(tmp_path / "plots" / "a.png", "pump/$ value", TRACE, [])
    assert (tmp_path / "plots" / "a.png").read_bytes().startswith(b"\x89PNG")
    assert pixels(tmp_path / "plots" / "a.png").shape == (400, 1200, 4)


@pytest.mark.parametrize(
    "findings",
    [
        [flag(5000, 0.5, 0.0, -0.2, 0.2)],
        [flag(5000, 0.5, NAN, NAN, 0.2)],
        [flag(5000, NAN, NAN, NAN, NAN)],
        [flag(5000, 0.5, 0.0, -0.2, 0.2), flag(6000, 0.1, NAN, NAN, NAN)],
    ],
)
def test_flags_bands_and_gaps_are_drawn(tmp_path: Path, findings: list[Finding]) -> None:
    draw(tmp_path / "without.png", "pump/value", TRACE, [])
    draw(tmp_path / "with.png", "pump/value", TRACE, findings)
    draw(tmp_path / "both.png", "pump/value", TRACE, findings, [flag(9000, 0.1, NAN, NAN, NAN)])
    without, with_flags, both = (pixels(tmp_path / f"{name}.png") for name in ("without", "with", "both"))
    assert (without != with_flags).any()
    assert (with_flags != both).any()
