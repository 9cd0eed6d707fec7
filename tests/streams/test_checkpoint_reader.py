"""Finding the newest checkpoint at a real broker."""

import asyncio

import pytest
from kafka import KafkaAdminClient
from kafka.admin import NewTopic

from infra.local.stack import Stack
from schemas import topics
from schemas.errors import CheckpointError
from streams.checkpoint_reader import CheckpointReader
from streams.rendering import Message
from streams.transaction import Transactions

FLAG = [Message(topics.ANOMALIES.name, b"s/a", "1", b"{}")]


def make_topic(stack: Stack, topology: str) -> dict[str, list[str]]:
    admin = KafkaAdminClient(bootstrap_servers=stack.kafka)
    try:
        wanted = {topics.checkpoint_topic(topology), f"{topology}.a", f"{topology}.b", topics.ANOMALIES.name}
        admin.create_topics([NewTopic(name, 1, 1) for name in wanted - set(admin.list_topics())])
    finally:
        admin.close()
    return {"bootstrap_servers": [stack.kafka]}


def test_a_transaction_that_another_source_has_left_open_does_not_hide_the_newest_checkpoint(stack: Stack) -> None:
    options = make_topic(stack, "hidden")

    async def run() -> bytes | None:
        mine, other = (
            Transactions(options, "hidden", "hidden.a", 0, {}),
            Transactions(options, "hidden", "hidden.b", 0, {}),
        )
        reader = CheckpointReader(options, "hidden")
        await mine.start()
        await other.start()
        await reader.start()
        await mine.keep(b"old", 10)
        await other._producer.begin_transaction()
        left_open = await other._producer.send(topics.checkpoint_topic("hidden"), b"x", key=b"hidden.b/0", partition=0)
        await left_open
        await mine.keep(b"new", 20)
        found = asyncio.create_task(reader.newest("hidden.a", 0))
        await asyncio.sleep(0.5)
        successor = Transactions(options, "hidden", "hidden.b", 0, {})
        await successor.start()  # fences the other one and ends its transaction
        newest, _, _ = await found
        for producer in (mine, other, successor):
            await producer.stop(2)
        await reader.stop()
        return newest

    assert asyncio.run(run()) == b"new"


def test_a_partition_that_was_committed_and_has_no_checkpoint_is_not_begun_anew(stack: Stack) -> None:
    options = make_topic(stack, "gone")

    async def run() -> None:
        mine, reader = Transactions(options, "gone", "gone.a", 0, {}), CheckpointReader(options, "gone")
        await mine.start()
        await reader.start()
        assert await reader.newest("gone.a", 0) == (None, None, None)
        await mine.keep(b"state", 10)
        admin = KafkaAdminClient(bootstrap_servers=stack.kafka)
        admin.delete_topics([topics.checkpoint_topic("gone")])
        while topics.checkpoint_topic("gone") in admin.list_topics():  # noqa: ASYNC110 - the broker tells nobody
            await asyncio.sleep(0.1)
        admin.create_topics([NewTopic(topics.checkpoint_topic("gone"), 1, 1)])
        admin.close()
        try:
            with pytest.raises(CheckpointError, match="committed up to 10 and has no checkpoint"):
                await reader.newest("gone.a", 0)
        finally:
            await mine.stop(2)
            await reader.stop()

    asyncio.run(run())


def test_up_to_where_results_are_out_is_found_until_a_checkpoint_has_got_as_far(stack: Stack) -> None:
    options = make_topic(stack, "ahead")
    found = []

    async def run() -> None:
        mine, reader = Transactions(options, "ahead", "ahead.a", 0, {}), CheckpointReader(options, "ahead")
        await mine.start()
        await reader.start()
        for step in (
            mine.give_out(FLAG, 5), mine.keep(b"state", 5), mine.give_out(FLAG, 7), mine.give_out(FLAG, 9),
            mine.keep(b"later", 7), mine.keep(b"last", 9), mine.keep(b"again", 9, out_to=12),
        ):  # fmt: skip
            await step
            newest, out, _ = await reader.newest("ahead.a", 0)
            found.append((newest, None if out is None else out.next_offset))
        await mine.stop(2)
        await reader.stop()

    asyncio.run(run())
    assert found == [
        (None, 5),
        (b"state", None),
        (b"state", 7),
        (b"state", 9),
        (b"later", 9),
        (b"last", None),
        (b"again", 12),
    ]
