"""Events and dead letters of one enterprise, from ClickHouse. Every question names the enterprise.

Events are read from the table and not from the view: FINAL would merge all events of an enterprise to find the newest
thirty. A row that was written twice is bit for bit the same, so `LIMIT 1 BY` sees it once, and with it an event that
was captured twice far apart.
"""

import base64
import binascii
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from clickhouse_driver import Client, errors

from schemas.topics import TRACE_EVENTS
from sinks.clickhouse.errors import translated
from sinks.epcis.filters import Query
from sinks.epcis.jobs import Job
from sinks.epcis.problems import Problem, bad_parameter

_EVENTS: Final = """
SELECT
    toUnixTimestamp64Milli(ts) AS at, toUnixTimestamp64Milli(recorded_at) AS recorded, event,
    ifNull(toUnixTimestamp64Milli(error_at), 0) AS declared, body
FROM headrace_store.trace_events
WHERE topology = %(topology)s AND enterprise = %(enterprise)s AND CONDITIONS
ORDER BY SEQUENCE
LIMIT 1 BY event, declared
LIMIT %(limit)s
"""
_ORDERS: Final = {
    (False, True): "ts DESC, event DESC, declared DESC, recorded_at",
    (False, False): "ts, event, declared, recorded_at",
    (True, True): "recorded_at DESC, event DESC, declared DESC",
    (True, False): "recorded_at, event, declared",
}
"""By record time or by event time, descending or not."""
_BEHIND: Final = {
    (False, True): "ts <= fromUnixTimestamp64Milli(%(from)s) AND (at, event, declared) < %(cursor)s",
    (False, False): "ts >= fromUnixTimestamp64Milli(%(from)s) AND (at, event, declared) > %(cursor)s",
    (True, True): "(recorded, event, declared) < %(cursor)s",
    (True, False): "(recorded, event, declared) > %(cursor)s",
}
"""What comes after an event in that order."""
_LETTERS: Final = """
SELECT offset, reason, detail FROM headrace.dead_letters
WHERE topology = %(topology)s AND topic = %(topic)s AND partition = %(partition)s AND offset IN %(offsets)s
    AND key = %(enterprise)s
ORDER BY offset, index
"""
_LIMITS: Final = {
    "max_execution_time": 20,
    "max_rows_to_read": 2_000_000_000,
    "max_result_bytes": 64 << 20,
    "max_memory_usage": 2 << 30,
}
_BEYOND: Final = frozenset((158, 159, 241, 307, 396))
"""TOO_MANY_ROWS, TIMEOUT_EXCEEDED, MEMORY_LIMIT_EXCEEDED, TOO_MANY_BYTES, TOO_MANY_ROWS_OR_BYTES."""


class _Cursor(msgspec.Struct, array_like=True):
    """Behind which event a page begins: all that a token holds. It is the client's to change, and shows it nothing."""

    at: int
    event: str
    declared: int
    rest: int | None
    """Of `eventCountLimit`."""


class Archive:
    """The events of a topology. Used by one thread at a time; SinkError where ClickHouse is away or refuses."""

    def __init__(self, client: Client, topology: str) -> None:
        self._client = client
        self._topology = topology

    def events(self, enterprise: str, query: Query) -> tuple[list[dict[str, Any]], str | None]:
        """A page of events, as they were captured, each with its id and record time; and the token of the next page."""
        cursor = _read(query.token)
        rest = cursor.rest if cursor else query.most
        count = query.per_page if rest is None else min(query.per_page, rest)
        order = query.by_record_time, query.descending
        values = {**query.values, "topology": self._topology, "enterprise": enterprise, "limit": count + 1}
        conditions = list(query.conditions)
        if cursor:
            conditions.append(_BEHIND[order])
            values |= {"from": cursor.at, "cursor": (cursor.at, cursor.event, cursor.declared)}
        sql = _EVENTS.replace("CONDITIONS", " AND ".join(conditions) or "1").replace("SEQUENCE", _ORDERS[order])
        rows = self._ask(sql, values)
        left = None if rest is None else rest - count
        token = None
        if len(rows) > count and left != 0:
            at, recorded, event, declared, _ = rows[count - 1]
            token = _written(_Cursor(recorded if query.by_record_time else at, event, declared, left))
        return [_event(event, recorded, body) for _, recorded, event, _, body in rows[:count]], token

    def refused(self, enterprise: str, job: Job) -> list[dict[str, Any]]:
        """Why events of a job were refused by the workers, as problems."""
        places = {offset: place for place, offset in enumerate(job.offsets)}
        values = {
            "topology": self._topology, "topic": TRACE_EVENTS.name, "partition": job.partition, "offsets": list(places),
            "enterprise": enterprise,
        }  # fmt: skip
        return [
            Problem(400, "ValidationException", f"eventList[{places[offset]}]: {reason}: {detail}").body()
            for offset, reason, detail in self._ask(_LETTERS, values)
        ]

    def check(self) -> None:
        """SinkError where ClickHouse does not answer."""
        self._ask("SELECT 1", {})

    def close(self) -> None:
        """Hang up."""
        self._client.disconnect()

    def _ask(self, sql: str, values: dict[str, Any]) -> list[Any]:
        with translated():
            try:
                rows: list[Any] = self._client.execute(sql, values, settings=_LIMITS)
            except errors.ServerException as error:
                if error.code not in _BEYOND:
                    raise
                raise Problem(
                    413,
                    "QueryTooLargeException",
                    "the query reads too much: narrow it by items or times, or ask for less per page",
                ) from None
        return rows


def _event(event: str, recorded: int, body: str) -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.decode(body)
    id_ = found.get("eventID") or f"ni:///sha-256;{event}?ver=CBV2.0"
    return {**found, "eventID": id_, "recordTime": _iso(recorded)}


def _iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _written(cursor: _Cursor) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(cursor)).decode().rstrip("=")


def _read(token: str | None) -> _Cursor | None:
    if token is None:
        return None
    try:
        text = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        cursor = msgspec.json.decode(text, type=_Cursor)
    except (ValueError, binascii.Error, msgspec.DecodeError):
        cursor = None
    if cursor is None or max(abs(cursor.at), abs(cursor.declared)) >= 1 << 48 or (cursor.rest or 1) < 1:
        raise bad_parameter("nextPageToken is none that this service has given")
    return cursor
