"""What people say of flags is kept, and sent to the partition of the flag, where it has one order with the readings."""

import json
from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.durations import decode_hook
from schemas.events import Event, Judgement, Verdict
from schemas.results import DeadLetter
from schemas.topics import ANOMALY_FEEDBACK, DEAD_LETTERS, MACHINE_EVENTS
from streams.checkpoint import unpack
from streams.chunk import Chunk
from streams.compute.counts import Counts
from streams.feedback_processor import FeedbackProcessor
from streams.processor import Processor
from streams.rendering import Message, Rendered, Renderer
from streams.topology.model import Topology

NOW = 1_760_000_000_000
TOPOLOGY = msgspec.convert(
    {
        "topology": "test",
        "site": "s",
        "sources": {"machine.events": {"partitions": 3}},
        "windows": [{"name": "10s", "size": "10s", "lateness": "5s"}],
        "detectors": [
            {"name": "high", "kind": "limit", "metrics": ["t"], "high": 100},
            {"name": "every", "kind": "limit", "metrics": ["*"], "high": 100, "report": "every"},
            {"name": "gone", "kind": "missing", "metrics": ["t"], "timeout": "20s"},
        ],
    },
    Topology,
    dec_hook=decode_hook,
)
SAID: dict[str, Any] = {
    "anomaly": "a-1", "verdict": "false", "by": "li", "reason": "cleaning", "topology": "test",
    "topic": "machine.events", "partition": 2, "site": "s", "asset": "a", "metric": "t", "detector": "high",
}  # fmt: skip


def chunk(topic: str, begin: int, values: list[bytes], broker_ts: int = NOW) -> Chunk:
    offsets = np.arange(begin, begin + len(values))
    keys: list[bytes] = [b""] * len(values)
    return Chunk(topic, 0, begin, begin + len(values), keys, values, offsets, np.full(len(values), broker_ts))


def told(*said: dict[str, Any] | bytes) -> tuple[FeedbackProcessor, Rendered]:
    """The processor of feedback after these messages, and what it gives out."""
    processor = FeedbackProcessor(TOPOLOGY, ANOMALY_FEEDBACK.name, 0, 0)
    values = [one if isinstance(one, bytes) else json.dumps(one).encode() for one in said]
    processor.feed(chunk(ANOMALY_FEEDBACK.name, 0, values, NOW + 5))
    return processor, Renderer(TOPOLOGY, ANOMALY_FEEDBACK.name, 0).render(processor.cut())


def test_feedback_is_kept_and_goes_on_to_the_partition_of_its_flag() -> None:
    processor, cut = told({**SAID, "more": 1})
    assert processor.outbox.urgent is False  # taken
    [message] = cut.messages
    assert (message.topic, message.partition, message.key) == (MACHINE_EVENTS.name, 2, b"s/a")
    event = msgspec.json.decode(message.value, type=Event)
    assert event == Event(NOW + 5, "s", "a", feedback=Judgement("test", "t", "high", "false"))
    [rows] = cut.tables["feedback"]
    assert {name: list(rows[name]) for name in ("id", "anomaly", "by", "reason", "ts", "offset")} == {
        "id": [message.id], "anomaly": ["a-1"], "by": ["li"], "reason": ["cleaning"], "ts": [NOW + 5], "offset": [0],
    }  # fmt: skip
    other = FeedbackProcessor(TOPOLOGY, ANOMALY_FEEDBACK.name, 0, 0)
    assert other.restore(unpack(cut.blob)) == []
    assert other.engine.counts == processor.engine.counts == Counts(records=1, events=1, accepted=1, feedback=1)


def test_somebody_waits_for_what_becomes_of_feedback() -> None:
    processor = FeedbackProcessor(TOPOLOGY, ANOMALY_FEEDBACK.name, 0, 0)
    processor.feed(chunk(ANOMALY_FEEDBACK.name, 0, [json.dumps(SAID).encode()]))
    assert processor.outbox.urgent
    assert len(processor.outbox) == 1


