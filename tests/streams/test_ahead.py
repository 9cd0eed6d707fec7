"""Messages that go ahead of rows and state, and owners that are gone at any moment; without a broker."""

import asyncio
import json
import time
from collections import Counter, defaultdict
from typing import cast

from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from schemas.topics import AGGREGATES, ANOMALIES, DEAD_LETTERS
from streams.checkpoint_reader import CheckpointReader
from streams.outbox import Cut
from streams.publisher import Published
from streams.rendering import Rendered, Renderer
from streams.task import Task
from streams.telemetry import Telemetry
from tests.streams.processing import NOW, TOPOLOGY, Record, chunk, event, logs, run

HERE = ("machine.events", 0)
TABLE = {AGGREGATES.name: "aggregates", ANOMALIES.name: "anomalies", DEAD_LETTERS.name: "dead_letters"}
MEANWHILE = Published({}, {HERE: 1}, {})


class World:
    """Broker and sink, and a worker that has the partition."""

    def __init__(self, log: list[Record]) -> None:
        self.messages: defaultdict[str, list[bytes]] = defaultdict(list)
        self.ids: Counter[str] = Counter()
        self.rows: defaultdict[str, set[str]] = defaultdict(set)
        self.ledger: list[int] = []
        self._log = log
        self._blob: bytes | None = None
        self._told: int | None = None
        self._in_flight: Rendered | None = None
        self.crash()

    async def newest(self, topic: str, partition: int) -> tuple[bytes | None, int | None, int | None]:
        return self._blob, self._told, self.ledger[-1] if self.ledger else None

    async def log_range(self, topic: str, partition: int) -> tuple[int, int]:
        return 0, self._log[-1][0] + 1

    def crash(self, number: int = 0) -> None:
        """Whatever the owner had in memory is gone; the next one begins."""
        self._in_flight = None
        self._told_by_owner = -1
        self.task = Task(TOPOLOGY, *HERE, Telemetry(CollectorRegistry(), TOPOLOGY))
        self._renderer = Renderer(TOPOLOGY, *HERE)
        asyncio.run(self.task.start(cast(CheckpointReader, self)))

    def feed(self, number: int) -> None:
        """Some records."""
        rest = [record for record in self._log if record[0] >= self.task.next_offset][:number]
        if rest:
            self.task.feed(chunk(rest, self.task.next_offset), 0.0)

    def tell(self, number: int = 0) -> None:
        """A cut goes ahead."""
        if self.task.flagged and self.task.cut_ahead():
            assert self.task.ahead is not None
            self._give_out(self.task.ahead)
            self.task.told(MEANWHILE)

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
            told = max(self._told_by_owner, self._in_flight.told)
            self._told = told if told > self._in_flight.next_offset else None
            self._in_flight = None
            self.task.committed(MEANWHILE)

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
            self._told = self._told_by_owner = rendered.next_offset
        return rendered


steps = st.lists(
    st.tuples(
        st.sampled_from([World.feed, World.feed, World.tell, World.begin, World.end, World.crash, World.fall_silent]),
        st.integers(1, 60),
    ),
    max_size=40,
)


@settings(max_examples=300, deadline=None)
@given(logs(), steps)
def test_whenever_an_owner_is_gone_every_message_is_given_out_once_and_has_its_row(log: list[Record], steps) -> None:  # type: ignore[no-untyped-def]
    world = World(log)
    for step, number in steps:
        step(world, number)
    world.crash()
    world.come_to_the_end()
    assert set(world.ids.values()) <= {1}
    given = {topic: {json.loads(value)["id"] for value in values} for topic, values in world.messages.items()}
    assert given == {topic: world.rows[table] for topic, table in TABLE.items() if world.rows[table]}
    if not any(step is World.fall_silent for step, _ in steps):
        undisturbed = defaultdict(list)
        for message in run(log, [])[1]:
            undisturbed[message.topic].append(message.value)
        assert world.messages == undisturbed


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
    world.tell()
    assert len(world.messages[ANOMALIES.name]) == 1
    world.end()
    assert world.ledger == [2]
    world.crash()
    world.feed(3)
    assert not world.task.flagged
    world.come_to_the_end()
    assert world.ids.total() == 1
    assert world.ledger == [2, 3]


def test_of_a_chunk_that_goes_beyond_what_was_told_the_rest_is_told() -> None:
    world = World(a_log(9, 9, 9))
    world.feed(1)
    world.tell()
    world.crash()
    world.feed(3)
    world.tell()
    assert len(world.messages[ANOMALIES.name]) == world.ids.total() == 3
    world.come_to_the_end()
    assert world.ids.total() == 3
    assert len(world.rows["anomalies"]) == 3


def test_what_was_told_is_stored_piece_by_piece_and_told_once_whoever_is_killed_meanwhile() -> None:
    """A backlog can be more than a task may have in hand: cuts are not held up until all of it is computed again."""
    world = World(a_log(9, 9, 9, 9))
    world.feed(4)
    world.tell()
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
    told = dict(world.messages)
    assert AGGREGATES.name in told
    world.crash()
    world.come_to_the_end()
    assert world.messages == told
    assert len(world.rows["aggregates"]) == len(told[AGGREGATES.name])


def test_nothing_is_given_out_that_follows_from_an_idle_decision_which_may_be_lost() -> None:
    world = World(a_log(1, 9))
    world.feed(1)
    world.begin()
    world.end()
    world.fall_silent(100)
    world.feed(1)
    world.tell()
    assert world.messages == {}
