"""A small topology, logs for it, and what a processor makes of one: shared by tests of the processor and around it."""

import json
from itertools import pairwise

import msgspec
import numpy as np
from hypothesis import strategies as st

from schemas.durations import decode_hook
from schemas.results import Aggregate
from streams.checkpoint import unpack
from streams.chunk import Chunk
from streams.processor import Processor
from streams.rendering import Message, Rendered, Renderer
from streams.topology.model import Topology

NOW = 1_760_000_000_000
TOPOLOGY = msgspec.convert(
    {
        "topology": "test",
        "site": "s",
        "sources": {"machine.events": {}},
        "windows": [
            {"name": "10s", "size": "10s", "lateness": "5s"},
            {"name": "1m", "size": "1m", "advance": "20s", "lateness": "2s"},
        ],
        "detectors": [
            {"name": "high", "kind": "limit", "metrics": ["t"], "high": 5.0, "report": "every"},
            {"name": "gone", "kind": "missing", "metrics": ["*"], "timeout": "20s"},
            {"name": "jump", "kind": "ewma", "metrics": ["p"], "warmup": 5},
        ],
    },
    Topology,
    dec_hook=decode_hook,
)
Record = tuple[int, int, bytes]


def event(ts: int | str, asset: str, values: dict[str, float], **more: object) -> dict[str, object]:
    return {"ts": ts, "site": "s", "asset": asset, "values": values, **more}


times = st.integers(NOW - 120_000, NOW + 60_000) | st.sampled_from([NOW, NOW + 3_000])
numbers = st.floats(-1e6, 1e6, allow_nan=False) | st.integers(-5, 5)
good_events = st.builds(
    event,
    times,
    st.sampled_from(["a", "b", "c"]),
    st.dictionaries(st.sampled_from(["t", "p"]), numbers, min_size=1),
    flags=st.dictionaries(st.sampled_from(["t", "p"]), st.sampled_from("NFC"), max_size=1),
)
values = st.one_of(
    good_events.map(lambda e: json.dumps(e).encode()),
    st.lists(good_events, min_size=1, max_size=3).map(lambda e: json.dumps(e).encode()),
    st.sampled_from(
        [
            b"",
            b"{",
            b"null",
            b'{"ts": 1, "site": "s", "asset": "a", "values": {"t": 1}}',
            json.dumps(event(4_070_908_800_000, "a", {"t": 1})).encode(),
            json.dumps(event("2025-10-09T08:53:20Z", "a", {"t": 1})).encode(),
            b'{"ts": 1760000000000, "site": "s", "asset": "a", "values": {"t": NaN}}',
            b'{"ts": 1760000000000, "site": "s", "asset": "a", "values": {"t": "x", "p": 4}}',
            b'{"ts": 1760000000000, "site": "s", "asset": "a", "state": "running"}',
        ]
    ),
)


@st.composite
def logs(draw: st.DrawFn) -> list[Record]:
    drawn = draw(st.lists(st.tuples(st.integers(0, 5_000), values), min_size=1, max_size=60))
    broker_ts, offset, log = NOW - 60_000, 100, []
    for gap, value in drawn:
        broker_ts += gap
        offset += 1 + (gap % 7 == 0)
        log.append((offset, broker_ts, value))
    return log


def chunk(records: list[Record], begin: int) -> Chunk:
    offsets = np.array([offset for offset, _, _ in records], np.int64)
    broker_ts = np.array([ts for _, ts, _ in records], np.int64)
    end = records[-1][0] + 1 if records else begin
    return Chunk(
        "machine.events", 0, begin, end, [b""] * len(records), [value for _, _, value in records], offsets, broker_ts
    )


def rendered(processor: Processor) -> Rendered:
    """All that a processor has to give out, as a publisher would write it that has just opened the partition."""
    processor.outbox._named = 0
    return Renderer(TOPOLOGY, "machine.events", 0).render(processor.cut())


def run(log: list[Record], cuts: list[int], snapshots: bool = False) -> tuple[Processor, list[Message]]:
    processor = Processor(TOPOLOGY, "machine.events", 0, 0)
    messages: list[Message] = []
    edges = [0, *sorted({cut % (len(log) + 1) for cut in cuts}), len(log)]
    for first, last in pairwise(edges):
        processor.feed(chunk(log[first:last], processor.next_offset))
        if snapshots:
            cut = rendered(processor)
            messages += cut.messages
            processor = Processor(TOPOLOGY, "machine.events", 0, 0)
            assert processor.restore(unpack(cut.blob)) == []
    return processor, messages + rendered(processor).messages


def rows(messages: list[Message]) -> dict[tuple[str, int, str, str, str], Aggregate]:
    found = [msgspec.json.decode(m.value, type=Aggregate) for m in messages if m.topic == "aggregates"]
    return {(row.window, row.window_start, row.site, row.asset, row.metric): row for row in found}
