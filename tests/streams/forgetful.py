"""A broker that takes batches that its coordinator knows nothing of: they stand there as if it had forgotten them."""

from collections.abc import Iterator
from contextlib import contextmanager

from aiokafka import AIOKafkaProducer, TopicPartition
from kafka import KafkaAdminClient
from kafka.admin import ConfigResource, ConfigResourceType

from tests.waiting import wait_until

_CHECK = "transaction.partition.verification.enable"


@contextmanager
def forgetful(kafka: str) -> Iterator[None]:
    """Have the broker of the local stack take such batches."""
    admin = KafkaAdminClient(bootstrap_servers=kafka)
    try:
        _set(admin, "false")
        yield
    finally:
        _set(admin, "true")
        admin.close()


def _set(admin: KafkaAdminClient, value: str) -> None:
    """The controller answers; the broker follows a moment later, and describes what it goes by."""
    admin.alter_configs([ConfigResource(ConfigResourceType.BROKER, "1", {_CHECK: value})])

    def done() -> bool:
        found = admin.describe_configs([ConfigResource(ConfigResourceType.BROKER, "1", [_CHECK])])
        return bool(found["broker"]["1"].get(_CHECK, {}).get("value") == value)

    wait_until(f"{_CHECK}={value}", done)


async def leave(producer: AIOKafkaProducer, topic: str, value: bytes, key: bytes | None = None) -> None:
    """Write to partition 0, in the producer's transaction, without telling the coordinator."""
    producer._txn_manager._txn_partitions.add(TopicPartition(topic, 0))
    await producer.send_and_wait(topic, value, key, partition=0)
