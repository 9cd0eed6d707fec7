"""Requests that never reach the log or the archive; the others: tests/end_to_end/test_epcis.py."""

import asyncio
import json
from typing import Any
from urllib.parse import quote, unquote

import httpx
import pytest

from schemas.errors import SinkUnavailable
from sinks import tokens
from sinks.epcis import jobs, service
from sinks.epcis.jobs import Job
from sinks.epcis.problems import Problem
from sinks.epcis.quota import Quota
from sinks.epcis.service import Service
from sinks.tokens import Tokens
from tests.streams.compute.trace.messages import MILL, seen

TOKEN, ENTRY = tokens.make(MILL)
PATHS = [
    "/", "/capture", "/capture/r0-1-1x1", "/events", "/events/ni:x", "/eventTypes", "/eventTypes/ObjectEvent/events",
    "/epcs/urn:x:y/events", "/bizSteps/shipping/events", "/bizLocations/x:y/events", "/readPoints/x:y/events",
    "/dispositions/active/events", "/queries", "/queries/q/subscriptions", "/epcs", "/nextPageToken/x",
]  # fmt: skip


class Nobody:
    """Stands for log and archive, and does not answer."""

    async def send(self, *_: Any, **__: Any) -> Job:
        raise Problem(503, "ImplementationException", "away")

    async def is_archived(self, job: Job) -> bool:
        return False

    async def run(self, question: Any) -> Any:
        raise SinkUnavailable("away", 1.0)


def ask(
    method: str, path: str, body: Any = None, token: str = TOKEN, of: Nobody | None = None, **headers: str
) -> httpx.Response:
    """One request."""

    async def asked() -> httpx.Response:
        nobody: Any = of or Nobody()
        app = Service(Tokens.parse(ENTRY), Quota({MILL: 1_000}), nobody, nobody).app()
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        content = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        if content is not None:
            given.setdefault("Content-Type", "application/json")
        if token:
            given["Authorization"] = f"Bearer {token}"
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:
            return await client.request(method, path, content=content, headers=given)

    return asyncio.run(asked())


def document(*events: Any, **fields: Any) -> dict[str, Any]:
    return {"@context": [], "type": "EPCISDocument", "schemaVersion": "2.0", "epcisBody": {"eventList": list(events)},
            **fields}  # fmt: skip


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("token", ["", "x" * 43])
def test_without_a_token_every_path_is_closed(path: str, token: str) -> None:
    for method in ("GET", "OPTIONS"):
        answer = ask(method, path, token=token)
        assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Bearer")
        assert answer.json()["type"] == "epcisException:SecurityException"
    for path_of_capture in ("/capture", "/events"):
        assert ask("POST", path_of_capture, document(seen()), token=token).status_code == 401


@pytest.mark.parametrize("path", PATHS)
def test_every_path_says_what_it_is_of(path: str) -> None:
    answer = ask("OPTIONS", path)
    assert answer.status_code == 204
    assert answer.headers["Allow"].startswith("OPTIONS, GET")
    assert answer.headers["GS1-EPCIS-Version"] == answer.headers["GS1-EPCIS-Max"] == "2.0.0"
    assert answer.headers["GS1-EPCIS-Capture-Limit"] == "1000"


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status", "says"),
    [
        ("POST", "/capture", b"{", {}, 400, "no JSON"),
        ("POST", "/capture", b"\xff", {}, 400, "no JSON"),
        ("POST", "/capture", b"[" * 100_000, {}, 400, "no JSON"),
        ("POST", "/capture", b"[]", {}, 400, "no JSON object"),
        ("POST", "/capture", seen(), {}, 400, "POST a single event to /events"),
        ("POST", "/capture", document(), {}, 400, "no list of events"),
        ("POST", "/capture", document(seen(), schemaVersion="1.2"), {}, 400, "this is EPCIS 2.0"),
        ("POST", "/capture", document(seen(), epcisHeader={"epcisMasterData": {}}), {}, 501, "master data"),
        ("POST", "/capture", document(*[seen()] * 1_001), {}, 413, "1001 events, at most 1000"),
        ("POST", "/capture", document(seen(**{"ex:a": "x" * 900_000})), {}, 413, "an event has"),
        ("POST", "/capture", document(*[seen()] * 30) | {"@context": ["x:" + "x" * 800_000]}, {}, 413, "each with the"),
        ("POST", "/capture", document(seen("https://[x")), {}, 503, "away"),
        ("POST", "/capture", b" " * (10 << 20) + b"  ", {}, 413, "more than 10485760 bytes"),
        ("POST", "/capture", document({"type": "X"}), {}, 400, "eventList[0]: "),
        ("POST", "/capture", document(type=["x"]), {}, 400, "no EPCISDocument"),
        ("POST", "/capture", document(7), {}, 400, "eventList[0]: an event is a JSON object"),
        ("POST", "/capture", b"<x/>", {"Content_Type": "application/xml"}, 501, "XML"),
        ("POST", "/capture", b"x", {"Content_Type": "text/plain"}, 415, "application/json"),
        ("POST", "/capture", document(seen()), {"GS1_Capture_Error_Behaviour": "hope"}, 400, "rollback or proceed"),
        ("POST", "/capture", document(seen()), {}, 503, "away"),
        ("GET", "/events", None, {"Accept": "application/xml"}, 406, "answers are JSON"),
        ("GET", "/events", None, {"GS1_EPCIS_Version": "1.2"}, 406, "there is 2.0.0"),
        ("GET", "/events", None, {"GS1_EPC_Format": "Always_EPC_URN"}, 501, "GS1-EPC-Format"),
        ("GET", "/events?EQ_quantity=1", None, {}, 400, "EQ_quantity is not supported"),
        ("GET", f"/events?MATCH_epc={'x' * 8_000}", None, {}, 414, "more than 8000"),
        ("GET", "/bizSteps/shipping/events?EQ_bizStep=x", None, {}, 400, "stands in the path already"),
        ("GET", "/events/x?perPage=1", None, {}, 400, "perPage is not supported here"),
        ("GET", "/events", None, {}, 503, "the archive does not answer"),
        ("GET", "/capture/x", None, {}, 404, "no capture job"),
        ("GET", "/capture/r0-1-0x5000", None, {}, 404, "no capture job"),
        ("GET", "/nothing", None, {}, 404, "no such resource"),
        ("DELETE", "/events", None, {}, 405, "not possible"),
        ("POST", "/queries", {"name": "q"}, {}, 501, "named queries and subscriptions"),
        ("GET", "/bizSteps", None, {}, 501, "lists of values"),
    ],
)
def test_what_cannot_be_done_is_told_as_a_problem(
    method: str, path: str, body: Any, headers: dict[str, str], status: int, says: str
) -> None:
    answer = ask(method, path, body, **headers)
    problem = answer.json()
    assert (answer.status_code, problem["status"]) == (status, status), problem
    assert answer.headers["content-type"] == "application/problem+json"
    assert says in problem["detail"]
    assert problem["type"].startswith("epcisException:")


