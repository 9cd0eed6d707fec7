"""The channel against a real HTTP server that fails in chosen ways."""

import asyncio
import time
from collections.abc import Iterable
from email.utils import formatdate

import msgspec
import pytest

from infra.local.ports import free_ports
from schemas.codec import constant_headers, encode, id_header
from schemas.results import Alarm
from sinks import http
from sinks.webhook import signature
from sinks.webhook.outlet import Webhook
from tests.sinks.transitions import Written, transition
from tests.sinks.webhook.receiver import SECRET, Receiver, verify

PASSING = [None, 0, 408, 429, 500, 502, 503, 504, 599]


class Pauses:
    """Stands in for sleeping: writes the seconds down, and goes on at once."""

    def __init__(self) -> None:
        self.seconds: list[float] = []

    async def __call__(self, seconds: float) -> None:
        self.seconds.append(seconds)


def deliver(
    alarm: Alarm, answers: Iterable[int | tuple[int, str] | None] = ()
) -> tuple[Receiver, Written, list[float]]:
    """Deliver one transition to a receiver that gives these answers."""

    async def run() -> tuple[Receiver, Written, list[float]]:
        events, pauses = Written(), Pauses()
        async with Receiver.listening(answers) as receiver, http.client() as client:
            channel = Webhook(client, receiver.url, signature.keys(SECRET), events, sleep=pauses)
            await channel.deliver(alarm, encode(alarm))
        return receiver, events, pauses.seconds

    return asyncio.run(run())


def test_a_transition_is_a_cloud_event_in_binary_mode_with_a_signature() -> None:
    alarm = transition()
    receiver, events, _ = deliver(alarm)
    [(headers, body)] = receiver.attempts
    assert body == encode(alarm)
    assert {name: value for name, value in headers.items() if name.startswith("ce-")} == {
        "ce-specversion": "1.0",
        "ce-type": "headrace.alarm.v1",
        "ce-source": "/headrace/tower_plant/alarm.actions/1",
        "ce-dataschema": "urn:headrace:schema:alarm:1",
        "ce-id": alarm.id,
        "ce-time": "2025-10-09T08:53:20.000+00:00",
    }
    assert headers["content-type"] == "application/json"
    assert headers["webhook-id"] == alarm.id
    assert abs(int(headers["webhook-timestamp"]) - time.time()) < 60
    assert verify(SECRET, headers, body)
    assert events.taken == 1


def test_the_attributes_are_those_of_the_message_in_kafka() -> None:
    alarm = transition()
    [(headers, _)] = deliver(alarm)[0].attempts
    in_kafka = [*constant_headers("alarm", alarm.topology, alarm.topic, alarm.partition), id_header(alarm.id)]
    assert {(name.replace("_", "-"), value.decode()) for name, value in in_kafka} <= set(headers.items())


def test_a_name_that_no_header_can_hold_is_percent_encoded() -> None:
    alarm = transition(id='鸿 "1"%', topology="塔")
    [(headers, body)] = deliver(alarm)[0].attempts
    assert headers["ce-id"] == headers["webhook-id"] == "%E9%B8%BF%20%221%22%25"
    assert headers["ce-source"] == "/headrace/%E5%A1%94/alarm.actions/1"
    assert verify(SECRET, headers, body)


@pytest.mark.parametrize("answer", PASSING)
def test_what_may_pass_is_tried_again_under_the_same_id_with_a_new_signature(answer: int | None) -> None:
    receiver, events, pauses = deliver(transition(), [answer] * 3)
    assert len(receiver.attempts) == 4
    assert len({headers["webhook-id"] for headers, _ in receiver.attempts}) == 1
    assert receiver.forged == 0
    assert (events.taken, len(events.failures), events.refusals) == (1, 3, [])
    assert len(pauses) == 3


@pytest.mark.parametrize("answer", [301, 307, 400, 401, 403, 404, 410, 422])
def test_what_will_not_pass_is_given_up_at_once_and_told(answer: int) -> None:
    alarm = transition()
    receiver, events, pauses = deliver(alarm, [answer])
    assert len(receiver.attempts) == 1
    assert pauses == events.failures == []
    [(outlet, endpoint, what, reason)] = events.refusals
    assert (outlet, what, reason) == ("webhook", f"transition {alarm.id}", f"status {answer}")
    assert f"http://{endpoint}/hook?plant=1" == receiver.url  # its path may be secret


def test_pauses_grow_up_to_a_minute_and_are_not_the_same_twice() -> None:
    _, _, pauses = deliver(transition(), [500] * 12)
    bounds = [0.5, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60, 60]
    assert all(bound / 2 <= pause <= bound for pause, bound in zip(pauses, bounds, strict=True))
    assert len(set(pauses)) == len(pauses)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("wish", "least", "most"),
    [("120", 120, 120), ("0", 0, 0.5), ("9" * 400, 3600, 3600), ("soon", 0, 0.5), ("-5", 0, 0.5), ("DATE", 80, 90)],
)
def test_retry_after_is_honoured(status: int, wish: str, least: float, most: float) -> None:
    wish = formatdate(time.time() + 90, usegmt=True) if wish == "DATE" else wish
    _, _, [pause] = deliver(transition(), [(status, wish)])
    assert least <= pause <= most


def test_an_endpoint_that_is_away_is_tried_until_it_is_there() -> None:
    async def run() -> None:
        events, pauses = Written(), Pauses()
        url = f"http://127.0.0.1:{next(free_ports())}/"
        async with http.client() as client:
            channel = Webhook(client, url, signature.keys(SECRET), events, sleep=pauses)
            task = asyncio.create_task(channel.deliver(alarm := transition(), encode(alarm)))
            while len(events.failures) < 5:  # noqa: ASYNC110
                await asyncio.sleep(0.01)
            task.cancel()
        assert all("attempts failed" in failure[2] for failure in events.failures)

    asyncio.run(run())


def test_an_answer_without_end_is_not_read_to_its_end() -> None:
    async def talk(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while True:
                writer.write(b"400\r\n" + bytes(1024) + b"\r\n")
                await writer.drain()
        except ConnectionError:
            writer.close()

    async def run() -> http.Answer:
        server = await asyncio.start_server(talk, "127.0.0.1", port := next(free_ports()))
        async with server, http.client() as client:
            return await http.post(client, f"http://127.0.0.1:{port}/", b"", {})

    assert asyncio.run(run()).status == 200


def test_the_body_is_passed_on_as_it_stands_in_the_log() -> None:
    alarm = transition()
    body = msgspec.json.format(encode(alarm)) + b"\n"

    async def run() -> bytes:
        async with Receiver.listening() as receiver, http.client() as client:
            await Webhook(client, receiver.url, signature.keys(SECRET), Written()).deliver(alarm, body)
            return receiver.attempts[0][1]

    assert asyncio.run(run()) == body
