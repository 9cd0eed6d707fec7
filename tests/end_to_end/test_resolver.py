"""The resolver with a real broker, engine, worker and browser: minted, made, scanned, recalled, forged."""

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import islice
from random import Random
from typing import Any

import httpx
import pytest
from playwright.sync_api import Page

from infra.local.ports import free_ports
from schemas.codes import Code, digits
from schemas.topics import TRACE_EVENTS
from sinks.tokens import make
from streams.compute.codes import KeyRing
from streams.scrape import scrape
from streams.settings import Address
from tests.end_to_end.browser import SCREENSHOTS, browser
from tests.end_to_end.plant import Plant
from tests.streams.compute.trace.messages import PRODUCT, capture, mint, seen, void
from tests.waiting import wait_until

TOPOLOGY = """
topology: NAME
site: hongyang
sources: {machine.events: {partitions: 1}}
trace:
  partitions: 1
  enterprises:
    - {prefix: "88.118.8", name: 鸿阳铁塔, warranty: 3650d}
    - {prefix: "6901234", name: yard, products: ["6901234567892"]}
"""
SECRET = "A:" + "a2tr" * 11
RING = KeyRing.parse(SECRET)
TOKEN, ENTRY = make("88.118.8")
OTHER_TOKEN, OTHER_ENTRY = make("6901234")
PHONE = (360, 780)


def code(serial: int) -> str:
    return str(RING.code(PRODUCT, serial))


def event(serial: int, step: str, disposition: str, at: str, **fields: Any) -> dict[str, Any]:
    moved = {"bizStep": step, "disposition": disposition, "eventTime": at, "eventTimeZoneOffset": "+08:00"}
    return capture(seen(f"https://id.example.com/{code(serial)}", **moved, **fields))


@contextmanager
def resolver(plant: Plant, *arguments: str) -> Iterator[tuple[str, Address]]:
    """`headrace resolver`, running: its URL, and where its metrics are."""
    port, metrics_port = islice(free_ports(), 2)
    address, metrics = Address("127.0.0.1", port), Address("127.0.0.1", metrics_port)
    log = plant.folder / "resolver.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "streams", "resolver", "--address", str(address), "--metrics", str(metrics),
             "--trusted-proxy", "127.0.0.1", *arguments],
            env={**plant.environment, "HEADRACE_CODE_KEYS": SECRET, "HEADRACE_TOKENS": f"{ENTRY} {OTHER_ENTRY}"},
            stdout=subprocess.PIPE, stderr=output, text=True,
        )  # fmt: skip
    assert process.stdout is not None
    try:
        assert process.stdout.readline() == f"resolver at http://{address}\n", log.read_text()[-3000:]
        url = f"http://{address}"
        wait_until("what is minted", lambda: httpx.get(f"{url}/ready").status_code == 200)
        yield url, metrics
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0, log.read_text()[-3000:]
    finally:
        process.kill()
        process.wait(30)
        process.stdout.close()
    assert code(7).rpartition("/")[2] not in log.read_text()  # a code is its holder's secret


def record(http: httpx.Client, path: str) -> dict[str, Any]:
    """What is told of a code by a resolver that was not kept waiting too long by a busy machine."""
    found: dict[str, Any] = {}

    def is_whole() -> bool:
        found.update(http.get(path).json())
        return found["archive"] == "available"

    wait_until("the archive", is_whole)
    return found


def opened(page: Page, url: str) -> bool:
    """Whether a page came that could ask the archive."""
    return page.goto(url) is not None and page.query_selector(".quiet#recall") is None


def send(plant: Plant, *messages: dict[str, Any]) -> None:
    plant.send(TRACE_EVENTS.name, [(0, json.dumps(message).encode()) for message in messages])


