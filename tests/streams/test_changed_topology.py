"""A topology that changes between two runs, in every way: no row twice, and the ledger adds up."""

from collections import Counter
from itertools import pairwise

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.durations import decode_hook
from schemas.results import Aggregate
from streams.checkpoint import unpack
from streams.processor import Processor
from streams.rendering import Renderer
from streams.topology.model import Topology
from tests.streams.processing import NOW, Record, chunk, event, logs

VARIANTS = [
    [{"name": "w", "size": "10s", "lateness": "5s"}],
    [{"name": "w", "size": "10s", "lateness": "20s"}],
    [{"name": "w", "size": "10s"}],
    [{"name": "w", "size": "20s"}],
    [{"name": "w", "size": "20s", "advance": "5s"}, {"name": "v", "size": "10s"}],
    [{"name": "v", "size": "10s"}],
    [],
]


def topology(windows: list[dict[str, str]]) -> Topology:
    return msgspec.convert(
        {"topology": "test", "site": "s", "sources": {"machine.events": {}}, "windows": windows},
        Topology,
        dec_hook=decode_hook,
    )


class Runs:
    """One partition through several runs; what it has given out."""

    def __init__(self) -> None:
        self.rows: list[Aggregate] = []
        self.processor: Processor | None = None
        self._blob = b""

    def run(self, windows: list[dict[str, str]], records: list[Record], idle: bool = False) -> list[str]:
        declared = topology(windows)
        renderer = Renderer(declared, "machine.events", 0)
        self.processor = processor = Processor(declared, "machine.events", 0, 0)
        anew = processor.restore(unpack(self._blob)) if self._blob else []
        if records:
            processor.feed(chunk(records, processor.next_offset))
        cuts = [processor.cut()]
        if idle:
            cut = processor.declare_idle(0)
            if cut is not None:
                cuts.append(cut)
            processor.settle()
            cuts.append(processor.cut())
        for cut in cuts:
            rendered = renderer.render(cut)
            self._blob = rendered.blob
            found = [msgspec.json.decode(m.value, type=Aggregate) for m in rendered.messages if m.topic == "aggregates"]
            self.rows += found
        return anew

    def check(self) -> None:
        assert self.processor is not None
        assert len({row.id for row in self.rows}) == len(self.rows)
        counts = self.processor.engine.counts
        closed: Counter[str] = Counter()
        for row in self.rows:
            closed[row.window] += row.count
        for name, windows in self.processor.engine.windows.items():
            of_point = windows.size // windows.advance
            placed = windows.windowed + windows.late + windows.left_out
            assert placed == of_point * (counts.points - counts.points_invalid), name
            assert windows.windowed - windows.points_open == closed[name], name
        assert counts.aggregates == len(self.rows)


@given(
    logs(),
    st.lists(st.tuples(st.integers(0, 60), st.integers(0, len(VARIANTS) - 1), st.booleans()), min_size=1, max_size=5),
)
@settings(max_examples=200, deadline=None)
def test_however_a_topology_changes_no_row_comes_twice_and_the_ledger_adds_up(
    log: list[Record], changes: list[tuple[int, int, bool]]
) -> None:
    runs = Runs()
    edges = [0, *sorted(at % (len(log) + 1) for at, _, _ in changes), len(log)]
    variants = [(VARIANTS[0], False), *((VARIANTS[number], idle) for _, number, idle in changes)]
    for (begin, end), (windows, idle) in zip(pairwise(edges), variants, strict=True):
        runs.run(windows, log[begin:end], idle)
        runs.check()


def points(begin: int, end: int, step: int = 1_000) -> list[Record]:
    """One asset, a value of 1 each second; seconds from NOW."""
    return [
        (at, NOW + at * 1_000, msgspec.json.encode(event(NOW + at * 1_000, "a", {"t": 1.0})))
        for at in range(begin, end, step // 1_000)
    ]


def test_a_window_that_is_added_begins_with_a_whole_one() -> None:
    runs = Runs()
    runs.run([], points(0, 13))
    assert runs.run(VARIANTS[5], points(13, 41)) == ["v (new)"]
    assert [(row.window_start - NOW, row.count) for row in runs.rows] == [(20_000, 10), (30_000, 10)]


@pytest.mark.parametrize("idle", [False, True])
def test_a_window_that_was_away_does_not_come_back_to_what_it_has_closed(idle: bool) -> None:
    runs = Runs()
    runs.run(VARIANTS[0], points(0, 13), idle)
    assert runs.run([], points(13, 14)) == [f"w (removed: {0 if idle else 13} points in open windows left behind)"]
    assert runs.run(VARIANTS[0], points(14, 60)) == ["w (new)"]
    runs.check()
    starts = [row.window_start - NOW for row in runs.rows]
    assert starts == ([0, 10_000] if idle else []) + [20_000, 30_000, 40_000]


def test_what_goes_on_as_it_was_is_not_named() -> None:
    runs = Runs()
    runs.run(VARIANTS[4], points(0, 13))
    assert runs.run(VARIANTS[4], points(13, 14)) == []
    assert runs.run(VARIANTS[3], points(14, 15)) == [
        "w (declared otherwise: 41 points in open windows left behind)",
        "v (removed: 4 points in open windows left behind)",
    ]
