"""The routes. Everything that is asked in vain is counted against whoever asks; nothing is written but scans."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from time import perf_counter
from typing import Any, Final

import msgspec
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from schemas.codes import Code, parse
from schemas.errors import CodeError, SinkError
from schemas.trace import Found, Scan
from sinks.languages import preferred
from sinks.resolver import links, page
from sinks.resolver.events import Answer, Events
from sinks.resolver.limits import Limits, client_of
from sinks.resolver.record import Record
from sinks.resolver.resolver import Resolver
from sinks.resolver.scans import Pseudonyms, Scans
from sinks.resolver.words import LANGUAGES, Words
from sinks.tokens import Tokens

_LONGEST: Final = 300
"""Characters of a path, and of a query."""
_LEAST_SEGMENTS: Final = 3
"""Of a code's own path: what has less was not meant as one."""
_COMMON: Final = {
    "cache-control": "no-store",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
}
_VARYING: Final = {**_COMMON, "vary": "accept, accept-language", "access-control-allow-origin": "*"}
_HTML: Final = {**_VARYING, "content-security-policy": page.POLICY}
_IN_VAIN: Final = ("forged", "unknown")
_JSON: Final = "application/json"
_AWAY: Final = "this cannot be told now"
_encode: Final = msgspec.json.Encoder().encode


@dataclass(frozen=True, kw_only=True)
class Site:
    """How the resolver looks from outside."""

    domain: str
    """Host, or host and path, under which codes' links lead here."""
    utc_offset_ms: int
    """Of the days on the page."""
    proxies: frozenset[str] = frozenset()
    """Addresses whose X-Forwarded-For is believed."""


@dataclass(frozen=True)
class Parts:
    """What the routes work with."""

    resolver: Resolver
    limits: Limits
    scans: Scans
    tokens: Tokens
    pseudonyms: Pseudonyms
    events: Events
    whole: Callable[[str, str], Awaitable[dict[str, Any]]]
    """All that an enterprise, by its prefix, has in the archive on an item. SinkError."""
    is_ready: Callable[[], bool]
    clock: Callable[[], float]
    """Seconds since the epoch."""


def application(site: Site, parts: Parts) -> Starlette:
    """The ASGI application."""
    web = _Web(site, parts)
    return Starlette(
        routes=[
            Route("/ready", web.ready),
            Route("/.well-known/gs1resolver", web.description),
            Route("/resolve/{code:path}", web.resolve),
            Route("/page/{code:path}", web.page),
            Route("/archive/{code:path}", web.archive),
            Route("/{code:path}", web.own_path),
        ]
    )


