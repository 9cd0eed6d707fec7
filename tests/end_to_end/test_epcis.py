"""Capture and query over HTTP with a real broker, engine, worker and service."""

import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.end_to_end.epcis import Epcis, document, events_in, job_of, pages
from tests.end_to_end.plant import Plant
from tests.streams.compute.trace.messages import ITEMS, MILL, NOW, YARD, seen

TOPOLOGY = """
topology: NAME
site: hongyang
sources: {machine.events: {partitions: 1}}
trace:
  partitions: 2
  enterprises:
    - {prefix: "88.118.8", name: mill}
    - {prefix: "6901234", name: yard}
    - {prefix: "77.1.1", name: small, events_per_minute: 5}
"""
SMALL, UNKNOWN = "77.1.1", "99.1.1"
HASH = "ni:///sha-256;"


@pytest.fixture
def service(deploy: Callable[[str], Plant]) -> Iterator[Epcis]:
    plant = deploy(TOPOLOGY)
    plant.worker()
    epcis = Epcis(plant, MILL, YARD, SMALL, UNKNOWN)
    yield epcis
    epcis.kill()


def times(events: list[dict[str, Any]]) -> list[str]:
    return [event["eventTime"] for event in events]


def made(**fields: Any) -> dict[str, Any]:
    body = seen(at=NOW + 500, **fields)
    del body["epcList"], body["action"]
    return {**body, "type": "TransformationEvent", "inputEPCList": [ITEMS[1]], "outputEPCList": [ITEMS[2]]}


def packed(action: str = "ADD") -> dict[str, Any]:
    body = seen(at=NOW + 600, action=action)
    del body["epcList"]
    return {**body, "type": "AggregationEvent", "parentID": ITEMS[3], "childEPCs": [ITEMS[4]]}


