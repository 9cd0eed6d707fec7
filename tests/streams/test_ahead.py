"""Messages that go ahead of rows and state, and owners that are gone at any moment; without a broker."""

import asyncio
import json
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from schemas.alarm_actions import AlarmAction
from schemas.codec import encode
from schemas.errors import CheckpointError
from schemas.topics import AGGREGATES, ALARM_ACTIONS, ALARMS, ANOMALIES, DEAD_LETTERS, MACHINE_EVENTS, PRODUCTION_EVENTS
from streams.checkpoint_reader import CheckpointReader
from streams.outbox import Cut
from streams.publisher import Published
from streams.rendering import Rendered, Renderer
from streams.task import Task
from streams.telemetry import Telemetry
from streams.topology.model import Topology
from streams.transaction import Out
from tests.streams import test_alarm_processor, test_production_processor
from tests.streams.compute.alarms.logs import LOGS
from tests.streams.processing import NOW, TOPOLOGY, Record, chunk, event

TABLE = {
    AGGREGATES.name: "aggregates",
    ANOMALIES.name: "anomalies",
    DEAD_LETTERS.name: "dead_letters",
    ALARMS.name: "alarms",
}


class World:
    """Broker and sink, and a worker that has the partition."""

    def __init__(self, log: list[Record], topic: str = MACHINE_EVENTS.name, topology: Topology = TOPOLOGY) -> None:
        self.messages: defaultdict[str, list[bytes]] = defaultdict(list)
        self.ids: Counter[str] = Counter()
        self.rows: defaultdict[str, set[str]] = defaultdict(set)
        self.ledger: list[int] = []
        self.out: Out | None = None
        self.topology = topology
        self.here = topic, 0
        self._log = log
        self._meanwhile = Published({}, {self.here: 1}, {})
        self._blob: bytes | None = None
        self._in_flight: Rendered | None = None
        self.crash()

    async def newest(self, topic: str, partition: int) -> tuple[bytes | None, Out | None, int | None]:
        return self._blob, self.out, self.ledger[-1] if self.ledger else None

    async def log_range(self, topic: str, partition: int) -> tuple[int, int]:
        return 0, self._log[-1][0] + 1

    def crash(self, number: int = 0) -> None:
        """Whatever the owner had in memory is gone; the next one begins."""
        self._in_flight = None
        self._out_by_owner = -1
        self.task = Task(self.topology, *self.here, Telemetry(CollectorRegistry(), self.topology))
        self._renderer = Renderer(self.topology, *self.here)
        asyncio.run(self.task.start(cast(CheckpointReader, self)))

    def feed(self, number: int) -> None:
        """Some records."""
        rest = [record for record in self._log if record[0] >= self.task.next_offset][:number]
        if rest:
            self.task.feed(chunk(rest, self.task.next_offset)._replace(topic=self.here[0]), 0.0)

    def give_out(self, number: int) -> None:
        """A cut goes ahead: of what somebody waits for, or of everything."""
        if self.task.cut_ahead(everything=number == 1):
            assert self.task.ahead is not None
            self._give_out(self.task.ahead)
            self.task.given_out(self._meanwhile)

    def begin(self, number: int = 0) -> None:
        """A cut is under way: its messages are out."""
        if self._in_flight is None and self.task.cut():
            assert self.task.pending is not None
            self._in_flight = self._give_out(self.task.pending)

    def end(self, number: int = 0) -> None:
        """Its rows are stored, and its state."""
        if self._in_flight is not None:
            for table, pieces in self._in_flight.tables.items():
                self.rows[table].update(id_ for piece in pieces for id_ in piece.get("id", ()))
            self._blob = self._in_flight.blob
            self.ledger.append(self._in_flight.next_offset)
            out_to = max(self._out_by_owner, self._in_flight.out_to)
            self.out = Out(out_to, self.topology.digest()) if out_to > self._in_flight.next_offset else None
            self._in_flight = None
            self.task.committed(self._meanwhile)

    def fall_silent(self, seconds: int) -> None:
        """No record comes for a while."""
        self.task.quiet_since = time.monotonic() - seconds
        self.task.declare_idle()

    def come_to_the_end(self) -> None:
        for _ in range(3):  # what is under way; what comes after it; what follows from an idle decision
            self.end()
            self.feed(len(self._log))
            self.begin()
        self.end()

    def _give_out(self, cut: Cut) -> Rendered:
        rendered = self._renderer.render(cut)
        for message in rendered.messages:
            self.messages[message.topic].append(message.value)
            self.ids[message.id] += 1
            if message.topic != self.here[0]:  # a tick binds nobody
                self._out_by_owner = rendered.next_offset
                self.out = Out(rendered.next_offset, self.topology.digest())
        return rendered


