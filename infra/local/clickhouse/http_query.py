"""One statement that came over HTTP: which one it is, what it is run with, and its answer."""

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import Final

from infra.local.clickhouse.blocks import BLOCK_INFO, split_blocks
from infra.local.clickhouse.engine import EngineProgress, Session
from infra.local.clickhouse.errors import Code, ServerError
from infra.local.clickhouse.insert import InsertPipe
from infra.local.clickhouse.packets import MAX_TEXT
from infra.local.clickhouse.results import native_blocks
from infra.local.clickhouse.statements import (
    InsertHead,
    has_totals,
    is_streamable,
    parse_insert,
    split_format,
    strip_comments,
)

DEFAULT_FORMAT: Final = "TabSeparated"

_HEAD_BYTES: Final = 1 << 16
_BLOCK_BY_BLOCK: Final = frozenset({"tsv", "tabseparated", "csv", "rowbinary"})
"""Formats whose result is the concatenation of its formatted blocks: these are streamed, the others come whole."""
_HELD_BACK: Final = 2
"""Blocks that are computed before the answer begins: most results have no more, and their length can be told."""
_NOT_SETTINGS: Final = frozenset(
    {
        *("query", "query_id", "database", "user", "password", "role", "quota_key"),
        *("session_id", "session_timeout", "session_check"),
        *("default_format", "compress", "decompress", "enable_http_compression", "client_protocol_version"),
        *("wait_end_of_query", "buffer_size", "stacktrace"),
    }
)

Pieces = Generator[bytes, None, None]
"""A result as it is computed; closing it ends the query."""


@dataclass(frozen=True)
class Request:
    """What a request says about its statement. `changes_nothing` for GET, which may not write."""

    parameters: dict[str, str]
    format: str
    body: Iterator[bytes]
    changes_nothing: bool

    def settings(self) -> dict[str, str]:
        """The parameters that are settings of the engine."""
        names = (name for name in self.parameters if name not in _NOT_SETTINGS and not name.startswith("param_"))
        return {name: self.parameters[name] for name in names}

    def wants_block_info(self) -> bool:
        """Whether Native blocks are to have the fields before them that the native protocol has."""
        return self.parameters.get("client_protocol_version", "0") != "0"

    def bound_values(self) -> dict[str, str]:
        """The values for `{name:Type}` in the statement."""
        prefix = "param_"
        bound = (name for name in self.parameters if name.startswith(prefix))
        return {name.removeprefix(prefix): self.parameters[name] for name in bound}


@dataclass(frozen=True)
class Answer:
    """A result in `format`, with what the engine counted so far."""

    format: str
    counts: EngineProgress
    first: bytes
    rest: Pieces | None = None
    """What follows `first`, computed as it is taken; None if that is all."""

    def pieces(self) -> Iterator[bytes]:
        """The result piece by piece."""
        yield self.first
        yield from self.rest or ()

    def close(self) -> None:
        """Ends the query if it still runs."""
        if self.rest is not None:
            self.rest.close()


def execute(session: Session, request: Request) -> Answer:
    """Runs the statement. Errors are raised here, except those in the middle of a result of several blocks."""
    counts: dict[str, int] = {}
    with session.reporting(counts.update):
        sql, head = _read_statement(request)
        if head is not None:
            rows = _insert(session, head, request)
            return Answer(request.format, {**counts, "written_rows": rows}, b"")
        kind = session.classify(sql)
        if request.changes_nothing and kind != "READ_ONLY":
            raise ServerError(Code.READONLY, "Cannot execute query in readonly mode. Use POST for what writes")
        query, named_format = split_format(sql)
        output_format = named_format or request.format
        native = output_format.lower() == "native"
        streams = kind == "READ_ONLY" and is_streamable(query) and not has_totals(query)
        if streams and (native or output_format.lower() in _BLOCK_BY_BLOCK):
            pieces = (_native_pieces if native else _pieces)(session, query, output_format, request)
            beginning = list(islice(pieces, _HELD_BACK))
            rest = pieces if len(beginning) == _HELD_BACK else None
            return Answer(output_format, counts, b"".join(beginning), rest)
        data = session.query(query, output_format, request.bound_values()).bytes()
        if native and request.wants_block_info():
            data = b"".join(BLOCK_INFO + block for _, block in split_blocks(data))
        return Answer(output_format, counts, data)


def _pieces(session: Session, sql: str, output_format: str, request: Request) -> Pieces:
    with closing(session.stream(sql, output_format, request.bound_values())) as blocks:
        for block in blocks:
            yield block.bytes()


def _native_pieces(session: Session, sql: str, _: str, request: Request) -> Pieces:
    prefix = BLOCK_INFO if request.wants_block_info() else b""
    with closing(native_blocks(session, sql, request.bound_values())) as blocks:
        header, _rows = next(blocks)
        for block, _rows in blocks:
            header = b""
            yield prefix + block
    if header:  # there were no rows
        yield prefix + header


def _insert(session: Session, head: InsertHead, request: Request) -> int:
    if request.changes_nothing or session.readonly:
        raise ServerError(Code.READONLY, "Cannot execute query in readonly mode.")
    pipe = InsertPipe(session, head, head.format)
    try:
        pipe.write(_encode(head.data))
        for chunk in request.body:
            pipe.write(chunk)
    except BaseException:
        pipe.abort()
        raise
    return pipe.finish()


def _read_statement(request: Request) -> tuple[str, InsertHead | None]:
    """The statement; or the head of an INSERT whose data are what is left of the body.

    The statement is the parameter `query` and then the body. VALUES are part of the statement: they may be expressions.
    """
    text = request.parameters.get("query", "")
    if (head := _data_head(text)) is not None:
        return "", head
    body = bytearray(_encode(text + "\n" if text else ""))
    for chunk in request.body:
        body += chunk
        if len(body) >= _HEAD_BYTES:
            break
    if (head := _data_head(_decode(body))) is not None:
        return "", head
    for chunk in request.body:
        body += chunk
        if len(body) > MAX_TEXT:
            raise ServerError(Code.TOO_LARGE_STRING_SIZE, f"The statement exceeds {MAX_TEXT} bytes")
    return strip_comments(_decode(body)), None


def _data_head(text: str) -> InsertHead | None:
    head = parse_insert(text)
    return head if head is not None and head.format.upper() != "VALUES" else None


def _encode(text: str) -> bytes:
    return text.encode("utf-8", "surrogateescape")


def _decode(data: bytes | bytearray) -> str:
    return data.decode("utf-8", "surrogateescape")
