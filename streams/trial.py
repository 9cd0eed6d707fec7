"""A trial run of a topology over a file of messages, without any server: what would come out?"""

from collections.abc import Iterator, Sequence
from contextlib import suppress

import msgspec
import numpy as np

from schemas.errors import EventError
from schemas.times import parse_time
from streams.chunk import Chunk
from streams.processor import Processor
from streams.rendering import Message, Renderer
from streams.second_look import split
from streams.topology.model import Topology


class _Timed(msgspec.Struct):
    ts: int | str


def trial(topology: Topology, topic: str, lines: Sequence[bytes]) -> list[Message]:
    """The result messages of `lines` (one Kafka message each, as in `topic`), all windows closed at the end.

    The broker's clock is taken to stand at the latest event time so far, so nothing is ever in the future.
    """
    processor = Processor(topology, topic, 0, 0)
    broker_ts = np.fromiter(_clock(lines), np.int64, len(lines))
    offsets = np.arange(len(lines))
    processor.feed(Chunk(topic, 0, 0, len(lines), [b""] * len(lines), lines, offsets, broker_ts))
    processor.engine.declare_idle(0)
    processor.settle()
    return Renderer(topology, topic, 0).render(processor.cut()).messages


def as_lines(messages: Sequence[Message]) -> list[bytes]:
    """Results as NDJSON, one object with topic, key and value a line: what `--expect` is compared with."""
    return [
        msgspec.json.encode({"topic": one.topic, "key": one.key.decode(), "value": msgspec.Raw(one.value)})
        for one in messages
    ]


def _clock(lines: Sequence[bytes]) -> Iterator[int]:
    now = 0
    for line in lines:
        with suppress(EventError, msgspec.MsgspecError):  # refused later, with a reason
            now = max(now, *(parse_time(msgspec.json.decode(event, type=_Timed).ts) for event in split(line)))
        yield now
