"""Clients that do not keep to the native protocol: they are told or cut, and nobody else notices."""

import os
import random
import socket
import struct
from collections.abc import Callable

import pytest
from clickhouse_driver import Client, errors

from infra.local.clickhouse import native
from infra.local.clickhouse.clients import Services
from infra.local.clickhouse.errors import ServerError
from infra.local.clickhouse.packets import REVISION
from infra.local.clickhouse.server import MAX_CONNECTIONS
from infra.local.clickhouse.wire import Reader, write_string, write_varint
from tests.infra.local.clickhouse.endpoint import HOST, PASSWORDS, WRITER, Endpoint

SECONDS = 30.0
BLOCK_INFO = b"\x01\x00\x02\xff\xff\xff\xff\x00"
EMPTY_DATA = b"\x02\x00" + BLOCK_INFO + b"\x00\x00"


def hello(user: str = WRITER, password: str = PASSWORDS[WRITER], revision: int = REVISION, database: str = "") -> bytes:
    versions = write_varint(1) + write_varint(1) + write_varint(revision)
    return b"\0" + write_string("test") + versions + b"".join(map(write_string, (database, user, password)))


def query(sql: str, compressed: int = 0) -> bytes:
    info = b"\x01" + b"\0\0\0" + b"\x01" + b"\0\0\0" + b"\0\0\0" + b"\0" + b"\0"
    return b"\x01\x00" + info + b"\0" + b"\0" + b"\x02" + write_varint(compressed) + write_string(sql)


def connect(endpoint: Endpoint) -> socket.socket:
    return socket.create_connection((HOST, endpoint.tcp_port), timeout=SECONDS)


def welcomed(endpoint: Endpoint) -> tuple[socket.socket, Reader]:
    """A connection after its Hello."""
    raw = connect(endpoint)
    raw.sendall(hello())
    reader = Reader(lambda: raw.recv(1 << 16))
    assert reader.read_varint() == 0
    reader.read_string(100)
    for _ in range(3):
        reader.read_varint()
    for _ in range(2):
        reader.read_string(100)
    reader.read_varint()
    return raw, reader


def read_exception(reader: Reader) -> ServerError:
    assert reader.read_varint() == 2
    (code,) = struct.unpack("<i", reader.read_bytes(4))
    reader.read_string(1000)  # name
    message = reader.read_string(10_000)
    reader.read_string(10_000)  # stack trace
    assert reader.read_byte() == 0  # nothing nested
    return ServerError(code, message)


def closes(raw: socket.socket) -> bool:
    """Whether the server ends the connection; what it says before is read."""
    try:
        while raw.recv(1 << 16):
            pass
    except ConnectionResetError:
        pass
    return True


@pytest.fixture(autouse=True)
def others_are_served(endpoint: Endpoint) -> None:
    """Before and after each of these tests, an ordinary client gets its answer."""
    with endpoint.client() as client:
        assert client.execute("SELECT 1") == [(1,)]


HOSTILE_HELLOS = {
    "HTTP": b"GET / HTTP/1.1\r\n\r\n",
    "TLS": bytes.fromhex("16030100b5010000b1"),
    "endless varint": b"\xff" * 64,
    "huge string": b"\0" + write_varint(1 << 62),
    "largest varint": b"\0" + b"\xff" * 9 + b"\x01",
    "long user": b"\0" + write_string("x") + b"\x01\x01" + write_varint(REVISION) + b"\0" + write_varint(1 << 20),
    "unknown packet": write_varint(77),
    "query before hello": query("SELECT 1"),
    "zeros": bytes(1000),
}


@pytest.mark.parametrize("name", HOSTILE_HELLOS)
def test_a_hostile_hello_ends_the_connection(endpoint: Endpoint, name: str) -> None:
    with connect(endpoint) as raw:
        raw.sendall(HOSTILE_HELLOS[name])
        assert closes(raw)


def test_an_old_client_is_told_so(endpoint: Endpoint) -> None:
    with connect(endpoint) as raw:
        raw.sendall(hello(revision=54058))
        error = read_exception(Reader(lambda: raw.recv(1 << 16)))
        assert error.code == 48
        assert "too old" in error.message
        assert closes(raw)


HOSTILE_PACKETS = {
    "unknown packet": b"\x2a",
    "data without a query": EMPTY_DATA,
    "endless varint": b"\x01" + b"\xff" * 64,
    "huge query id": b"\x01" + write_varint(1 << 40),
    "huge query": query("")[:-1] + write_varint(1 << 40),
    "too many columns": query("SELECT 1") + b"\x02\x00" + BLOCK_INFO + write_varint(1 << 30) + b"\x01",
    "too many rows": query("SELECT 1") + b"\x02\x00" + BLOCK_INFO + b"\x01" + write_varint(1 << 60),
    "unknown type": query("SELECT 1") + b"\x02\x00" + BLOCK_INFO + b"\x01\x01" + write_string("a") + write_string("X"),
    "unknown block info": query("SELECT 1") + b"\x02\x00\x09",
    "bad frame": query("SELECT 1", compressed=1) + b"\x02\x00" + bytes(25),
    "huge frame": query("SELECT 1", compressed=1) + b"\x02\x00" + bytes(16) + b"\x82" + b"\xff" * 8,
    "absurd array": query("SELECT 1")
    + (b"\x02\x00" + BLOCK_INFO + b"\x01\x01" + write_string("a") + write_string("Array(String)"))
    + struct.pack("<Q", 1 << 63)
    + write_varint(1 << 50),
}