@pytest.fixture
def plant(deploy: Callable[[str], Plant]) -> Plant:
    """Ten codes: 7 is sold, 8 is recalled, 9 is void, the others are on nothing yet."""
    plant = deploy(TOPOLOGY)
    made = {"readPoint": {"id": "urn:headrace:asset:hongyang:saw-1"}}
    send(
        plant,
        mint(0, 10),
        event(7, "commissioning", "active", "2026-01-05T10:00:00+08:00", **made),
        event(7, "retail_selling", "retail_sold", "2026-01-20T10:00:00+08:00"),
        event(8, "commissioning", "active", "2026-01-05T23:30:00+08:00", **made),
        event(8, "inspecting", "recalled", "2026-01-25T10:00:00+08:00"),
        void((9, 1), reason="标签损坏 / label torn"),
    )
    worker = plant.worker()
    worker.wait_for("the void", lambda: plant.ids_in_clickhouse("code_voids"))
    worker.wait_for("the items", lambda: len(plant.ids_in_clickhouse("trace_items")) == 4)
    return plant


def test_from_the_mint_to_the_recall_and_back_into_the_stream(plant: Plant) -> None:
    with resolver(plant) as (url, metrics), httpx.Client(base_url=url, timeout=60) as http:
        sold = record(http, f"/resolve/{code(7)}")
        assert (sold["status"], sold["made_at"], sold["disposition"]) == (
            "genuine", "2026-01-05T02:00:00Z", "retail_sold",
        )  # fmt: skip
        assert sold["warranty"]["since"] == "2026-01-20T02:00:00Z"
        assert "saw-1" not in json.dumps(sold)
        assert record(http, f"/{code(8)}")["status"] == "recalled"
        assert record(http, f"/resolve/{code(9)}")["void"]["reason"] == "标签损坏 / label torn"
        assert http.get(f"/resolve/{code(10)}").json()["status"] == "unknown"

        send(plant, event(7, "inspecting", "recalled", "2026-01-28T10:00:00+08:00"), void((6, 1)), mint(10, 5))
        status: Callable[[int], str] = lambda serial: str(record(http, f"/resolve/{code(serial)}")["status"])  # noqa: E731
        wait_until("the recall", lambda: status(7) == "recalled")
        wait_until("the void", lambda: status(6) == "void")
        assert status(12) == "genuine"

        archive = http.get(f"/archive/{code(7)}", headers={"authorization": f"Bearer {TOKEN}"})
        assert archive.status_code == 200
        assert [one["biz_step"] for one in archive.json()["life"]["events"]] == [
            "commissioning", "retail_selling", "inspecting",
        ]  # fmt: skip
        assert archive.json()["life"]["events"][0]["asset"] == "saw-1"
        foreign = http.get(f"/archive/{code(7)}", headers={"authorization": f"Bearer {OTHER_TOKEN}"})
        assert (foreign.status_code, foreign.json()) == (404, {"error": "there is no such item"})

        def scanned() -> list[tuple[Any, ...]]:
            mine = f"WHERE topology = '{plant.topology.topology}'"
            return plant.query(f"SELECT item, found, disposition, client FROM headrace.code_scans {mine}")

        wait_until("the scans", lambda: {row[0] for row in scanned()} >= {code(7), code(9), code(10), code(12)})
        found = {(item, verdict) for item, verdict, _, _ in scanned()}
        assert {(code(7), "genuine"), (code(9), "void"), (code(10), "unknown")} <= found
        assert len({client for *_, client in scanned()}) == 1
        shown = scrape(metrics)
        assert shown is not None
        assert shown.ready
        assert shown.total("headrace_resolver_scans_total", fate="sent") >= len(scanned())


