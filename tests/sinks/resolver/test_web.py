"""What the routes answer, over a ClickHouse that is faked."""

import asyncio
from typing import Any

import httpx
import pytest
from clickhouse_driver.errors import ServerException

from schemas.errors import SinkUnavailable
from schemas.trace import Scan
from sinks.resolver import asker
from sinks.resolver.limits import Rates
from tests.sinks.resolver.parts import (
    DAY,
    FORGER,
    GTIN,
    MINTED_AT,
    NOW,
    OTHER_TOKEN,
    PRODUCT,
    RING,
    TOKEN,
    FakeClickHouse,
    Service,
    served,
)

CODE = RING.code(PRODUCT, 7)
ITEM = str(CODE)
FORGED = FORGER.code(PRODUCT, 7)
UNKNOWN = RING.code(PRODUCT, 1_000)
HTML = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
MADE_AT = MINTED_AT + DAY
LIFE = [
    (ITEM, MADE_AT, "epc", "commissioning", "active", 0),
    (ITEM, MADE_AT + DAY, "child", "packing", "in_progress", 0),
    (ITEM, MADE_AT + 2 * DAY, "epc", "shipping", "in_transit", 0),
    (ITEM, MADE_AT + 3 * DAY, "epc", "retail_selling", "retail_sold", 0),
    (ITEM, MADE_AT + 4 * DAY, "scan", "", "", 0),
]
RECALL = (ITEM, MADE_AT + 5 * DAY, "epc", "inspecting", "recalled", 0)


def get(
    path: str, clickhouse: FakeClickHouse | None = None, method: str = "GET", **headers: str
) -> tuple[httpx.Response, list[Scan]]:
    async def ask(service: Service) -> tuple[httpx.Response, list[Scan]]:
        async with service.client() as http:
            return await http.request(method, path, headers=headers), service.scans.published

    return served(ask, clickhouse)


def test_a_genuine_code_has_its_public_record_and_nothing_else() -> None:
    reply, scans = get(f"/resolve/{ITEM}", FakeClickHouse(rows=LIFE))
    assert reply.status_code == 200
    assert reply.json() == {
        "code": ITEM,
        "status": "genuine",
        "product": PRODUCT,
        "enterprise": {"prefix": "88.118.8", "name": "鸿阳铁塔"},
        "minted_at": "2025-10-09T08:53:20Z",
        "made_at": "2025-10-10T08:53:20Z",
        "disposition": "retail_sold",
        "recalled_at": None,
        "void": None,
        "warranty": {"since": "2025-10-13T08:53:20Z", "until": "2026-10-13T08:53:20Z"},
        "archive": "available",
    }
    [scan] = scans
    assert (scan.enterprise, scan.code, scan.found, scan.disposition) == ("88.118.8", ITEM, "genuine", "retail_sold")
    assert scan.ts == int(NOW * 1000)
    assert len(scan.client) == 32


@pytest.mark.parametrize("path", [f"/{ITEM}", f"/some/where/{ITEM.lower()}", f"/resolve/{ITEM[:-5]}-{ITEM[-5:]}"])
def test_a_codes_own_path_is_that_of_its_record_however_it_is_written(path: str) -> None:
    assert get(path)[0].json()["code"] == ITEM


def test_a_digital_link_resolves() -> None:
    code = RING.code(GTIN, 3)
    reply, [scan] = get(f"/{code}?17=270101")
    assert reply.json()["enterprise"]["name"] == "yard"
    assert (scan.enterprise, scan.code) == ("6901234", str(code))


def test_the_first_scan_begins_the_warranty() -> None:
    reply, _ = get(f"/resolve/{ITEM}", FakeClickHouse(rows=LIFE[:1]))
    assert reply.json()["warranty"] == {"since": "2026-02-02T02:40:00Z", "until": "2027-02-02T02:40:00Z"}


def test_a_recall_is_told() -> None:
    reply, [scan] = get(f"/resolve/{ITEM}", FakeClickHouse(rows=[*LIFE, RECALL]))
    assert reply.status_code == 200
    assert (reply.json()["status"], reply.json()["recalled_at"]) == ("recalled", "2025-10-15T08:53:20Z")
    assert (scan.found, scan.disposition) == ("genuine", "recalled")