def test_what_moves_no_threshold_is_only_kept_and_what_is_of_another_topology_is_left_alone() -> None:
    processor, cut = told({**SAID, "verdict": "expected"}, {**SAID, "detector": "a rule"}, {**SAID, "topology": "b"})
    assert cut.messages == []
    assert [list(rows["offset"]) for rows in cut.tables["feedback"]] == [[0, 1]]
    assert processor.engine.counts == Counts(records=3, events=3, accepted=3, feedback=2)


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        (b"", "empty"),
        (b"{", "malformed"),
        ({**SAID, "verdict": "perhaps"}, "wrong_type"),
        ({**SAID, "reason": "x" * 1001}, "wrong_type"),
        ({**SAID, "by": ""}, "wrong_type"),
        ({**SAID, "partition": 3}, "unknown_flag"),
        ({**SAID, "partition": -1}, "unknown_flag"),
        ({**SAID, "topic": "emission.events"}, "unknown_flag"),
        ({**SAID, "topic": "dead.letters"}, "unknown_flag"),
    ],
)
def test_feedback_that_leads_nowhere_is_a_dead_letter(bad: dict[str, Any] | bytes, reason: str) -> None:
    processor, cut = told(bad, SAID)
    letters = [msgspec.json.decode(m.value, type=DeadLetter) for m in cut.messages if m.topic == DEAD_LETTERS.name]
    assert [(letter.reason, letter.scope, letter.offset) for letter in letters] == [(reason, "record", 0)]
    counts = processor.engine.counts
    assert (counts.events, counts.accepted, counts.dead_letter, counts.feedback) == (2, 1, 1, 1)


def reading(ts: int, value: float, asset: str = "a", **more: object) -> dict[str, object]:
    return {"ts": NOW + ts, "site": "s", "asset": asset, "values": {"t": value}, **more}


def said(
    verdict: Verdict = "false", detector: str = "every", metric: str = "t", asset: str = "a", **more: object
) -> dict[str, object]:
    judgement = {"topology": "test", "metric": metric, "detector": detector, "verdict": verdict}
    return {"ts": NOW, "site": "s", "asset": asset, "feedback": {**judgement, **more}}


def run(log: list[bytes], cuts: list[int], restart: bool = False) -> tuple[Processor, list[Message]]:
    """A source partition fed in chunks; the broker's clock is far ahead of the events."""
    processor = Processor(TOPOLOGY, MACHINE_EVENTS.name, 0, 0)
    found: list[Message] = []
    for begin, end in pairwise([0, *sorted(cut % (len(log) + 1) for cut in cuts), len(log)]):
        processor.feed(chunk(MACHINE_EVENTS.name, begin, log[begin:end], NOW + 3_600_000))
        if restart:
            processor.outbox._named = 0
            cut = Renderer(TOPOLOGY, MACHINE_EVENTS.name, 0).render(processor.cut())
            found += cut.messages
            processor = Processor(TOPOLOGY, MACHINE_EVENTS.name, 0, 0)
            assert processor.restore(unpack(cut.blob)) == []
    processor.outbox._named = 0
    return processor, found + Renderer(TOPOLOGY, MACHINE_EVENTS.name, 0).render(processor.cut()).messages


def encoded(*records: object) -> list[bytes]:
    return [json.dumps(one).encode() for one in records]


def flagged(messages: list[Message], detector: str = "every") -> list[int]:
    flags = [json.loads(message.value) for message in messages if message.topic == "anomalies"]
    return [flag["offset"] for flag in flags if flag["detector"] == detector]


def test_the_next_equal_violation_is_not_flagged_once_the_flag_was_called_wrong() -> None:
    log = encoded(reading(0, 110), said(), reading(1, 110), reading(2, 130), said("true"), reading(3, 110))
    processor, messages = run(log, [])
    assert flagged(messages) == [0, 3, 5]
    counts = processor.engine.counts
    assert (counts.records, counts.events, counts.accepted, counts.points) == (6, 6, 6, 4)


def test_feedback_has_no_part_in_stream_time_and_is_not_late_however_old_its_flag_is() -> None:
    late = {**said(), "ts": NOW - 86_400_000}
    ahead = {**said(), "ts": NOW + 3_600_000}
    processor, messages = run(encoded(reading(0, 110), late, ahead, ahead, reading(1, 130), reading(2, 160)), [])
    assert processor.engine.stream_time == NOW + 2
    assert (processor.engine.counts.late, processor.engine.counts.accepted) == (0, 6)
    assert flagged(messages) == [0]
    assert [m for m in messages if m.topic == "aggregates"] == []


def test_in_a_frame_feedback_comes_before_the_readings() -> None:
    log = encoded(reading(0, 110), [reading(1, 110), said(), reading(2, 110)], [said("true")], reading(3, 110))
    assert flagged(run(log, [])[1]) == [0, 3]
    assert run(log, [])[0].engine.counts.events == 6


