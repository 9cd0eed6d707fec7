"""Transactions at a real broker."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from aiokafka.errors import MessageSizeTooLargeError
from kafka import KafkaAdminClient
from kafka.admin import NewTopic

from infra.local.stack import Stack
from schemas import topics
from streams.rendering import Message
from streams.transaction import LARGEST_MESSAGE, Transactions


@asynccontextmanager
async def started(stack: Stack, topology: str) -> AsyncIterator[Transactions]:
    """Those of a topology of its own."""
    admin = KafkaAdminClient(bootstrap_servers=stack.kafka)
    wanted = {topics.checkpoint_topic(topology), f"{topology}.a", topics.ANOMALIES.name} - set(admin.list_topics())
    admin.create_topics([NewTopic(name, 1, 1) for name in wanted])
    admin.close()
    mine = Transactions({"bootstrap_servers": [stack.kafka]}, topology, f"{topology}.a", 0, {})
    await mine.start()
    try:
        yield mine
    finally:
        await mine.stop(2)


def flag(offset: int) -> Message:
    return Message(topics.ANOMALIES.name, b"s/a", str(offset), b"{}")


def test_what_comes_after_a_transaction_that_failed_is_not_given_out(stack: Stack) -> None:
    """Else it would say that what failed is out, too."""

    async def run() -> None:
        async with started(stack, "halting") as mine:
            with pytest.raises(MessageSizeTooLargeError):
                await mine.keep(b" " * (LARGEST_MESSAGE + 1), 1)
            for _ in range(2):
                with pytest.raises(MessageSizeTooLargeError):
                    await mine.give_out([flag(1)], 2)

    asyncio.run(run())


def test_what_cannot_be_given_out_bars_what_comes_after_it_although_a_transaction_is_under_way(stack: Stack) -> None:
    async def run() -> None:
        async with started(stack, "barred") as mine:
            under_way = asyncio.create_task(mine.give_out([flag(1)], 1))
            await asyncio.sleep(0)
            mine.fail(ValueError("it cannot be rendered"))
            await under_way
            with pytest.raises(ValueError, match="cannot be rendered"):
                await mine.give_out([flag(3)], 3)

    asyncio.run(run())


def test_what_gives_up_while_it_waits_for_its_turn_bars_what_comes_after_it(stack: Stack) -> None:
    async def run() -> None:
        async with started(stack, "waiting") as mine:
            under_way = asyncio.create_task(mine.give_out([flag(1)], 1))
            waiting = asyncio.create_task(mine.give_out([flag(2)], 2))
            await asyncio.sleep(0)
            waiting.cancel()
            await under_way
            with pytest.raises(TimeoutError, match="given up"):
                await mine.give_out([flag(3)], 3)

    asyncio.run(run())


def test_transactions_come_in_the_order_in_which_they_were_asked_for(stack: Stack) -> None:
    ended: list[int] = []

    async def run() -> None:
        async with started(stack, "orderly") as mine, asyncio.TaskGroup() as group:
            for offset in range(6):
                step = mine.keep(b"state", offset) if offset % 3 == 2 else mine.give_out([flag(offset)], offset)
                group.create_task(step).add_done_callback(lambda _, offset=offset: ended.append(offset))

    asyncio.run(run())
    assert ended == list(range(6))


def test_no_batch_has_to_be_sent_twice(stack: Stack, caplog: pytest.LogCaptureFixture) -> None:
    """It would be sent again only after the backoff, for which everything waits."""

    async def run() -> None:
        async with started(stack, "swift") as mine:
            for offset in range(50):
                await mine.give_out([flag(offset)], offset)
                await mine.keep(b"state", offset)
                if offset == 0:  # until then the broker may still be making the topics known to itself
                    caplog.clear()

    asyncio.run(run())
    assert [record.getMessage() for record in caplog.records if "retrying" in record.getMessage()] == []
