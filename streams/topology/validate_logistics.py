"""Checks of the logistics: does everything that is named exist."""

from collections.abc import Iterator

from streams.topology.model import Topology
from streams.topology.problems import Problem, undeclared


def problems(topology: Topology) -> Iterator[Problem]:
    """Everything that is wrong with the logistics, in the order of the file."""
    if topology.logistics is None:
        return
    for part in ("stores", "exits"):
        names: tuple[str, ...] = getattr(topology.logistics, part)
        for index, name in enumerate(names):
            if name in names[:index]:
                yield Problem(("logistics", part, index), f"{name!r} is named twice")
            elif part == "stores" and topology.assets and name not in topology.assets:
                yield undeclared(("logistics", part, index), "asset", name, topology.assets)