def test_a_void_code_says_since_when_and_why() -> None:
    clickhouse = FakeClickHouse(voided=[(PRODUCT, 5, 8, MINTED_AT + DAY, "label torn")], rows=LIFE)
    reply, [scan] = get(f"/resolve/{ITEM}", clickhouse)
    assert reply.status_code == 200
    told = reply.json()
    assert told["status"] == "void"
    assert told["void"] == {"since": "2025-10-10T08:53:20Z", "reason": "label torn"}
    assert told["warranty"] is None
    assert scan.found == "void"


def test_forged_and_unknown_codes_look_the_same_but_for_the_word() -> None:
    (forged, [first]), (unknown, [second]) = get(f"/resolve/{FORGED}"), get(f"/resolve/{UNKNOWN}")
    assert (forged.status_code, unknown.status_code) == (404, 404)
    blank = {"code": "", "status": ""}
    assert forged.json() | blank == unknown.json() | blank
    assert forged.headers.keys() == unknown.headers.keys()
    assert (forged.json()["status"], unknown.json()["status"]) == ("forged", "unknown")
    assert (first.found, second.found) == ("forged", "unknown")


def test_a_code_made_with_another_key_than_its_range_was_never_minted() -> None:
    [other] = RING.codes(PRODUCT, [7], "B")
    assert get(f"/resolve/{other}")[0].json()["status"] == "unknown"


def test_nobodys_prefix_is_not_archived() -> None:
    reply, scans = get(f"/resolve/{RING.code('99.1.1/X', 1)}")
    assert (reply.status_code, reply.json()["status"], reply.json()["enterprise"], scans) == (404, "unknown", None, [])


def test_a_mistyped_code_is_told_its_slip() -> None:
    reply, scans = get(f"/resolve/{ITEM[:-1]}{'0' if ITEM[-1] != '0' else '1'}")
    assert reply.status_code == 400
    assert reply.json()["status"] == "mistyped"
    assert "its check symbol does not fit" in reply.json()["error"]
    assert scans == []


def test_a_range_that_is_not_known_yet_is_asked_for() -> None:
    clickhouse = FakeClickHouse(hidden=True)
    assert get(f"/resolve/{ITEM}", clickhouse)[0].json()["status"] == "genuine"


def test_before_anything_is_known_nothing_is_said() -> None:
    async def ask(service: Service) -> tuple[int, int]:
        async with service.client() as http:
            return (await http.get("/ready")).status_code, (await http.get(f"/resolve/{ITEM}")).status_code

    assert served(ask, read=False) == (503, 503)


def test_while_clickhouse_is_away_what_is_in_memory_is_told() -> None:
    async def ask(service: Service) -> list[tuple[int, str, str]]:
        service.clickhouse.away = True
        found = []
        async with service.client() as http:
            for code in (CODE, FORGED, UNKNOWN):
                reply = await http.get(f"/resolve/{code}")
                found.append((reply.status_code, reply.json()["status"], reply.json().get("archive", "")))
            page = await http.get(f"/page/{CODE}")
        assert "Whether it is recalled cannot be checked now" in page.text
        return found

    assert served(ask) == [(200, "genuine", "unavailable"), (404, "forged", "available"), (503, "unavailable", "")]


def test_what_a_server_says_is_wrong_is_not_told_to_those_who_scan() -> None:
    async def ask(service: Service) -> str:
        service.clickhouse.away = True
        async with service.client() as http:
            answer = await http.get(f"/resolve/{UNKNOWN}")
        assert service.events.in_vain[-1] == "code"
        return str(answer.json()["error"])

    assert served(ask) == "this cannot be told now"