READINGS = st.lists(
    st.tuples(st.sampled_from([0, 1_000, 1_000, 8_000, -9_000]), st.sampled_from([1.0, 9.0])), min_size=8, max_size=40
)
"""Milliseconds to the reading before, and values, half of which are flagged."""
Steps = list[tuple[Callable[[World, int], None], int]]


def steps(*more: Callable[[World, int], None]) -> st.SearchStrategy[Steps]:
    kinds = [World.feed, World.feed, World.feed, World.give_out, World.give_out, World.begin, World.end, World.crash]
    return st.lists(st.tuples(st.sampled_from([*kinds, *more]), st.integers(1, 3)), min_size=10, max_size=60)


def disturbed(world: World, walk: Steps) -> None:
    """Hold that every message was given out once and has its row."""
    for step, number in walk:
        step(world, number)
    world.crash()
    world.come_to_the_end()
    assert set(world.ids.values()) <= {1}
    given = {topic: {json.loads(value)["id"] for value in world.messages[topic]} for topic in TABLE}
    assert given == {topic: world.rows[table] for topic, table in TABLE.items()}


def same_as_undisturbed(world: World, log: list[Record]) -> None:
    undisturbed = World(log, world.here[0], world.topology)
    undisturbed.come_to_the_end()
    assert {topic: values for topic, values in world.messages.items() if values} == undisturbed.messages
    assert {table: ids for table, ids in world.rows.items() if ids} == {
        table: ids for table, ids in undisturbed.rows.items() if ids
    }


def readings(drawn: list[tuple[int, float]]) -> list[Record]:
    log, ts = [], NOW
    for offset, (later, value) in enumerate(drawn):
        ts += later
        log.append((offset, NOW + 1_000 * offset, json.dumps(event(ts, "press", {"t": value})).encode()))
    return log


@settings(max_examples=200, deadline=None)
@given(READINGS, steps(World.fall_silent))
def test_whenever_an_owner_is_gone_every_message_is_given_out_once_and_has_its_row(
    drawn: list[tuple[int, float]], walk: Steps
) -> None:
    disturbed(World(readings(drawn)), walk)


@settings(max_examples=100, deadline=None)
@given(READINGS, steps())
def test_whenever_an_owner_is_gone_readings_give_what_they_give_undisturbed(
    drawn: list[tuple[int, float]], walk: Steps
) -> None:
    for topology in (TOPOLOGY, test_alarm_processor.TOPOLOGY):  # the other one has conditions
        world = World(readings(drawn), topology=topology)
        disturbed(world, walk)
        same_as_undisturbed(world, readings(drawn))


@settings(max_examples=100, deadline=None)
@given(LOGS.filter(bool), steps())
def test_whenever_an_owner_is_gone_alarms_are_what_they_are_undisturbed(
    drawn: list[test_alarm_processor.Record], walk: Steps
) -> None:
    log = [
        (offset, one.broker_ts, encode(one.action) if isinstance(one.action, AlarmAction) else b"{")
        for offset, one in enumerate(drawn)
    ]
    world = World(log, ALARM_ACTIONS.name, test_alarm_processor.TOPOLOGY)
    disturbed(world, walk)
    same_as_undisturbed(world, log)


@settings(max_examples=50, deadline=None)
@given(steps())
def test_whenever_an_owner_is_gone_production_is_what_it_is_undisturbed(walk: Steps) -> None:
    log = [(offset, broker_ts, value) for offset, (broker_ts, value) in enumerate(test_production_processor.LOG)]
    world = World(log, PRODUCTION_EVENTS.name, test_production_processor.TOPOLOGY)
    disturbed(world, walk)
    same_as_undisturbed(world, log)


