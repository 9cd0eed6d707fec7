"""Transactions at a real broker."""

import asyncio

import pytest
from aiokafka.errors import MessageSizeTooLargeError
from kafka import KafkaAdminClient
from kafka.admin import NewTopic

from infra.local.stack import Stack
from schemas import topics
from streams.rendering import Message
from streams.transaction import LARGEST_MESSAGE, Transactions


def make_topics(stack: Stack, topology: str) -> None:
    admin = KafkaAdminClient(bootstrap_servers=stack.kafka)
    wanted = {topics.checkpoint_topic(topology), f"{topology}.a", topics.ANOMALIES.name} - set(admin.list_topics())
    admin.create_topics([NewTopic(name, 1, 1) for name in wanted])
    admin.close()


def flag(offset: int) -> Message:
    return Message(topics.ANOMALIES.name, b"s/a", str(offset), b"{}")


def test_what_comes_after_a_transaction_that_failed_is_not_given_out(stack: Stack) -> None:
    """Else it would say that what failed is out, too."""
    make_topics(stack, "halting")

    async def run() -> None:
        mine = Transactions({"bootstrap_servers": [stack.kafka]}, "halting", "halting.a", 0, {})
        await mine.start()
        with pytest.raises(MessageSizeTooLargeError):
            await mine.keep(b" " * (LARGEST_MESSAGE + 1), 1)
        for _ in range(2):
            with pytest.raises(MessageSizeTooLargeError):
                await mine.give_out([flag(1)], 2)
        await mine.stop(2)

    asyncio.run(run())


def test_what_cannot_be_given_out_bars_what_comes_after_it_although_a_transaction_is_under_way(stack: Stack) -> None:
    make_topics(stack, "barred")

    async def run() -> None:
        mine = Transactions({"bootstrap_servers": [stack.kafka]}, "barred", "barred.a", 0, {})
        await mine.start()
        under_way = asyncio.create_task(mine.give_out([flag(1)], 1))
        await asyncio.sleep(0)
        mine.fail(ValueError("it cannot be rendered"))
        await under_way
        with pytest.raises(ValueError, match="cannot be rendered"):
            await mine.give_out([flag(3)], 3)
        await mine.stop(2)

    asyncio.run(run())


def test_what_gives_up_while_it_waits_for_its_turn_bars_what_comes_after_it(stack: Stack) -> None:
    make_topics(stack, "waiting")

    async def run() -> None:
        mine = Transactions({"bootstrap_servers": [stack.kafka]}, "waiting", "waiting.a", 0, {})
        await mine.start()
        under_way = asyncio.create_task(mine.give_out([flag(1)], 1))
        waiting = asyncio.create_task(mine.give_out([flag(2)], 2))
        await asyncio.sleep(0)
        waiting.cancel()
        await under_way
        with pytest.raises(TimeoutError, match="given up"):
            await mine.give_out([flag(3)], 3)
        await mine.stop(2)

    asyncio.run(run())


def test_transactions_come_in_the_order_in_which_they_were_asked_for(stack: Stack) -> None:
    make_topics(stack, "orderly")
    ended: list[int] = []

    async def run() -> None:
        mine = Transactions({"bootstrap_servers": [stack.kafka]}, "orderly", "orderly.a", 0, {})
        await mine.start()
        async with asyncio.TaskGroup() as group:
            for offset in range(6):
                step = mine.keep(b"state", offset) if offset % 3 == 2 else mine.give_out([flag(offset)], offset)
                group.create_task(step).add_done_callback(lambda _, offset=offset: ended.append(offset))
        await mine.stop(2)

    asyncio.run(run())
    assert ended == list(range(6))


def test_no_batch_has_to_be_sent_twice(stack: Stack, caplog: pytest.LogCaptureFixture) -> None:
    """It would be sent again only after the backoff, for which everything waits."""
    make_topics(stack, "swift")

    async def run() -> None:
        mine = Transactions({"bootstrap_servers": [stack.kafka]}, "swift", "swift.a", 0, {})
        await mine.start()
        for offset in range(50):
            await mine.give_out([flag(offset)], offset)
            await mine.keep(b"state", offset)
            if offset == 0:  # until then the broker may still be making the topics known to itself
                caplog.clear()
        await mine.stop(2)

    asyncio.run(run())
    assert [record.getMessage() for record in caplog.records if "retrying" in record.getMessage()] == []
