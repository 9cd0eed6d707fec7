"""One client of the native TCP protocol, from its Hello to the end of its connection."""

import logging
import socket
import socketserver
import time
from contextlib import closing, suppress
from typing import Final

from infra.local.clickhouse import packets
from infra.local.clickhouse.blocks import (
    BLOCK_INFO,
    BlockHead,
    empty_block,
    read_block,
    read_block_info,
    split_blocks,
)
from infra.local.clickhouse.clients import Services
from infra.local.clickhouse.column_types import parse_type
from infra.local.clickhouse.engine import EngineProgress, Session
from infra.local.clickhouse.errors import Code, ProtocolError, ServerError
from infra.local.clickhouse.frames import read_frame, write_frames
from infra.local.clickhouse.insert import InsertPipe
from infra.local.clickhouse.listener import Listener
from infra.local.clickhouse.packets import ClientPacket, Progress, ServerPacket, Totals
from infra.local.clickhouse.results import native_blocks
from infra.local.clickhouse.statements import (
    InsertHead,
    has_totals,
    is_streamable,
    parse_insert,
    quote_name,
    split_format,
    strip_comments,
)
from infra.local.clickhouse.wire import Reader, Sink, write_varint

HELLO_SECONDS: Final = 10.0
IDLE_SECONDS: Final = 3600.0
PACKET_SECONDS: Final = 300.0
"""How long the rest of something begun may take to arrive, and an answer to be taken."""
MAX_EXTERNAL_TABLES: Final = 256 << 20
"""Bytes of all external tables of a query, which are held until the query is understood."""

_RECEIVE_BYTES: Final = 1 << 18
_NO_TABLE: Final = b"\0"
_CANCEL: Final = bytes((ClientPacket.CANCEL,))
_log = logging.getLogger(__name__)


