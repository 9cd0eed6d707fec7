"""The processor of alarm actions, and the way of a condition to it: bytes in, messages and rows out."""

from itertools import pairwise
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.alarm_actions import AlarmAction
from schemas.codec import encode
from schemas.durations import Duration, decode_hook
from schemas.results import Alarm, DeadLetter
from streams.alarm_processor import AlarmProcessor
from streams.checkpoint import unpack
from streams.chunk import Chunk
from streams.partition_processor import PartitionProcessor
from streams.processor import Processor
from streams.rendering import Rendered, Renderer
from streams.topology.model import Topology
from tests.streams.compute.alarms.logs import LOGS, MINUTE, START, Record, condition, id_of, operate

TOPIC = "alarm.actions"


def topology(*alarms: dict[str, Any]) -> Topology:
    document = {
        "topology": "t",
        "site": "s",
        "metrics": {"t": {"unit": "°C"}},
        "sources": {"machine.events": {}},
        "alarms": list(alarms),
        "alarm_system": {"longest_shelf": "30m"},
    }
    return msgspec.convert(document, Topology, dec_hook=decode_hook)


HIGH = {"name": "plain", "metrics": ["t"], "high": 5}
TOPOLOGY = topology(HIGH, {"name": "urgent", "metrics": ["t"], "high": 9, "escalate_after": "5m"})


def chunk(topic: str, values: list[bytes], begin: int = 0, broker_ts: list[int] | None = None) -> Chunk:
    end = begin + len(values)
    times = np.array([START] * len(values) if broker_ts is None else broker_ts, np.int64)
    return Chunk(topic, 0, begin, end, [b"s/a"] * len(values), values, np.arange(begin, end), times)


def rendered(processor: PartitionProcessor, declared: Topology = TOPOLOGY, topic: str = TOPIC) -> Rendered:
    processor.outbox._named = 0
    return Renderer(declared, topic, 0).render(processor.cut())


def transitions(found: Rendered) -> list[Alarm]:
    return [msgspec.json.decode(m.value, type=Alarm) for m in found.messages if m.topic == "alarms"]


def reading(second: int, value: float, asset: str = "a") -> bytes:
    return encode({"ts": START + 1_000 * second, "site": "s", "asset": asset, "values": {"t": value}})


@pytest.mark.parametrize("ts", [10**15, 10**30, -(10**15)])
def test_a_condition_of_no_possible_time_is_a_dead_letter_and_its_neighbours_are_unharmed(ts: int) -> None:
    good = encode(condition(True, "plain"))
    processor = AlarmProcessor(TOPOLOGY, TOPIC, 0, 0)
    processor.feed(chunk(TOPIC, [good.replace(b'"ts":%d' % START, b'"ts":%d' % ts), good]))
    found = rendered(processor)
    assert [one.transition for one in transitions(found)] == ["raised"]
    [letter] = [msgspec.json.decode(m.value, type=DeadLetter) for m in found.messages if m.topic == "dead.letters"]
    assert (letter.reason, letter.offset) == ("wrong_type", 0)


@given(LOGS, st.lists(st.integers(0, 80), max_size=6))
@settings(max_examples=60, deadline=None)
def test_any_chunking_and_any_restart_give_the_same_messages_byte_for_byte(log: list[Record], cuts: list[int]) -> None:
    values = [encode(one.action) if isinstance(one.action, AlarmAction) else b"{" for one in log]
    times = [one.broker_ts for one in log]
    whole = AlarmProcessor(TOPOLOGY, TOPIC, 0, 0)
    whole.feed(chunk(TOPIC, values, 0, times))
    running, messages = AlarmProcessor(TOPOLOGY, TOPIC, 0, 0), []
    for begin, end in pairwise([0, *sorted(min(cut, len(log)) for cut in cuts), len(log)]):
        running.feed(chunk(TOPIC, values[begin:end], begin, times[begin:end]))
        found = rendered(running)
        messages += found.messages
        running = AlarmProcessor(TOPOLOGY, TOPIC, 0, 0)
        assert running.restore(unpack(found.blob)) == []
    expected = rendered(whole).messages
    for topic in ("alarms", "dead.letters"):
        assert [m for m in messages if m.topic == topic] == [m for m in expected if m.topic == topic]
    assert running.engine.counts == whole.engine.counts


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (b"", "empty"),
        (b" " * ((1 << 20) + 1), "too_large"),
        (b"{", "malformed"),
        (b"[" * 100_000, "wrong_type"),
        (b"\xff", "malformed"),
        (b"[]", "wrong_type"),
        (b'{"action": "silence"}', "wrong_type"),
        (b'{"action": "tick", "later": 1}', "wrong_type"),
        (b'{"action": "acknowledge", "topology": "t", "alarm": "x", "by": "li", "reason": 5}', "wrong_type"),
        (b'{"action": "shelve", "topology": "t", "alarm": "x", "by": "li", "reason": "y", "for_ms": 0}', "wrong_type"),
        (b'{"action": "tick"}{"action": "tick"}', "malformed"),
    ],
)
def test_what_is_no_alarm_action_becomes_a_dead_letter_and_its_neighbours_are_unharmed(
    value: bytes, reason: str
) -> None:
    processor = AlarmProcessor(TOPOLOGY, TOPIC, 0, 0)
    good = [encode(condition(True, "plain")), encode(operate("acknowledge", "plain"))]
    processor.feed(chunk(TOPIC, [good[0], value, good[1]]))
    found = rendered(processor)
    [letter] = [msgspec.json.decode(m.value, type=DeadLetter) for m in found.messages if m.topic == "dead.letters"]
    assert (letter.reason, letter.scope, letter.offset, letter.key, letter.topic) == (reason, "record", 1, "s/a", TOPIC)
    assert [row.state for row in transitions(found)] == ["unacknowledged", "acknowledged"]
    counts = processor.engine.counts
    assert (counts.events, counts.accepted, counts.dead_letter, counts.dead_letters) == (3, 2, 1, 1)