def test_an_untouched_item_is_answered_from_memory_until_it_is_recalled(plant: Plant) -> None:
    serials = range(100, 200)
    made = seen(*(f"https://id.example.com/{code(serial)}" for serial in serials), action="ADD",
                bizStep="commissioning", disposition="active", eventTime="2026-01-05T10:00:00+08:00",
                eventTimeZoneOffset="+08:00")  # fmt: skip
    send(plant, mint(100, 100), capture(made))
    with resolver(plant) as (url, metrics), httpx.Client(base_url=url, timeout=60) as http:

        def total(name: str) -> float:
            shown = scrape(metrics)
            return shown.total(f"headrace_resolver_{name}") if shown else 0.0

        wait_until("the run", lambda: total("runs") == 1)
        looked_up = total("lookup_items_sum")
        for serial in serials:
            if serial in (150, 151):  # these are never scanned, hence untouched until one is recalled
                continue
            told = record(http, f"/resolve/{code(serial)}")
            assert (told["status"], told["disposition"], told["archive"]) == ("genuine", "active", "available")
            assert told["made_at"] == "2026-01-05T02:00:00Z"
        assert total("lookup_items_sum") - looked_up < len(serials) / 2  # none, but where the machine was held up
        send(plant, event(150, "inspecting", "recalled", "2026-01-28T10:00:00+08:00"))
        with_token = {"authorization": f"Bearer {TOKEN}"}  # which is no scan

        def status(serial: int) -> str:
            return str(http.get(f"/archive/{code(serial)}", headers=with_token).json()["record"]["status"])

        wait_until("the recall", lambda: status(150) == "recalled")
        assert status(151) == "genuine"


def test_guesses_over_http_are_refused_whatever_address_they_come_from(plant: Plant) -> None:
    chance = Random(11)
    with resolver(plant) as (url, _), httpx.Client(base_url=url, timeout=60) as http:
        found = set()
        for number in range(2_000):
            guess = Code(PRODUCT, chance.randrange(10), "A", digits(chance.getrandbits(50), 10))
            address = f"198.51.{number % 500 // 250}.{number % 250}"
            reply = http.get(f"/resolve/{guess}", headers={"x-forwarded-for": address})
            found.add(reply.status_code)
        assert found <= {404, 429}  # how many of each hangs on how fast this goes: tests/sinks/resolver counts them
        assert http.get(f"/resolve/{code(1)}", headers={"x-forwarded-for": "203.0.113.1"}).json()["status"] == "genuine"
        assert http.post(f"/resolve/{code(1)}", content=b"x").status_code == 405
        with pytest.raises(httpx.TransportError):
            http.get("/ready", headers={"x-large": "x" * 100_000})
        assert http.get("/ready").status_code == 200


@pytest.mark.parametrize("language", ["en", "zh"])
def test_the_page_on_a_phone(plant: Plant, language: str) -> None:
    forged = KeyRing.parse("A:" + "b3ts" * 11).code(PRODUCT, 7)
    pages = {
        "genuine": (code(7), {"en": "Genuine", "zh": "正品"}),
        "recalled": (code(8), {"en": "Recalled", "zh": "已召回"}),
        "void": (code(9), {"en": "Not valid", "zh": "已作废"}),
        "forged": (str(forged), {"en": "Not genuine", "zh": "非正品"}),
        "mistyped": (code(7)[:-1] + "*", {"en": "Mistyped", "zh": "输入有误"}),
    }
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    with resolver(plant) as (url, _), browser(PHONE, language) as visitor:
        page = visitor._context.new_page()
        for name, (text, titles) in pages.items():
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
                wait_until("the archive", partial(opened, page, f"{url}/{text}"))
                assert page.inner_text("h1") == titles[language]
                assert page.get_attribute("[data-verdict]", "data-verdict") == name
                width = page.evaluate("document.documentElement.scrollWidth")
                assert width <= PHONE[0], f"{name} is {width} pixels wide"
                page.screenshot(path=SCREENSHOTS / f"resolver-{name}-{language}-{scheme}.png", full_page=True)
        page.click("nav a")
        assert page.inner_text("h1") == pages["mistyped"][1]["zh" if language == "en" else "en"]
        assert visitor.hosts == {url.removeprefix("http://")}
        assert visitor.errors == []