@pytest.mark.parametrize("name", HOSTILE_PACKETS)
def test_a_hostile_packet_is_answered_by_an_error_and_the_end(endpoint: Endpoint, name: str) -> None:
    raw, reader = welcomed(endpoint)
    with raw:
        raw.sendall(HOSTILE_PACKETS[name])
        assert read_exception(reader).code in {40, 48, 101, 117, 131}
        assert closes(raw)


def test_random_bytes_end_connections_and_nothing_else(endpoint: Endpoint) -> None:
    chance = random.Random(20260301)
    for _ in range(100):
        start = chance.choice([b"", b"\0", hello(), hello() + b"\x01", hello() + query("SELECT 1") + b"\x02"])
        with connect(endpoint) as raw:
            raw.sendall(start + chance.randbytes(chance.randrange(1, 2000)))
            raw.shutdown(socket.SHUT_WR)
            assert closes(raw)


def test_garbage_in_the_middle_of_an_insert_inserts_nothing(endpoint: Endpoint, client: Client, database: str) -> None:
    client.execute("CREATE TABLE t (n UInt64) ENGINE = MergeTree ORDER BY n")
    raw, reader = welcomed(endpoint)
    block = b"\x01" + write_varint(200_000) + write_string("n") + write_string("UInt64") + bytes(1_600_000)
    with raw:
        raw.sendall(query(f"INSERT INTO {database}.t VALUES") + EMPTY_DATA)
        assert reader.read_varint() == 1  # the sample block
        raw.sendall(b"\x02\x00" + BLOCK_INFO + block + b"\xee garbage")
        assert closes(raw)
    assert client.execute("SELECT count() FROM t") == [(0,)]


def test_a_cancelled_insert_inserts_nothing_and_the_connection_goes_on(
    endpoint: Endpoint, client: Client, database: str
) -> None:
    client.execute("CREATE TABLE t (n UInt64) ENGINE = MergeTree ORDER BY n")
    raw, reader = welcomed(endpoint)
    block = b"\x01" + write_varint(200_000) + write_string("n") + write_string("UInt64") + bytes(1_600_000)
    with raw:
        raw.sendall(query(f"INSERT INTO {database}.t VALUES") + EMPTY_DATA)
        head = b"\x01\x00" + BLOCK_INFO + b"\x01\x00" + write_string("n") + write_string("UInt64")
        assert reader.read_bytes(len(head)) == head
        raw.sendall(b"\x02\x00" + BLOCK_INFO + block + b"\x03")
        assert read_exception(reader).code == 394
        raw.sendall(b"\x04")
        assert reader.read_varint() == 4
    assert client.execute("SELECT count() FROM t") == [(0,)]


def test_connections_leave_no_threads_and_files_behind(endpoint: Endpoint) -> None:
    def descriptors() -> int:
        return len(os.listdir(f"/proc/{endpoint.process.pid}/fd"))

    def rounds(count: int) -> None:
        for _ in range(count):
            with connect(endpoint) as raw:
                raw.sendall(hello())
                raw.recv(1)
            with endpoint.client() as client:
                client.execute("SELECT 1")
            endpoint.http("SELECT 1")

    rounds(5)
    threads, files = endpoint.threads(), descriptors()
    rounds(40)
    assert endpoint.threads() < threads + 20
    assert descriptors() < files + 20


def test_too_many_connections_are_told_so_on_both_ports(start: Callable[..., Endpoint]) -> None:
    endpoint = start()
    silent = [connect(endpoint) for _ in range(MAX_CONNECTIONS)]
    try:
        with endpoint.client() as client, pytest.raises(errors.ServerException) as refused:
            client.execute("SELECT 1")
        assert refused.value.code == 202
        reply = endpoint.http("SELECT 1")
        assert (reply.status, reply.code) == (503, 202)
    finally:
        for raw in silent:
            raw.close()
    while endpoint.http("SELECT 1").status == 503:  # until the endpoint has noticed
        pass
    with endpoint.client() as client:
        assert client.execute("SELECT 1") == [(1,)]


def test_a_client_that_does_not_finish_its_hello_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(native, "HELLO_SECONDS", 0.05)
    services = Services.__new__(Services)  # nothing of them is needed before the Hello is complete
    ours, theirs = socket.socketpair()
    with ours, theirs:
        ours.sendall(hello()[:-1])
        with pytest.raises(TimeoutError):
            native.NativeConnection(theirs, services).serve()
