"""The charts reproduce the worked examples of the NIST/SEMATECH e-Handbook of Statistical Methods."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from streams.compute.detectors.base import MetricInfo, Points, Spec, Violations
from streams.compute.detectors.cusum import Cusum
from streams.compute.detectors.ewma import Ewma
from streams.compute.detectors.registry import DETECTORS
from tests.streams.compute.detectors.logs import ALL, line, offsets, run

ANSWERS = Path(__file__).parents[5] / "shared" / "data" / "spc" / "published_answers.json"


@pytest.fixture(scope="module")
def answers() -> Any:
    if not ANSWERS.exists():
        pytest.skip(f"the published answers are not at {ANSWERS}")
    return json.loads(ANSWERS.read_text())


def chart(spec: Spec, values: list[float]) -> list[Violations | None]:
    """Step a detector through one series."""
    detector: Any = DETECTORS[type(spec)](spec)
    detector.grow([MetricInfo("x")])
    slot = np.zeros(1, np.intp)
    return [detector.step(Points(slot, np.array([i]), np.array([x]))) for i, x in enumerate(values)]


def ewma_of(case: Any, **settings: Any) -> Ewma:
    given = case["params"]
    return Ewma(name="nist", target=given["target"], sigma=given["s"], weight=given["lam"], **ALL | settings)


def cusum_of(case: Any, **settings: Any) -> Cusum:
    # The handbook gives k and h in the unit of the values.
    return Cusum(name="nist", target=case["params"]["target"], sigma=1.0, **ALL | settings)


def test_the_moving_average_and_its_limits_are_the_published_ones(answers: Any) -> None:
    case = answers["nist_6.3.2.4_ewma"]
    # Limits so narrow that every point shows its statistic.
    found = chart(ewma_of(case, width=1e-6), case["x"])
    assert [v.statistic[0] for v in found if v is not None] == pytest.approx(case["published"]["ewma"], abs=0.005)

    outside = run([ewma_of(case, width=float(case["params"]["k"]))], line(*case["x"], -40.0))
    assert (outside[0].upper, outside[0].lower) == pytest.approx(
        (case["published"]["ucl"], case["published"]["lcl"]), abs=1e-4
    )


def test_the_process_of_the_moving_average_is_in_control_as_published(answers: Any) -> None:
    case = answers["nist_6.3.2.4_ewma"]
    assert case["published"]["verdict"] == "in control"
    assert run([ewma_of(case, width=float(case["params"]["k"]), report="every")], line(*case["x"])) == []


def test_the_cumulative_sums_are_the_published_ones(answers: Any) -> None:
    case = answers["nist_6.3.2.3_cusum"]
    found = chart(cusum_of(case, k=case["params"]["k"], h=1e-9), case["x"])
    larger = [0.0 if v is None else v.statistic[0] for v in found]
    published = [max(pair) for pair in zip(case["published"]["s_hi"], case["published"]["s_lo"], strict=True)]
    assert larger == pytest.approx(published, abs=case["published"]["tolerance"])


def test_the_cumulative_sum_signals_first_at_the_published_sample(answers: Any) -> None:
    case = answers["nist_6.3.2.3_cusum"]
    params = case["params"]
    first = case["published"]["first_alarm_sample"] - 1
    spec = cusum_of(case, k=params["k"], h=params["h"])
    assert offsets(run([spec], line(*case["x"]))) == [first]
    every = cusum_of(case, k=params["k"], h=params["h"], report="every")
    assert offsets(run([every], line(*case["x"]))) == list(range(first, len(case["x"])))
