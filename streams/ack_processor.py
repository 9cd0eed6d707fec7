"""The processor of a partition of acknowledgements: each goes on to the alarm actions of its stack.

There they are judged, in one order with the commands that they answer.
"""

from collections.abc import Callable
from typing import Final

import msgspec

from schemas.errors import EventError
from schemas.process_acks import ProcessAck
from streams.relay_processor import RelayProcessor
from streams.strict_record import strict

_decode: Final[Callable[[bytes], ProcessAck]] = msgspec.json.Decoder(ProcessAck).decode


class AckProcessor(RelayProcessor):
    """Acknowledgements in, alarm actions out."""

    def _take(self, offset: int, broker_ts: int, value: bytes) -> EventError | None:
        ack = strict(_decode, value)
        if isinstance(ack, EventError):
            return ack
        self.engine.counts.acks += 1
        self.outbox.add_acks([(offset, ack)])
        return None
