"""Transactions at a real broker."""

import asyncio

import pytest
from kafka import KafkaAdminClient
from kafka.admin import NewTopic

from infra.local.stack import Stack
from schemas import topics
from streams.transaction import Transactions


def test_no_batch_has_to_be_sent_twice(stack: Stack, caplog: pytest.LogCaptureFixture) -> None:
    """It would be sent again only after the backoff, for which everything waits."""
    admin = KafkaAdminClient(bootstrap_servers=stack.kafka)
    admin.create_topics([NewTopic(name, 1, 1) for name in (topics.checkpoint_topic("swift"), "swift.a")])
    admin.close()

    async def run() -> None:
        mine = Transactions({"bootstrap_servers": [stack.kafka]}, "swift", "swift.a", 0, {})
        await mine.start()
        for offset in range(50):
            await mine.tell([], offset)
            await mine.keep(b"state", offset)
            if offset == 0:  # until then the broker may still be making the topics known to itself
                caplog.clear()
        await mine.stop(2)

    asyncio.run(run())
    assert [record.getMessage() for record in caplog.records if "retrying" in record.getMessage()] == []
