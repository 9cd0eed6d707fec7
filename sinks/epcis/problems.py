"""What goes wrong, as the OpenAPI document of EPCIS 2.0 names it: RFC 7807 with `epcisException:` types."""

from http import HTTPStatus
from typing import Any, Literal

import msgspec
from starlette.responses import Response

Kind = Literal[
    "ValidationException", "QueryParameterException", "QueryTooLargeException", "SecurityException",
    "NoSuchResourceException", "CaptureLimitExceededException", "URITooLongException", "ImplementationException",
]  # fmt: skip


class Problem(Exception):
    """An answer other than what was asked for; `detail` is for people."""

    def __init__(self, status: int, kind: Kind, detail: str, **headers: str) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}

    def body(self) -> dict[str, Any]:
        """As it stands in an answer, or among the errors of a capture job."""
        title = HTTPStatus(self.status).phrase
        return {"type": f"epcisException:{self.kind}", "title": title, "status": self.status, "detail": self.detail}

    def response(self) -> Response:
        """The whole answer."""
        return Response(msgspec.json.encode(self.body()), self.status, self.headers, "application/problem+json")


def bad_parameter(detail: str) -> Problem:
    """A query that is not understood, or not answered here."""
    return Problem(400, "QueryParameterException", detail)


def not_built(what: str) -> Problem:
    """A part of the standard that this service does not have."""
    return Problem(501, "ImplementationException", f"{what} not supported by this service")


def away(detail: str) -> Problem:
    """Kafka or ClickHouse does not answer."""
    return Problem(503, "ImplementationException", detail, Retry_After="2")