class _Web:
    def __init__(self, site: Site, parts: Parts) -> None:
        self._site = site
        self._parts = parts

    async def ready(self, request: Request) -> Response:
        return _json({"ready": self._parts.is_ready()}, 200 if self._parts.is_ready() else 503, _COMMON)

    async def description(self, request: Request) -> Response:
        return _json(links.description(self._site.domain), 200, _VARYING)

    async def resolve(self, request: Request) -> Response:
        return await self._timed(request, html=_prefers_html(request.headers.get("accept", "")))

    async def page(self, request: Request) -> Response:
        return await self._timed(request, html=True)

    async def own_path(self, request: Request) -> Response:
        """The path of a code's own URI."""
        if request.path_params["code"].count("/") < _LEAST_SEGMENTS - 1:
            return _json({"error": "there is nothing here"}, 404, _COMMON)
        return await self.resolve(request)

    async def archive(self, request: Request) -> Response:
        """What the enterprise's token opens: what is another's is unknown."""
        begin = perf_counter()
        response = await self._archive(request, self._client(request))
        self._parts.events.answered("archive", perf_counter() - begin)
        return response

    async def _archive(self, request: Request, client: str) -> Response:
        parts = self._parts
        if wait := parts.limits.refuse(client):
            return _json({"error": "too many requests"}, 429, {**_COMMON, "retry-after": str(wait)})
        prefix = parts.tokens.enterprise(request.headers.get("authorization"))
        if prefix is None:
            parts.limits.failed(client, None)
            error = "the archive is for the enterprise's bearer token"
            return _json({"error": error}, 401, {**_COMMON, "www-authenticate": "Bearer"})
        try:
            code = parse(request.path_params["code"][:_LONGEST])
            record = await parts.resolver.record(code)
            if record.status not in _IN_VAIN and record.enterprise and record.enterprise.prefix == prefix:
                whole = await parts.whole(str(code), prefix)
                return Response(_encode({"record": record, **whole}), 200, _COMMON, _JSON)
        except CodeError as error:
            parts.limits.failed(client, None)
            return _json({"error": str(error)}, 400, _COMMON)
        except SinkError as error:
            parts.events.asked_in_vain("archive", error)
            return _json({"error": _AWAY}, 503, {**_COMMON, "retry-after": "1"})
        parts.limits.failed(client, None)
        return _json({"error": "there is no such item"}, 404, _COMMON)

    async def _timed(self, request: Request, *, html: bool) -> Response:
        begin = perf_counter()
        answer, response = await self._answer(request, html)
        self._parts.events.answered(answer, perf_counter() - begin)
        return response

    async def _answer(self, request: Request, html: bool) -> tuple[Answer, Response]:
        parts, client = self._parts, self._client(request)
        if wait := parts.limits.refuse(client):
            return "limited", self._refusal(request, html, "limited", 429, "too many requests", wait)
        text = request.path_params["code"]
        if len(text) > _LONGEST or len(request.scope["query_string"]) > _LONGEST:
            return "mistyped", self._refusal(request, html, "mistyped", 414, f"more than {_LONGEST} characters")
        try:
            code = parse(text)
        except CodeError as error:
            parts.limits.failed(client, None)
            return "mistyped", self._refusal(request, html, "mistyped", 400, str(error))
        link_type = request.query_params.get("linkType", "")
        as_linkset = links.is_linkset(link_type) or links.LINKSET_TYPE in request.headers.get("accept", "")
        if link_type and not as_linkset:
            return "redirected", self._redirect(request, code, link_type, html)
        try:
            record = await parts.resolver.record(code)
        except SinkError as error:
            parts.events.asked_in_vain("code", error)
            return "unavailable", self._refusal(request, html, "unavailable", 503, _AWAY, 1)
        prefix = record.enterprise.prefix if record.enterprise else None
        if record.status in _IN_VAIN and (wait := parts.limits.failed(client, prefix)):
            return "limited", self._refusal(request, html, "limited", 429, "too many codes that are not genuine", wait)
        if as_linkset and record.status not in _IN_VAIN:
            linkset = _encode(links.linkset(record.code, self._site.domain))
            return record.status, Response(linkset, 200, _VARYING, links.LINKSET_TYPE)
        if prefix is not None and request.method == "GET":
            self._publish(record, prefix, client)
        return record.status, self._told(request, record, html)

    def _told(self, request: Request, record: Record, html: bool) -> Response:
        status = 404 if record.status in _IN_VAIN else 200
        more = {} if status == 404 else {"link": links.header(record.code, self._site.domain)}
        if html:
            text = page.of_record(record, _words(request), self._site.utc_offset_ms)
            return Response(text, status, {**_HTML, **more}, "text/html")
        return Response(_encode(record), status, {**_VARYING, **more}, _JSON)

    def _redirect(self, request: Request, code: Code, link_type: str, html: bool) -> Response:
        """To what has the role. Whether the code is genuine is told there."""
        role = links.role_of(link_type)
        if role is None:
            return _json({"error": "there is no link of this type", "see": "linkType=linkset"}, 404, _VARYING)
        _, slash, path = self._site.domain.partition("/")
        location = links.target(role, str(code), slash + path, html)
        return Response(None, 307, {**_VARYING, "location": location})

    def _refusal(
        self, request: Request, html: bool, verdict: Answer, status: int, error: str, wait: int = 0
    ) -> Response:
        more = {"retry-after": str(wait)} if wait else {}
        if html:
            text = page.of_refusal(verdict, _words(request), wait)
            return Response(text, status, {**_HTML, **more}, "text/html")
        return _json({"status": verdict, "error": error}, status, {**_VARYING, **more})

    def _publish(self, record: Record, prefix: str, client: str) -> None:
        found: Found = "genuine" if record.status == "recalled" else record.status
        self._parts.scans.publish(
            Scan(
                enterprise=prefix,
                ts=int(self._parts.clock() * 1000),
                code=record.code,
                found=found,
                disposition=record.disposition or "",
                client=self._parts.pseudonyms.of(client),
            )
        )

    def _client(self, request: Request) -> str:
        address = request.client.host if request.client else ""
        if address in self._site.proxies:  # what stands before the last hop was said by the client
            hops = ",".join(request.headers.getlist("x-forwarded-for"))  # some proxies add a line of their own
            address = hops.rpartition(",")[2].strip() or address
        return client_of(address)


def _words(request: Request) -> Words:
    asked = request.query_params.get("lang", "")
    return LANGUAGES.get(asked) or LANGUAGES[preferred(request.headers.get("accept-language", ""))]


def _prefers_html(accept: str) -> bool:
    """Whether HTML is named, and JSON is not wanted more (RFC 9110, 12.5.1)."""
    wishes = {}
    for wish in accept.lower().split(","):
        kind, *parameters = (part.strip() for part in wish.split(";"))
        quality = next((one[2:] for one in parameters if one.startswith("q=")), "1")
        try:
            wishes[kind] = float(quality)
        except ValueError:
            wishes[kind] = 0.0
    return wishes.get("text/html", 0.0) > max(wishes.get(_JSON, 0.0), 0.0)


def _json(body: Any, status: int, headers: Mapping[str, str]) -> Response:
    return Response(_encode(body), status, headers, _JSON)
