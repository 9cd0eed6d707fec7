"""The processor of a partition of feedback: each is kept, and goes on to the source partition that its flag came from.

There is the detector, and there it has one order with the readings that are judged before and after.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from schemas.errors import EventError
from schemas.events import Reason
from schemas.feedback import Feedback
from streams.relay_processor import RelayProcessor
from streams.strict_record import strict

_decode: Final[Callable[[bytes], Feedback]] = msgspec.json.Decoder(Feedback).decode


class FeedbackProcessor(RelayProcessor):
    """Feedback in; rows, and events for the source topics, out."""

    def _take(self, offset: int, broker_ts: int, value: bytes) -> EventError | None:
        said = strict(_decode, value)
        if isinstance(said, EventError):
            return said
        if said.topology != self._topology.topology:
            return None
        partitions: dict[str, int] = {name: source.partitions for name, source in self._topology.sources.items()}
        if not 0 <= said.partition < partitions.get(said.topic, 0):
            return EventError(Reason.UNKNOWN_FLAG, f"no partition {said.partition} of {said.topic!r} is declared")
        self.engine.counts.feedback += 1
        self.outbox.add_feedback([(offset, broker_ts, said)])
        return None
