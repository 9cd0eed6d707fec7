"""What is left of the last transaction of an id, where a broker has forgotten to end it.

A coordinator takes partitions that have no leader at that moment for deleted ones, as after a broker's start, and then
ends a transaction without a marker in them (seen in Kafka 4.3.1;
https://issues.apache.org/jira/browse/KAFKA-20734). Readers of committed records stand still there for good; the next
transaction of the id would carry the rest of the last one along, also where that had been aborted. Its next owner ends
it, in each partition with something open, as the coordinator had decided. The coordinator knows that until the next
owner has its epoch: `fence` asks before.
"""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping, MutableMapping
from typing import Any, Final, TypeVar

import structlog
from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.client import AIOKafkaClient, ConnectionGroup, CoordinationType
from aiokafka.errors import KafkaError, LeaderNotAvailableError, TopicAuthorizationFailedError, for_code
from aiokafka.protocol.offset import OffsetRequest

from streams.describe_transactions import DescribeTransactions, error_and_state

_log = structlog.get_logger("headrace")

_T = TypeVar("_T")
_BACKOFF_SECONDS: Final = 0.1
_NEWEST: Final = -1
_UNCOMMITTED, _COMMITTED = 0, 1
"""Isolation levels: the log ends at the high watermark, or where the first open transaction begins."""
_NO_SUCH_ID: Final = 105


async def fence(producer: AIOKafkaProducer, decided: MutableMapping[str, bool]) -> bool:
    """Get the next epoch of the producer's id; returns whether the coordinator had committed the last transaction.

    A transaction that is open meanwhile ends by that, or its owner is faster: asked again before each attempt, for a
    coordinator gives no epoch as long as something is to be ended. What it says stays in `decided`, by id.
    """
    sender, id_ = producer._sender, producer._txn_manager.transactional_id

    async def attempt() -> bool:
        sender._coordinator_dead(CoordinationType.TRANSACTION)  # look it up: it may be another now
        coordinator = await sender._find_coordinator(CoordinationType.TRANSACTION, id_)
        asked = DescribeTransactions(id_)
        error_code, state = error_and_state(
            await producer.client.send(coordinator, asked, group=ConnectionGroup.COORDINATION)
        )
        if error_code != _NO_SUCH_ID:
            _raise(error_code)
            if state != "Empty":  # an earlier attempt may have been successful: its answer was lost, or it failed later
                decided[id_] = state in ("PrepareCommit", "CompleteCommit")
        success: bool = await sender._do_init_pid(coordinator)
        return success

    while not await insist(producer.client, attempt):
        await producer.client.force_metadata_update()
    return decided.get(id_, False)


async def with_something_open(client: AIOKafkaClient, reach: Mapping[str, int | None]) -> list[TopicPartition]:
    """Those of the partitions where a transaction is open: of the id that was just taken over, or of somebody else.

    `reach`: topics, each with the partition, None for all of them. Topics that are not there are left out. Raises
    LeaderNotAvailableError where one of the partitions has no leader now.
    """
    cluster = await client.fetch_all_metadata()
    of_leader: defaultdict[int, defaultdict[str, list[tuple[int, int]]]] = defaultdict(lambda: defaultdict(list))
    for topic, only in reach.items():
        for partition in cluster.partitions_for_topic(topic) or ():
            if only in (None, partition):
                leader = cluster.leader_for_partition(TopicPartition(topic, partition))
                if leader is None or leader < 0:
                    raise LeaderNotAvailableError(f"{topic}/{partition}")
                of_leader[leader][topic].append((partition, _NEWEST))
    found = []
    for leader, topics in of_leader.items():
        stable = await _ends(client, leader, topics, _COMMITTED)
        ends = await _ends(client, leader, topics, _UNCOMMITTED)
        found += [place for place, end in ends.items() if stable[place] < end]
    return found


async def end(producer: AIOKafkaProducer, places: Collection[TopicPartition], committed: bool) -> None:
    """End what is left in these partitions: a marker goes to each.

    Where it is somebody else's transaction that is open, that stays open.
    """
    id_ = producer._txn_manager.transactional_id
    while places:
        named = [f"{place.topic}/{place.partition}" for place in sorted(places)]
        _log.info("ends_last_transaction", id=id_, committed=committed, partitions=named)
        await producer.begin_transaction()
        for place in places:
            producer._txn_manager.maybe_add_partition_to_txn(place)
        try:
            await (producer.commit_transaction() if committed else producer.abort_transaction())
            return
        except TopicAuthorizationFailedError as error:  # then nothing there is of this id
            await producer.abort_transaction()
            places = [place for place in places if place.topic not in error.args[0]]


async def insist(client: AIOKafkaClient, attempt: Callable[[], Awaitable[_T]]) -> _T:
    """Try again, with new metadata, whatever fails for the time being."""
    told = ""
    while True:
        try:
            return await attempt()
        except KafkaError as error:
            # aiokafka has no class of its own for "no broker answers".
            if not error.retriable and type(error) is not KafkaError:
                raise
            if repr(error) != told:
                told = repr(error)
                _log.info("waits_for_broker", error=told)
        await asyncio.sleep(_BACKOFF_SECONDS)
        await client.force_metadata_update()


async def _ends(
    client: AIOKafkaClient, leader: int, topics: dict[str, list[tuple[int, int]]], isolation: int
) -> dict[TopicPartition, int]:
    answer: Any = await client.send(leader, OffsetRequest(-1, isolation, list(topics.items())))
    ends = {}
    for topic, partitions in answer.topics:
        for partition, error_code, _, offset, *_ in partitions:
            _raise(error_code)
            ends[TopicPartition(topic, partition)] = offset
    return ends


def _raise(error_code: int) -> None:
    if error_code:
        raise for_code(error_code)()
