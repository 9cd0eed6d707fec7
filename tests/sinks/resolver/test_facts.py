"""What is known of items and of ranges, by the real engine."""

import asyncio
import random
from functools import partial
from typing import Any

from clickhouse_driver import Client

from sinks.clickhouse import connection
from sinks.resolver import facts
from sinks.resolver.facts import Facts
from sinks.resolver.reading import Reading
from sinks.resolver.register import Register
from tests.sinks.conftest import Endpoint
from tests.sinks.resolver.parts import FakeEvents

NOW = 1_770_000_000_000
STEPS = ("commissioning", "packing", "shipping", "retail_selling", "inspecting")
DISPOSITIONS = ("", "active", "in_transit", "recalled", "retail_sold", "returned")
ROLES = ("epc", "parent", "child", "input", "output")

MAKERS = {"88.118.8/A/": "88.118.8", "01/06901234567892/21/": "6901234"}

Event = tuple[str, int, str, str, str, str, str, int]
"""Item, time, role, step, disposition, hash, enterprise, error."""


def store(client: Client, events: list[Event], topology: str = "plant") -> None:
    columns = "item, ts, role, biz_step, disposition, event, enterprise, error, topology, id"
    client.execute(
        f"INSERT INTO headrace_store.trace_items ({columns}) VALUES",
        [(item, ts, *rest, topology, f"{item} {ts} {rest}") for item, ts, *rest in events],
    )


def scan(client: Client, item: str, ts: int, found: str = "genuine") -> None:
    columns = "item, ts, found, topology, id"
    client.execute(f"INSERT INTO headrace_store.code_scans ({columns}) VALUES", [(item, ts, found, "plant", "x")])


def oracle(events: list[Event], scans: list[int]) -> Facts:
    wrong = {(event, enterprise) for *_, event, enterprise, error in events if error}
    true = [event for event in events if event[5:7] not in wrong]
    maker = next((prefix for head, prefix in MAKERS.items() if events and events[0][0].startswith(head)), "")
    true = [
        (*event[:4], "" if event[4] == "recalled" and event[6] != maker else event[4], *event[5:]) for event in true
    ]
    told = sorted((ts, disposition) for _, ts, role, _, disposition, *_ in true if disposition and role != "input")
    lasting = [one for one in told if one[1] not in ("in_transit", "returned")]
    return Facts(
        made_at=min(
            (ts for _, ts, role, step, *_ in true if step == "commissioning" or role == "output"), default=None
        ),
        disposition=told[-1][1] if told else None,
        recalled_at=lasting[-1][0] if lasting and lasting[-1][1] == "recalled" else None,
        sold_at=min((ts for _, ts, _, step, *_ in true if step == "retail_selling"), default=None),
        scanned_at=min(scans, default=None),
    )


def test_random_lives_come_to_the_same_as_in_plain_python_both_ways(client: Client) -> None:
    chance = random.Random(4)
    lives: dict[str, list[Event]] = {}
    for number in range(60):
        item = f"{chance.choice(list(MAKERS))}{number}"
        lives[item] = [
            (item, NOW + chance.randrange(20), chance.choice(ROLES), chance.choice(STEPS), chance.choice(DISPOSITIONS),
             f"event-{number}-{index}", chance.choice(list(MAKERS.values())), 0)
            for index in range(chance.randrange(8))
        ]  # fmt: skip
        if number % 2:
            lives[item] += [
                (*event[:6], chance.choice((event[6], "6901234")), 1) for event in lives[item] if chance.random() < 0.4
            ]
        if number % 3 == 0:
            lives[item] += lives[item][:2]  # captured twice, far apart
    wrong = ("88.118.8/A/wrong", NOW, "epc", "commissioning", "active", "wrong", "88.118.8")
    lives[wrong[0]] = [(*wrong, 0), (*wrong, 1)]
    everything = [event for events in lives.values() for event in events]
    store(client, everything[::2])
    store(client, everything[1::2])  # another part
    store(client, [(item, NOW - 1, "epc", "commissioning", "recalled", "another's", "", 0) for item in lives], "other")
    scans = {item: [NOW + chance.randrange(50) for _ in range(chance.randrange(3))] for item in lives}
    for item, times in scans.items():
        for ts in times:
            scan(client, item, ts)
        scan(client, item, NOW - 5, "void")
    expected = {item: oracle(events, scans[item]) for item, events in lives.items()}
    nothing = Facts()
    found = facts.ask(client, "plant", tuple(lives))
    assert {item: found.get(item, nothing) for item in lives} == expected
    asked: dict[str, Any] = {"topology": "plant", "items": tuple(lives), "passing": facts._PASSING}
    summed = facts._sums(client, asked)
    assert {item: summed.get(item, nothing) for item in lives} == expected
    assert facts.ask(client, "plant", ("nobody's",)) == {}


def test_an_item_with_very_many_events_is_summed_up_by_the_server(client: Client) -> None:
    more = facts._MOST_ROWS + 1
    store(client, [("busy", NOW + index, "epc", "shipping", "in_transit", f"e{index}", "", 0) for index in range(more)])
    store(client, [("busy", NOW - 1, "epc", "commissioning", "active", "first", "", 0)])
    assert facts.ask(client, "plant", ("busy",))["busy"] == Facts(made_at=NOW - 1, disposition="in_transit")


def test_what_is_minted_and_voided_later_is_read_with_the_next_look(client: Client, endpoint: Endpoint) -> None:
    def mint(product: str, first: int, last: int) -> None:
        columns = "product, first, last, ts, key, topology, id"
        row = (product, first, last, NOW, "A", "plant", f"{product} {first}")
        client.execute(f"INSERT INTO headrace_store.code_ranges ({columns}) VALUES", [row])

    async def look() -> None:
        register = Register()
        reading = Reading(register, partial(connection.connect, endpoint.address("reader")), "plant", FakeEvents())
        await reading.poll()
        assert register.minted("88.118.8/A", 5) == (NOW, "A")
        assert register.minted("88.118.8/A", 10) is None
        mint("88.118.8/A", 10, 19)
        assert await reading.minted("88.118.8/A", 10) == (NOW, "A")  # asked for, as it is not known yet
        assert await reading.minted("88.118.8/A", 20) is None
        mint("88.118.8/B", 0, 9)
        columns = "product, first, last, ts, reason, topology, id"
        row = ("88.118.8/A", 3, 5, NOW, "torn", "plant", "v")
        client.execute(f"INSERT INTO headrace_store.code_voids ({columns}) VALUES", [row])
        await reading.poll()
        assert register.minted("88.118.8/B", 0) == (NOW, "A")
        assert register.voided("88.118.8/A", 4) == (NOW, "torn")
        await reading._asker.close()

    mint("88.118.8/A", 0, 9)
    asyncio.run(look())
