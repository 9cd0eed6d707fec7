"""The detectors of a backtest: from a file, and the same with a threshold so low that every point has a score."""

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import msgspec

from schemas.durations import decode_hook
from schemas.errors import TopologyError
from streams.compute.detectors.registry import DetectorSpec
from streams.topology import document, explain
from streams.topology.load import describe
from streams.topology.problems import Problem

_THRESHOLDS: Final = ("threshold", "width", "limit")
"""Settings that the statistic is divided by for the score, and that the state does not depend on."""
_FINENESS: Final = 1024.0
"""How far thresholds are lowered: below that the score is 0. A power of two, so that the quotient is exact."""


def load(file: Path) -> tuple[DetectorSpec, ...]:
    """The detectors in a YAML file: a list of declarations as below `detectors` of a topology.

    Raises TopologyError with the first mistake and its line.
    """
    read = document.read(file)
    if isinstance(read, Problem):
        raise TopologyError(describe(file, read))
    if not isinstance(read.data, list) or not read.data:
        raise TopologyError(f"{file}: is no list of detectors, as below `detectors` of a topology")
    if problems := explain.problems(read.data, tuple[DetectorSpec, ...]):
        raise TopologyError(describe(file, msgspec.structs.replace(problems[0], line=read.line(problems[0].path))))
    specs: tuple[DetectorSpec, ...] = msgspec.convert(read.data, tuple[DetectorSpec, ...], dec_hook=decode_hook)
    names = [spec.name for spec in specs]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise TopologyError(f"{file}:{read.line((index, 'name'))}: two detectors are called {name}")
    return specs


def lowered(specs: Sequence[DetectorSpec]) -> tuple[list[DetectorSpec], list[float]]:
    """The detectors so that they report every point beyond a fraction of their threshold, whatever their budget, and
    those fractions.

    A detector whose threshold cannot be lowered without changing what it does keeps it: its fraction is 1.
    """
    found: list[DetectorSpec] = []
    fractions: list[float] = []
    for spec in specs:
        name = next((name for name in _THRESHOLDS if name in spec.__struct_fields__), None)
        fraction = 1.0 if name is None else 1 / _FINENESS
        changed = {} if name is None else {name: getattr(spec, name) * fraction}
        found.append(msgspec.structs.replace(spec, report="every", budget=None, **changed))
        fractions.append(fraction)
    return found, fractions


def raised(score: float, fraction: float) -> float:
    """The score at the declared threshold, from that at a fraction of it: 0.5 stands at the threshold again."""
    if score == 1:
        return 1.0
    ratio = score / (1 - score) * fraction
    return ratio / (1 + ratio)
