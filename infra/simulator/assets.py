"""The machines of the synthetic plant, by name."""

from collections import Counter
from itertools import chain, cycle, islice, repeat
from typing import Final, NamedTuple

SITE: Final = "hongyang"

BASE: Final[dict[str, int]] = {
    "punch": 4,
    "saw": 3,
    "weld": 6,
    "kettle": 1,
    "pickling": 1,
    "scrubber": 1,
    "furnace": 1,
    "stack": 2,
    "crane": 2,
}
"""Machines of each kind in the plant as it is; a larger one has more of each in this proportion."""


class Asset(NamedTuple):
    """One machine."""

    name: str
    kind: str


def assets(count: int = sum(BASE.values())) -> list[Asset]:
    """The first `count` machines: punch-1 to punch-4, saw-1 ..., and beyond the base plant punch-5 to punch-8, ..."""
    numbers: Counter[str] = Counter()
    machines = []
    for kind in islice(cycle(chain.from_iterable(repeat(kind, number) for kind, number in BASE.items())), count):
        numbers[kind] += 1
        machines.append(Asset(f"{kind}-{numbers[kind]}", kind))
    return machines
