"""Golden graphs: to renew them after a deliberate change, run `headrace topology graph` into the golden files."""

from collections.abc import Callable
from pathlib import Path

import pytest

from streams.topology.graph import mermaid
from streams.topology.load import load
from streams.topology.model import Topology

GOLDEN = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", ["gas_turbine", "steel", "tower_plant"])
def test_the_graph_of_a_shipped_topology_is_the_golden_one(topologies: Path, name: str) -> None:
    assert mermaid(load(topologies / f"{name}.yaml")) == (GOLDEN / f"{name}.mmd").read_text(encoding="utf-8")


def test_what_a_topology_does_not_have_is_not_drawn(small: Callable[..., Topology]) -> None:
    graph = mermaid(small(windows=[], detectors=[], sinks={"clickhouse": None}))
    for word in ("window", "aggregates", "anomalies", "ClickHouse", "readings"):
        assert word not in graph
    assert "dead.letters" in graph


def test_readings_are_drawn_only_where_they_are_archived(small: Callable[..., Topology]) -> None:
    assert "table_readings" in mermaid(small())
    assert "table_readings" not in mermaid(small(sinks={"clickhouse": {"readings": False}}))


def test_outlets_are_drawn_only_where_they_are_declared(small: Callable[..., Topology]) -> None:
    outlets = {"alertmanager": {"urls": ["http://am:9093"]}, "webhook": {"url": "https://h/"}}
    graph = mermaid(small(sinks=outlets))
    assert "  alarms[/alarms/] -->|standing| alertmanager\n" in graph
    assert "  alarms[/alarms/] -->|transitions| webhook\n" in graph
    assert "alarms" not in mermaid(small())


def test_what_would_end_a_label_is_escaped(small: Callable[..., Topology]) -> None:
    assert '"small at a#34;b#60;c#35;d#96;e#42;"' in mermaid(small(site='a"b<c#d`e*'))
