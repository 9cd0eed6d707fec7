"""Taking a partition over at a real broker that has forgotten to end its last transaction, or is away."""

import asyncio
import gc
import logging
from collections.abc import Awaitable, Callable, Iterator
from itertools import count
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.conn import CloseReason
from aiokafka.errors import LeaderNotAvailableError, ProducerFenced
from aiokafka.producer.sender import Sender
from kafka import KafkaAdminClient
from kafka.admin import NewTopic

from infra.local.stack import Stack
from schemas import topics
from streams import last_transaction
from streams.transaction import Transactions
from streams.transactional_producer import ConnectionLost
from tests.streams.forgetful import forgetful, leave

SOURCE, LETTERS, FLAGS = topics.MACHINE_EVENTS.name, topics.DEAD_LETTERS.name, topics.ANOMALIES.name
_number = count()

Ending = Callable[[AIOKafkaProducer], Awaitable[None]]


class Site:
    """A topology's topics and the last owner of its partition, which leaves something behind."""

    def __init__(self, kafka: str, name: str) -> None:
        self.options = {"bootstrap_servers": [kafka]}
        self.name = name
        self.decided: dict[str, bool] = {}
        self.checkpoints = topics.checkpoint_topic(name)
        self.id = topics.transactional_id(name, SOURCE, 0)

    async def owner(self) -> AIOKafkaProducer:
        """The last owner, with a transaction that has a flag in it."""
        producer = AIOKafkaProducer(**self.options, transactional_id=self.id)
        await producer.start()
        await producer.begin_transaction()
        await producer.send_and_wait(FLAGS, self.name.encode(), partition=0)
        return producer

    async def leave(self, producer: AIOKafkaProducer, topic: str) -> None:
        """Write what will be forgotten."""
        await leave(producer, topic, self.name.encode())

    async def leave_committed(self) -> None:
        """What a last owner has committed, and of which the broker has forgotten the dead letter."""
        last = await self.owner()
        await self.leave(last, LETTERS)
        await last.commit_transaction()
        await last.stop()  # which ends no transaction

    async def take_over(self) -> tuple[bool, bool]:
        """What is seen of the dead letter once the partition has a new owner."""
        mine = self.mine()
        await mine.start()
        found = await self.seen(LETTERS)
        await mine.stop(2)
        return found

    def mine(self, **how: Any) -> Transactions:
        return Transactions(self.options, self.name, SOURCE, 0, self.decided, **how)

    async def seen(self, topic: str) -> tuple[bool, bool]:
        """Whether what was left in a topic can be read, and whether the whole topic can be."""
        there, ends = {}, {}
        for isolation in ("read_committed", "read_uncommitted"):
            consumer = AIOKafkaConsumer(**self.options, isolation_level=isolation)
            await consumer.start()
            place = TopicPartition(topic, 0)
            consumer.assign([place])
            await consumer.seek_to_beginning(place)
            ends[isolation] = (await consumer.end_offsets([place]))[place]
            values = set()
            while await consumer.position(place) < ends[isolation]:
                values |= {record.value for record in (await consumer.getmany(timeout_ms=100)).get(place, ())}
            await consumer.stop()
            there[isolation] = self.name.encode() in values
        assert there["read_uncommitted"]
        return there["read_committed"], ends["read_committed"] == ends["read_uncommitted"]


@pytest.fixture
def site(stack: Stack) -> Iterator[Site]:
    here = Site(stack.kafka, f"forgotten.{next(_number)}")
    admin = KafkaAdminClient(bootstrap_servers=stack.kafka)
    wanted = {SOURCE, here.checkpoints, LETTERS, FLAGS} - set(admin.list_topics())
    admin.create_topics([NewTopic(topic, 1, 1) for topic in wanted])
    admin.close()
    with forgetful(stack.kafka):
        yield here


async def nothing(producer: AIOKafkaProducer) -> None:
    """Leave it open."""


