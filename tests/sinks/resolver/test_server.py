"""The HTTP server itself: what it does with requests that are no end of trouble."""

import socket
import threading
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from starlette.responses import PlainTextResponse

from infra.local.ports import free_ports
from sinks.resolver.server import Servers, _server


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """Of a server that answers everything with what it was asked."""

    async def app(scope: Any, receive: Any, send: Any) -> None:
        await PlainTextResponse(scope["path"])(scope, receive, send)

    servers = Servers(clickhouse="", kafka={}, host="127.0.0.1", port=next(free_ports()))
    server, started = _server(app, servers), threading.Event()
    server.on_start = started.set
    thread = threading.Thread(target=server.run)
    thread.start()
    assert started.wait(60)
    yield servers.port
    server.end()
    thread.join()


def sent(port: int, request: bytes) -> bytes:
    """All that comes back until the server hangs up."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        answer = b""
        try:
            connection.sendall(request)
            while piece := connection.recv(65_536):
                answer += piece
        except ConnectionError:  # what it has not read when it hangs up resets the connection
            pass
        return answer


def test_a_request_without_end_is_hung_up_on(port: int) -> None:
    assert b"200 OK" not in sent(port, b"GET / HTTP/1.1\r\nhost: x\r\n" + b"a: b\r\n" * 20_000)
    assert httpx.get(f"http://127.0.0.1:{port}/next").text == "/next"


def test_a_connection_may_bring_as_many_requests_as_it_likes(port: int) -> None:
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"x-long": "a" * 4_000}) as http:
        for number in range(20):
            assert http.get(f"/{number}").text == f"/{number}"
    pipelined = b"GET /a HTTP/1.1\r\nhost: x\r\n\r\n" * 3 + b"GET /b HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n"
    assert sent(port, pipelined).count(b"200 OK") == 4


def test_the_server_does_not_say_what_it_is(port: int) -> None:
    assert "server" not in httpx.get(f"http://127.0.0.1:{port}/").headers