def test_a_reading_of_everything_that_fails_keeps_no_void_from_being_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """It may be too much for the server; what is new is not."""
    monkeypatch.setattr(asker, "_PAUSE_SECONDS", 0.0)

    class Strained(FakeClickHouse):
        is_strained = False

        def execute(self, query: str, parameters: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
            if self.is_strained and parameters and parameters.get("since") == 0:
                raise ServerException("Memory limit exceeded", 241)
            return super().execute(query, parameters)

    clickhouse = Strained()

    async def ask(service: Service) -> str:
        clickhouse.is_strained = True
        service.reading._all_due = 0.0  # as it is after some minutes
        with pytest.raises(SinkUnavailable):
            await service.reading.poll()
        clickhouse.voided.append((PRODUCT, 0, 999, 1, "stolen"))
        await service.reading.poll()
        async with service.client() as http:
            return str((await http.get(f"/resolve/{CODE}")).json()["status"])

    assert served(ask, clickhouse) == "void"


def test_what_was_read_long_ago_is_told_as_such() -> None:
    async def ask(service: Service) -> list[str]:
        found = []
        async with service.client() as http:
            for _ in range(2):
                found.append((await http.get(f"/resolve/{CODE}")).json()["archive"])
                service.reading._fresh_until = 0.0  # as it is after half a minute
        return found

    assert served(ask) == ["available", "unavailable"]


@pytest.mark.parametrize(
    ("asked", "accept", "location"),
    [
        ("gs1:pip", "*/*", f"/r/page/{ITEM}"),
        ("https://ref.gs1.org/voc/pip", "text/html", f"/r/page/{ITEM}"),
        ("gs1:recallStatus", "text/html", f"/r/page/{ITEM}#recall"),
        ("gs1:recallStatus", "application/json", f"/r/resolve/{ITEM}"),
        ("gs1:certificationInfo", "text/html", f"/r/page/{ITEM}#certificate"),
        ("gs1:traceability", "*/*", f"/r/archive/{ITEM}"),
    ],
)
def test_a_role_leads_to_what_has_it(asked: str, accept: str, location: str) -> None:
    reply, scans = get(f"/{ITEM}?linkType={asked}", accept=accept)
    assert (reply.status_code, reply.headers["location"], scans) == (307, location, [])


def test_a_role_that_there_is_not_leads_nowhere() -> None:
    assert get(f"/{ITEM}?linkType=gs1:recipeInfo")[0].status_code == 404


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        (f"/{ITEM}?linkType=all", {}),
        (f"/{ITEM}?linkType=linkset", {}),
        (f"/{ITEM}", {"accept": "application/linkset+json"}),
    ],
)
def test_all_roles_are_a_linkset(path: str, headers: dict[str, str]) -> None:
    reply, scans = get(path, **headers)
    assert reply.headers["content-type"] == "application/linkset+json"
    [links] = reply.json()["linkset"]
    assert links.pop("anchor") == f"https://id.example.com/r/{ITEM}"
    roles = {name.removeprefix("https://ref.gs1.org/voc/") for name in links}
    assert roles == {"defaultLink", "pip", "traceability", "certificationInfo", "recallStatus"}
    assert all(one["href"].startswith("https://id.example.com/r/") for targets in links.values() for one in targets)
    assert scans == []
    assert get(f"/{FORGED}?linkType=all")[0].status_code == 404


def test_the_links_are_in_the_header_too() -> None:
    link = get(f"/resolve/{ITEM}")[0].headers["link"]
    assert f'<https://id.example.com/r/resolve/{ITEM}?linkType=linkset>; rel="linkset"' in link
    assert 'rel="https://ref.gs1.org/voc/pip"' in link


def test_the_archive_is_for_the_enterprises_token_and_for_its_own_items() -> None:
    def archive(token: str | None, code: object = CODE) -> tuple[int, Any]:
        headers = {} if token is None else {"authorization": f"Bearer {token}"}
        reply, scans = get(f"/archive/{code}", FakeClickHouse(rows=LIFE), **headers)
        assert scans == []
        return reply.status_code, reply.json()

    status, told = archive(TOKEN)
    assert status == 200
    assert told["record"]["status"] == "genuine"
    assert told["life"] == f"{ITEM} as 88.118.8 sees it"
    assert archive(None)[0] == archive("guessed")[0] == 401
    nothing = (404, {"error": "there is no such item"})
    assert archive(OTHER_TOKEN) == archive(TOKEN, UNKNOWN) == archive(TOKEN, FORGED) == nothing


