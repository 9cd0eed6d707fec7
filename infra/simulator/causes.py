"""What drives the emissions of the synthetic plant over their limits, and when: causes with their truth."""

import math
import random
from typing import Final, Literal, NamedTuple

CauseKind = Literal["valve_sticks", "fouling", "feed_surge"]

SHORTEST_SLOT: Final = 60.0
"""Seconds that a cause needs: an emission takes some 15 to exceed its limit, and 30 to come back after the cause."""
_LEAD: Final = (0.05, 0.15)
"""Share of a slot before its cause begins."""
_LENGTH: Final = 0.5
"""Length of a cause as a share of its slot, where it is not given."""
_REST: Final = 30.0
"""Seconds after the end of a cause before the next slot begins."""


class Cause(NamedTuple):
    """Something that drives one emission of a stack over its limit, from `start` until before `end`, plant seconds."""

    asset: str
    """The stack."""
    metric: str
    """The emission that will exceed its limit."""
    kind: CauseKind
    start: float
    end: float
    size: float
    """`valve_sticks`: where, as a share of the normal flow. `fouling`: share of the packing that is lost. `feed_surge`:
    how many times the normal load."""


class Scenario(NamedTuple):
    """What can happen to a stack; each size needs two or three steps of the set-point that counters it."""

    asset: str
    metric: str
    kind: CauseKind
    size: float


SCRUBBER: Final = (
    Scenario("stack-2", "so2", "valve_sticks", 0.3),
    Scenario("stack-2", "so2", "fouling", 0.614),
    Scenario("stack-2", "so2", "feed_surge", 1.9),
)
FURNACE: Final = (Scenario("stack-1", "nox", "feed_surge", 1.35),)


def schedule(seed: int, number: int, duration: float, length: float | None = None) -> list[Cause]:
    """`number` causes in the order in which they start, spread over `duration` seconds, each of `length` seconds.

    The stacks take turns, so that each has come to rest before it exceeds again. ValueError where there is less than
    `SHORTEST_SLOT` seconds for a cause, or less than it takes to come back after one.
    """
    slot = duration / number
    shortest = SHORTEST_SLOT if length is None else max(SHORTEST_SLOT, (length + _REST) / (1 - _LEAD[1]))
    if slot < shortest:
        raise ValueError(f"{number} exceedances need at least {math.ceil(number * shortest)} s, not {duration:.0f}")
    if length is None:
        length = _LENGTH * slot
    random_ = random.Random(seed)
    turns = [random_.sample(scenarios, len(scenarios)) for scenarios in (SCRUBBER, FURNACE)]
    causes = []
    for place in range(number):
        turn = turns[place % len(turns)]
        scenario = turn[place // len(turns) % len(turn)]
        start = slot * (place + random_.uniform(*_LEAD))
        causes.append(Cause(scenario.asset, scenario.metric, scenario.kind, start, start + length, scenario.size))
    return causes
