"""A chunk: the records of a stretch of one partition's log."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from streams.compute.events import Ints


class Chunk(NamedTuple):
    """The log range [begin, end) and the records in it.

    A range can hold fewer records than offsets: transaction markers and aborted records of a transactional producer
    have offsets, too. The sequences are of one length, in log order.
    """

    topic: str
    partition: int
    begin: int
    end: int
    keys: Sequence[bytes]
    values: Sequence[bytes]
    """A record without a key or a value is given as `b""`."""
    offsets: Ints
    broker_ts: Ints
    """The broker's timestamp of each record, ms."""

    def split(self, offset: int) -> tuple["Chunk", "Chunk"]:
        """What is below `offset`, which lies within, and the rest."""
        at = int(np.searchsorted(self.offsets, offset))
        return self._records(slice(at))._replace(end=offset), self._records(slice(at, None))._replace(begin=offset)

    def _records(self, which: slice) -> "Chunk":
        columns = self.keys[which], self.values[which], self.offsets[which], self.broker_ts[which]
        return Chunk(self.topic, self.partition, self.begin, self.end, *columns)
