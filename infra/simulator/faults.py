"""What goes wrong in the synthetic plant, and when: faults with their truth, to hold detectors against."""

import random
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import Final, Literal, NamedTuple, get_args

import numpy as np
from numpy.typing import NDArray

from infra.simulator.assets import Asset

Floats = NDArray[np.float64]

FaultKind = Literal["spike", "drift", "stuck", "dropout", "level_shift", "noise_burst", "exceedance", "rate_jump"]
FAULT_KINDS: Final[tuple[FaultKind, ...]] = get_args(FaultKind)

_CYCLE: Final = 60.0
"""Seconds in which every kind of fault happens once."""
_QUIET: Final = 0.35
"""Share of a cycle before its first fault, so that detectors can learn what is normal."""
_SPREAD: Final = 0.2
"""Share of a cycle over which faults begin."""
_LENGTH: Final = 0.35
"""Length of a fault as a share of its cycle."""


class Fault(NamedTuple):
    """One thing that goes wrong with one metric of one machine, from `start` until before `end`, in plant seconds."""

    asset: str
    metric: str
    kind: FaultKind
    start: float
    end: float
    size: float
    """How far the value goes astray, in the metric's unit; for a noise burst the factor of the noise."""


class Target(NamedTuple):
    """What can suffer a kind of fault, and how badly it does."""

    kind: str
    metric: str
    size: float = 0.0


TARGETS: Final[dict[FaultKind, tuple[Target, ...]]] = {
    "spike": (
        Target("kettle", "burner_power", 800),
        Target("scrubber", "reagent_flow", 30),
        Target("furnace", "fan_current", 45),
    ),
    "drift": (
        Target("scrubber", "ph", -1.6),
        Target("pickling", "acid_concentration", -45),
        Target("furnace", "fuel_flow", 45),
    ),
    "stuck": (
        Target("kettle", "zinc_level"),
        Target("scrubber", "pressure_drop"),
        Target("stack", "flue_flow"),
    ),
    "dropout": (
        Target("crane", "hoist_load"),
        Target("weld", "gas_flow"),
        Target("stack", "o2"),
    ),
    "level_shift": (
        Target("scrubber", "pump_current", 8),
        Target("furnace", "fan_current", 9),
        Target("kettle", "burner_power", 180),
        Target("punch", "vibration", 9),
        Target("saw", "blade_vibration", 9),
    ),
    "noise_burst": (
        Target("scrubber", "pressure_drop", 12),
        Target("kettle", "zinc_level", 12),
        Target("furnace", "fuel_flow", 12),
    ),
    "exceedance": (
        Target("stack", "nox", 190),
        Target("stack", "so2", 260),
        Target("stack", "pm", 45),
    ),
    "rate_jump": (
        Target("kettle", "zinc_temperature", 25),
        Target("furnace", "furnace_temperature", 90),
        Target("stack", "flue_temperature", 60),
    ),
}


def schedule(seed: int, assets: Sequence[Asset], period: float, duration: float | None) -> Iterator[Fault]:
    """Faults in the order in which they start: one of each kind in every cycle, each on another metric or machine.

    `period` is the time between two readings of a machine; a fault is at least long enough to be read. A run has a
    cycle a minute, a short one a single cycle. Kinds for which there is no machine are left out.
    """
    random_ = random.Random(seed)
    number, length = cycles(duration)
    for cycle in count() if number is None else range(number):
        yield from _cycle(random_, assets, period, begin=cycle * length, length=length)


def cycles(duration: float | None) -> tuple[int | None, float]:
    """How many cycles a run has, None if it does not end, and the seconds of each."""
    if duration is None:
        return None, _CYCLE
    number = max(1, int(duration // _CYCLE))
    return number, duration / number


def _cycle(
    random_: random.Random, assets: Sequence[Asset], period: float, begin: float, length: float
) -> Iterator[Fault]:
    taken: set[tuple[str, str]] = set()
    kinds = random_.sample(FAULT_KINDS, len(FAULT_KINDS))
    for place, kind in enumerate(kinds):
        choices = [
            (asset.name, target)
            for target in TARGETS[kind]
            for asset in assets
            if asset.kind == target.kind and (asset.name, target.metric) not in taken
        ]
        if not choices:
            continue
        name, target = random_.choice(choices)
        taken.add((name, target.metric))
        start = begin + length * (_QUIET + _SPREAD * place / len(kinds))
        shortest = 1.5 * period  # holds at least one reading
        span = max(0.3, shortest) if kind == "spike" else max(_LENGTH * length, 3 * shortest)
        yield Fault(name, target.metric, kind, start, start + span, target.size)


class Incident:
    """A fault under way."""

    def __init__(self, fault: Fault) -> None:
        self.fault = fault
        self._held: float | None = None

    def apply(self, t: Floats, level: Floats, value: Floats) -> Floats:
        """`value` as the faulty instrument or process shows it at times `t` within the fault, all float64[round].

        `level` is the value without noise. NaN stands for no value. Times must not go back from one call to the next.
        """
        if self._held is None:
            self._held = float(value[0])
        return _SHAPES[self.fault.kind](self.fault, t, level, value, self._held)


_Shape = Callable[[Fault, Floats, Floats, Floats, float], Floats]


def _ramp(fault: Fault, t: Floats) -> Floats:
    grown: Floats = np.clip((t - fault.start) / (fault.end - fault.start), 0, 1)
    return grown


_SHAPES: Final[dict[FaultKind, _Shape]] = {
    "spike": lambda fault, t, level, value, held: value + fault.size,
    "drift": lambda fault, t, level, value, held: value + fault.size * _ramp(fault, t),
    "stuck": lambda fault, t, level, value, held: np.full_like(value, held),
    "dropout": lambda fault, t, level, value, held: np.full_like(value, np.nan),
    "level_shift": lambda fault, t, level, value, held: value + fault.size,
    "noise_burst": lambda fault, t, level, value, held: level + fault.size * (value - level),
    # Rises within a fifth of its time, as gas does in a duct.
    "exceedance": lambda fault, t, level, value, held: value + fault.size * np.minimum(5 * _ramp(fault, t), 1),
    # Jumps at once and comes back slowly.
    "rate_jump": lambda fault, t, level, value, held: value + fault.size * (1 - _ramp(fault, t)),
}
