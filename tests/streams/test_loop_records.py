"""What the control loop has to know reaches its log: levels from the readings, acknowledgements from the process."""

import json
from itertools import pairwise

import msgspec
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.alarm_actions import AlarmAction
from schemas.durations import decode_hook
from schemas.topics import ALARM_ACTIONS, DEAD_LETTERS, PROCESS_ACKS
from streams.ack_processor import AckProcessor
from streams.checkpoint import unpack
from streams.chunk import Chunk
from streams.processor import Processor
from streams.rendering import Message, Renderer
from streams.topology.model import Topology

NOW = 1_760_000_000_000
SETPOINT = {"asset": "scrubber", "metric": "flow", "initial": 24, "low": 10, "high": 60, "step": 6}
TOPOLOGY = msgspec.convert(
    {
        "topology": "test",
        "site": "s",
        "sources": {"machine.events": {}},
        "windows": [{"name": "10s", "size": "10s", "lateness": "5s"}],
        "alarms": [{"name": "so2-high", "metrics": ["so2"], "high": 50}],
        "playbooks": [
            {"name": "a", "alarm": "so2-high", "asset": "stack-1", "improvement": 5, "setpoint": SETPOINT},
            {
                "name": "b", "alarm": "so2-high", "asset": "stack-2", "improvement": 5,
                "setpoint": {**SETPOINT, "asset": "other"},
                "interlocks": [{"asset": "scrubber", "metric": "flow", "low": 1}],
            },
        ],
    },
    Topology,
    dec_hook=decode_hook,
)  # fmt: skip
NEEDED = {
    ("stack-1", "so2"): [b"s/stack-1"],
    ("stack-2", "so2"): [b"s/stack-2"],
    ("scrubber", "flow"): [b"s/stack-1", b"s/stack-2"],
    ("other", "flow"): [b"s/stack-2"],
}

Reading = tuple[int, str, str, float]
"""Event time, asset, metric, value."""

_readings = st.lists(
    st.tuples(
        st.integers(NOW - 3_000, NOW + 40_000),
        st.sampled_from(["stack-1", "stack-2", "scrubber", "other", "nobody"]),
        st.sampled_from(["so2", "flow"]),
        st.integers(0, 99).map(float),
    ),
    min_size=1,
    max_size=40,
    unique_by=lambda one: one[:3],
)


def chunk(topic: str, begin: int, values: list[bytes]) -> Chunk:
    offsets = np.arange(begin, begin + len(values), dtype=np.int64)
    return Chunk(
        topic, 0, begin, begin + len(values), [b""] * len(values), values, offsets, NOW + 10_000 * (offsets // 9)
    )


def sent(readings: list[Reading], cuts: list[int]) -> list[Message]:
    """What goes to the alarm actions; state is saved and restored at the cuts."""
    values = [
        json.dumps({"ts": ts, "site": "s", "asset": asset, "values": {metric: value}}).encode()
        for ts, asset, metric, value in readings
    ]
    processor = Processor(TOPOLOGY, "machine.events", 0, 0)
    found: list[Message] = []
    for begin, end in pairwise(sorted({0, len(values), *(cut % len(values) for cut in cuts)})):
        processor.feed(chunk("machine.events", begin, values[begin:end]))
        processor.outbox._named = 0
        cut = Renderer(TOPOLOGY, "machine.events", 0).render(processor.cut())
        found += [message for message in cut.messages if message.topic == ALARM_ACTIONS.name]
        processor = Processor(TOPOLOGY, "machine.events", 0, 0)
        assert processor.restore(unpack(cut.blob)) == []
    counts = processor.engine.counts
    assert counts.levels + counts.conditions == len(found)
    return found


@given(_readings, st.lists(st.integers(0, 100), max_size=5))
@settings(max_examples=60, deadline=None)
def test_levels_go_to_the_assets_whose_playbooks_need_them_whatever_the_cut(
    readings: list[Reading], cuts: list[int]
) -> None:
    everything = sent(readings, cuts)
    assert everything == sent(readings, [])  # conditions among them in the same order, too
    assert len({message.id for message in everything}) == len(everything)
    found = [message for message in everything if b'"level":' in message.value]
    told: dict[tuple[str, str, bytes], int] = {}
    for message in found:
        level = msgspec.json.decode(message.value, type=AlarmAction).level
        assert level is not None
        assert level.id == message.id
        assert message.key in NEEDED[level.asset, level.metric]
        assert (level.asset, level.metric, level.value) in [reading[1:] for reading in readings]
        place = level.asset, level.metric, message.key
        assert level.ts // 5_000 > told.get(place, 0)  # one in each interval, never going back
        assert level.ts <= NOW + 10_000 * (level.offset // 9)  # at most the broker's time
        told[place] = level.ts // 5_000
    first = readings[0]
    assert [message.key for message in found if b'"offset":0}' in message.value] == NEEDED.get(first[1:3], [])


def test_an_acknowledgement_goes_on_to_its_stack_and_a_malformed_one_is_a_dead_letter() -> None:
    ack = {"adjustment": "a-1", "site": "s", "asset": "stack-1", "status": "done", "value": 30, "more": 1}
    bad = [b"", b"{", b'{"adjustment": 7}', json.dumps({**ack, "status": "perhaps"}).encode()]
    processor = AckProcessor(TOPOLOGY, PROCESS_ACKS.name, 0, 0)
    processor.feed(chunk(PROCESS_ACKS.name, 0, [json.dumps(ack).encode(), *bad]))
    assert processor.outbox.urgent
    cut = Renderer(TOPOLOGY, PROCESS_ACKS.name, 0).render(processor.cut())
    [letters, on] = [[m for m in cut.messages if m.topic == topic.name] for topic in (DEAD_LETTERS, ALARM_ACTIONS)]
    assert [json.loads(letter.value)["reason"] for letter in letters] == [
        "empty", "malformed", "wrong_type", "wrong_type",
    ]  # fmt: skip
    [message] = on
    action = msgspec.json.decode(message.value, type=AlarmAction)
    assert (message.key, action.action, action.topology) == (b"s/stack-1", "ack", "test")
    assert action.ack is not None
    assert (action.ack.adjustment, action.ack.value) == ("a-1", 30.0)
    counts = processor.engine.counts
    assert (counts.records, counts.accepted, counts.acks, counts.dead_letter) == (5, 1, 1, 4)
    other = AckProcessor(TOPOLOGY, PROCESS_ACKS.name, 0, 0)
    assert other.restore(unpack(cut.blob)) == []
    assert other.engine.snapshot() == processor.engine.snapshot()
