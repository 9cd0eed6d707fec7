"""Detectors on the simulated plant: how often they flag it when nothing is wrong, and how soon when something is."""

import json
import sys
from typing import Any, Final

from infra.bench.installs import PROGRAMS
from infra.bench.program import output

CALM_COLUMNS: Final = ["days", "points", "series", "flags", "flags a day of a series", "of the worst series", "budget"]


def run(days: float) -> dict[str, Any]:
    """What the program finds: `month` without faults, and `faults`. Raises UserError if it fails."""
    program = [sys.executable, str(PROGRAMS / "plant" / "app.py"), str(days)]
    found: dict[str, Any] = json.loads(output(program, "the simulated plant failed"))
    return found


def calm_rows(month: dict[str, Any]) -> list[list[str]]:
    """Rows for CALM_COLUMNS."""
    days, series = month["days"], month["series"]
    each = month["flags"] / days / series
    return [[
        f"{days:g}", f"{month['points']:,}", f"{series}", f"{month['flags']}", f"{each:.2f}",
        f"{month['worst_series'] / days:.2f}", f"{month['budget']:g}",
    ]]  # fmt: skip


def fault_columns(faults: list[dict[str, Any]]) -> list[str]:
    """The detectors are columns."""
    return ["fault", "series", *faults[0]["delays"]]


def fault_rows(faults: list[dict[str, Any]]) -> list[list[str]]:
    """Rows for `fault_columns`."""
    return [
        [one["fault"], one["series"], *("-" if delay is None else str(delay) for delay in one["delays"].values())]
        for one in faults
    ]


CALM_NOTES: Final = """\
`tail` with its defaults and a budget of one flag a day on every series of the simulated plant, a reading a minute of
each machine, nothing wrong. A budget is kept in the long run: at first it is overdrawn by the few flags by which a
series' threshold is learned.
"""
FAULT_NOTES: Final = """\
Faults of three hours, put into one series of the simulated plant after three days without any, a reading a minute:
after how many readings a detector flags that asset, counted from 1 at the first of the fault; "-" where it does not
within the three hours. Sigma is the standard deviation of the series in the days before. `novelty` judges blocks of
seven points. `mewma` has lambda 1 and learns from 1,000 observations, `stuck` a duration of 15 min. In the correlation
break a machine shows the vibration of its neighbour: each value is usual, though not beside the others.
"""
