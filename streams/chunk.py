"""A chunk: the records of a stretch of one partition's log."""

from collections.abc import Sequence
from typing import NamedTuple

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
