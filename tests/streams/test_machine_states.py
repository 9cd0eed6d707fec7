"""States of machines on their way from events to the detectors that name them in `reset_after`."""

import json
from itertools import pairwise

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.durations import decode_hook
from schemas.results import Anomaly
from streams.checkpoint import unpack
from streams.processor import Processor
from streams.rendering import Renderer
from streams.topology.model import Topology
from tests.streams.processing import NOW, Record, chunk, event

TOPOLOGY = msgspec.convert(
    {
        "topology": "test",
        "site": "s",
        "sources": {"machine.events": {}},
        "windows": [{"name": "1m", "size": "1m", "lateness": "2s"}],
        "detectors": [
            {"name": "high", "kind": "limit", "metrics": ["*"], "high": 5.0, "reset_after": ["maintenance"]},
            {
                "name": "new",
                "kind": "ewma",
                "metrics": ["*"],
                "warmup": 3,
                "L": 1.5,
                "reset_after": ["maintenance", "off"],
            },
            {"name": "all", "kind": "mewma", "metrics": ["*"], "warmup": 5, "alpha": 0.2, "reset_after": ["off"]},
        ],
    },
    Topology,
    dec_hook=decode_hook,
)


def record(seconds: int, asset: str, values: dict[str, float], **more: object) -> Record:
    ts = NOW + 1000 * seconds
    return seconds, ts, json.dumps(event(ts, asset, values, **more)).encode()


def flags(log: list[Record], cuts: list[int]) -> list[Anomaly]:
    """What is flagged, with a new processor from the checkpoint at every cut."""
    processor, found = Processor(TOPOLOGY, "machine.events", 0, 0), []
    for first, last in pairwise([0, *sorted(cut % (len(log) + 1) for cut in cuts), len(log)]):
        processor.feed(chunk(log[first:last], processor.next_offset))
        processor.outbox._named = 0
        cut = Renderer(TOPOLOGY, "machine.events", 0).render(processor.cut())
        found += [msgspec.json.decode(one.value, type=Anomaly) for one in cut.messages if one.topic == "anomalies"]
        processor = Processor(TOPOLOGY, "machine.events", 0, 0)
        assert processor.restore(unpack(cut.blob)) == []
    return found


def test_flagged_values_tell_the_state_though_nothing_judges_them() -> None:
    log = [
        record(0, "a", {"t": 9.0}, state="running"),
        record(1, "a", {"t": 99.0}, state="maintenance", flags={"t": "M"}),
        record(2, "a", {"t": 9.0}),
        record(3, "b", {"t": 9.0}),
        record(4, "a", {"t": 99.0}, state="running", flags={"t": "M"}),
        record(5, "a", {"t": 9.0}),
    ]
    for cuts in ([], [3], [1, 2, 3, 4, 5]):
        high = [(one.asset, one.offset) for one in flags(log, cuts) if one.detector == "high"]
        assert high == [("a", 0), ("b", 3), ("a", 5)]


def test_a_late_event_changes_no_state() -> None:
    log = [
        record(0, "a", {"t": 0.0}, state="maintenance"),
        record(100, "b", {"t": 0.0}),
        (101, NOW + 101_000, json.dumps(event(NOW + 1000, "a", {"t": 0.0}, state="running")).encode()),
        record(102, "a", {"t": 9.0}),
    ]
    assert flags(log, []) == []


def test_an_event_with_a_state_and_no_values_changes_none() -> None:
    log = [
        record(0, "a", {"t": 0.0}, state="running"),
        (1, NOW + 1000, json.dumps({"ts": NOW + 1000, "site": "s", "asset": "a", "state": "maintenance"}).encode()),
        record(2, "a", {"t": 9.0}),
    ]
    assert [one.offset for one in flags(log, [])] == [2]


@st.composite
def plants(draw: st.DrawFn) -> list[Record]:
    numbers = st.integers(-8, 8).map(float)
    values = st.dictionaries(st.sampled_from(["t", "p"]), numbers, min_size=1)
    states = st.sampled_from(["running", "maintenance", "off", None, None, None, None])
    marks = st.sampled_from([{}, {}, {}, {"t": "M"}])
    log, now = [], NOW
    for offset, (asset, gap, one, state, flag) in enumerate(
        draw(st.lists(st.tuples(st.sampled_from("ab"), st.integers(-500, 3000), values, states, marks), max_size=60))
    ):
        now += gap
        log.append((offset, max(now, NOW), json.dumps(event(now, asset, one, state=state, flags=flag)).encode()))
    return log


@settings(max_examples=60, deadline=None)
@given(log=plants(), cuts=st.lists(st.integers(0, 100), max_size=6))
def test_flags_depend_neither_on_the_cut_nor_on_restarts(log: list[Record], cuts: list[int]) -> None:
    assert flags(log, cuts) == flags(log, [])
