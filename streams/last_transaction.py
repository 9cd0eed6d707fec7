"""What is left of the last transaction of an id, where a broker has forgotten to end it.

A broker that starts takes partitions which have no leader yet for deleted ones, and then ends a transaction at its
coordinator without a marker in them (Kafka 4.0 to 4.3 at least; https://issues.apache.org/jira/browse/KAFKA-20734).
Readers of committed records stand still there for good, and the next transaction of the id would carry the rest of the
last one along, also where that had been aborted. Its next owner ends it: as the coordinator had decided, in every
partition with something open.
"""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.client import AIOKafkaClient, CoordinationType
from aiokafka.cluster import ClusterMetadata
from aiokafka.errors import KafkaError, LeaderNotAvailableError, for_code
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.offset import OffsetRequest
from aiokafka.protocol.types import CompactArray, CompactString, Int16, Int32, Int64, Schema, TaggedFields

_BACKOFF_SECONDS: Final = 0.1
_NEWEST: Final = -1
_UNCOMMITTED, _COMMITTED = 0, 1
"""Isolation levels: the log ends at the high watermark, or where the first open transaction begins."""
_NO_SUCH_ID: Final = 105


class _DescribeTransactionsResponse(Response):  # type: ignore[misc]
    API_KEY = 65
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        ("transactions", CompactArray(
            ("error_code", Int16), ("transactional_id", CompactString("utf-8")), ("state", CompactString("utf-8")),
            ("timeout_ms", Int32), ("start_time_ms", Int64), ("producer_id", Int64), ("producer_epoch", Int16),
            ("topics", CompactArray(
                ("topic", CompactString("utf-8")), ("partitions", CompactArray(Int32)), ("tags", TaggedFields),
            )),
            ("tags", TaggedFields),
        )),
        ("tags", TaggedFields),
    )  # fmt: skip


class _DescribeTransactionsStruct(RequestStruct):  # type: ignore[misc]
    FLEXIBLE_VERSION = True
    API_KEY = 65
    API_VERSION = 0
    RESPONSE_TYPE = _DescribeTransactionsResponse
    SCHEMA = Schema(("transactional_ids", CompactArray(CompactString("utf-8"))), ("tags", TaggedFields))


class _DescribeTransactions(Request[_DescribeTransactionsStruct]):  # type: ignore[misc]
    """KIP-664; aiokafka has it not."""

    API_KEY = 65

    def __init__(self, transactional_id: str) -> None:
        self._id = transactional_id

    def build(self, request_struct_class: type[_DescribeTransactionsStruct]) -> _DescribeTransactionsStruct:
        return request_struct_class([self._id], {})


async def take_over(producer: AIOKafkaProducer, reach: Mapping[str, int | None]) -> None:
    """Start a transactional producer: fences the last owner of its id and ends that one's transaction everywhere.

    `reach`: the topics that transactions of this id write to, each with the partition, None for any of them. Topics
    that are not there are left out.
    """
    client, transactions = producer.client, producer._txn_manager
    await client.bootstrap()
    committed = await _was_committed(client, transactions.transactional_id)
    await producer.start()
    cluster = await client.fetch_all_metadata()
    places = [
        TopicPartition(topic, partition)
        for topic, only in reach.items()
        for partition in cluster.partitions_for_topic(topic) or ()
        if only in (None, partition)
    ]
    unended = await _with_something_open(client, cluster, places)
    if unended:
        await producer.begin_transaction()
        for place in unended:  # a marker goes to each; most often somebody else's transaction is open, and stays so
            transactions.maybe_add_partition_to_txn(place)
        await (producer.commit_transaction() if committed else producer.abort_transaction())


async def _was_committed(client: AIOKafkaClient, transactional_id: str) -> bool:
    """Whether the coordinator has decided to commit the last transaction of the id.

    To be asked before the last owner is fenced: after that the coordinator no longer knows.
    """
    while True:
        try:
            coordinator = await client.coordinator_lookup(CoordinationType.TRANSACTION, transactional_id)
            answer = await client.send(coordinator, _DescribeTransactions(transactional_id))
            error_code, _, state, *_ = answer.transactions[0]
            if error_code == _NO_SUCH_ID:
                return False
            _raise(error_code)
            return state in ("PrepareCommit", "CompleteCommit")
        except KafkaError as error:
            if not error.retriable:
                raise
        await asyncio.sleep(_BACKOFF_SECONDS)


async def _with_something_open(
    client: AIOKafkaClient, cluster: ClusterMetadata, places: Iterable[TopicPartition]
) -> list[TopicPartition]:
    """Those of the partitions where a transaction is open: of the id that was just taken over, or of somebody else."""
    of_leader: defaultdict[int, defaultdict[str, list[tuple[int, int]]]] = defaultdict(lambda: defaultdict(list))
    for place in places:
        leader = cluster.leader_for_partition(place)
        if leader is None or leader < 0:
            raise LeaderNotAvailableError(place)
        of_leader[leader][place.topic].append((place.partition, _NEWEST))
    found = []
    for leader, topics in of_leader.items():
        stable = await _ends(client, leader, topics, _COMMITTED)
        ends = await _ends(client, leader, topics, _UNCOMMITTED)
        found += [place for place, end in ends.items() if stable[place] < end]
    return found


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
