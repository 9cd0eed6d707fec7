"""Golden detections: a seeded stream with injected faults, and the exact records that each detector flags.

A change here is a change of what users are told: it belongs into the changelog.
"""

import random
from typing import Any

import pytest

from streams.compute.detectors.cusum import Cusum
from streams.compute.detectors.ewma import Ewma
from streams.compute.detectors.limit import Limit
from streams.compute.detectors.mewma import Mewma
from streams.compute.detectors.missing import Missing
from streams.compute.detectors.novelty import Novelty
from streams.compute.detectors.range import Range
from streams.compute.detectors.rate import Rate
from streams.compute.detectors.registry import DETECTORS, DetectorSpec
from streams.compute.detectors.robust_z import RobustZ
from streams.compute.detectors.stuck import Stuck
from streams.compute.detectors.tail import Tail
from tests.streams.compute.detectors.logs import SECONDS, Point, log_of, offsets, run

SPIKE, DRIFT, STUCK, SILENT, IMPOSSIBLE = 150, range(200, 260), range(300, 320), range(360, 380), 420
"""Faults of `temp` of a-1: one spike, a slow rise that ends, a flat line, no records, a value that cannot be."""

ON_A: Any = {"metrics": ("temp",), "assets": ("a-1",)}


def stream() -> list[Point]:
    """450 s of two machines, a point each a second: noise of standard deviation 0.5 around 0."""
    rng = random.Random(20_251_009)
    records, flat = [], 0.0
    for i in range(450):
        noise = [sum(rng.random() for _ in range(3)) - 1.5 for _ in range(2)]
        x = noise[0]
        if i == SPIKE:
            x += 6
        elif i in DRIFT:
            x += 0.04 * (i - DRIFT.start)
        elif i in STUCK:
            x = flat
        elif i == IMPOSSIBLE:
            x = -99.0
        flat = x
        machines = [(0, 1000 * i, x), (1, 1000 * i, noise[1])]
        records.append(machines[1:] if i in SILENT else machines)
    return log_of(records)


GOLDEN: list[tuple[DetectorSpec, list[int]]] = [
    (Limit(name="limit", high=2.0, **ON_A), [150, 215, 240, 243, 246, 250, 252, 257]),
    (Limit(name="delayed", high=1.5, deadband=1.0, on_delay=SECONDS[3], off_delay=SECONDS[5], **ON_A), [248]),
    (Range(name="range", **ON_A), [420]),
    (Rate(name="rate", limit=3.0, **ON_A), [150, 151, 260, 420, 421]),
    (Stuck(name="stuck", duration=SECONDS[5], **ON_A), [304]),
    (Missing(name="missing", timeout=SECONDS[5], **ON_A), [364]),
    (Ewma(name="ewma", warmup=100, **ON_A), [150, 154, 203, 208, 211, 215, 302, 322, 420]),
    (Cusum(name="cusum", warmup=100, **ON_A), [150, 204, 420, 435, 439]),
    (Mewma(name="mewma", warmup=100, alpha=1e-4, **ON_A), [150, 215, 220, 305, 420]),
    (RobustZ(name="robust", min_scale=0.5, **ON_A), [150, 330, 420]),
    (Tail(name="tail", **ON_A), [150, 420]),
    (Novelty(name="novelty", warmup=120, **ON_A), [160, 272, 425]),
]


@pytest.mark.parametrize(("spec", "flagged"), GOLDEN, ids=lambda case: getattr(case, "name", ""))
def test_exactly_these_records_are_flagged(spec: DetectorSpec, flagged: list[int]) -> None:
    assert offsets(run([spec], stream())) == flagged


def test_every_kind_has_golden_detections() -> None:
    assert {type(spec) for spec, _ in GOLDEN} == set(DETECTORS)
