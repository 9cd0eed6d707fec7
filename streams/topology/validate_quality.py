"""Checks of the quality part: does everything that it names exist."""

from collections.abc import Iterator
from fnmatch import fnmatchcase

from streams.compute.quality.inspections import NONCONFORMING
from streams.compute.quality.spec import Characteristic
from streams.topology.model import Topology
from streams.topology.problems import Problem, Where, did_you_mean

_SMALLEST_FRACTION = 1e-9
"""One item in a thousand million."""


def problems(topology: Topology) -> Iterator[Problem]:
    """Everything that is wrong with the quality part, in the order of the file."""
    if topology.quality is None:
        return
    before: list[Characteristic] = []
    for index, one in enumerate(topology.quality.characteristics):
        where: Where = ("quality", "characteristics", index)
        if one.name == NONCONFORMING:
            yield Problem((*where, "name"), f"is {NONCONFORMING!r}, the name of the p charts; give it another")
        for number, pattern in enumerate(one.assets):
            if topology.assets and not any(fnmatchcase(name, pattern) for name in topology.assets):
                hint = did_you_mean(pattern, list(topology.assets))
                yield Problem((*where, "assets", number), f"{pattern!r} matches no declared asset{hint}")
        if any(_hides(earlier, one) for earlier in before):
            yield Problem(where, f"{one.name} is never reached: an earlier one of that name matches all that it does")
        before.append(one)
    fraction = topology.quality.inspections.fraction
    if fraction is not None and fraction < _SMALLEST_FRACTION:
        least = f"it must be at least {_SMALLEST_FRACTION:g}: the limits would be 0 apart"
        yield Problem(("quality", "inspections", "fraction"), f"is {fraction:g}; {least}")


def _hides(earlier: Characteristic, later: Characteristic) -> bool:
    """Whether the earlier one certainly matches everything that the later one matches."""
    return earlier.name == later.name and all(
        set(narrow) <= set(wide) or "*" in wide
        for narrow, wide in ((later.assets, earlier.assets), (later.products, earlier.products))
    )