def test_who_has_asked_much_leaves_room_for_others() -> None:
    other, other_entry = tokens.make("6901234")

    class Slow(Nobody):
        async def run(self, question: Any) -> Any:
            await answered.wait()
            return [], None

    async def run() -> None:
        slow: Any = Slow()
        app = Service(Tokens.parse(f"{ENTRY} {other_entry}"), Quota({}), slow, slow).app()
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as client:

            def get(token: str) -> asyncio.Task[httpx.Response]:
                return asyncio.create_task(client.get("/events", headers={"Authorization": f"Bearer {token}"}))

            waiting = [get(TOKEN) for _ in range(service._REQUESTS_OF_ONE)]
            await asyncio.sleep(0.1)
            refused = await get(TOKEN)
            assert (refused.status_code, refused.headers["retry-after"]) == (429, "2")
            of_another = get(other)
            await asyncio.sleep(0.1)
            answered.set()
            assert {(await one).status_code for one in [*waiting, of_another, get(TOKEN)]} == {200}

    answered = asyncio.Event()
    asyncio.run(run())


@pytest.mark.parametrize("place", ["https://ex.org/loc?id=7", "https://ex.org/a b#c", "urn:x:%41\\"])
def test_the_next_page_is_of_the_same_place(place: str) -> None:
    class Paged(Nobody):
        async def run(self, question: Any) -> Any:
            return [], "token"

    paged: Any = Paged()
    path = f"/bizLocations/{quote(place, safe='')}/events"
    link = ask("GET", path, of=paged).headers["link"]
    assert unquote(link.removeprefix("<").split("?")[0]) == f"/bizLocations/{place}/events"


def test_the_id_of_a_job_says_where_its_events_are() -> None:
    job = Job(True, 3, 1_770_000_000_000, ((17, 2), (40, 1)))
    assert jobs.parse(str(job)) == job
    assert job.offsets == [17, 18, 40]
    for text in (
        "",
        "r",
        "r0-1",
        "x0-1-1x1",
        "r0-1-1x0",
        "r0-1-1x1-",
        f"r0-{'9' * 14}-1x1",
        f"{job} ",
        "r0-1" + "-1x1" * 65,
    ):
        assert jobs.parse(text) is None


def test_a_quota_is_of_a_minute_and_of_an_enterprise() -> None:
    now = 60.0 * 1000
    quota = Quota({"a": 10, "b": 10}, lambda: now)
    quota.take("a", 6)
    with pytest.raises(Problem, match="6 events were captured") as refused:
        quota.take("a", 5)
    assert (refused.value.status, refused.value.headers["Retry-After"]) == (429, "61")
    quota.take("a", 4)
    quota.take("b", 10)
    now += 60
    quota.take("a", 10)
    for enterprise, events, status in (("a", 11, 413), ("c", 1, 403)):
        with pytest.raises(Problem) as refused:
            quota.take(enterprise, events)
        assert refused.value.status == status
