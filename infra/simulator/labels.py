"""The truth about the faults and causes of a run, written before they begin: one JSON object a line."""

from collections import deque
from collections.abc import Iterator
from typing import BinaryIO, Final

import msgspec

from infra.simulator.assets import SITE
from infra.simulator.causes import Cause, CauseKind
from infra.simulator.faults import Fault, FaultKind
from infra.simulator.shop_floor.mishaps import Mishap, MishapKind
from infra.simulator.trace.mishaps import TraceMishap, TraceMishapKind

Trouble = Fault | Cause | Mishap | TraceMishap

_AHEAD: Final = 2.0
"""Seconds by which a label is written before its fault begins; more than a tick of the simulator."""


class Label(msgspec.Struct, frozen=True):
    """The truth about one fault, cause or mishap; `start` (inclusive), `end` (exclusive) are event times, epoch ms.

    Of a cause, `asset` is the stack and `metric` the emission that will exceed its limit. Of a wrong pick, `start` is
    the moment from which the next pick is wrong. Of a mishap with codes, `asset` is the enterprise, `metric` the topic.
    """

    site: str
    asset: str
    metric: str
    kind: FaultKind | CauseKind | MishapKind | TraceMishapKind
    start: int
    end: int


class Labels:
    """Writes labels as time comes near, so that an endless run has them, too."""

    def __init__(self, faults: Iterator[Trouble], start_ms: int, file: BinaryIO | None) -> None:
        """`faults` in the order of their start, `start_ms` the event time of plant second 0; no file, no labels."""
        self._faults = faults
        self._next = next(faults, None)
        self._start_ms = start_ms
        self._file = file
        self._ahead: deque[float] = deque()
        self.begun = 0
        """Faults and causes that have begun."""

    def write_until(self, seconds: float) -> None:
        """Write the labels of all faults that begin before plant time `seconds`, or soon after it."""
        while self._next is not None and self._next.start < seconds + _AHEAD:
            if self._file is not None:
                self._file.write(msgspec.json.encode(self._label(self._next)) + b"\n")
                self._file.flush()
            self._ahead.append(self._next.start)
            self._next = next(self._faults, None)
        while self._ahead and self._ahead[0] < seconds:
            self._ahead.popleft()
            self.begun += 1

    def _label(self, fault: Trouble) -> Label:
        start, end = (self._start_ms + round(seconds * 1000) for seconds in (fault.start, fault.end))
        return Label(SITE, fault.asset, fault.metric, fault.kind, start, end)