@pytest.mark.parametrize("forgotten", ["letters", "checkpoint"])
@pytest.mark.parametrize(
    ("ending", "committed"),
    [(nothing, False), (AIOKafkaProducer.abort_transaction, False), (AIOKafkaProducer.commit_transaction, True)],
)
def test_what_a_broker_forgot_of_the_last_transaction_ends_as_its_coordinator_had_decided(
    ending: Ending, committed: bool, forgotten: str, site: Site
) -> None:
    async def run() -> None:
        topic = LETTERS if forgotten == "letters" else site.checkpoints
        last = await site.owner()
        await site.leave(last, topic)
        await ending(last)
        await last.stop()  # which ends no transaction
        assert await site.seen(topic) == (False, False)
        mine = site.mine()
        await mine.start()
        assert await site.seen(topic) == (committed, True)
        assert await site.seen(FLAGS) == (committed, True)
        await transaction(mine)
        await mine.stop(2)

    asyncio.run(run())


def test_what_was_left_without_a_transaction_at_the_coordinator_is_taken_back(site: Site) -> None:
    async def run() -> None:
        last = AIOKafkaProducer(**site.options, transactional_id=site.id)
        await last.start()
        await last.begin_transaction()
        await site.leave(last, LETTERS)
        await last.stop()
        assert await site.take_over() == (False, True)

    asyncio.run(run())


