"""Requests and answers as HTTP has them: bodies, headers, formats, errors of the framework."""

import asyncio
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from sinks.epcis.documents import MOST_BYTES, MOST_EVENTS
from sinks.epcis.problems import Problem, bad_parameter, not_built

CONTEXT: Final = "https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld"
HEADERS: Final = {
    "GS1-EPCIS-Version": "2.0.0",
    "GS1-EPCIS-Min": "2.0.0",
    "GS1-EPCIS-Max": "2.0.0",
    "GS1-CBV-Version": "2.0.0",
    "GS1-CBV-Min": "2.0.0",
    "GS1-CBV-Max": "2.0.0",
    "GS1-EPC-Format": "Never_Translates",
    "GS1-EPCIS-Capture-Limit": str(MOST_EVENTS),
    "GS1-EPCIS-Capture-File-Size-Limit": str(MOST_BYTES),
    "GS1-Capture-Error-Behaviour": "rollback",
}
"""Of every answer: what `OPTIONS` is asked for."""
_BODY_SECONDS: Final = 30.0
_LONGEST_QUERY: Final = 8_000


def json(value: Any, headers: Mapping[str, str] | None = None) -> Response:
    """An answer in JSON."""
    return Response(msgspec.json.encode(value), 200, headers, "application/json")


def query_document(events: list[dict[str, Any]]) -> dict[str, Any]:
    """Events as the answer to a query."""
    return {
        "@context": [CONTEXT],
        "type": "EPCISQueryDocument",
        "schemaVersion": "2.0",
        "creationDate": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "epcisBody": {"queryResults": {"queryName": "SimpleEventQuery", "resultsBody": {"eventList": events}}},
    }


def negotiate(request: Request) -> None:
    """Problem where a client asks for another version, format or way to write EPCs than there is."""
    headers = request.headers
    if len(request.url.query) > _LONGEST_QUERY:
        raise Problem(414, "URITooLongException", f"the query has more than {_LONGEST_QUERY} characters")
    for name in ("GS1-EPCIS-Version", "GS1-CBV-Version"):
        if not headers.get(name, "2.0").startswith("2."):
            raise Problem(406, "ImplementationException", f"{name}: there is 2.0.0")
    if headers.get("GS1-EPC-Format", "No_Preference") not in ("No_Preference", "Never_Translates"):
        raise not_built("other values of GS1-EPC-Format than Never_Translates are")
    accepted = headers.get("accept", "*/*")
    if not any(one in accepted for one in ("*/*", "application/*", "json")):
        raise Problem(406, "ImplementationException", "answers are JSON; XML is not supported by this service")


async def body(request: Request) -> bytes:
    """The body, which is JSON. Problem where it is another format, too large, or does not come to its end."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind.endswith("xml"):
        raise not_built("XML is")
    if kind not in ("application/json", "application/ld+json"):
        raise Problem(415, "ImplementationException", "the body has to be application/json or application/ld+json")
    too_large = Problem(413, "CaptureLimitExceededException", f"the body has more than {MOST_BYTES} bytes")
    length = request.headers.get("content-length", "0")
    if not length.isdecimal() or int(length) > MOST_BYTES:
        raise too_large
    found = bytearray()
    try:
        async with asyncio.timeout(_BODY_SECONDS):
            async for part in request.stream():
                found += part
                if len(found) > MOST_BYTES:
                    raise too_large
    except TimeoutError:
        raise Problem(408, "ImplementationException", f"the body did not come within {_BODY_SECONDS:.0f} s") from None
    except ClientDisconnect:
        raise Problem(400, "ValidationException", "the client has left") from None
    return bytes(found)


def no_parameters(request: Request) -> None:
    """Problem that names a parameter, where none is known. An id of an event may come with its `?ver=` unquoted."""
    for name in request.query_params:
        if name != "ver":
            raise bad_parameter(f"{name[:100]} is not supported here")


def http_problem(request: Request, error: Exception) -> Response:
    """What the framework refuses: an unknown path, another method."""
    status = error.status_code if isinstance(error, HTTPException) else 500
    kind: Any = "NoSuchResourceException" if status == 404 else "ImplementationException"
    headers = (
        {"Allow": allow} if isinstance(error, HTTPException) and (allow := (error.headers or {}).get("Allow")) else {}
    )
    detail = "there is no such resource" if status == 404 else "not possible here"
    return Problem(status, kind, detail, **headers).response()
