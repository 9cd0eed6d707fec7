"""The routes: who may ask what, and how it is answered."""

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar
from urllib.parse import quote, urlencode

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from schemas.errors import SinkRejected, SinkUnavailable
from sinks.epcis import documents, jobs, wire
from sinks.epcis.archive import Archive
from sinks.epcis.documents import Message
from sinks.epcis.filters import TYPES, Query, query
from sinks.epcis.jobs import Job
from sinks.epcis.log import Log
from sinks.epcis.pool import Pool
from sinks.epcis.problems import Problem, away, bad_parameter, not_built
from sinks.epcis.quota import Quota
from sinks.tokens import Tokens

_BODIES: Final = 16
"""Requests that are read and checked at the same time."""
_BODIES_OF_ONE: Final = 4
_QUESTIONS_OF_ONE: Final = 2
"""Of an enterprise at the same time: the others wait for nobody who is slow or asks much."""
_REQUESTS_OF_ONE: Final = 16
"""Under way or waiting, also those whose client has hung up; the service takes so many of everybody, and no more."""
_SYNCHRONOUS_SECONDS: Final = 3.0
_LOOK_AGAIN: Final = 0.1
_LISTED: Final = 20
"""The newest jobs of an enterprise, which `GET /capture` lists."""
_RESOURCES: Final = {
    "eventTypes": "eventType",
    "epcs": "MATCH_anyEPC",
    "bizSteps": "EQ_bizStep",
    "bizLocations": "EQ_bizLocation",
    "readPoints": "EQ_readPoint",
    "dispositions": "EQ_disposition",
}
"""Top-level resources, and the parameter that their `/{value}/events` stands for."""
_NOT_BUILT: Final = {
    **{f"/{name}": "lists of values are" for name in _RESOURCES if name != "eventTypes"},
    "/queries": "named queries and subscriptions are",
    "/queries/{rest:path}": "named queries and subscriptions are",
    "/nextPageToken/{rest:path}": "taking back a nextPageToken is",
}

T = TypeVar("T")
Handler = Callable[[Request, str], Awaitable[Response]]
"""Answers a request of an enterprise."""