def test_a_partition_that_has_no_leader_after_the_fence_does_not_make_it_forget_what_was_decided(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks = count()
    look = last_transaction.with_something_open

    async def once_without_leader(*given: Any) -> Any:
        if next(looks) == 1:  # the first look is before the fence
            raise LeaderNotAvailableError
        return await look(*given)

    monkeypatch.setattr(last_transaction, "with_something_open", once_without_leader)

    async def run() -> None:
        await site.leave_committed()
        assert await site.take_over() == (True, True)

    asyncio.run(run())
    assert next(looks) > 2


def test_a_taking_over_that_is_given_up_after_the_fence_does_not_make_the_next_one_forget_what_was_decided(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    fenced = asyncio.Event()
    end = last_transaction.end

    async def hanging(*given: Any) -> None:
        fenced.set()
        await asyncio.Event().wait()

    async def run() -> None:
        await site.leave_committed()
        monkeypatch.setattr(last_transaction, "end", hanging)
        given_up = site.mine()
        starting = asyncio.ensure_future(given_up.start())
        await fenced.wait()
        starting.cancel()
        await given_up.stop(2)
        monkeypatch.setattr(last_transaction, "end", end)
        assert await site.take_over() == (True, True)
        assert site.decided == {}

    asyncio.run(run())


def test_a_last_owner_that_commits_while_it_is_taken_over_has_committed(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the question, answered with "ongoing", and the fence."""
    get_epoch = Sender._do_init_pid

    async def run() -> None:
        last = await site.owner()
        await site.leave(last, LETTERS)

        async def too_late_once(sender: Sender, coordinator: int) -> bool:
            if last._txn_manager.is_in_transaction():
                await last.commit_transaction()
                return False  # the coordinator: concurrent transactions
            return bool(await get_epoch(sender, coordinator))

        monkeypatch.setattr(Sender, "_do_init_pid", too_late_once)
        assert await site.take_over() == (True, True)
        await last.stop()

    asyncio.run(run())


def test_an_answer_that_is_lost_does_not_make_it_forget_what_was_decided(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The coordinator has given the next epoch, and knows no longer what came before."""
    get_epoch, attempts = Sender._do_init_pid, count()

    async def lost_once(sender: Sender, coordinator: int) -> bool:
        if next(attempts) == 0:
            async with asyncio.timeout(10):
                other = AIOKafkaProducer(**site.options, transactional_id=site.id)
                await other.client.bootstrap()
                while not await get_epoch(other._sender, coordinator):
                    pass
                await other.stop()
            return False
        return bool(await get_epoch(sender, coordinator))

    async def run() -> None:
        await site.leave_committed()
        monkeypatch.setattr(Sender, "_do_init_pid", lost_once)
        assert await site.take_over() == (True, True)

    asyncio.run(run())
    assert next(attempts) == 2


def test_a_transaction_that_somebody_else_has_open_there_stays_open(site: Site) -> None:
    async def run() -> None:
        other = AIOKafkaProducer(**site.options, transactional_id=f"{site.name}.other")
        await other.start()
        await other.begin_transaction()
        await other.send_and_wait(LETTERS, site.name.encode(), partition=0)
        mine = site.mine()
        await mine.start()
        assert await site.seen(LETTERS) == (False, False)
        await other.commit_transaction()
        assert await site.seen(LETTERS) == (True, True)
        await other.stop()
        await transaction(mine)
        await mine.stop(2)

    asyncio.run(run())


async def transaction(mine: Transactions) -> None:
    """One like any other."""
    await mine.keep(b"state", 1)


def break_connection(client: AIOKafkaClient) -> None:
    """As where the broker's process ends."""
    next(iter(client._conns.values())).close(reason=CloseReason.CONNECTION_BROKEN)


def test_a_producer_that_lost_a_connection_begins_nothing_more_and_its_successor_ends_what_it_left(site: Site) -> None:
    lost = count()

    async def run() -> None:
        mine = site.mine(lost=lambda: next(lost))
        await mine.start()
        producer = mine._producer
        await producer.begin_transaction()
        await producer.send_and_wait(FLAGS, site.name.encode(), partition=0)
        await site.leave(producer, LETTERS)
        await producer.commit_transaction()
        break_connection(producer.client)
        for _ in range(2):
            with pytest.raises(ConnectionLost):
                await transaction(mine)
        await mine.stop(2)
        assert await site.seen(LETTERS) == (False, False)
        successor = site.mine()
        await successor.start()
        assert await site.seen(LETTERS) == (True, True)
        await transaction(successor)
        await successor.stop(2)

    asyncio.run(run())
    assert next(lost) == 1


@pytest.mark.parametrize("request_", ["_do_add_partitions_to_txn", "_send_produce_req", "_do_txn_commit"])
def test_what_is_under_way_when_a_connection_is_lost_fails_at_once_and_is_not_sent_again(
    request_: str, site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """`request_` is what aiokafka is about to do."""
    go_on = getattr(Sender, request_)

    async def broken(sender: Sender, *given: Any) -> None:
        monkeypatch.setattr(Sender, request_, go_on)
        break_connection(sender.client)
        await go_on(sender, *given)

    async def run() -> None:
        mine = site.mine()
        await mine.start()
        monkeypatch.setattr(Sender, request_, broken)
        async with asyncio.timeout(5):
            with pytest.raises(ConnectionLost):
                await transaction(mine)
            with pytest.raises(ConnectionLost):
                await mine._producer.abort_transaction()
            await asyncio.sleep(0.3)  # longer than until aiokafka would send it again
            await mine.stop(2)
        consumer = AIOKafkaConsumer(**site.options)
        await consumer.start()
        place = TopicPartition(site.checkpoints, 0)
        written = 1 if request_ == "_do_txn_commit" else 0  # and no marker
        assert (await consumer.end_offsets([place]))[place] == written
        await consumer.stop()

    asyncio.run(run())
    gc.collect()  # which tells of what nobody has looked at
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


def test_connections_that_break_while_it_takes_over_do_not_end_it(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    ends = count()
    end = last_transaction.end

    async def interrupted(producer: AIOKafkaProducer, *given: Any) -> None:
        if next(ends) == 0:
            asyncio.get_running_loop().call_later(0.001, break_connection, producer.client)
        await end(producer, *given)

    monkeypatch.setattr(last_transaction, "end", interrupted)

    async def run() -> None:
        await site.leave_committed()
        mine = site.mine()
        await mine.start()
        assert await site.seen(LETTERS) == (True, True)
        await transaction(mine)
        await mine.stop(2)

    asyncio.run(run())
    assert next(ends) >= 2


def test_the_last_owner_can_neither_send_nor_commit_any_more(site: Site) -> None:
    async def run() -> None:
        last = await site.owner()
        mine = site.mine()
        await mine.start()
        with pytest.raises(ProducerFenced):
            await last.commit_transaction()
        await last.stop()
        assert await site.seen(FLAGS) == (False, True)
        await transaction(mine)
        await mine.stop(2)

    asyncio.run(run())