def test_from_capture_to_query_each_event_counts_once_and_each_enterprise_has_its_own(service: Epcis) -> None:
    mill, yard = service.client(MILL), service.client(YARD)
    events = [seen(ITEMS[number % 3], at=NOW + number, **{"ex:mark": f"mill {number}"}) for number in range(100)]
    others = [seen(ITEMS[number % 3], at=NOW + number, **{"ex:mark": f"yard {number}"}) for number in range(40)]
    more = [made(), packed(), seen(ITEMS[5], at=NOW + 700, bizStep="shipping", disposition="in_transit",
                                   readPoint={"id": "urn:headrace:asset:hongyang:saw-1"}, eventID="urn:uuid:1",
                                   bizLocation={"id": "urn:example:yard"})]  # fmt: skip
    taken = mill.post("/capture", json=document(*events, *more))
    assert (taken.status_code, taken.headers["GS1-EPCIS-Version"]) == (202, "2.0.0")
    job = job_of(mill, taken.headers["Location"])
    assert (job["success"], job["errors"], job["captureErrorBehaviour"]) == (True, [], "rollback")
    again = mill.post("/capture", json=document(*events[::-1]))
    assert job_of(mill, again.headers["Location"])["success"]
    theirs = yard.post("/capture", json=document(*others))
    assert job_of(yard, theirs.headers["Location"])["success"]

    # Pages, both ways round, while more arrives.
    for order, key in (("eventTime", "eventTime"), ("recordTime", "recordTime")):
        for direction in ("ASC", "DESC"):
            found = pages(mill, "/events", perPage=17, orderBy=order, orderDirection=direction)
            listed = [event for page in found for event in page]
            assert {len(page) for page in found[:-1]} == {17}
            assert len({event["eventID"] for event in listed}) == len(listed) == 103
            keys = [event[key] for event in listed]
            assert keys == sorted(keys, reverse=direction == "DESC")
    first = mill.get("/events", params={"perPage": 60, "orderDirection": "ASC"})
    early = mill.post("/events", json=seen(ITEMS[0], at=NOW - 9_000))
    assert early.status_code == 201
    second = events_in(mill.get(first.links["next"]["url"]))
    assert times(events_in(first)) + times(second) == sorted(times([*events, *more]))
    limited = pages(mill, "/events", perPage=4, eventCountLimit=10)
    assert [len(page) for page in limited] == [4, 4, 2]

    # As captured, with an id and the time of the record.
    [event] = events_in(mill.get("/events", params={"EQ_eventID": "urn:uuid:1"}))
    assert {**event, "recordTime": ""} == {**more[2], "recordTime": "", "@context": document()["@context"]}
    [shown] = events_in(mill.get(early.headers["Location"]))
    assert shown["eventID"].startswith(HASH)
    assert shown["recordTime"] > "2026"
    assert mill.get("/events/" + shown["eventID"]).status_code == 200, "with its ?ver= unquoted, too"

    # Every filter and every route, against what was captured.
    whole = [*events, *more, shown]
    asked: list[tuple[str, dict[str, str], list[dict[str, Any]]]] = [
        ("/events", {"eventType": "TransformationEvent"}, [more[0]]),
        ("/events", {"eventTypes": "TransformationEvent|AggregationEvent"}, more[:2]),
        ("/events", {"GE_eventTime": events[90]["eventTime"]}, [*events[90:], *more]),
        ("/events", {"LT_eventTime": events[2]["eventTime"]}, [shown, *events[:2]]),
        ("/events", {"GE_recordTime": shown["recordTime"]}, [shown]),
        ("/events", {"LT_recordTime": "2026-01-01T00:00:00Z"}, []),
        ("/events", {"EQ_action": "ADD"}, [more[1]]),
        ("/events", {"EQ_bizStep": "urn:epcglobal:cbv:bizstep:shipping"}, [more[2]]),
        ("/events", {"EQ_bizStep": "receiving|shipping"}, [more[2]]),
        ("/events", {"EQ_disposition": "in_transit"}, [more[2]]),
        ("/events", {"EQ_readPoint": "urn:headrace:asset:hongyang:saw-1"}, [more[2]]),
        ("/events", {"EQ_bizLocation": "urn:example:yard"}, [more[2]]),
        ("/events", {"MATCH_epc": ITEMS[4]}, [more[1]]),
        ("/events", {"MATCH_parentID": ITEMS[3]}, [more[1]]),
        ("/events", {"MATCH_inputEPC": ITEMS[1]}, [more[0]]),
        ("/events", {"MATCH_outputEPC": ITEMS[2]}, [more[0]]),
        ("/events", {"MATCH_outputEPC": ITEMS[1]}, []),
        ("/events", {"MATCH_anyEPC": ITEMS[1]}, [*events[1::3], more[0]]),
        ("/events", {"MATCH_epc": ITEMS[0], "LT_eventTime": events[5]["eventTime"]}, [shown, events[0], events[3]]),
        ("/events", {"MATCH_epcClass": "urn:epc:class:lgtin:6901234.056789.HEAT7"}, []),
        ("/events", {"EQ_eventID": shown["eventID"]}, [shown]),
        ("/events", {"EQ_transformationID": "urn:example:t"}, []),
        ("/events", {"EXISTS_errorDeclaration": ""}, []),
        ("/eventTypes/AggregationEvent/events", {}, [more[1]]),
        (f"/epcs/{ITEMS[5]}/events", {"EQ_bizStep": "shipping"}, [more[2]]),
        ("/bizSteps/shipping/events", {}, [more[2]]),
        ("/dispositions/in_transit/events", {}, [more[2]]),
        ("/readPoints/urn:headrace:asset:hongyang:saw-1/events", {}, [more[2]]),
        ("/bizLocations/urn:example:yard/events", {}, [more[2]]),
        ("/events", {}, whole),
    ]
    for path, parameters, expected in asked:
        found = [event for page in pages(mill, path, perPage=1000, **parameters) for event in page]
        assert sorted(times(found)) == sorted(times(expected)), (path, parameters)
        own = [event for page in pages(yard, path, perPage=1000, **parameters) for event in page]
        assert all(str(event.get("ex:mark")).startswith("yard") for event in own), (path, parameters)
        assert service.client(SMALL).get(path, params=parameters).json()["epcisBody"]["queryResults"] == {
            "queryName": "SimpleEventQuery", "resultsBody": {"eventList": []},
        }, (path, parameters)  # fmt: skip
    assert len(pages(yard, "/events", perPage=1000)[0]) == 40
    assert yard.get(early.headers["Location"]).status_code == 404
    assert yard.get("/capture").json() != mill.get("/capture").json()

    # An error that is declared stands beside the event, and once.
    declared = {**events[0], "errorDeclaration": {"declarationTime": "2026-03-05T00:00:00Z"}}
    for _ in range(2):
        assert mill.post("/events", json={"@context": document()["@context"], **declared}).status_code == 201
    [wrong] = events_in(mill.get("/events", params={"EXISTS_errorDeclaration": ""}))
    assert wrong["eventTime"] == events[0]["eventTime"]
    both = events_in(mill.get("/events", params={"EQ_eventID": wrong["eventID"]}))
    assert [("errorDeclaration" in event) for event in both] == [True, False]
    assert "nothing lost, nothing twice" in service.plant.command("audit").stdout


