"""What the HTTP server of others' services does with clients that are no end of trouble."""

import socket
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from sinks.bounded_http import Bounded

HEADERS: list[list[tuple[bytes, bytes]]] = []
"""Of each request, when its body was read."""
HEAD = b"POST /read HTTP/1.1\r\nhost: x\r\ncontent-length: 200000\r\n"


class Hasty(Bounded):
    patience_seconds = 0.1


async def app(scope: Any, receive: Any, send: Any) -> None:
    """Tells the length of the body at /read, and reads no body elsewhere."""
    body = await Request(scope, receive).body() if scope["path"] == "/read" else b""
    HEADERS.append(list(scope["headers"]))
    await PlainTextResponse(str(len(body)))(scope, receive, send)


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    config = uvicorn.Config(app, "127.0.0.1", 0, http=Hasty, ws="none", lifespan="off", log_config=None)
    listening, server = config.bind_socket(), uvicorn.Server(config)
    listening.listen()
    thread = threading.Thread(target=server.run, args=([listening],))
    thread.start()
    yield listening.getsockname()[1]
    server.should_exit = True
    thread.join()


def sent(port: int, *pieces: bytes) -> bytes:
    """All that comes back until the server hangs up."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        answer = b""
        try:
            for piece in pieces:
                connection.sendall(piece)
            while piece := connection.recv(65_536):
                answer += piece
        except ConnectionError:  # what it has not read when it hangs up resets the connection
            pass
        return answer


@pytest.mark.parametrize(
    "pieces",
    [
        [],
        [b"GET / HT"],
        [b"GET / HTTP/1.1\r\nhost: x\r\nx-large: " + b"a" * 100_000 + b"\r\nconnection: close\r\n\r\n"],
        [b"GET / HTTP/1.1\r\nhost: x\r\n", b"a: b\r\n" * 20_000],
    ],
)
def test_who_never_ends_a_head_is_hung_up_on(port: int, pieces: list[bytes]) -> None:
    assert b"200 OK" not in sent(port, *pieces)


def test_a_second_head_that_does_not_end_is_hung_up_on_too(port: int) -> None:
    assert sent(port, b"GET / HTTP/1.1\r\nhost: x\r\n\r\nGET /").count(b"200 OK") == 1


def test_who_is_answered_and_goes_on_with_a_body_is_hung_up_on(port: int) -> None:
    assert sent(port, HEAD.replace(b"/read", b"/") + b"\r\n" + b"a" * 1_000).count(b"200 OK") == 1


def test_a_body_may_be_larger_than_a_head_and_come_with_it(port: int) -> None:
    assert sent(port, HEAD + b"connection: close\r\n\r\n" + b"a" * 200_000).endswith(b"200000")
    with httpx.Client(base_url=f"http://127.0.0.1:{port}") as http:
        assert [http.post("/read", content=b"a" * size).text for size in (50_000, 0, 1_000_000)] == [
            "50000", "0", "1000000"
        ]  # fmt: skip


def test_trailers_are_no_headers(port: int) -> None:
    chunked = (
        b"POST /read HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\nconnection: close\r\n\r\n3\r\nabc\r\n0\r\n"
    )
    assert sent(port, chunked, b"a: b\r\n" * 1_000, b"\r\n").endswith(b"3")
    assert [name for name, _ in HEADERS[-1]] == [b"host", b"transfer-encoding", b"connection"]
