"""What the plant has sent of its codes, and what it is going to do."""

import heapq
from collections.abc import Callable
from itertools import count

from infra.simulator.trace.catalogue import PREFIX
from infra.simulator.trace.epcis import Event
from schemas.trace import Capture, TraceMessage


class Agenda:
    """Everything in the order of time; what is due at the same time in the order in which it was put down."""

    def __init__(self) -> None:
        self._due: list[tuple[int, int, Callable[[int], None]]] = []
        self._numbers = count()
        self._sent: list[TraceMessage] = []
        self.newest_event: Event | None = None

    def send(self, message: TraceMessage) -> None:
        """Send a message now."""
        self._sent.append(message)

    def capture(self, event: Event) -> None:
        """Send an event now."""
        self.newest_event = event
        self.send(Capture(enterprise=PREFIX, event=event))

    def at(self, ts: int, act: Callable[[int], None]) -> None:
        """Call `act` with the time when that has come, epoch milliseconds."""
        heapq.heappush(self._due, (ts, next(self._numbers), act))

    def come_to(self, ts: float) -> None:
        """Do everything that is due before a time."""
        while self._due and self._due[0][0] < ts:
            due, _, act = heapq.heappop(self._due)
            act(due)

    def take(self) -> list[TraceMessage]:
        """What was sent since the last call."""
        sent, self._sent = self._sent, []
        return sent
