"""A resolver over a ClickHouse that is faked, asked over ASGI."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeVar

import httpx
from starlette.applications import Starlette

from schemas.trace import Scan
from sinks.resolver import facts, following, polling, reading
from sinks.resolver.enterprises import Enterprise, Enterprises
from sinks.resolver.facts import FactsOfItems
from sinks.resolver.following import Following
from sinks.resolver.limits import Limits, Rates
from sinks.resolver.reading import Reading
from sinks.resolver.register import Register
from sinks.resolver.resolver import Resolver
from sinks.resolver.scans import Pseudonyms, Scans
from sinks.resolver.web import Parts, Site, application
from sinks.tokens import Tokens, make
from streams.compute.codes import KeyRing

NOW = 1_770_000_000.0
MINTED_AT = 1_760_000_000_000
DAY = 86_400_000
PRODUCT = "88.118.8/TP-1001"
GTIN = "01/06901234567892"
RING = KeyRing({"A": b"k" * 32, "B": b"l" * 32})
FORGER = KeyRing({"A": b"x" * 32})
TOKEN, TOKEN_ENTRY = make("88.118.8")
OTHER_TOKEN, OTHER_ENTRY = make("6901234")
ENTERPRISES = Enterprises(
    (
        Enterprise("88.118.8", "鸿阳铁塔", warranty_ms=365 * DAY),
        Enterprise("6901234", "yard", frozenset({GTIN})),
    )
)
_Result = TypeVar("_Result")


@dataclass
class FakeClickHouse:
    """Holds minted and void ranges and rows of items; notes what it was asked."""

    minted: list[tuple[str, int, int, int, str]] = field(
        default_factory=lambda: [(PRODUCT, 0, 999, MINTED_AT, "A"), (GTIN, 0, 9, MINTED_AT, "A")]
    )
    voided: list[tuple[str, int, int, int, str]] = field(default_factory=list)
    rows: list[tuple[str, int, str, str, str, int]] = field(default_factory=list)
    happenings: list[tuple[str, int, str, int, str]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    looked_up: list[tuple[str, ...]] = field(default_factory=list)
    away: bool = False
    hidden: bool = False
    """Whether reading what is new finds nothing: rows that came late."""

    def execute(self, query: str, parameters: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
        if self.away:
            raise ConnectionRefusedError("refused")
        self.asked.append(query)
        asked = parameters or {}
        if query == polling.NOW:
            return [(int(NOW),)]
        if query == following._BLIND:
            return [(0,)]
        if query == reading._MINTED:
            return [] if self.hidden else list(self.minted)
        if query == reading._VOIDED:
            return [] if self.hidden else list(self.voided)
        if query == reading._ONE:
            product, serial = asked["product"], asked["serial"]
            return [row for row in self.minted if row[0] == product and row[1] <= serial <= row[2]]
        if query == facts._SCANNED:
            return []
        if query == facts._SUMS:
            called_back = [row for row in self.rows if row[4] == "recalled" and row[0] in asked["items"]]
            return [(item, MINTED_AT + DAY, "recalled", ("recalled", ts), 0) for item, ts, *_ in called_back]
        assert query == facts._ROWS
        self.looked_up.append(asked["items"])
        return [*(row for row in self.rows if row[0] in asked["items"]), ("", 0, "", "", "", 0)]

    def execute_iter(self, query: str, parameters: dict[str, Any] | None = None) -> Iterator[tuple[Any, ...]]:
        if self.away:
            raise ConnectionRefusedError("refused")
        assert query in (following._EVENTS, following._SCANS)
        return iter(self.happenings if query == following._EVENTS else [])

    def disconnect(self) -> None:
        pass


class FakeEvents:
    """Notes what is told."""

    def __init__(self) -> None:
        self.answers: list[str] = []
        self.scans: list[str] = []
        self.in_vain: list[str] = []

    def answered(self, answer: str, seconds: float) -> None:
        self.answers.append(answer)

    def looked_up(self, items: int, seconds: float) -> None:
        pass

    def register_read(self, ranges: int) -> None:
        pass

    def untouched_read(self, runs: int) -> None:
        pass

    def asked_in_vain(self, question: str, error: Exception) -> None:
        self.in_vain.append(question)

    def scan(self, fate: str) -> None:
        self.scans.append(fate)

    def scans_held_up(self, error: Exception) -> None:
        pass


class FakeScans(Scans):
    """Keeps what is published."""

    def __init__(self) -> None:
        self.published: list[Scan] = []

    def publish(self, scan: Scan) -> None:
        self.published.append(scan)


@dataclass
class Service:
    """A resolver, ready to be asked."""

    clickhouse: FakeClickHouse
    rates: Rates
    proxies: frozenset[str]
    now: float = NOW

    def __post_init__(self) -> None:
        self.events = FakeEvents()
        self.scans = FakeScans()
        register = Register()
        connect: Any = lambda: self.clickhouse  # noqa: E731
        self.reading = Reading(register, connect, "plant", self.events)
        self.following = Following(connect, "plant", ENTERPRISES, self.events)
        self.facts = FactsOfItems(connect, "plant", self.events)
        self.resolver = Resolver(
            RING.verify, ENTERPRISES, register, self.reading, self.following, self.facts, lambda: self.now
        )
        self.app: Starlette = application(
            Site(domain="id.example.com/r", utc_offset_ms=8 * 3_600_000, proxies=self.proxies),
            Parts(
                resolver=self.resolver,
                limits=Limits(self.rates, lambda: self.now, most_clients=1_000),
                scans=self.scans,
                tokens=Tokens.parse(f"{TOKEN_ENTRY} {OTHER_ENTRY}"),
                pseudonyms=Pseudonyms(lambda: self.now),
                events=self.events,
                whole=_whole,
                is_ready=lambda: self.reading.known,
                clock=lambda: self.now,
            ),
        )

    def client(self, address: str = "203.0.113.7") -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=self.app, client=(address, 1))
        return httpx.AsyncClient(transport=transport, base_url="http://resolver")


async def _whole(item: str, enterprise: str) -> dict[str, Any]:
    return {"life": f"{item} as {enterprise} sees it"}


def served(
    ask: Callable[[Service], Awaitable[_Result]],
    clickhouse: FakeClickHouse | None = None,
    rates: Rates | None = None,
    proxies: frozenset[str] = frozenset(),
    read: bool = True,
) -> _Result:
    """What `ask` finds out of a resolver, whose register is read before unless told otherwise."""

    async def run() -> _Result:
        service = Service(clickhouse or FakeClickHouse(), rates or Rates(), proxies)
        looking_up = asyncio.create_task(service.facts.run())
        try:
            if read:
                await service.reading.poll()
            return await ask(service)
        finally:
            looking_up.cancel()
            await asyncio.gather(looking_up, return_exceptions=True)
            await service.reading._asker.close()
            await service.following.close()

    return asyncio.run(run())
