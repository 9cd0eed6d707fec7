"""What is answered from memory follows the archive, by the real engine."""

import asyncio
import json
from functools import partial

import pytest
from clickhouse_driver import Client

from schemas.errors import SinkError, SinkRejected
from sinks.clickhouse import connection
from sinks.resolver import asker, following
from sinks.resolver.facts import Facts
from sinks.resolver.following import Following
from tests.sinks.conftest import Endpoint
from tests.sinks.resolver.parts import ENTERPRISES, RING, FakeClickHouse, FakeEvents, Service, served
from tests.sinks.resolver.parts import PRODUCT as MINTED

NOW = 1_770_000_000_000
LATER = 4_000_000_000_000
"""After the test."""
PRODUCT = "88.118.8/A"
MADE = Facts(made_at=NOW, disposition="active")
COMMISSIONED = (json.dumps({MINTED: [0, 99]}), NOW, "88.118.8", 1, "active")


def happen(
    client: Client, runs: str, ts: int = NOW, step: str = "commissioning", disposition: str = "active",
    error_at: int | None = None, topology: str = "plant", type_: str = "ObjectEvent",
) -> None:  # fmt: skip
    columns = "runs, ts, enterprise, type, biz_step, disposition, error_at, topology, id"
    row = (runs, ts, "88.118.8", type_, step, disposition, error_at, topology, f"{runs} {ts} {step} {error_at} {type_}")
    client.execute(f"INSERT INTO headrace_store.trace_events ({columns}) VALUES", [row])


def follower(endpoint: Endpoint) -> Following:
    return Following(partial(connection.connect, endpoint.address("reader")), "plant", ENTERPRISES, FakeEvents())


def run_of(first: int, last: int) -> str:
    return json.dumps({PRODUCT: [first, last]})


def test_what_happens_to_an_item_later_is_read_with_the_next_look(client: Client, endpoint: Endpoint) -> None:
    async def look() -> None:
        subject = follower(endpoint)
        facts = partial(subject.facts, PRODUCT)
        assert facts(0) is None  # nothing was read yet
        await subject.poll()
        assert [facts(serial) for serial in (0, 99, 100, 200, 300, 400)] == [MADE, MADE, None, None, None, None]
        happen(client, run_of(100, 199))
        happen(client, run_of(500, 599))
        happen(client, run_of(7, 7), NOW + 1, "inspecting", "recalled")
        columns = "item, product, ts, found, topology, id"
        scanned = [(str(RING.code(PRODUCT, serial)), PRODUCT, NOW, found, "plant", f"scan {serial}")
                   for serial, found in ((8, "genuine"), (9, "forged"))]  # fmt: skip
        client.execute(f"INSERT INTO headrace_store.code_scans ({columns}) VALUES", scanned)
        happen(client, run_of(500, 599), error_at=NOW + 2)  # in all else like what it says was wrong
        await subject.poll()
        assert [facts(serial) for serial in (0, 6, 9, 30, 100, 199)] == [MADE] * 6
        assert [facts(serial) for serial in (7, 8, 200, 500, 599)] == [None] * 5
        await subject.close()

    happen(client, run_of(0, 99))
    happen(client, run_of(200, 299), step="shipping", disposition="in_transit")
    happen(client, run_of(300, 399), topology="other")
    happen(client, run_of(400, 499), type_="AggregationEvent")
    asyncio.run(look())


def test_what_was_made_before_the_last_event_without_runs_is_looked_up(client: Client, endpoint: Endpoint) -> None:
    """The same item may be in that."""

    async def look() -> None:
        subject = follower(endpoint)
        await subject.poll()
        assert [subject.facts(PRODUCT, serial) for serial in (0, 100)] == [None, MADE._replace(made_at=LATER)]
        await subject.close()

    happen(client, "")
    happen(client, run_of(0, 99))
    happen(client, run_of(100, 199), LATER)
    asyncio.run(look())


def test_a_first_reading_that_breaks_off_is_begun_anew_and_nothing_told_before(
    client: Client, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asker, "_PAUSE_SECONDS", 0.0)

    async def look() -> None:
        subject = follower(endpoint)
        with pytest.raises(SinkRejected, match="cannot be read"):
            await subject.poll()
        assert subject.facts(PRODUCT, 0) is None
        client.execute("ALTER TABLE headrace_store.trace_events DELETE WHERE runs = 'broken'")
        await subject.poll()
        assert subject.facts(PRODUCT, 0) == MADE
        await subject.close()

    happen(client, run_of(0, 99))
    happen(client, "broken")
    asyncio.run(look())


@pytest.mark.parametrize(
    ("looks", "seconds"),
    [
        pytest.param(0, 100, id="stored long ago, seen late"),
        pytest.param(1, 1_000, id="and nobody could look back since"),
    ],
)
def test_rows_that_were_seen_late_are_read_with_the_next_look_back(
    client: Client, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch, looks: int, seconds: int
) -> None:
    async def look() -> None:
        subject = follower(endpoint)
        await subject.poll()
        for _ in range(looks):
            await subject.look_back()
        subject._since += seconds  # as if what comes now had been stored so long before
        happen(client, run_of(5, 5), NOW + 1, "shipping", "in_transit")
        monkeypatch.setattr(following, "NOW", f"SELECT {subject._since}")
        await subject.poll()
        assert subject.facts(PRODUCT, 5) == MADE
        await subject.look_back()
        assert subject.facts(PRODUCT, 5) is None
        await subject.close()

    happen(client, run_of(0, 99))
    asyncio.run(look())


def test_an_untouched_item_is_resolved_without_a_look_up_as_long_as_the_archive_answers() -> None:
    clickhouse = FakeClickHouse(happenings=[COMMISSIONED])
    code = RING.code(MINTED, 5)

    async def ask(service: Service) -> None:
        await service.following.poll()
        async with service.client() as http:
            told = (await http.get(f"/resolve/{code}")).json()
            assert (told["status"], told["made_at"], told["disposition"]) == (
                "genuine", "2026-02-02T02:40:00Z", "active",
            )  # fmt: skip
            assert clickhouse.looked_up == []
            clickhouse.away = True
            service.following._fresh_until = 0.0  # as it is some seconds later
            assert (await http.get(f"/resolve/{code}")).json()["archive"] == "unavailable"

    served(ask, clickhouse)


def test_where_the_archive_cannot_be_followed_items_are_looked_up() -> None:
    clickhouse = FakeClickHouse(happenings=[COMMISSIONED])

    async def ask(service: Service) -> None:
        clickhouse.away = True
        with pytest.raises(SinkError):
            await service.following.poll()
        clickhouse.away = False
        async with service.client() as http:
            assert (await http.get(f"/resolve/{RING.code(MINTED, 5)}")).json()["status"] == "genuine"
        assert len(clickhouse.looked_up) == 1

    served(ask, clickhouse)
