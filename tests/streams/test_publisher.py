"""The publisher, with fakes for the sink and the producers: openings that overtake each other, cuts that are wrong."""

import asyncio
import json
import threading
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import pytest
from structlog.testing import capture_logs

from sinks.base import Batch
from streams import publisher
from streams.outbox import Cut
from streams.processor import Processor
from streams.publisher import Lost, Publisher
from streams.rendering import Message
from tests.streams.processing import NOW, TOPOLOGY, chunk, event

HERE, THERE = ("machine.events", 0), ("machine.events", 1)


class Producer:
    """Stands for the transactions of a partition; a test says when it has started, and what it refuses."""

    made: ClassVar[list["Producer"]] = []

    def __init__(
        self,
        options: dict[str, Any],
        topology: str,
        topic: str,
        partition: int,
        decided: dict[str, bool],
        lost: Callable[[], None],
        digest: str,
    ) -> None:
        self.may_start = asyncio.Event()
        self.lost = lost
        self.stopped = self.failed = False
        self.committed: list[int] = []
        self.hangs = False
        self.given_out: list[tuple[str, int]] = []
        Producer.made.append(self)

    async def start(self) -> None:
        await self.may_start.wait()

    async def give_out(self, messages: Sequence[Message], next_offset: int) -> None:
        if self.hangs:
            await asyncio.Event().wait()
        self.given_out += [(message.topic, next_offset) for message in messages]

    def fail(self, error: Exception) -> None:
        self.failed = True

    async def keep(self, checkpoint: bytes, next_offset: int, out_to: int) -> None:
        if self.hangs:
            await asyncio.Event().wait()
        self.committed.append(next_offset)

    async def stop(self, timeout: float) -> None:
        self.stopped = True


