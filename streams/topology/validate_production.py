"""Checks of production: lines of declared assets, shifts one at a time, states that can bring figures."""

from collections.abc import Iterator

from streams.compute.production.calendar import overlaps
from streams.topology.model import Topology
from streams.topology.problems import Problem, Where, undeclared


def problems(topology: Topology) -> Iterator[Problem]:
    """Everything that is wrong with production, in the order of the file."""
    declared = topology.production
    if declared is None:
        return
    if "production" not in declared.states.values():
        yield Problem(("production", "states"), "has no state of category production; no machine would ever produce")
    lines: dict[str, str] = {}
    for line, assets in declared.lines.items():
        if not assets:
            yield Problem(("production", "lines", line), "is empty; name the assets of the line, or leave it out")
        for index, asset in enumerate(assets):
            where: Where = ("production", "lines", line, index)
            if topology.assets and asset not in topology.assets:
                yield undeclared(where, "asset", asset, topology.assets)
            elif asset in lines:
                yield Problem(where, f"{asset} is in line {lines[asset]} already; an asset has one line")
            lines.setdefault(asset, line)
    for first, second in overlaps(declared.shifts):
        yield Problem(
            ("production", "shifts", second), f"begins before {first} has ended; at any time there is one shift at most"
        )