class Service:
    """What answers requests. The enterprise is the token's, and goes into every question and every message."""

    def __init__(self, tokens: Tokens, quota: Quota, log: Log, archive: Pool) -> None:
        self._tokens = tokens
        self._quota = quota
        self._log = log
        self._archive = archive
        self._bodies = asyncio.Semaphore(_BODIES)
        self._bodies_of = defaultdict[str, asyncio.Semaphore](lambda: asyncio.Semaphore(_BODIES_OF_ONE))
        self._requests_of = Counter[str]()
        self._questions_of = defaultdict[str, asyncio.Semaphore](lambda: asyncio.Semaphore(_QUESTIONS_OF_ONE))
        self._taken: dict[str, list[Job]] = {}

    def app(self) -> Starlette:
        """The ASGI application."""
        routes = [
            self._route("/", self._top_level),
            self._route("/capture", self._jobs, self._capture),
            self._route("/capture/{id}", self._job),
            self._route("/events", self._events, self._capture_one),
            self._route("/events/{id:path}", self._event),
            self._route("/eventTypes", self._event_types),
        ]
        routes += [self._route(f"/{name}/{{value:path}}/events", self._of(name)) for name in _RESOURCES]
        routes += [self._route(path, *[_refuse(what)] * 2) for path, what in _NOT_BUILT.items()]
        return Starlette(routes=routes, exception_handlers={HTTPException: wire.http_problem})

    def _route(self, path: str, get: Handler, post: Handler | None = None) -> Route:
        handlers = {"GET": get, "HEAD": get} | ({"POST": post} if post else {})
        allow = ", ".join(["OPTIONS", *handlers])

        async def endpoint(request: Request) -> Response:
            try:
                enterprise = self._tokens.enterprise(request.headers.get("authorization"))
                if enterprise is None:
                    raise Problem(401, "SecurityException", "a bearer token is needed", WWW_Authenticate="Bearer")
                if request.method == "OPTIONS":
                    response = Response(None, 204, {"Allow": allow})
                else:
                    wire.negotiate(request)
                    with self._one_of(enterprise):
                        response = await handlers[request.method](request, enterprise)
            except Problem as problem:
                response = problem.response()
            except SinkUnavailable:
                response = away("the archive does not answer").response()
            except SinkRejected as error:
                response = Problem(500, "ImplementationException", f"the archive refuses: {error}").response()
            for name, value in wire.HEADERS.items():
                response.headers.setdefault(name, value)
            return response

        return Route(path, endpoint, methods=["OPTIONS", *handlers])

    @contextmanager
    def _one_of(self, enterprise: str) -> Iterator[None]:
        if self._requests_of[enterprise] >= _REQUESTS_OF_ONE:
            raise Problem(429, "ImplementationException", f"{_REQUESTS_OF_ONE} requests are under way", Retry_After="2")
        self._requests_of[enterprise] += 1
        try:
            yield
        finally:
            self._requests_of[enterprise] -= 1

    async def _top_level(self, request: Request, enterprise: str) -> Response:
        return wire.json(["capture", "events", *_RESOURCES])

    async def _event_types(self, request: Request, enterprise: str) -> Response:
        return wire.json({"@context": wire.CONTEXT, "type": "EventTypeItemList", "eventType": TYPES})

    async def _capture(self, request: Request, enterprise: str) -> Response:
        behaviour = request.headers.get("GS1-Capture-Error-Behaviour", "rollback")
        if behaviour not in ("rollback", "proceed"):
            raise documents.invalid("GS1-Capture-Error-Behaviour is rollback or proceed")
        job, _ = await self._take(request, enterprise, document=True, proceed=behaviour == "proceed")
        return Response(None, 202, {"Location": f"/capture/{job}", "GS1-Capture-Error-Behaviour": behaviour})

    async def _capture_one(self, request: Request, enterprise: str) -> Response:
        """Waits for the archive, for a moment: 201 is said of an event that is there."""
        job, [event] = await self._take(request, enterprise, document=False, proceed=False)
        until = time.monotonic() + _SYNCHRONOUS_SECONDS
        while not await self._log.is_archived(job):
            if time.monotonic() > until:
                return Response(None, 202, {"Location": f"/capture/{job}"})
            await asyncio.sleep(_LOOK_AGAIN)
        if refused := await self._ask(enterprise, lambda archive: archive.refused(enterprise, job)):
            raise documents.invalid(refused[0]["detail"])
        return Response(None, 201, {"Location": f"/events/{quote(event.id, safe='')}"})

    async def _take(
        self, request: Request, enterprise: str, *, document: bool, proceed: bool
    ) -> tuple[Job, list[Message]]:
        async with self._bodies_of[enterprise], self._bodies:
            body = await wire.body(request)
            found = await asyncio.to_thread(documents.messages, enterprise, body, document=document)
            if not proceed:
                documents.refuse_faulty(found)
            self._quota.take(enterprise, len(found))
            job = await self._log.send(enterprise, [one.value for one in found], proceed=proceed)
        self._taken[enterprise] = [job, *self._taken.get(enterprise, [])][:_LISTED]
        return job, found

    async def _ask(self, enterprise: str, question: Callable[[Archive], T]) -> T:
        async with self._questions_of[enterprise]:
            return await self._archive.run(question)

    async def _jobs(self, request: Request, enterprise: str) -> Response:
        wire.no_parameters(request)
        return wire.json([await self._state(job, enterprise) for job in self._taken.get(enterprise, [])])

    async def _job(self, request: Request, enterprise: str) -> Response:
        wire.no_parameters(request)
        job = jobs.parse(request.path_params["id"])
        if job is None:
            raise _nothing("no capture job has this id")
        return wire.json(await self._state(job, enterprise))

    async def _state(self, job: Job, enterprise: str) -> dict[str, Any]:
        running = not await self._log.is_archived(job)  # before the dead letters: what is over has all of them
        errors = await self._ask(enterprise, lambda archive: archive.refused(enterprise, job))
        return job.state(running=running, errors=errors)

    async def _events(self, request: Request, enterprise: str) -> Response:
        return await self._found(request, enterprise, query(request.query_params.multi_items()))

    async def _event(self, request: Request, enterprise: str) -> Response:
        wire.no_parameters(request)
        asked = query([("EQ_eventID", request.path_params["id"])])
        found, _ = await self._ask(enterprise, lambda archive: archive.events(enterprise, asked))
        if not found:
            raise _nothing("no event has this id")
        return wire.json(wire.query_document(found))

    def _of(self, resource: str) -> Handler:
        parameter = _RESOURCES[resource]

        async def events(request: Request, enterprise: str) -> Response:
            if parameter in request.query_params:
                raise bad_parameter(f"{parameter} stands in the path already")
            given = [(parameter, request.path_params["value"]), *request.query_params.multi_items()]
            return await self._found(request, enterprise, query(given))

        return events

    async def _found(self, request: Request, enterprise: str, asked: Query) -> Response:
        found, token = await self._ask(enterprise, lambda archive: archive.events(enterprise, asked))
        headers = {}
        if token is not None:
            kept = [(name, value) for name, value in request.query_params.multi_items() if name != "nextPageToken"]
            path = quote(request.scope["path"])
            headers["Link"] = f'<{path}?{urlencode([*kept, ("nextPageToken", token)])}>; rel="next"'
        return wire.json(wire.query_document(found), headers)


def _refuse(what: str) -> Handler:
    async def refuse(request: Request, enterprise: str) -> Response:
        raise not_built(what)

    return refuse


def _nothing(detail: str) -> Problem:
    return Problem(404, "NoSuchResourceException", detail)
