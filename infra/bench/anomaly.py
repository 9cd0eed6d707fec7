"""`headrace bench anomaly`: what detectors find on the Numenta Anomaly Benchmark, how fast, and with how much state.

The data and the scorer are not in the project: a folder of CSV files (timestamp, value) with their `windows.json`, and
a program that is given the folder, that of the scores and a threshold. One setting and one threshold for all files.
"""

import json
import re
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from infra.bench.arena import Progress
from infra.bench.installs import PROGRAMS
from infra.bench.program import output
from schemas.errors import UserError

RESULTS: Final = Path(__file__).with_name("ANOMALY.md")
HEAD: Final = """\
# Detectors, measured

Written by `headrace bench anomaly --record`; every section says what it ran on.
"""

DETECTORS: Final[dict[str, Mapping[str, object]]] = {
    "robust_z": {"kind": "robust_z"},
    "ewma": {"kind": "ewma"},
    "tail": {"kind": "tail"},
    "novelty": {"kind": "novelty"},
}
"""Row of the table to declaration, without name and metrics."""

PROFILES: Final = ("standard", "low false positives", "low false negatives")
THRESHOLD: Final = 0.5
"""Of the score; it stands at the threshold that is declared."""
COLUMNS: Final = [
    "detector", *(f"{profile}, {how}" for profile in ("NAB", "low FP", "low FN") for how in ("best", "fixed")),
    "points/s a core", "bytes a series",
]  # fmt: skip
_LINE: Final = re.compile(
    r"^(?P<profile>\D+?) +best +(?P<best>\S+) at threshold (?P<at>\S+) +fixed +(?P<fixed>\S+) at "
)


@dataclass(frozen=True)
class Nab:
    """The score under one profile."""

    best: float
    at: float
    """The threshold at which it is best; infinite where it is best never to fire."""
    fixed: float


@dataclass(frozen=True)
class Outcome:
    """One row of the table."""

    name: str
    nab: dict[str, Nab]
    """By profile."""
    points_per_second: float
    bytes_per_series: float
    flags_per_point: float
    """In the measurement of speed: a flag costs more than a point."""


def run(names: Sequence[str], data: Path, scorer: Path, progress: Progress) -> list[Outcome]:
    """Measure the detectors of these names. Raises UserError where something is absent or fails."""
    if unknown := [name for name in names if name not in DETECTORS]:
        raise UserError(f"no detector {', '.join(unknown)}; there are {', '.join(DETECTORS)}")
    if not (data / "windows.json").is_file():
        raise UserError(f"no windows.json in {data}: set NAB_DATA to a folder of NAB's files")
    if not scorer.is_file():
        raise UserError(f"no scorer at {scorer}: set NAB_SCORER")
    return [_measure(name, data, scorer, progress) for name in names]


def table(outcomes: Sequence[Outcome]) -> list[list[str]]:
    """Rows for COLUMNS."""
    return [
        [
            outcome.name,
            *(
                f"{score:.2f}"
                for profile in PROFILES
                for score in (outcome.nab[profile].best, outcome.nab[profile].fixed)
            ),
            f"{outcome.points_per_second:,.0f}",
            f"{outcome.bytes_per_series:,.0f}",
        ]
        for outcome in outcomes
    ]


def notes(data: Path) -> str:
    """What the table says, for people."""
    files = len(json.loads((data / "windows.json").read_text()))
    return f"""\
NAB, {files} of its files: 100 is perfect, 0 a detector that never fires; low FP and low FN are its profiles that weigh
false positives and misses more. "best" is at the threshold that is best for this data and profile, as in NAB's own
tables; "fixed" is at the declared threshold (score {THRESHOLD}), one for all files and profiles. Scores by
`headrace backtest --scores every`. Points/s: the bank alone, 4,096 series of a random walk with a season, chunks of 64
points of each, per second on the processor. Bytes: what a snapshot holds of a series.
"""


def scores_in(text: str) -> dict[str, Nab]:
    """What the scorer printed, a line for each profile. Raises UserError where one is missing."""
    found = [match for line in text.splitlines() if (match := _LINE.match(line))]
    nab = {match["profile"]: Nab(*(float(match[name]) for name in ("best", "at", "fixed"))) for match in found}
    if missing := [profile for profile in PROFILES if profile not in nab]:
        raise UserError(f"the scorer gave no score for {', '.join(missing)}")
    return nab


def declaration(name: str) -> str:
    """The list of one detector that `headrace backtest --detectors` reads; JSON is YAML."""
    return json.dumps([{"name": name, "metrics": ["*"], **DETECTORS[name]}])


def _measure(name: str, data: Path, scorer: Path, progress: Progress) -> Outcome:
    with tempfile.TemporaryDirectory(prefix="bench-anomaly-") as folder:
        detectors, scores = Path(folder, "detectors.yaml"), Path(folder, "scores")
        detectors.write_text(declaration(name))
        progress(f"{name}: {data}")
        headrace = [sys.executable, "-m", "streams", "backtest", str(data.resolve()), "--detectors", str(detectors)]
        output([*headrace, "--scores", "every", "--no-plots", "--out", str(scores)], f"{name}: the backtest failed")
        command = [sys.executable, str(scorer.resolve()), str(data.resolve()), str(scores)]
        nab = scores_in(output([*command, "--threshold", str(THRESHOLD)], f"{name}: the scorer failed"))
        progress(f"{name}: speed")
        program = [sys.executable, str(PROGRAMS / "detectors" / "app.py"), str(detectors)]
        return Outcome(name, nab, **json.loads(output(program, f"{name}: the speed could not be measured")))