class NativeConnection:
    """Serves one client. The socket is the caller's to close."""

    def __init__(self, client: socket.socket, services: Services) -> None:
        self._client = client
        self._services = services
        self._deadline: float | None = None
        self._reader = self._blocks = Reader(self._receive)
        self._compressed = False
        self._cancelled = False
        self._reported = Progress()

    def serve(self) -> None:
        """Returns when the connection is over; raises EOFError or OSError if the client leaves in between."""
        try:
            session = self._welcome()
        except ServerError as error:
            self._client.sendall(packets.exception(error))
            return
        with session:
            try:
                while self._serve_packet(session):
                    pass
            except ProtocolError as error:
                _log.warning("a client's connection is closed: %s", error)
                self._client.sendall(packets.exception(error))

    def _welcome(self) -> Session:
        self._deadline = time.monotonic() + HELLO_SECONDS
        hello = packets.read_hello(self._reader)
        self._deadline = None
        if hello.revision < packets.REVISION:
            raise ServerError(
                Code.NOT_IMPLEMENTED, f"Protocol revision {hello.revision} is too old, {packets.REVISION} is the oldest"
            )
        account = self._services.accounts.authenticate(hello.user, hello.password)
        engine = self._services.engine
        session = engine.session(hello.database, account.readonly, account.enterprise)
        self._client.sendall(packets.hello(engine.version, engine.timezone))
        return session

    def _serve_packet(self, session: Session) -> bool:
        """One packet of a client that has nothing running. False if it has left."""
        self._client.settimeout(IDLE_SECONDS)
        if self._reader.at_end():
            return False
        self._client.settimeout(PACKET_SECONDS)
        with self._services.clients.busy(self._client):
            match packet := self._reader.read_varint():
                case ClientPacket.QUERY:
                    self._serve_query(session)
                case ClientPacket.PING:
                    self._client.sendall(write_varint(ServerPacket.PONG))
                case ClientPacket.CANCEL:
                    pass  # the query was over already
                case _:
                    raise packets.unexpected(packet)
        return True

    def _serve_query(self, session: Session) -> None:
        query = packets.read_query(self._reader)
        self._compressed = query.compressed
        self._blocks = Reader(lambda: read_frame(self._reader)) if query.compressed else self._reader
        self._cancelled = False
        tables = self._read_external_tables()
        try:
            with session.settings(query.settings, strict=query.strict_settings, query_id=query.id):
                created: list[str] = []
                try:
                    _create_external_tables(session, tables, created)
                    self._execute(session, query.text)
                finally:
                    for name in created:
                        session.query("DROP TEMPORARY TABLE " + quote_name(name))
        except ProtocolError:
            raise
        except ServerError as error:
            self._client.sendall(packets.exception(error))
        else:
            self._client.sendall(write_varint(ServerPacket.END_OF_STREAM))

    def _read_external_tables(self) -> list[tuple[str, BlockHead, bytes]]:
        """Name, head and bytes of each block; the packets of a query end with an empty one."""
        tables: list[tuple[str, BlockHead, bytes]] = []
        while True:
            block = bytearray()
            held = sum(len(kept) for _, _, kept in tables)

            def keep(part: memoryview, block: bytearray = block, held: int = held) -> None:
                if held + len(block) + len(part) > MAX_EXTERNAL_TABLES:
                    raise ProtocolError(Code.INCORRECT_DATA, f"External tables above {MAX_EXTERNAL_TABLES} bytes")
                block.extend(part)

            name, head = self._read_data(keep)
            if not head.columns:
                return tables
            tables.append((name, head, bytes(block)))

    def _execute(self, session: Session, text: str) -> None:
        sql = strip_comments(text)
        head = parse_insert(sql)
        if head is not None and not head.data.strip():
            self._insert(session, head)
        elif head is not None and head.format.upper() != "VALUES":
            self._insert_text(session, head)
        else:
            kind = session.classify(sql)
            sql, _ = split_format(sql)  # formatting is the client's part
            self._reported = Progress()
            if self._reader.buffered_byte() == _CANCEL:
                return  # it came together with the query, where the watcher cannot see it
            with (
                self._services.watcher.watching(self._client, session.tag, self._stops),
                session.reporting(self._report),
            ):
                if kind == "READ_ONLY" and is_streamable(sql):
                    self._select(session, sql)
                else:
                    self._run(session, sql)

    def _stops(self, seen: bytes) -> bool:
        """Called by the watcher: while a query runs, nothing but Cancel and the end may come."""
        self._cancelled = seen == _CANCEL
        return True

    def _report(self, counts: EngineProgress) -> None:
        """Called by the engine, in this thread. It drops exceptions: a broken connection must show at the next use."""
        done = Progress(
            counts["read_rows"],
            counts["read_bytes"],
            counts["total_rows_to_read"],
            counts["written_rows"],
            counts["written_bytes"],
        )
        if done == self._reported:
            return
        try:
            self._client.sendall(packets.progress(done - self._reported))
        except OSError:
            with suppress(OSError):
                self._client.shutdown(socket.SHUT_RDWR)
        self._reported = done

    def _select(self, session: Session, sql: str) -> None:
        if has_totals(sql):
            raise ServerError(Code.NOT_IMPLEMENTED, "WITH TOTALS is supported over HTTP only: Native blocks lose them")
        totals = Totals()
        try:
            with closing(native_blocks(session, sql)) as blocks:
                for block, rows in blocks:
                    if block:
                        self._send_block(block)
                    if rows:
                        totals.add(rows, len(block))
        except ServerError as error:
            if not (self._cancelled and error.code == Code.QUERY_WAS_CANCELLED):
                raise  # also for a client that has left: half a result must never end like a whole one
        self._client.sendall(packets.profile(totals))

    def _run(self, session: Session, sql: str) -> None:
        result = session.query(sql, "Native")
        totals = Totals()
        for head, block in split_blocks(result.bytes()):
            if not totals.blocks:
                self._send_block(empty_block(head.columns))
            self._send_block(block)
            totals.add(head.rows, len(block))
        self._client.sendall(packets.profile(totals))

    def _insert_text(self, session: Session, head: InsertHead) -> None:
        pipe = InsertPipe(session, head, head.format)
        pipe.write(head.data.encode("utf-8", "surrogateescape"))
        self._client.sendall(packets.progress(Progress(written_rows=pipe.finish())))

    def _insert(self, session: Session, head: InsertHead) -> None:
        if session.readonly:  # said before the client sends anything
            raise ServerError(Code.READONLY, "Cannot execute query in readonly mode.")
        columns = session.describe_target(head.target, head.columns)
        for column in columns:
            parse_type(column.type)
        self._send_block(empty_block(columns))
        pipe = InsertPipe(session, head, "Native")
        try:
            while self._read_data(pipe.write)[1].columns:
                pass
        except BaseException:
            pipe.abort()
            raise
        self._client.sendall(packets.progress(Progress(written_rows=pipe.finish())))

    def _read_data(self, sink: Sink) -> tuple[str, BlockHead]:
        """A Data packet: the name of its external table, and the head of its block, which goes to `sink`."""
        packet = self._reader.read_varint()
        if packet == ClientPacket.CANCEL:
            raise ServerError(Code.QUERY_WAS_CANCELLED, "Query was cancelled")
        if packet != ClientPacket.DATA:
            raise packets.unexpected(packet)
        name = self._reader.read_string(packets.MAX_NAME)
        read_block_info(self._blocks)
        try:
            with self._blocks.copying_to(sink):
                return name, read_block(self._blocks)
        except ProtocolError:
            raise
        except ServerError as error:  # in the middle of a block: where it ends will never be known
            raise ProtocolError(error.code, error.message) from None

    def _send_block(self, block: bytes) -> None:
        parts = write_frames(BLOCK_INFO + block) if self._compressed else (BLOCK_INFO, block)
        self._client.sendall(b"".join((write_varint(ServerPacket.DATA), _NO_TABLE, *parts)))

    def _receive(self) -> bytes:
        if self._deadline is not None:
            self._client.settimeout(max(self._deadline - time.monotonic(), 0.001))
        return self._client.recv(_RECEIVE_BYTES)


class NativeHandler(socketserver.BaseRequestHandler):
    """One connection."""

    server: Listener

    def handle(self) -> None:
        """Serves it to its end."""
        NativeConnection(self.request, self.server.services).serve()


class NativeListener(Listener):
    """Listens for the native protocol."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(host, port, NativeHandler)

    def refusal(self, error: ServerError) -> bytes:
        """An Exception packet."""
        return packets.exception(error)


def _create_external_tables(session: Session, tables: list[tuple[str, BlockHead, bytes]], created: list[str]) -> None:
    for name, head, block in tables:
        if name not in created:
            columns = ", ".join(f"{quote_name(column.name)} {column.type}" for column in head.columns)
            session.query(f"CREATE TEMPORARY TABLE {quote_name(name)} ({columns})")
            created.append(name)
        pipe = InsertPipe(session, InsertHead(quote_name(name), "", "", "Native", ""), "Native")
        pipe.write(block)
        pipe.finish()
