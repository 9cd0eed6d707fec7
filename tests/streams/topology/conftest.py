"""Small topologies to vary."""

from collections.abc import Callable
from pathlib import Path
from textwrap import dedent
from typing import Any

import msgspec
import pytest

from schemas.durations import decode_hook
from streams.topology.model import Topology

SMALL: dict[str, Any] = {
    "topology": "small",
    "site": "here",
    "metrics": {"nox": {"unit": "mg/m3", "low": 0, "high": 500}, "ph": {"unit": "1"}},
    "assets": {"stack-1": {"kind": "stack", "metrics": ["nox"]}, "scrubber-1": {"kind": "scrubber", "metrics": ["ph"]}},
    "sources": {"machine.events": {"partitions": 4}, "emission.events": {"partitions": 2}},
    "windows": [{"name": "10s", "size": "10s", "lateness": "5s"}],
    "detectors": [{"name": "nox-limit", "kind": "limit", "metrics": ["nox"], "high": 100}],
}


@pytest.fixture
def small() -> Callable[..., Topology]:
    """A valid topology with some of its parts replaced, not validated."""

    def build(**changes: Any) -> Topology:
        return msgspec.convert({**SMALL, **changes}, Topology, dec_hook=decode_hook)

    return build


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    """A file with this YAML."""

    def to_file(text: str) -> Path:
        file = tmp_path / "plant.yaml"
        file.write_text(dedent(text), encoding="utf-8")
        return file

    return to_file


@pytest.fixture(scope="session")
def topologies() -> Path:
    """The folder of the shipped topologies."""
    return Path(__file__).parents[3] / "infra" / "topologies"
