"""The topologies that the benchmarks deploy."""

from typing import Literal

from infra.bench.workload import LATENESS_MS, SITE, WINDOW_MS, Workload
from schemas.topics import MACHINE_EVENTS

_DETECTORS = """\
detectors:
  - {name: high, kind: limit, metrics: ["*"], high: 1000}
  - {name: jump, kind: rate, metrics: ["*"], limit: 100000, per: second}
  - {name: drift, kind: ewma, metrics: ["*"], L: 6}
  - {name: outlier, kind: robust_z, metrics: ["*"], threshold: 7}
  - {name: frozen, kind: stuck, metrics: ["*"], duration: 1h}
"""
"""Set so that hardly anything is flagged, as in a healthy plant: what is measured is the looking."""

_TAIL = """\
detectors:
  - {name: unusual, kind: tail, metrics: ["*"], budget: 1}
"""
"""The cheap detector that one would put on every series."""

_PROBES = """\
detectors:
  - {name: high, kind: limit, metrics: ["*"], high: 1000, report: every}
"""
"""Flags every probe of the latency benchmark, and nothing else."""

_SOAK = (
    _DETECTORS
    + """\
  - {name: probe, kind: limit, metrics: ["*"], high: 1000, report: every}
"""
)
"""All of them, and flags all the time."""

_BY_NAME = {"none": "", "all": _DETECTORS, "tail": _TAIL, "probes": _PROBES, "soak": _SOAK}


_MOST_SERIES = 1_000_000
"""All series of a workload appear within seconds."""


def declare(
    name: str,
    workload: Workload,
    *,
    source: str = MACHINE_EVENTS.name,
    readings: bool = False,
    detectors: Literal["none", "all", "tail", "probes", "soak"] = "none",
) -> str:
    """A topology in YAML: windows of 10 s with 5 s lateness over a workload; `readings` archives every value."""
    return (
        f"topology: {name}\n"
        f"site: {SITE}\n"
        f"sources:\n  {source}: {{partitions: {workload.partitions}}}\n"
        f"series: {{new_per_minute: {_MOST_SERIES}, most: {_MOST_SERIES}}}\n"
        f"windows:\n  - {{name: 10s, size: {WINDOW_MS // 1000}s, lateness: {LATENESS_MS // 1000}s}}\n"
        f"sinks:\n  clickhouse: {{readings: {str(readings).lower()}}}\n"
    ) + _BY_NAME[detectors]
