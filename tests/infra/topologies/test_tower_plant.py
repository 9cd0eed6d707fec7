"""The detectors of the tower plant against the simulator's truth."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.simulator.assets import assets
from infra.simulator.causes import schedule as schedule_of_causes
from infra.simulator.faults import FAULT_KINDS, Fault, schedule
from infra.simulator.kinds import KINDS
from infra.simulator.plant import Plant
from infra.simulator.process import Process
from schemas.events import NOT_MEASURED
from streams.topology.load import load
from streams.topology.model import Topology

START_MS = 1_760_000_000_000
AFTER_MS = 15_000
"""A value needs time to come back after a fault, and the window of a detector to forget it."""


@pytest.fixture(scope="module")
def topology(topologies: Path) -> Topology:
    return load(topologies / "tower_plant.yaml")


def readings(
    faults: Iterable[Fault], rate: float, seconds: float, process: Process | None = None
) -> Iterator[tuple[int, str, dict[str, float]]]:
    """A run of the plant, in order; what an instrument shows while it does not measure is left out."""
    for message in Plant(1, assets(), rate, START_MS, faults, process).until(seconds):
        event, flags = message.event, message.event.flags or {}
        measured = {name: x for name, x in event.values.items() if flags.get(name, "N") not in NOT_MEASURED}
        yield int(event.ts), event.asset, measured


def test_the_declared_machines_and_metrics_are_those_of_the_simulator(topology: Topology) -> None:
    simulated = {machine.name: (machine.kind, {s.metric for s in KINDS[machine.kind].signals}) for machine in assets()}
    declared = {name: (asset.kind, set(asset.metrics)) for name, asset in topology.assets.items()}
    assert declared == simulated


def test_every_kind_of_limit_and_chart_is_declared(topology: Topology) -> None:
    kinds = {detector.__struct_config__.tag for detector in topology.detectors}
    assert kinds == {"limit", "range", "rate", "stuck", "missing", "ewma", "cusum", "robust_z"}


@pytest.mark.parametrize("responds", [False, True])
@pytest.mark.parametrize(("rate", "seconds"), [(21, 600), (1000, 60)])
def test_a_plant_without_faults_raises_no_flag(
    topology: Topology, judge: Callable[..., Any], rate: float, seconds: float, responds: bool
) -> None:
    process = Process(1) if responds else None
    assert judge(topology, readings([], rate, seconds, process)) == []


def test_every_exceedance_is_flagged_by_the_detector_of_its_limit(
    topology: Topology, judge: Callable[..., Any]
) -> None:
    causes = schedule_of_causes(1, 6, 360.0)
    flags = judge(topology, readings([], 105, 360.0, Process(1, causes)))
    found = [(flag.detector, flag.asset, flag.ts) for flag in flags if flag.detector.endswith("-limit")]
    expected = [(f"{cause.metric}-limit", cause.asset, START_MS + cause.start * 1000) for cause in causes]
    assert [flagged[:2] for flagged in found] == [one[:2] for one in expected]
    assert all(begin < ts <= begin + 25_000 for (_, _, begin), (_, _, ts) in zip(expected, found, strict=True))


@pytest.mark.parametrize(("rate", "seconds"), [(105, 60), (200, 240)])
def test_every_fault_is_flagged_and_nothing_else_is(
    topology: Topology, judge: Callable[..., Any], rate: float, seconds: float
) -> None:
    machines = assets()
    faults = list(schedule(1, machines, len(machines) / rate, seconds))
    assert {fault.kind for fault in faults} == set(FAULT_KINDS)

    flags = judge(topology, readings(faults, rate, seconds))

    def is_about(flag: Any, fault: Fault) -> bool:
        start, end = (START_MS + second * 1000 for second in (fault.start, fault.end))
        return (flag.asset, flag.metric) == (fault.asset, fault.metric) and start <= flag.ts <= end + AFTER_MS

    assert [fault for fault in faults if not any(is_about(flag, fault) for flag in flags)] == []
    assert [flag for flag in flags if not any(is_about(flag, fault) for fault in faults)] == []
