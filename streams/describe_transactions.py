"""The request DescribeTransactions (KIP-664, Kafka 3.0 and later), which aiokafka does not have."""

from typing import Any

from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import CompactArray, CompactString, Int16, Int32, Int64, Schema, TaggedFields


class _Response(Response):  # type: ignore[misc]
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


class _Struct(RequestStruct):  # type: ignore[misc]
    FLEXIBLE_VERSION = True
    API_KEY = 65
    API_VERSION = 0
    RESPONSE_TYPE = _Response
    SCHEMA = Schema(("transactional_ids", CompactArray(CompactString("utf-8"))), ("tags", TaggedFields))


class DescribeTransactions(Request[_Struct]):  # type: ignore[misc]
    """Asks a coordinator for the state of one transactional id."""

    API_KEY = 65

    def __init__(self, transactional_id: str) -> None:
        self._id = transactional_id

    def build(self, request_struct_class: type[_Struct]) -> _Struct:
        return request_struct_class([self._id], {})


def error_and_state(answer: Any) -> tuple[int, str]:
    """Error code and state, such as `CompleteCommit`, of the id that was asked for."""
    error_code, _, state, *_ = answer.transactions[0]
    return error_code, state