def test_only_what_the_nearest_proxy_says_is_believed() -> None:
    forwarded = [("x-forwarded-for", "198.51.100.1, 203.0.113.99")]
    limits = Rates(lookups=1)

    async def ask(service: Service) -> list[int]:
        found = []
        for address, headers in (
            ("10.0.0.1", forwarded),
            ("10.0.0.1", [("x-forwarded-for", "1.1.1.1, 203.0.113.99")]),  # the same client, by the last hop
            ("10.0.0.1", [("x-forwarded-for", "1.1.1.1"), ("x-forwarded-for", "203.0.113.99")]),  # on a line of its own
            ("10.0.0.1", [("x-forwarded-for", "203.0.113.98")]),
            ("10.0.0.2", forwarded),
            ("10.0.0.2", [("x-forwarded-for", "203.0.113.97")]),  # no proxy: says what it likes
        ):
            async with service.client(address) as http:
                found.append((await http.get(f"/resolve/{ITEM}", headers=headers)).status_code)
        return found

    assert served(ask, rates=limits, proxies=frozenset({"10.0.0.1"})) == [200, 429, 429, 200, 200, 429]


def test_a_client_that_guesses_is_told_to_wait_also_with_a_good_code() -> None:
    async def ask(service: Service) -> httpx.Response:
        async with service.client() as http:
            for _ in range(10):
                await http.get(f"/resolve/{FORGED}")
            return await http.get(f"/resolve/{ITEM}", headers=HTML)

    reply = served(ask)
    assert (reply.status_code, reply.headers["retry-after"]) == (429, "6")
    assert "Try again in 6 seconds" in reply.text


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("POST", f"/resolve/{ITEM}", 405),
        ("DELETE", f"/{ITEM}", 405),
        ("GET", f"/resolve/{'1/' * 200}", 414),
        ("GET", f"/resolve/{ITEM}?{'x' * 301}", 414),
        ("GET", "/favicon.ico", 404),
        ("GET", "/", 404),
    ],
)
def test_what_is_not_meant_is_refused(method: str, path: str, status: int) -> None:
    reply, scans = get(path, method=method)
    assert (reply.status_code, scans) == (status, [])


def test_head_tells_as_much_and_is_no_scan() -> None:
    reply, scans = get(f"/resolve/{ITEM}", method="HEAD")
    assert (reply.status_code, scans) == (200, [])


def test_a_phone_gets_a_page_in_its_language() -> None:
    english, [scan] = get(f"/{ITEM}", FakeClickHouse(rows=[*LIFE, RECALL]), **HTML)
    assert english.headers["content-type"].startswith("text/html")
    assert "<h1>Recalled</h1>" in english.text
    assert "2025-10-10" in english.text
    assert scan.found == "genuine"
    chinese, _ = get(f"/{ITEM}", **HTML, **{"accept-language": "zh-CN,zh;q=0.9,en;q=0.8"})
    assert "<h1>正品</h1>" in chinese.text
    assert "<h1>Genuine</h1>" in get(f"/{ITEM}?lang=en", **HTML, **{"accept-language": "zh"})[0].text
    assert "<h1>非正品</h1>" in get(f"/{FORGED}?lang=zh", **HTML)[0].text


def test_a_page_runs_nothing_and_asks_no_other_host() -> None:
    reply, _ = get(f"/page/{ITEM}")
    policy = reply.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'sha256-")
    assert "<script" not in reply.text
    assert "http" not in reply.text.replace("http-equiv", "")


def test_what_a_code_or_a_reason_holds_is_shown_and_not_run() -> None:
    hostile = "<script>alert(1)</script>"
    voided = [(PRODUCT, 7, 7, MINTED_AT, hostile)]
    assert "&lt;script&gt;" in get(f"/page/{ITEM}", FakeClickHouse(voided=voided))[0].text
    mistyped, _ = get(f"/page/88.118.8/TP/{hostile}")
    assert hostile not in mistyped.text


@pytest.mark.parametrize(
    ("accept", "html"),
    [
        ("text/html", True),
        ("text/html;q=0.5, application/json", False),
        ("application/json, text/html;q=0.5", False),
        ("*/*", False),
        ("", False),
        ("text/html;q=nonsense", False),
    ],
)
def test_html_is_for_those_who_name_it_and_do_not_want_json_more(accept: str, html: bool) -> None:
    reply, _ = get(f"/{ITEM}", accept=accept)
    assert reply.headers["content-type"].startswith("text/html") is html


def test_one_who_hangs_up_takes_nobody_along() -> None:
    async def ask(service: Service) -> str:
        first, second = (asyncio.create_task(service.resolver.record(CODE)) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        return (await second).status

    assert served(ask) == "genuine"