class Kept:
    """A sink that takes everything."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []

    def write(self, batch: Batch) -> int:
        self.batches.append(batch)
        return len(batch)

    def written_to(self, topology: str, topic: str, partition: int, changes: int) -> tuple[int, int]:
        return -1, 0

    def close(self) -> None:
        pass


class Slow(Kept):
    """One that takes nothing yet."""

    def __init__(self) -> None:
        super().__init__()
        self.may_write = threading.Event()

    def write(self, batch: Batch) -> int:
        assert self.may_write.wait(10)
        return super().write(batch)


@pytest.fixture(autouse=True)
def producers(monkeypatch: pytest.MonkeyPatch) -> list[Producer]:
    monkeypatch.setattr(Producer, "made", [])
    monkeypatch.setattr(publisher, "Transactions", Producer)
    return Producer.made


def cuts(partition: int, *assets: str, ahead: str = "") -> list[Cut]:
    """One after each event, each with a flag; that of the asset `ahead` goes ahead."""
    processor = Processor(TOPOLOGY, "machine.events", partition, 0)
    found = []
    for offset, asset in enumerate(assets):
        processor.feed(chunk([(offset, NOW, json.dumps(event(NOW, asset, {"t": 9.0})).encode())], offset))
        found.append(processor.cut_ahead() if asset == ahead else processor.cut())
    return found


async def opened(server: Publisher, *positions: publisher.Position) -> None:
    for position in positions:
        opening = asyncio.create_task(server._take_over(position))
        await asyncio.sleep(0)
        Producer.made[-1].may_start.set()
        assert await opening is None


def new(sink: Kept | None = None) -> Publisher:
    return Publisher(TOPOLOGY, {}, sink or Kept())


def test_messages_do_not_wait_for_the_sink_and_state_does(producers: list[Producer]) -> None:
    sink = Slow()

    async def run() -> None:
        server = new(sink)
        await opened(server, HERE)
        first, second = cuts(0, "a", "b", ahead="b")
        publishing = asyncio.create_task(server._publish({HERE: first}))
        await asyncio.sleep(0.05)
        assert producers[0].given_out == [("anomalies", 1)]
        assert (await server._give_out({HERE: second})).failures == {}
        assert producers[0].given_out == [("anomalies", 1), ("anomalies", 2)]
        assert producers[0].committed == []
        sink.may_write.set()
        assert (await publishing).failures == {}

    asyncio.run(run())
    assert producers[0].committed == [1]


def test_rows_of_what_went_ahead_are_written_with_the_next_state(producers: list[Producer]) -> None:
    sink = Kept()

    async def run() -> None:
        server = new(sink)
        await opened(server, HERE)
        ahead, last = cuts(0, "a", "b", ahead="a")
        await server._give_out({HERE: ahead})
        assert sink.batches == []
        await server._publish({HERE: last})

    asyncio.run(run())
    [batch] = sink.batches
    assert [len(rows["id"]) for rows in batch["anomalies"]] == [1, 1]
    assert [len(rows["next_offset"]) for rows in batch["ledger"]] == [1]


def test_an_opening_that_ends_after_a_later_one_leaves_that_as_it_is(producers: list[Producer]) -> None:
    async def run() -> None:
        server = new()
        late = asyncio.create_task(server._take_over(HERE))
        await asyncio.sleep(0)
        await server._close(HERE)
        await opened(server, HERE)
        first, second = cuts(0, "a", "b")
        assert (await server._publish({HERE: first})).failures == {}
        producers[0].may_start.set()
        failure = await late
        assert failure is not None
        assert failure.detail == "it was let go of before it was open"
        assert (await server._publish({HERE: second})).failures == {}

    asyncio.run(run())
    assert [one.stopped for one in producers] == [True, False]
    assert producers[1].committed == [1, 2]


def test_a_partition_that_is_let_go_of_while_it_opens_is_not_open_afterwards(producers: list[Producer]) -> None:
    async def run() -> None:
        server = new()
        opening = asyncio.create_task(server._take_over(HERE))
        await asyncio.sleep(0)
        await server._close(HERE)
        producers[0].may_start.set()
        assert await opening is not None
        assert (await server._publish({HERE: cuts(0, "a")[0]})).failures[HERE].detail == "it is not open"

    asyncio.run(run())
    assert producers[0].stopped


def test_a_cut_that_cannot_be_rendered_fails_alone_and_is_told_of(producers: list[Producer]) -> None:
    async def run() -> None:
        server = new()
        await opened(server, HERE, THERE)
        with capture_logs() as logs:
            done = await server._publish({HERE: cuts(0, "a", "b")[1], THERE: cuts(1, "a")[0]})
        assert list(done.failures) == [HERE]
        assert "1 series were named before this cut, and 0 here" in done.failures[HERE].detail
        assert [line["event"] for line in logs] == ["render_failed"]

    asyncio.run(run())
    assert [one.committed for one in producers] == [[], [1]]
    assert [one.failed for one in producers] == [True, False]


def test_nothing_is_written_of_a_cut_whose_state_no_checkpoint_holds(
    producers: list[Producer], monkeypatch: pytest.MonkeyPatch
) -> None:
    sink = Kept()

    async def run() -> None:
        server = new(sink)
        await opened(server, HERE)
        first, second = cuts(0, "a", "b")
        assert (await server._publish({HERE: first})).failures == {}
        monkeypatch.setattr(publisher, "LARGEST_CHECKPOINT", 100)
        with capture_logs():
            done = await server._publish({HERE: second})
        assert "a checkpoint 100: lower `time.duplicates`" in done.failures[HERE].detail

    asyncio.run(run())
    assert len(sink.batches) == 1
    assert producers[0].committed == [1]


def test_a_coordinator_that_never_agrees_costs_its_partition_and_no_other(
    producers: list[Producer], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publisher, "_BROKER_SECONDS", 0.05)

    async def run() -> None:
        server = new()
        assert (await server._take_over(HERE)).detail.startswith("the broker did not agree within")  # type: ignore[union-attr]
        await opened(server, HERE, THERE)
        producers[1].hangs = True
        done = await server._publish({HERE: cuts(0, "a")[0], THERE: cuts(1, "a")[0]})
        assert list(done.failures) == [HERE]

    asyncio.run(run())
    assert producers[0].stopped
    assert [one.committed for one in producers] == [[], [], [1]]


def test_a_partition_whose_connection_is_lost_is_told_of(producers: list[Producer]) -> None:
    told: list[Any] = []

    async def run() -> None:
        server = new()
        server._tell = told.append
        await opened(server, HERE, THERE)
        producers[1].lost()
        await server._close(HERE)
        producers[0].lost()  # nobody's any more

    asyncio.run(run())
    assert told == [Lost(THERE)]