def a_log(*values: float) -> list[Record]:
    """A press, read every second."""
    return [
        (offset, NOW + 1_000 * offset, json.dumps(event(NOW + 1_000 * offset, "press", {"t": value})).encode())
        for offset, value in enumerate(values)
    ]


def test_a_flag_does_not_wait_for_a_cut_that_is_under_way() -> None:
    world = World(a_log(1, 1, 9))
    world.feed(2)
    world.begin()
    world.feed(1)
    world.give_out(0)
    assert len(world.messages[ANOMALIES.name]) == 1
    world.end()
    assert world.ledger == [2]
    world.crash()
    world.feed(3)
    assert not world.task.flagged
    world.come_to_the_end()
    assert world.ids.total() == 1
    assert world.ledger == [2, 3]


def test_of_a_chunk_that_goes_beyond_what_is_out_the_rest_is_given_out() -> None:
    world = World(a_log(9, 9, 9))
    world.feed(1)
    world.give_out(0)
    world.crash()
    world.feed(3)
    world.give_out(0)
    assert len(world.messages[ANOMALIES.name]) == world.ids.total() == 3
    world.come_to_the_end()
    assert world.ids.total() == 3
    assert len(world.rows["anomalies"]) == 3


def test_what_is_out_is_stored_piece_by_piece_whoever_is_killed_meanwhile() -> None:
    """A backlog can be more than a task may have in hand: cuts are not held up until all of it is computed again."""
    world = World(a_log(9, 9, 9, 9))
    world.feed(4)
    world.give_out(0)
    for _ in range(3):
        world.crash()
        world.feed(1)
        world.begin()
        world.end()
    assert world.ledger == [1, 2, 3]
    world.come_to_the_end()
    assert world.ids.total() == 4
    assert len(world.rows["anomalies"]) == 4


def test_what_followed_from_an_idle_decision_is_not_given_out_again() -> None:
    world = World(a_log(1, 1))
    world.feed(1)
    world.fall_silent(0)  # there is something to commit: nothing is decided
    world.begin()
    world.end()
    world.fall_silent(100)
    world.begin()
    world.end()
    world.begin()
    out = {topic: list(values) for topic, values in world.messages.items()}
    assert AGGREGATES.name in out
    world.crash()
    world.come_to_the_end()
    assert world.messages == out
    assert len(world.rows["aggregates"]) == len(out[AGGREGATES.name])


def test_nothing_is_given_out_that_follows_from_an_idle_decision_which_may_be_lost() -> None:
    world = World(a_log(1, 9))
    world.feed(1)
    world.begin()
    world.end()
    world.fall_silent(100)
    world.feed(1)
    world.give_out(0)
    assert world.messages == {}


def test_a_state_that_may_become_too_large_for_a_checkpoint_is_not_tied_to_what_is_out() -> None:
    """Or else its topology could not be changed to one that needs less."""
    world = World(a_log(9, 9))
    world.feed(1)
    world.task._checkpoint_bytes = 9 << 20
    world.give_out(0)
    assert world.messages == {}


def test_a_tick_goes_ahead_and_so_does_everything_while_the_sink_is_away() -> None:
    world = World(a_log(1, 1), ALARM_ACTIONS.name, test_alarm_processor.TOPOLOGY)
    world.task.tick()
    world.give_out(0)
    assert len(world.messages[ALARM_ACTIONS.name]) == 1
    late = World(a_log(1, *[1] * 20))
    late.feed(21)
    late.give_out(0)
    assert late.messages == {}
    late.give_out(1)
    assert AGGREGATES.name in late.messages


def test_what_is_out_under_another_topology_is_not_computed_anew() -> None:
    """What would be computed now may differ: what is out would have no rows."""
    world = World(a_log(9, 9))
    world.feed(1)
    world.give_out(0)
    before, world.topology = world.topology, test_alarm_processor.TOPOLOGY
    with pytest.raises(CheckpointError, match=r"given out up to 1 and committed up to 0, .* once more as it was"):
        world.crash()
    world.topology = before
    world.crash()
    world.come_to_the_end()
    assert world.ids.total() == 2


def test_a_log_that_ends_before_what_is_out_is_refused() -> None:
    world = World(a_log(9, 9))
    world.feed(2)
    world.give_out(0)
    world._log = world._log[:1]
    with pytest.raises(CheckpointError, match="given out up to 2, its log ends at 1"):
        world.crash()
