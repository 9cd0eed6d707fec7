"""Packets of the native TCP protocol at one revision.

The revision is 54441 (2020), the last one whose blocks are the engine's own Native format byte for byte, so that they
pass in both directions without being taken apart. The layouts are those of `src/Server/TCPHandler.cpp`.
"""

import struct
from dataclasses import astuple, dataclass
from enum import IntEnum
from typing import Final

from infra.local.clickhouse.errors import Code, ProtocolError, ServerError
from infra.local.clickhouse.wire import Reader, write_string, write_varint

REVISION: Final = 54441
SERVER_NAME: Final = "ClickHouse"
DISPLAY_NAME: Final = "headrace"

MAX_HELLO_STRING: Final = 4096
MAX_NAME: Final = 1 << 16
MAX_TEXT: Final = 64 << 20
"""Longest text of a statement and longest value of a setting, in bytes."""
MAX_SETTINGS: Final = 10_000

_TCP_INTERFACE: Final = 1


class ClientPacket(IntEnum):
    """What clients send."""

    HELLO = 0
    QUERY = 1
    DATA = 2
    CANCEL = 3
    PING = 4


class ServerPacket(IntEnum):
    """What the server sends."""

    HELLO = 0
    DATA = 1
    EXCEPTION = 2
    PROGRESS = 3
    PONG = 4
    END_OF_STREAM = 5
    PROFILE_INFO = 6


@dataclass(frozen=True)
class Hello:
    """Who a client says it is."""

    revision: int
    database: str
    user: str
    password: str


@dataclass(frozen=True)
class Query:
    """A query, as far as the engine can use it."""

    id: str
    text: str
    settings: dict[str, str]
    strict_settings: bool
    """Whether an unknown setting is an error."""
    compressed: bool
    """Whether the blocks of both sides are compressed."""


@dataclass
class Totals:
    """The blocks, rows and bytes of a result so far."""

    blocks: int = 0
    rows: int = 0
    bytes: int = 0

    def add(self, rows: int, size: int) -> None:
        """Counts one block."""
        self.blocks += 1
        self.rows += rows
        self.bytes += size


@dataclass(frozen=True)
class Progress:
    """How far a query has come: rows and bytes read, rows to read in total, rows and bytes written."""

    read_rows: int = 0
    read_bytes: int = 0
    total_rows: int = 0
    written_rows: int = 0
    written_bytes: int = 0

    def __sub__(self, other: "Progress") -> "Progress":
        return Progress(*(mine - its for mine, its in zip(astuple(self), astuple(other), strict=True)))


def read_hello(reader: Reader) -> Hello:
    """The first packet of a connection, type included. Little is accepted of a client not yet known."""
    if (packet := reader.read_varint()) != ClientPacket.HELLO:
        raise unexpected(packet)
    reader.read_string(MAX_HELLO_STRING)  # the client's name
    for _ in range(2):  # its version
        reader.read_varint()
    revision = reader.read_varint()
    database, user, password = (reader.read_string(MAX_HELLO_STRING) for _ in range(3))
    return Hello(revision, database, user, password)


def read_query(reader: Reader) -> Query:
    """A Query packet, after its type."""
    query_id = reader.read_string(MAX_NAME)
    _skip_client_info(reader)
    settings: dict[str, str] = {}
    strict = False
    while name := reader.read_string(MAX_NAME):
        strict |= bool(reader.read_varint() & 1)  # the flag "important"
        settings[name] = reader.read_string(MAX_TEXT)
        if len(settings) > MAX_SETTINGS:
            raise ProtocolError(Code.INCORRECT_DATA, f"A query with more than {MAX_SETTINGS} settings")
    reader.read_string(MAX_NAME)  # the secret between servers of a cluster
    reader.read_varint()  # the stage to stop at: for clients it is always the last one
    compressed = bool(reader.read_varint())
    return Query(query_id, reader.read_string(MAX_TEXT), settings, strict, compressed)


def hello(version: tuple[int, ...], timezone: str) -> bytes:
    """The answer to a client that may come in."""
    major, minor, patch = version[:3]
    return b"".join(
        (
            write_varint(ServerPacket.HELLO),
            write_string(SERVER_NAME),
            write_varint(major),
            write_varint(minor),
            write_varint(REVISION),
            write_string(timezone),
            write_string(DISPLAY_NAME),
            write_varint(patch),
        )
    )


def exception(error: ServerError) -> bytes:
    """An error, which ends a query."""
    name, stack_trace, nested = write_string("DB::Exception"), write_string(""), b"\0"
    code = struct.pack("<i", error.code)
    return b"".join(
        (write_varint(ServerPacket.EXCEPTION), code, name, write_string(error.message), stack_trace, nested)
    )


def progress(since_last: Progress) -> bytes:
    """What has been done since the last packet of this kind."""
    return _counts(ServerPacket.PROGRESS, *astuple(since_last))


def profile(totals: Totals) -> bytes:
    """What a result had. Whether LIMIT cut it, and from how many rows, the engine does not tell."""
    return _counts(ServerPacket.PROFILE_INFO, totals.rows, totals.blocks, totals.bytes, 0, totals.rows, 0)


def unexpected(packet: int) -> ProtocolError:
    """The error for a packet that must not come now."""
    return ProtocolError(Code.UNEXPECTED_PACKET_FROM_CLIENT, f"Unexpected packet {packet} from client")


def _skip_client_info(reader: Reader) -> None:
    if not reader.read_byte():  # no kind of query: nothing follows
        return
    for _ in range(3):  # initial user, query id, address
        reader.read_string(MAX_NAME)
    if (interface := reader.read_byte()) != _TCP_INTERFACE:
        raise ProtocolError(Code.INCORRECT_DATA, f"A client of interface {interface} is unknown")
    for _ in range(3):  # the user in the client's system, its host, its name
        reader.read_string(MAX_NAME)
    for _ in range(3):  # its version and revision
        reader.read_varint()
    reader.read_string(MAX_NAME)  # quota key
    reader.read_varint()  # patch of its version


def _counts(packet: ServerPacket, *counts: int) -> bytes:
    return b"".join(map(write_varint, (packet, *counts)))
