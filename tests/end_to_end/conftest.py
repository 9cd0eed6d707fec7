"""Fixtures for runs of the real thing."""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from infra.local.stack import Stack
from tests.end_to_end.plant import Plant, delete_topics


@pytest.fixture
def deploy(stack: Stack, tmp_path: Path) -> Iterator[Callable[[str], Plant]]:
    """Deploys a topology given as YAML, under a name of its own; its workers end with the test."""
    plants: list[Plant] = []

    def _deploy(yaml: str) -> Plant:
        file = tmp_path / "topology.yaml"
        file.write_text(yaml.replace("topology: NAME", f"topology: t{uuid4().hex[:8]}"))
        plants.append(Plant(stack, file, tmp_path))
        return plants[-1]

    yield _deploy
    for plant in plants:
        for worker in plant.workers:
            worker.kill()
    delete_topics(stack.kafka)
