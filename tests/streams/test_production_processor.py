"""Production events as bytes: rows, dead letters and state do not depend on how the log is cut."""

import msgspec
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.durations import decode_hook
from schemas.results import DeadLetter
from schemas.topics import DEAD_LETTERS, PRODUCTION_EVENTS
from streams.checkpoint import unpack
from streams.chunk import Chunk
from streams.rendering import Rendered, Renderer
from streams.shop_floor_processor import ShopFloorProcessor
from streams.topology.model import Topology
from tests.streams.compute.production.factory import MINUTE, MONDAY, TICK, count, job, state

TOPOLOGY = msgspec.convert(
    {"topology": "test", "site": "s", "sources": {"machine.events": {}}, "production": {"silence": "3m"}},
    Topology,
    dec_hook=decode_hook,
)
_encode = msgspec.json.encode
LOG = [
    (MONDAY, _encode(job(MONDAY))),
    (MONDAY, _encode(state(MONDAY, "running"))),
    (MONDAY, b"{"),
    (MONDAY + 20_000, _encode(count(MONDAY + 20_000, 7, 1))),
    (MONDAY + 20_000, _encode(state(MONDAY, "dancing"))),
    (MONDAY + 20_000, _encode({**count(MONDAY + 20_000, 7, 1), "colour": "red"})),
    (MONDAY + 20_000, _encode(count(MONDAY + 20_000, 7, 1))),
    (MONDAY + 70_000, _encode(state(MONDAY + 70_000, "stopped", "blade"))),
    (MONDAY + 80_000, _encode(state(MONDAY + 60_000, "running"))),
    (MONDAY + 90_000, _encode(state(MONDAY + 70_000 + 6 * MINUTE, "running"))),
    (MONDAY + 8 * MINUTE, _encode(TICK)),
    (MONDAY + 9 * MINUTE, _encode(state(MONDAY + 9 * MINUTE, "idle"))),
]


def processor() -> ShopFloorProcessor:
    return ShopFloorProcessor(TOPOLOGY, PRODUCTION_EVENTS.name, 0, 0)


def feed(one: ShopFloorProcessor, begin: int, end: int) -> Rendered:
    """What comes of a stretch of the log."""
    part = LOG[begin:end]
    one.feed(Chunk(
        PRODUCTION_EVENTS.name, 0, begin, end, [b""] * len(part), [value for _, value in part],
        np.arange(begin, end), np.array([broker_ts for broker_ts, _ in part], np.int64),
    ))  # fmt: skip
    return Renderer(TOPOLOGY, PRODUCTION_EVENTS.name, 0).render(one.cut())


def rows(rendered: Rendered, table: str) -> list[tuple[object, ...]]:
    """Ids and a few figures of the rows of a table."""
    figures = {
        "oee": ("id", "offset", "production_ms", "good", "planned_ms"),
        "stops": ("id", "offset", "end", "lost_ms"),
    }
    return [
        row
        for one in rendered.tables.get(table, [])
        for row in zip(*(one[name] for name in figures[table]), strict=True)
    ]


def test_what_is_refused_is_a_dead_letter_and_harms_nobody() -> None:
    whole = feed(processor(), 0, len(LOG))
    letters = [msgspec.json.decode(m.value, type=DeadLetter) for m in whole.messages if m.topic == DEAD_LETTERS.name]
    assert [(letter.offset, letter.reason) for letter in letters] == [
        (2, "malformed"), (4, "unknown_state"), (5, "wrong_type"), (9, "future")
    ]  # fmt: skip
    (ledger,) = whole.tables["ledger"]
    outcomes = {name: int(ledger[name][0]) for name in ("events", "accepted", "late", "duplicate", "dead_letter")}
    assert outcomes == {"events": 12, "accepted": 6, "late": 1, "duplicate": 1, "dead_letter": 4}
    assert ledger["rows"][0] == {"oee": len(rows(whole, "oee")), "stops": 1}
    assert sum(row[3] for row in rows(whole, "oee")) == 7


@settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, len(LOG)), max_size=5), st.booleans())
def test_no_cut_and_no_restart_changes_anything(cuts: list[int], restart: bool) -> None:
    whole = feed(processor(), 0, len(LOG))
    one = processor()
    found: dict[str, list[tuple[object, ...]]] = {"oee": [], "stops": []}
    begin = 0
    for end in sorted({*cuts, len(LOG)} - {0}):
        rendered = feed(one, begin, end)
        for table, seen in found.items():
            seen += rows(rendered, table)
        if restart:
            one = processor()
            assert one.restore(unpack(rendered.blob)) == []
        begin = end
    assert found == {table: rows(whole, table) for table in found}
    assert rendered.blob == whole.blob
