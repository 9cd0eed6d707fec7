"""Percentiles of latencies."""

import math

import numpy as np

from infra.bench.histogram import hgrm, percentile


def test_a_percentile_is_a_latency_that_occurred() -> None:
    latencies = np.random.default_rng(1).permutation(np.arange(1.0, 1001.0))
    assert [percentile(latencies, share) for share in (0.0, 0.5, 0.99, 0.999, 1.0)] == [
        1.0,
        500.0,
        990.0,
        999.0,
        1000.0,
    ]


def test_without_latencies_there_is_no_percentile() -> None:
    assert math.isnan(percentile(np.zeros(0), 0.5))


def test_the_histogram_rises_to_the_greatest_latency_and_counts_all() -> None:
    latencies = np.random.default_rng(1).exponential(50.0, 10_000)
    lines = [line.split() for line in hgrm(latencies).splitlines()[2:] if not line.startswith("#")]
    values, shares, counts = ([float(line[column]) for line in lines] for column in range(3))
    assert values == sorted(values)
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0.0, 1.0)
    assert values[-1] == round(float(latencies.max()), 3)
    assert counts[-1] == len(latencies)
    assert all(abs(count - share * len(latencies)) <= 1 for count, share in zip(counts, shares, strict=True))


def test_the_lines_come_closer_towards_the_greatest_latency() -> None:
    latencies = np.arange(1.0, 100_001.0)
    shares = [float(line.split()[1]) for line in hgrm(latencies).splitlines()[2:] if not line.startswith("#")]
    assert {0.5, 0.75, 0.875} <= {round(share, 6) for share in shares}
    assert sum(share > 0.99 for share in shares) > 20
