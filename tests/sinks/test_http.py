"""Everything that can go wrong between here and an answer is something that may pass."""

import asyncio
import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from infra.local.ports import free_ports
from schemas.errors import SinkUnavailable
from sinks import http
from tests.security.servers import certificates


def kinds(error: type[Exception]) -> Iterator[type[Exception]]:
    yield error
    for one in error.__subclasses__():
        yield from kinds(one)


def post(transport: httpx.MockTransport) -> http.Answer:
    async def run() -> http.Answer:
        async with http.client() as client:
            client._transport, client._mounts = transport, {}
            return await http.post(client, "http://host:8080/secret", b"{}", {})

    return asyncio.run(run())


@pytest.mark.parametrize("kind", [*kinds(httpx.TransportError), TimeoutError], ids=lambda kind: kind.__name__)
def test_a_request_without_an_answer_is_to_be_sent_again(kind: type[Exception]) -> None:
    def fail(_: httpx.Request) -> httpx.Response:
        raise kind("because")

    with pytest.raises(SinkUnavailable, match=r"^host:8080: because$"):
        post(httpx.MockTransport(fail))


def test_every_error_of_a_request_is_one_of_these_or_cannot_happen() -> None:
    cannot_happen = {
        httpx.DecodingError,  # the answer's body is read raw
        httpx.TooManyRedirects,  # none are followed
    }
    assert set(httpx.RequestError.__subclasses__()) - cannot_happen == {httpx.TransportError}


def test_what_a_server_says_is_told_on_one_line_and_in_part() -> None:
    answer = post(
        httpx.MockTransport(lambda _: httpx.Response(500, stream=httpx.ByteStream(b"a\n b\xff" + bytes(9_999))))
    )
    assert answer.status == 500
    assert answer.text.startswith("a b\N{REPLACEMENT CHARACTER}")
    assert len(answer.text) <= 200


def test_redirections_are_not_followed() -> None:
    def redirect(_: httpx.Request) -> httpx.Response:
        return httpx.Response(307, headers={"location": "http://elsewhere/"}, stream=httpx.ByteStream(b""))

    assert post(httpx.MockTransport(redirect)).status == 307


def test_a_certificate_counts_only_if_its_authority_is_trusted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    certificates(tmp_path)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(tmp_path / "server.pem")

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    async def run() -> http.Answer:
        server = await asyncio.start_server(talk, "127.0.0.1", port := next(free_ports()), ssl=tls)
        async with server, http.client() as client:
            return await http.post(client, f"https://127.0.0.1:{port}/", b"", {})

    with pytest.raises(SinkUnavailable, match="certificate verify failed"):
        asyncio.run(run())
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    assert asyncio.run(run()).status == 204