def test_a_broken_event_is_told_before_it_is_sent_or_by_the_job(service: Epcis) -> None:
    mill, yard, small = service.client(MILL), service.client(YARD), service.client(SMALL)
    good, bad = seen(at=NOW), seen(at=NOW + 1, bizStep="selling")
    undeclared, no_object = seen(at=NOW + 2, **{"other:x": 1}), "event"
    refused = mill.post("/capture", json=document(good, bad, undeclared))
    assert (refused.status_code, refused.headers["content-type"]) == (400, "application/problem+json")
    problem = refused.json()
    assert (problem["type"], problem["status"]) == ("epcisException:ValidationException", 400)
    assert "eventList[1]: bizStep 'selling' is neither" in problem["detail"]
    assert "eventList[2]: the prefix of 'other:x' is not declared" in problem["detail"]
    assert events_in(mill.get("/events")) == [], "nothing of it was sent"
    assert mill.post("/events", json=bad).status_code == 400

    body = document(bad, good, no_object, undeclared)
    taken = mill.post("/capture", json=body, headers={"GS1-Capture-Error-Behaviour": "proceed"})
    assert taken.status_code == 202
    job = job_of(mill, taken.headers["Location"])
    assert (job["success"], job["captureErrorBehaviour"]) == (False, "proceed")
    assert [error["detail"].split(":")[0] for error in job["errors"]] == [f"eventList[{n}]" for n in (0, 2, 3)]
    assert "not_epcis" in job["errors"][0]["detail"]
    assert times(events_in(mill.get("/events"))) == [good["eventTime"]]
    assert job_of(yard, taken.headers["Location"])["errors"] == [], "another enterprise is told of no event in it"
    future = mill.post("/events", json=seen(at=NOW * 2))
    assert (future.status_code, "future" in future.json()["detail"]) == (400, True)

    assert small.post("/capture", json=document(*[seen(at=NOW + n) for n in range(6)])).status_code == 413
    statuses = [small.post("/events", json=seen(at=NOW + n)) for n in range(12)]
    too_many = next(one for one in statuses if one.status_code == 429)
    assert 0 < int(too_many.headers["Retry-After"]) <= 61
    assert service.client(UNKNOWN).post("/events", json=good).status_code == 403
    assert events_in(service.client(UNKNOWN).get("/events")) == []
    service.kill()
    service.start()
    assert job_of(mill, taken.headers["Location"]) == job, "a job outlives the service"
    assert service.stop() == 0


def test_nothing_that_was_acknowledged_is_lost_when_the_service_is_killed(service: Epcis) -> None:
    acknowledged: list[int] = []
    stopping = threading.Event()

    def capture() -> None:
        number = 0
        with service.client(MILL) as client:
            while not stopping.is_set():
                batch = [seen(at=NOW + number * 10 + one) for one in range(10)]
                try:
                    taken = client.post("/capture", json=document(*batch))
                except httpx.TransportError:
                    continue  # not acknowledged: the same again
                if taken.status_code == 202:
                    acknowledged.extend(range(number * 10, number * 10 + 10))
                    number += 1

    thread = threading.Thread(target=capture)
    thread.start()
    try:
        for more in (50, 100, 150):
            service.plant.workers[0].wait_for("captures", lambda more=more: len(acknowledged) >= more)
            service.kill()
            service.start()
    finally:
        stopping.set()
        thread.join()
    last = service.client(MILL).post("/capture", json=document(seen(at=NOW - 1)))
    assert job_of(service.client(MILL), last.headers["Location"])["success"]
    archived = [event for page in pages(service.client(MILL), "/events", perPage=1000) for event in page]
    wanted = {seen(at=NOW + number)["eventTime"] for number in (*acknowledged, -1)}
    assert wanted <= set(times(archived))
    assert len(archived) == len(set(times(archived))), "a batch that was sent twice counts once"