@pytest.mark.parametrize(
    ("record", "scope", "reason", "accepted"),
    [
        (said(detector="low"), "event", "unknown_flag", 1),
        (said(metric="u"), "event", "unknown_flag", 1),
        (said(asset="b"), "event", "unknown_flag", 1),
        (said(verdict="perhaps"), "event", "wrong_type", 1),  # type: ignore[arg-type]
        ({**said(), "feedback": 5}, "event", "wrong_type", 1),
        ({**said(), "ts": NOW * 2}, "event", "future", 1),
        ({**said(), "asset": ""}, "event", "bad_name", 1),
        ({**said(), "values": {"t": "x"}}, "event", "bad_value", 1),
        ({**said(), "ts": NOW + 9, "values": {"t": 1}}, "field", "wrong_type", 2),
        ({**said(), "state": "running"}, "field", "wrong_type", 2),
    ],
)
def test_feedback_in_a_source_that_cannot_be_taken_is_a_dead_letter(
    record: dict[str, object], scope: str, reason: str, accepted: int
) -> None:
    for times in (1, 4):  # by then a record of a usual shape would be read by it
        processor, messages = run(encoded(reading(0, 110), *[record] * times), [])
        letters = [msgspec.json.decode(m.value, type=DeadLetter) for m in messages if m.topic == DEAD_LETTERS.name]
        assert [(letter.scope, letter.reason) for letter in letters] == [(scope, reason)] * times
        counts = processor.engine.counts
        assert counts.events == counts.accepted + counts.duplicate + counts.dead_letter == 1 + times
        assert counts.accepted + counts.duplicate == 1 + (accepted - 1) * times


def test_feedback_for_another_topology_that_reads_the_source_is_accepted_and_left_alone() -> None:
    log = encoded(reading(0, 110), said(topology="other"), said(topology="other", detector="low"), reading(1, 110))
    processor, messages = run(log, [])
    assert flagged(messages) == [0, 3]
    assert (processor.engine.counts.accepted, processor.engine.counts.dead_letters) == (4, 0)


def test_very_much_feedback_in_one_frame_becomes_few_dead_letters_and_all_is_counted() -> None:
    log = encoded(reading(0, 110), [said(detector="low")] * 500 + [said()])
    processor, messages = run(log, [])
    assert len([m for m in messages if m.topic == DEAD_LETTERS.name]) == 101
    counts = processor.engine.counts
    assert (counts.events, counts.accepted, counts.dead_letter) == (502, 2, 500)


_readings = st.builds(
    reading,
    st.integers(0, 60_000),
    st.sampled_from([90.0, 101.0, 110.0, 130.0, 170.0]),
    st.sampled_from(["a", "b"]),
    flags=st.sampled_from([{}, {}, {"t": "M"}]),
)
_said = st.builds(
    said,
    st.sampled_from(["true", "false", "false", "expected"]),
    st.sampled_from(["every", "high", "gone", "low"]),
    st.sampled_from(["t", "t", "u"]),
    st.sampled_from(["a", "b"]),
    topology=st.sampled_from(["test", "test", "test", "other"]),
)
_records = st.one_of(_readings, _readings, _said, st.lists(_readings | _said, min_size=1, max_size=4))
_logs = st.lists(_records, min_size=1, max_size=40).map(lambda records: encoded(*records))
_cuts = st.lists(st.integers(0, 40), max_size=6)


@given(_logs, _cuts, st.booleans())
@settings(max_examples=150, deadline=None)
def test_with_feedback_in_the_log_any_chunking_and_restart_gives_the_same(
    log: list[bytes], cuts: list[int], restart: bool
) -> None:
    whole, cut_up = run(log, []), run(log, cuts, restart)
    for topic in ("aggregates", "anomalies", "dead.letters"):
        assert [m for m in whole[1] if m.topic == topic] == [m for m in cut_up[1] if m.topic == topic]
    assert whole[0].engine.counts == cut_up[0].engine.counts
    counts = whole[0].engine.counts
    assert counts.events == counts.accepted + counts.late + counts.duplicate + counts.dead_letter
    one_by_one = run(log, list(range(len(log))))
    assert [m for m in one_by_one[1] if m.topic == "anomalies"] == [m for m in whole[1] if m.topic == "anomalies"]


@given(_logs)
@settings(max_examples=100, deadline=None)
def test_readings_come_to_the_same_windows_whatever_is_said_between_them(log: list[bytes]) -> None:
    without = [value for value in log if b"feedback" not in value]
    only_readings = [value for value in log if b"feedback" not in value or b"values" not in value]

    def told(records: list[bytes]) -> tuple[int, list[tuple[Any, ...]]]:
        processor, messages = run(records, [])
        rows = [json.loads(m.value) for m in messages if m.topic == "aggregates"]
        return processor.engine.stream_time, [(row["window_start"], row["asset"], row["sum"]) for row in rows]

    assert told(only_readings) == told(without)
