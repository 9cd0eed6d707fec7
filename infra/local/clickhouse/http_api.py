"""ClickHouse's HTTP interface: requests, accounts, sessions, answers and errors with their X-ClickHouse-* headers."""

import base64
import json
import uuid
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing
from http.server import BaseHTTPRequestHandler
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from infra.local.clickhouse.accounts import Account
from infra.local.clickhouse.engine import Session
from infra.local.clickhouse.errors import Code, ProtocolError, ServerError
from infra.local.clickhouse.frames import write_frames
from infra.local.clickhouse.http_body import read_body
from infra.local.clickhouse.http_query import DEFAULT_FORMAT, Answer, Request, execute
from infra.local.clickhouse.http_sessions import DEFAULT_SECONDS
from infra.local.clickhouse.listener import Listener
from infra.local.clickhouse.packets import DISPLAY_NAME

_SOCKET_SECONDS: Final = 300.0
_MAX_DRAINED: Final = 64 << 20
_STATUS: Final[dict[int, int]] = {
    Code.AUTHENTICATION_FAILED: 403,
    Code.ACCESS_DENIED: 403,
    Code.READONLY: 403,
    Code.SYNTAX_ERROR: 400,
    Code.INCORRECT_DATA: 400,
    Code.TOO_MANY_SIMULTANEOUS_QUERIES: 503,
    Code.SESSION_NOT_FOUND: 404,
    Code.UNKNOWN_SETTING: 404,
    Code.NOT_IMPLEMENTED: 501,
    46: 404,  # UNKNOWN_FUNCTION
    47: 404,  # UNKNOWN_IDENTIFIER
    Code.UNKNOWN_TABLE: 404,
    81: 404,  # UNKNOWN_DATABASE
}
_CONTENT_TYPES: Final = {
    "JSON": "application/json; charset=UTF-8",
    "CSV": "text/csv; charset=UTF-8",
    "TSV": "text/tab-separated-values; charset=UTF-8",
    "TabSeparated": "text/tab-separated-values; charset=UTF-8",
    "Pretty": "text/plain; charset=UTF-8",
    "Vertical": "text/plain; charset=UTF-8",
    "XML": "application/xml; charset=UTF-8",
}


