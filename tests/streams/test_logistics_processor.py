"""Logistics events as bytes: rows, flags, dead letters and state do not depend on how the log is cut."""

from collections import defaultdict
from typing import Any

import msgspec
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.durations import decode_hook
from schemas.results import Anomaly, DeadLetter
from schemas.topics import ANOMALIES, DEAD_LETTERS, LOGISTICS_EVENTS
from streams.checkpoint import unpack
from streams.chunk import Chunk
from streams.rendering import Rendered, Renderer
from streams.shop_floor_processor import ShopFloorProcessor
from streams.topology.model import Topology
from tests.streams.compute.logistics.events import NOW, arrival, log, pick, pick_list
from tests.streams.compute.logistics.oracle import EXITS, STORES, run

TOPOLOGY = msgspec.convert(
    {
        "topology": "test", "site": "s", "sources": {"machine.events": {}},
        "logistics": {"stores": STORES, "exits": EXITS},
    },
    Topology,
    dec_hook=decode_hook,
)  # fmt: skip
_encode = msgspec.json.encode


def processor() -> ShopFloorProcessor:
    return ShopFloorProcessor(TOPOLOGY, LOGISTICS_EVENTS.name, 0, 0)


def feed(one: ShopFloorProcessor, values: list[bytes], begin: int, end: int) -> Rendered:
    """What comes of a stretch of a log."""
    part = values[begin:end]
    keys: list[bytes] = [b""] * len(part)
    times = np.full(len(part), NOW)
    one.feed(Chunk(LOGISTICS_EVENTS.name, 0, begin, end, keys, part, np.arange(begin, end), times))
    return Renderer(TOPOLOGY, LOGISTICS_EVENTS.name, 0).render(one.cut())


def rows(cuts: list[Rendered]) -> dict[str, list[tuple[Any, ...]]]:
    """Everything that goes to a table, in order; the ledger aside, which has a row for each cut."""
    found: dict[str, list[tuple[Any, ...]]] = defaultdict(list)
    for cut in cuts:
        for table, pieces in cut.tables.items():
            for columns in pieces if table not in ("ledger", "anomalies", "dead_letters") else []:
                plain = [columns[name] for name in sorted(columns) if isinstance(columns[name], list | np.ndarray)]
                found[table] += zip(*(map(str, column) for column in plain), strict=True)
    return found


@given(st.integers(0, 2**32), st.sets(st.integers(1, 59), max_size=6), st.booleans())
@settings(max_examples=20, deadline=None)
def test_any_chunking_and_any_restart_give_the_same_byte_for_byte(seed: int, cuts: set[int], restart: bool) -> None:
    values = [_encode(event) for _, event in log(seed)]
    steady = processor()
    whole = feed(steady, values, 0, len(values))
    running, found = processor(), []
    for begin, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(values)], strict=True):
        found.append(feed(running, values, begin, end))
        if restart:
            running = processor()
            assert running.restore(unpack(found[-1].blob)) == []
    assert found[-1].blob == whole.blob
    assert rows(found) == rows([whole])
    for topic in (ANOMALIES.name, DEAD_LETTERS.name):
        assert [m for cut in found for m in cut.messages if m.topic == topic] == [
            m for m in whole.messages if m.topic == topic
        ]


def test_flags_and_dead_letters_go_out_at_once_and_the_rows_are_counted() -> None:
    events = log(seed=3)
    values = [*(_encode(event) for _, event in events), b"", b"{", _encode({**arrival(), "colour": "red"})]
    expected = run(events)
    running = processor()
    whole = feed(running, values, 0, len(values))
    flags = [msgspec.json.decode(m.value, type=Anomaly) for m in whole.messages if m.topic == ANOMALIES.name]
    assert [(flag.detector, flag.offset) for flag in flags] == [(flag[0], flag[1]) for flag in expected.flags]
    letters = [msgspec.json.decode(m.value, type=DeadLetter) for m in whole.messages if m.topic == DEAD_LETTERS.name]
    refused = [reason for reason in expected.outcomes if reason not in ("accepted", "late", "duplicate")]
    assert [letter.reason for letter in letters] == [*refused, "empty", "malformed", "wrong_type"]
    [ledger] = whole.tables["ledger"]
    tables = [table for table, _ in expected.rows]
    assert ledger["rows"] == [{table: tables.count(table) for table in dict.fromkeys(tables)}]
    counts = {name: int(ledger[name][0]) for name in ("events", "accepted", "late", "duplicate", "dead_letter")}
    assert counts["events"] == len(values) == sum(counts.values()) - counts["events"]


def test_somebody_waits_for_a_wrong_pick() -> None:
    running = processor()
    values = [_encode(event) for event in (arrival(), pick_list(), pick())]
    for offset, is_urgent in enumerate((False, False, True)):
        offsets, times = np.array([offset]), np.array([NOW])
        running.feed(Chunk(LOGISTICS_EVENTS.name, 0, offset, offset + 1, [None], [values[offset]], offsets, times))
        assert running.outbox.urgent == is_urgent
