"""The plots of the benchmarks are drawn from what was measured, gaps included."""

from pathlib import Path

import numpy as np

from infra.bench import plots
from infra.bench.flatness import Sample


def is_drawn(file: Path) -> bool:
    return file.read_bytes().startswith(b"\x89PNG")


def test_latencies_are_drawn_a_curve_for_each_name(tmp_path: Path) -> None:
    one = plots.latencies({"10 events/s to anomalies": np.array([3.0, 1.0, 2.0])}, tmp_path / "one.png")
    two = plots.latencies({"a": np.array([1.0]), "b": np.array([9.0])}, tmp_path / "two.png")
    assert is_drawn(one)
    assert is_drawn(two)
    assert one.read_bytes() != two.read_bytes()


def test_a_soak_is_drawn_where_a_measurement_is_missing(tmp_path: Path) -> None:
    samples = [Sample(0.0, {"memory.worker": 1e8}), Sample(60.0, {"memory.worker": 2e8, "lag": np.nan, "ready": 1.0})]
    assert is_drawn(plots.soak(samples, 60, "12 events in 1.0 minutes", tmp_path / "soak.png"))