def test_a_transition_says_of_which_alarm_and_record_it_is() -> None:
    processor = AlarmProcessor(TOPOLOGY, TOPIC, 0, 0)
    processor.feed(chunk(TOPIC, [encode(condition(True, "urgent"))], begin=0))
    found = rendered(processor)
    [message], [row] = found.messages, transitions(found)
    assert (message.key, message.id) == (b"s/a", row.id)
    assert (row.alarm, row.topology, row.topic, row.partition, row.offset) == (id_of("urgent", "a"), "t", TOPIC, 0, 0)
    assert found.tables["alarms"][0].keys() == {field.name for field in msgspec.structs.fields(Alarm)}


def test_a_condition_that_a_source_finds_is_what_the_alarm_actions_take() -> None:
    source = Processor(TOPOLOGY, "machine.events", 0, 0)
    source.feed(chunk("machine.events", [reading(0, 1.0), reading(1, 7.0), reading(2, 8.0), reading(3, 4.0)]))
    assert source.engine.counts.conditions == 2
    sent = [m for m in rendered(source, topic="machine.events").messages if m.topic == TOPIC]
    assert [message.key for message in sent] == [b"s/a", b"s/a"]
    processor = AlarmProcessor(TOPOLOGY, TOPIC, 0, 0)
    processor.feed(chunk(TOPIC, [message.value for message in sent]))
    rows = transitions(rendered(processor))
    assert [(row.transition, row.ts - START, row.value, row.limit) for row in rows] == [
        ("raised", 1_000, 7.0, 5.0),
        ("returned", 3_000, 4.0, 5.0),
    ]
    assert rows[0].reason == "7 °C is above the high limit of 5 °C"


def test_a_condition_that_turns_and_turns_again_within_a_frame_has_ids_of_its_own() -> None:
    time = msgspec.structs.replace(TOPOLOGY.time, duplicates=Duration(0))
    without = msgspec.structs.replace(TOPOLOGY, time=time)
    source = Processor(without, "machine.events", 0, 0)
    frame = b"[" + b",".join(reading(0, value) for value in (7.0, 1.0, 7.0)) + b"]"
    source.feed(chunk("machine.events", [frame]))
    ids = [m.id for m in rendered(source, without, "machine.events").messages if m.topic == TOPIC]
    assert len(set(ids)) == len(ids) == 3


@pytest.mark.parametrize("later", [topology({**HIGH, "high": 50}), topology({**HIGH, "name": "other"}), topology()])
def test_an_alarm_that_stands_when_its_declaration_changes_is_ended(later: Topology) -> None:
    source = Processor(TOPOLOGY, "machine.events", 0, 0)
    source.feed(chunk("machine.events", [reading(0, 7.0), reading(0, 1.0, "b")]))
    blob = rendered(source, topic="machine.events").blob
    changed = Processor(later, "machine.events", 0, 0)
    assert any("alarm plain" in one for one in changed.restore(unpack(blob)))
    assert changed.engine.counts.conditions == 2
    [ended] = [m for m in rendered(changed, later, "machine.events").messages if m.topic == TOPIC]
    action = msgspec.json.decode(ended.value, type=AlarmAction)
    assert action.action == "off"
    assert action.condition is not None
    assert (action.condition.name, action.condition.asset, action.condition.value) == ("plain", "a", None)


def test_a_tick_is_a_message_to_the_log_itself() -> None:
    processor = AlarmProcessor(TOPOLOGY, TOPIC, 0, 0)
    processor.feed(chunk(TOPIC, [encode(condition(True, "urgent"))]))
    assert processor.next_due() == START + 5 * MINUTE
    processor.outbox.add_tick()
    [tick] = [m for m in rendered(processor).messages if m.topic == TOPIC]
    assert tick.value == b'{"action":"tick"}'
    processor.feed(chunk(TOPIC, [tick.value], 1, [START + 5 * MINUTE]))
    found = rendered(processor)
    assert [row.transition for row in transitions(found)] == ["escalated"]
    assert found.messages[0].topic == "alarms"
    assert len(found.messages) == 1
