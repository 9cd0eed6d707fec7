"""Draws the plots of the benchmarks, with the programs in `programs/latency-plot` and their environment."""

import subprocess
from pathlib import Path

from infra.bench.arena import Progress
from infra.bench.installs import PROGRAMS, python_of
from schemas.errors import UserError

_SECONDS = 120


def draw(program: str, data: Path, plot: Path, progress: Progress) -> Path:
    """Have a program draw a file of data as a PNG; returns the PNG. Raises UserError with the program's reason."""
    python = python_of("latency-plot", progress)
    command = [str(python), str(PROGRAMS / "latency-plot" / program), str(data), str(plot)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=_SECONDS)
    if done.returncode:
        raise UserError(f"the plot cannot be drawn: {done.stderr.strip().splitlines()[-1]}")
    return plot
