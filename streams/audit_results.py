"""The audit's look at results: the messages of a topic against the rows of its table, id by id.

Retention deletes the oldest messages, and ClickHouse dead letters after a year; what is left has to agree.
"""

import hashlib
from collections.abc import Callable, Collection, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple

import msgspec

from schemas.topics import DEAD_LETTERS

Query = Callable[[str, dict[str, Any]], Sequence[Sequence[Any]]]
"""Runs a SELECT with parameters against ClickHouse."""

ORIGIN = "WHERE topology = %(topology)s AND topic = %(topic)s AND partition = %(partition)s"
"""The rows of one source partition."""
_MOST_NAMED = 10
_NEVER = 2**32 - 1
"""The last second that ClickHouse's DateTime knows."""
_CLOCKS_DIFFER = 86_400
"""Seconds, more than the clocks of workers and of ClickHouse are apart."""

RESULT_TABLES = {
    "aggregates": "aggregates", "anomalies": "anomalies", "alarms": "alarms", "process.adjustments": "adjustments",
    "dead.letters": "dead_letters",
}  # fmt: skip
"""Result topic to table."""


class Messages(msgspec.Struct):
    """What a result topic holds of one source partition."""

    messages: int = 0
    ids: dict[str, int] = {}
    """Offset of the message with each id; of the first one where there are more."""
    repeated: dict[str, int] = {}
    """Offset of the last one where there are more."""
    digest: int = 0
    """Exclusive or of the `halfMD5` of the distinct ids: equal sets of ids have equal ones."""

    def add(self, id_: str, offset: int) -> None:
        """Count a message."""
        self.messages += 1
        if self.ids.setdefault(id_, offset) != offset:
            self.repeated[id_] = offset
        else:
            self.digest ^= _half_md5(id_)


class Compared(NamedTuple):
    """The rows of one source partition held against its messages."""

    expected_rows: int
    rows: int
    ids: int
    """Distinct ones of the rows."""
    expected_messages: int
    same: bool
    """Whether rows and messages have the same ids."""
    of_rows: Sequence[str]
    """A few rows that are missing or too many."""
    of_messages: Sequence[str]


def compare(
    topic: str,
    table: str,
    emitted: int,
    seen: Messages,
    shortened: Mapping[str, int | None],
    query: Query,
    origin: Mapping[str, Any],
) -> Compared:
    """Hold rows and messages against what the ledger says was emitted.

    Of the `shortened` topics retention has deleted the oldest messages: with each the time of the oldest record left.
    """
    columns = "count(), uniqExact(id), groupBitXor(halfMD5(id))"
    rows, ids, digest = query(f"SELECT {columns} FROM headrace.{table} {ORIGIN}", dict(origin))[0]  # noqa: S608
    expected = emitted - (_expired(emitted - ids, query, origin) if topic == DEAD_LETTERS.name else 0)
    deleted = _deleted(table, seen, shortened[topic], query, origin) if topic in shortened else _Deleted()
    sent = expected - deleted.messages
    same = digest ^ deleted.digest == seen.digest
    right = same and rows == ids == expected and sent == seen.messages == len(seen.ids)
    of_rows, of_messages = ((), ()) if right else _locate(topic, table, seen, deleted, query, origin)
    return Compared(expected, rows, ids, sent, same, of_rows, of_messages)


class _Deleted(NamedTuple):
    """Messages of a source partition that retention has deleted, as the rows of their table tell."""

    messages: int = 0
    digest: int = 0
    since: int = 0
    """Rows stored before this second (seconds since the epoch) are of deleted messages, later ones are not."""
    ids: Collection[str] = ()
    """Those of rows that were stored within that second."""


def _deleted(table: str, seen: Messages, oldest_ms: int | None, query: Query, origin: Mapping[str, Any]) -> _Deleted:
    """Rows are stored in the order of their messages: what was stored before the oldest message there is.

    Should that be long after the oldest record of the log, which may be another source's, some are missing.
    """
    since = _NEVER if oldest_ms is None else oldest_ms // 1000 + _CLOCKS_DIFFER
    if seen.ids:
        oldest = {"ids": list(islice(seen.ids, _MOST_NAMED))}  # of the first one alone the row may be what is missing
        sql = f"SELECT toUnixTimestamp(min(stored_at)) FROM {_stored(table)} AND id IN %(ids)s"  # noqa: S608
        since = min(since, query(sql, {**origin, **oldest})[0][0])
    at = {**origin, "since": since}
    columns = "uniqExact(id), groupBitXor(halfMD5(id))"
    sql = f"SELECT {columns} FROM {_stored(table)} AND stored_at < toDateTime(%(since)s, 'UTC')"  # noqa: S608
    messages, digest = query(sql, at)[0]
    sql = f"SELECT id FROM {_stored(table)} AND stored_at = toDateTime(%(since)s, 'UTC')"  # noqa: S608
    ids = {row[0] for row in query(sql, at)} - seen.ids.keys()
    for id_ in ids:
        digest ^= _half_md5(id_)
    return _Deleted(messages + len(ids), digest, since, ids)


def _expired(missing: int, query: Query, origin: Mapping[str, Any]) -> int:
    """How many of the dead letters that ClickHouse no longer has were there when those that it deletes by now were."""
    if missing <= 0:
        return 0
    sql = f"SELECT max(dead_letters) FROM {_stored('ledger')} AND stored_at < now() - toIntervalYear(1)"  # noqa: S608
    were_there: int = query(sql, dict(origin))[0][0]
    return min(missing, were_there)


def _locate(
    topic: str, table: str, seen: Messages, deleted: _Deleted, query: Query, origin: Mapping[str, Any]
) -> tuple[Sequence[str], Sequence[str]]:
    """The messages that have no row and rows that are there twice; the rows that have no message and messages twice."""
    sql = f"SELECT id, count(), toUnixTimestamp(max(stored_at)) FROM {_stored(table)} GROUP BY id"  # noqa: S608
    there = {id_: (count, stored_at) for id_, count, stored_at in query(sql, dict(origin))}
    kept = {id_ for id_, (_, stored_at) in there.items() if stored_at >= deleted.since}.difference(deleted.ids)
    partition = origin["partition"]
    missing = [f"no row for {topic}/{partition}/{seen.ids[id_]}, id {id_}" for id_ in seen.ids.keys() - there.keys()]
    doubled = [f"{count} rows with id {id_}" for id_, (count, _) in there.items() if count > 1]
    alone = [f"no message for the row with id {id_}" for id_ in kept - seen.ids.keys()]
    again = [
        f"{topic}/{partition}/{offset} repeats {topic}/{partition}/{seen.ids[id_]}, id {id_}"
        for id_, offset in seen.repeated.items()
    ]
    return sorted(missing + doubled)[:_MOST_NAMED], sorted(alone + again)[:_MOST_NAMED]


def _stored(table: str) -> str:
    return f"headrace_store.{table} FINAL {ORIGIN}"


def _half_md5(id_: str) -> int:
    """ClickHouse's `halfMD5`."""
    return int.from_bytes(hashlib.md5(id_.encode(), usedforsecurity=False).digest()[:8])
