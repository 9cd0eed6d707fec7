"""What goes wrong with codes and events, and when: mishaps with their truth, to hold flags against."""

from collections.abc import Iterator
from itertools import count
from typing import Final, Literal, NamedTuple

from infra.simulator.faults import cycles
from infra.simulator.trace.catalogue import PREFIX
from schemas.topics import TRACE_EVENTS

TraceMishapKind = Literal[
    "repacked_bundle", "repeated_event", "broken_event", "wrong_event", "cloned_label", "scan_after_void"
]

_TIMES: Final[dict[TraceMishapKind, tuple[float, float]]] = {
    "repacked_bundle": (0.25, 0.9),
    "repeated_event": (0.35, 0.5),
    "broken_event": (0.4, 0.8),
    "wrong_event": (0.5, 0.9),
    "cloned_label": (0.55, 0.95),
    "scan_after_void": (0.6, 1.0),
}
"""From when on, and until when at the latest, as shares of a cycle: a bundle or something mounted has to be there."""
_SHORTEST: Final = 30.0
"""Seconds that a cycle needs: within less, no pack may get through the plant and to its customer."""


class TraceMishap(NamedTuple):
    """Something goes wrong once, from `start` until before `end`, in plant seconds."""

    kind: TraceMishapKind
    start: float
    end: float

    @property
    def asset(self) -> str:
        """Whose it is: an enterprise has no machine."""
        return PREFIX

    @property
    def metric(self) -> str:
        """What it shows in."""
        return TRACE_EVENTS.name


def schedule(duration: float | None) -> Iterator[TraceMishap]:
    """One of each kind in each cycle, those of the faults of instruments, in the order in which they start.

    None in a run that is too short for them.
    """
    number, length = cycles(duration)
    if length < _SHORTEST:
        return
    for cycle in count() if number is None else range(number):
        for kind, (begin, end) in _TIMES.items():
            yield TraceMishap(kind, (cycle + begin) * length, (cycle + end) * length)
