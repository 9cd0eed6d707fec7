"""What goes wrong on the shop floor, and when: mishaps with their truth, to hold charts and checks against."""

from collections.abc import Collection, Iterator, Sequence
from itertools import count
from typing import Final, Literal, NamedTuple

from infra.simulator.assets import Asset
from infra.simulator.faults import cycles
from infra.simulator.shop_floor.catalogue import STORE, WORK
from schemas.topics import LOGISTICS_EVENTS, QUALITY_EVENTS

MishapKind = Literal["process_shift", "process_drift", "wrong_pick"]

_SICK: Final = "kettle"
"""Whose process goes astray: of those that make items it alone never stops, so that a mishap is measured at once."""
_CHART_BEGINS: Final = 0.4
_CHART_LASTS: Final = 0.45
_PICK_BEGINS: Final = 0.3
_PICK_LASTS: Final = 0.5
"""Shares of a cycle. The next pick after the beginning is wrong; picks come in every order."""
_SHORTEST: Final = 20.0
"""Seconds that a cycle needs, or nothing might be picked and measured while its mishaps last."""
_SIGMAS: Final = {"process_shift": 5.0, "process_drift": 10.0}


class Mishap(NamedTuple):
    """Something goes wrong from `start` until before `end`, in plant seconds."""

    asset: str
    metric: str
    """The characteristic that goes astray; of a wrong pick what is picked."""
    kind: MishapKind
    start: float
    end: float
    size: float
    """How far the characteristic goes astray, in its unit: at once in a shift, at the end of a drift."""


def schedule(machines: Sequence[Asset], duration: float | None, topics: Collection[str]) -> Iterator[Mishap]:
    """Mishaps in the order in which they start: in each cycle a wrong pick, and a shift and a drift in turn.

    Cycles are those of the faults of instruments. What shows on none of the `topics` does not happen, and nothing does
    in a run that is too short for it to show.
    """
    number, length = cycles(duration)
    picks = LOGISTICS_EVENTS.name in topics
    measured = QUALITY_EVENTS.name in topics
    sick = next((machine.name for machine in machines if measured and machine.kind == _SICK), None)
    if length < _SHORTEST or (not picks and sick is None):
        return
    for cycle in count() if number is None else range(number):
        begin = cycle * length
        if picks:
            yield _mishap(STORE, "pick", "wrong_pick", begin + _PICK_BEGINS * length, _PICK_LASTS * length, 0.0)
        if sick is not None:
            kind: MishapKind = "process_drift" if cycle % 2 else "process_shift"
            spec = WORK[_SICK].characteristic
            size = _SIGMAS[kind] * spec.sigma
            yield _mishap(sick, spec.name, kind, begin + _CHART_BEGINS * length, _CHART_LASTS * length, size)


def _mishap(asset: str, metric: str, kind: MishapKind, start: float, lasts: float, size: float) -> Mishap:
    return Mishap(asset, metric, kind, start, start + lasts, size)


class Astray:
    """How far what is measured on a machine is astray as time goes on."""

    def __init__(self, asset: str, mishaps: Iterator[Mishap]) -> None:
        """`mishaps` in the order of their start; one of an asset is over before its next starts."""
        self._asset = asset
        self._mishaps = mishaps
        self._next = next(mishaps, None)
        self._newest: Mishap | None = None

    def at(self, seconds: float) -> float:
        """In the characteristic's unit. Times must not go back."""
        while self._next is not None and self._next.start <= seconds:
            if self._next.asset == self._asset:
                self._newest = self._next
            self._next = next(self._mishaps, None)
        mishap = self._newest
        if mishap is None or seconds >= mishap.end:
            return 0.0
        if mishap.kind == "process_shift":
            return mishap.size
        return mishap.size * (seconds - mishap.start) / (mishap.end - mishap.start)
