"""Lets go wrong what is scheduled to: with codes, scans and events."""

from collections.abc import Callable
from functools import partial
from typing import Final

from infra.simulator.trace import epcis
from infra.simulator.trace.agenda import Agenda
from infra.simulator.trace.catalogue import ELSEWHERE, GATE, PREFIX
from infra.simulator.trace.delivery import Delivery
from infra.simulator.trace.journey import Journey, void
from infra.simulator.trace.mishaps import TraceMishap, TraceMishapKind
from schemas.trace import Capture

_AFTER: Final = 1_000
"""Milliseconds from the first half of a mishap to its second."""
_AGAIN: Final = 500
"""Milliseconds after which it is tried again where there is nothing yet that it could happen to."""


class Wrong:
    """Carries out mishaps."""

    def __init__(self, agenda: Agenda, journey: Journey, delivery: Delivery) -> None:
        self._agenda = agenda
        self._journey = journey
        self._delivery = delivery
        self._acts: dict[TraceMishapKind, Callable[[int], bool]] = {
            "repacked_bundle": self._repack,
            "repeated_event": self._repeat,
            "broken_event": self._break,
            "wrong_event": self._take_back,
            "cloned_label": self._clone,
            "scan_after_void": self._void,
        }

    def happen(self, mishap: TraceMishap, ts: int) -> None:
        """Let a mishap happen from `ts` on, as soon as it can."""

        def act(now: int) -> None:
            if not self._acts[mishap.kind](now):
                self._agenda.at(now + _AGAIN, act)

        self._agenda.at(ts, act)

    def _repack(self, now: int) -> bool:
        self._journey.to_repack += 1
        return True

    def _repeat(self, now: int) -> bool:
        if (event := self._agenda.newest_event) is None:
            return False
        self._agenda.send(Capture(enterprise=PREFIX, event=event))
        return True

    def _break(self, now: int) -> bool:
        """A step that is no word of the vocabulary: `shiping`."""
        if not self._delivery.shipped:
            return False
        broken = epcis.observed(now, "shiping", GATE, [self._delivery.shipped[-1]])
        self._agenda.send(Capture(enterprise=PREFIX, event=broken))
        return True

    def _take_back(self, now: int) -> bool:
        """A bundle is said to be damaged that is not."""
        if not self._delivery.shipped:
            return False
        wrong = epcis.observed(now, "inspecting", GATE, [self._delivery.shipped[-1]], disposition="damaged")
        self._agenda.capture(wrong)

        def declare(then: int) -> None:
            declared = {"declarationTime": epcis.time(then), "reason": "did_not_occur"}
            self._agenda.capture({**wrong, "errorDeclaration": declared})

        self._agenda.at(now + _AFTER, declare)
        return True

    def _clone(self, now: int) -> bool:
        """A label is read where it is, and a copy of it at the other end of the country."""
        if not self._delivery.mounted:
            return False
        item, customer = self._delivery.mounted.pop()
        self._delivery.scan(item, customer.place, now)
        self._agenda.at(now + _AFTER, partial(self._delivery.scan, item, ELSEWHERE))
        return True

    def _void(self, now: int) -> bool:
        """A label has come off, and somebody reads it nevertheless."""
        if not self._delivery.mounted:
            return False
        item, customer = self._delivery.mounted.pop()
        void(self._agenda, item, now, "label has come off")
        self._agenda.at(now + _AFTER, partial(self._delivery.scan, item, customer.place, found="void"))
        return True
