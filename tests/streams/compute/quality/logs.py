"""Logs of quality events for tests, and ways to run them through the processor."""

import json
from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple, TypeVar

import msgspec
import numpy as np

from schemas.durations import decode_hook
from schemas.results import Anomaly
from schemas.rows import Row
from streams.chunk import Chunk
from streams.shop_floor_processor import ShopFloorProcessor
from streams.topology.model import Topology

NOW = 1_760_000_000_000
R = TypeVar("R", bound=Row)


class Run(NamedTuple):
    """What came out of a log."""

    rows: list[Row]
    flags: list[Anomaly]
    refused: list[str]
    processor: ShopFloorProcessor

    def of(self, kind: type[R]) -> list[R]:
        """The rows of one table."""
        return [row for row in self.rows if isinstance(row, kind)]


def topology(quality: dict[str, Any], **more: Any) -> Topology:
    declared = {"topology": "t", "site": "s", "sources": {"machine.events": {}}, "quality": quality, **more}
    return msgspec.convert(declared, Topology, dec_hook=decode_hook)


def sample(at: int, *values: float, **fields: Any) -> dict[str, Any]:
    """A sample, `at` seconds after NOW - an hour."""
    ts = NOW - 3_600_000 + at * 1000
    event = {"kind": "sample", "ts": ts, "site": "s", "asset": "a", "characteristic": "bore", "values": list(values)}
    return {**event, **fields}


def inspection(at: int, inspected: int, passed: int, **fields: Any) -> dict[str, Any]:
    ts = NOW - 3_600_000 + at * 1000
    event = {"kind": "inspection", "ts": ts, "site": "s", "asset": "a", "product": "p"}
    return {**event, "inspected": inspected, "passed": passed, **fields}


def chunk(begin: int, events: Sequence[dict[str, Any] | bytes]) -> Chunk:
    values = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in events]
    offsets = np.arange(begin, begin + len(values))
    keys: list[bytes] = [b""] * len(values)
    end = begin + len(values)
    return Chunk("quality.events", 0, begin, end, keys, values, offsets, np.full(len(values), NOW))


def run(
    quality: dict[str, Any] | Topology,
    events: Sequence[dict[str, Any] | bytes],
    cuts: Sequence[int] = (),
    restarts: bool = False,
) -> Run:
    """Feed a log, cut into chunks before these positions; with `restarts` each by a processor of its own."""
    declared = quality if isinstance(quality, Topology) else topology(quality)
    processor = ShopFloorProcessor(declared, "quality.events", 0, 0)
    found = Run([], [], [], processor)
    bounds = [0, *cuts, len(events)]
    for begin, end in pairwise(bounds):
        if begin < end:
            processor.feed(chunk(begin, events[begin:end]))
        cut = processor.cut()
        found.rows.extend(cut.rows)
        found.flags.extend(cut.anomalies)
        found.refused.extend(letter.reason for letter in cut.letters)
        if restarts:
            kept = msgspec.msgpack.decode(msgspec.msgpack.encode(processor.engine.snapshot()))
            following = ShopFloorProcessor(declared, "quality.events", 0, end)
            assert following.engine.restore(kept) == []
            processor = following
    return found._replace(processor=processor)