class HttpHandler(BaseHTTPRequestHandler):
    """Serves the requests of one connection, one after the other."""

    protocol_version = "HTTP/1.1"
    server_version = DISPLAY_NAME
    disable_nagle_algorithm = True
    wbufsize = 1 << 16
    timeout = _SOCKET_SECONDS

    server: Listener

    def do_GET(self) -> None:
        """Queries that change nothing, and `/ping`."""
        with self.server.services.clients.busy(self.connection):
            self._serve(changes_nothing=True)

    def do_POST(self) -> None:
        """Any statement."""
        with self.server.services.clients.busy(self.connection):
            self._serve(changes_nothing=False)

    def log_message(self, format: str, *args: object) -> None:
        """Requests are not logged: their addresses may hold passwords."""

    def _serve(self, *, changes_nothing: bool) -> None:
        address = urlsplit(self.path)
        parameters = dict(parse_qsl(address.query, keep_blank_values=True))
        if changes_nothing and (address.path in {"/ping", "/replicas_status"} or not address.query):
            self._reply(200, b"Ok.\n", {})
            return
        query_id = parameters.get("query_id") or str(uuid.uuid4())
        identity = {"X-ClickHouse-Query-Id": query_id, "X-ClickHouse-Server-Display-Name": DISPLAY_NAME}
        body: Iterator[bytes] | None = None
        try:
            body = read_body(self.rfile, self.headers, native_frames=parameters.get("decompress") == "1")
            if address.path not in {"/", "/query"}:
                raise ServerError(Code.SYNTAX_ERROR, f"There is no handle {address.path}")
            user, account = self._authenticate(parameters)
            if self.headers.get_content_type() == "multipart/form-data":
                raise ServerError(Code.NOT_IMPLEMENTED, "Multipart bodies are not supported")
            output_format = parameters.get("default_format") or self.headers.get("X-ClickHouse-Format")
            request = Request(parameters, output_format or DEFAULT_FORMAT, body, changes_nothing)
            with (
                self._open_session(parameters, user, account) as session,
                session.settings(request.settings(), strict=True, query_id=query_id),
                self.server.services.watcher.watching(self.connection, session.tag, lambda seen: not seen),
                closing(execute(session, request)) as answer,
            ):
                self._answer(answer, identity, compress=parameters.get("compress") == "1")
        except ServerError as error:
            self._fail(error, identity, body)

    def _authenticate(self, parameters: dict[str, str]) -> tuple[str, Account]:
        headers = self.headers
        user = headers.get("X-ClickHouse-User") or parameters.get("user") or "default"
        password = headers.get("X-ClickHouse-Key") or parameters.get("password") or ""
        scheme, _, credentials = headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "basic":
            try:
                decoded = base64.b64decode(credentials, validate=True).decode("utf-8", "surrogateescape")
            except ValueError:  # no Base64
                raise ServerError(Code.AUTHENTICATION_FAILED, "The Authorization header is malformed") from None
            user, _, password = decoded.partition(":")
        return user, self.server.services.accounts.authenticate(user, password)

    def _open_session(self, parameters: dict[str, str], user: str, account: Account) -> AbstractContextManager[Session]:
        database = parameters.get("database") or self.headers.get("X-ClickHouse-Database") or ""
        name = parameters.get("session_id")
        if not name:
            return self.server.services.engine.session(database, account.readonly, account.enterprise)
        timeout = parameters.get("session_timeout", str(DEFAULT_SECONDS))
        if not timeout.isdecimal():
            raise ServerError(Code.INCORRECT_DATA, "session_timeout is not a number of seconds")
        must_exist = parameters.get("session_check") == "1"
        return self.server.services.http_sessions.named(
            user, name, account, database=database, seconds=int(timeout), must_exist=must_exist
        )

    def _answer(self, answer: Answer, identity: dict[str, str], *, compress: bool) -> None:
        headers = {
            **identity,
            "X-ClickHouse-Format": answer.format,
            "X-ClickHouse-Timezone": self.server.services.engine.timezone,
            "X-ClickHouse-Summary": json.dumps({name: str(count) for name, count in answer.counts.items()}),
        }
        content_type = _content_type(answer.format)
        pieces = answer.pieces()
        if compress:
            pieces = (frame for piece in pieces for frame in write_frames(piece))
        if answer.rest is None:
            self._reply(200, b"".join(pieces), headers, content_type)
            return
        tag = uuid.uuid4().hex[:16]
        headers |= {"Transfer-Encoding": "chunked", "X-ClickHouse-Exception-Tag": tag}
        self._start_reply(200, {**headers, "Content-Type": content_type})
        try:
            for piece in pieces:
                self._write_chunk(piece)
        except ServerError as error:  # too late for a status: clients look for the tag, and the body stays without end
            text = self._text(error)
            marker, tagged = b"__exception__\r\n", tag.encode() + b"\r\n"
            self._write_chunk(b"\r\n" + marker + tagged + text + b"%d " % len(text) + tagged + marker)
            self.close_connection = True
        else:
            self.wfile.write(b"0\r\n\r\n")

    def _fail(self, error: ServerError, identity: dict[str, str], body: Iterator[bytes] | None) -> None:
        if isinstance(error, ProtocolError) or body is None or not _drain(body):
            self.close_connection = True
        headers = {**identity, "X-ClickHouse-Exception-Code": str(error.code)}
        self._reply(_STATUS.get(error.code, 500), self._text(error), headers)

    def _text(self, error: ServerError) -> bytes:
        version = ".".join(map(str, self.server.services.engine.version))
        text = f"Code: {error.code}. {error.message} (version {version})\n"
        return text.encode("utf-8", "surrogateescape")

    def _write_chunk(self, chunk: bytes) -> None:
        if chunk:  # an empty one would be the end
            self.wfile.write(b"%x\r\n" % len(chunk) + chunk + b"\r\n")

    def _reply(
        self, status: int, body: bytes, headers: dict[str, str], content_type: str = "text/plain; charset=UTF-8"
    ) -> None:
        self._start_reply(status, {**headers, "Content-Type": content_type, "Content-Length": str(len(body))})
        self.wfile.write(body)

    def _start_reply(self, status: int, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()


def _drain(body: Iterator[bytes]) -> bool:
    """Reads what is left of a request, or the next one would be looked for in the middle of it. False if it cannot."""
    drained = 0
    try:
        for chunk in body:
            drained += len(chunk)
            if drained > _MAX_DRAINED:
                return False
    except ServerError:  # the body is malformed, and its end unknown
        return False
    return True


class HttpListener(Listener):
    """Listens for HTTP."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(host, port, HttpHandler)

    def refusal(self, error: ServerError) -> bytes:
        """A response after which the connection ends."""
        body = f"Code: {error.code}. {error.message}\n".encode()
        head = (
            "HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Type: text/plain; charset=UTF-8\r\n"
            f"Content-Length: {len(body)}\r\nX-ClickHouse-Exception-Code: {error.code}\r\n\r\n"
        )
        return head.encode() + body


def _content_type(output_format: str) -> str:
    matches = (kind for prefix, kind in _CONTENT_TYPES.items() if output_format.startswith(prefix))
    return next(matches, "application/octet-stream")
