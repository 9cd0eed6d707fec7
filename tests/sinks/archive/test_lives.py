"""Random lives of items, against an oracle: where they were, what happened to them, what they came of and became."""

import random
from collections import Counter
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from clickhouse_driver import Client
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from sinks.archive.archive import Archive
from sinks.archive.results import State
from sinks.clickhouse import connection, migrations
from sinks.clickhouse.writer import ClickHouseSink
from tests.sinks.archive.lives import CODES, PACKS, THINGS, Told, lives, load, messages
from tests.sinks.archive.oracle import Fact, Shelf, concerning, facts, spread, stays
from tests.sinks.conftest import Endpoint
from tests.streams.compute.trace.messages import MILL

NUMBERS = count()
"""Of the examples: each has a topology of its own."""
LEVELS = 20


class Store:
    """The tables that all examples share."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.client: Client = connection.connect(endpoint.address())
        self.sink = ClickHouseSink(endpoint.address())


@pytest.fixture(scope="module")
def store(endpoint: Endpoint) -> Iterator[Store]:
    store = Store(endpoint)
    for database in ("headrace", "headrace_store"):
        store.client.execute(f"DROP DATABASE IF EXISTS {database} SYNC")
    migrations.apply(store.client)
    yield store
    store.client.disconnect()
    store.sink.close()


def state(world: list[Fact], item: str) -> tuple[State, set[bool]]:
    """Where an item is, and what may be said of its being used up, where several of its containers say it."""
    last = told = seen = None
    used = {False}
    shelf = Shelf()
    for fact, own, via in concerning(world, item):
        if fact.wrong:
            continue
        last, told, seen = fact, fact if fact.disposition else told, fact if fact.place else seen
        roles = [{role for role, *_ in own}] if own else [{m[0] for m in fact.members if m[1] == one} for one in via]
        used = {"input" in some and "output" not in some for some in roles}
    for fact in world:
        if not fact.wrong:
            shelf.apply(fact)
    pack = item
    passed = {item}
    while len(outer := [one.parent for one in shelf.now if one.child == pack]) == 1 and outer[0] not in passed:
        pack = outer[0]
        passed.add(pack)
    return State(
        item=item, pack=pack if pack != item else "", ts=last.ts if last else None,
        enterprise=last.enterprise if last else "", biz_step=last.step if last else "",
        disposition=told.disposition if told else "", read_point=seen.place if seen else "",
        biz_location=seen.location if seen else "", used=False,
    ), used  # fmt: skip


def assert_where_they_were(archive: Archive, world: list[Fact]) -> None:
    expected = stays(world)
    told = [(one.item, one.parent, one.since, one.until, one.quantity, one.uom) for one in archive.containers(THINGS)]
    assert Counter(told) == Counter(expected)
    told = [(one.item, one.parent, one.since, one.until, one.quantity, one.uom) for one in archive.contents(PACKS)]
    assert Counter(told) == Counter(one for one in expected if one[1] in PACKS)


def assert_states(archive: Archive, world: list[Fact]) -> None:
    found = archive.state(THINGS)
    for item in THINGS:
        expected, used = state(world, item)
        assert [found[item]] in [[State(**{**_fields(expected), "used": one})] for one in used]


def _fields(one: State) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__struct_fields__}


def assert_life(archive: Archive, world: list[Fact], item: str) -> None:
    found = archive.life(item)
    expected = list(concerning(world, item))
    roles = [(fact.ts, fact.hash, fact.enterprise, role) for fact, own, _ in expected for role, *_ in own]
    assert [(one.ts, one.event, one.enterprise, one.role) for one in found.events if not one.via] == sorted(roles)
    shared = {(fact.ts, fact.hash, fact.enterprise): via for fact, own, via in expected if not own}
    told = {(one.ts, one.event, one.enterprise): one.via for one in found.events if one.via}
    assert told.keys() == shared.keys()
    assert all(via in shared[event] for event, via in told.items())
    wrong = {fact.hash for fact, *_ in expected if fact.wrong}
    assert {one.event for one in found.events if one.error} == wrong
    assert (found.mint is not None) == (item in CODES)
    assert len(found.voids) == (item == CODES[1])


def assert_down(archive: Archive, world: list[Fact], item: str, levels: int) -> None:
    affected = spread(world, item)
    found = archive.down(item, levels)
    expected = {step: level for step, level in affected.steps.items() if level <= levels}
    assert {(one.link, one.item): one.level for one in found.steps} == expected
    assert len(found.steps) == len(expected)
    assert (found.deeper > 0) == any(level == levels + 1 for level in affected.steps.values())


def assert_up(archive: Archive, world: list[Fact], item: str, levels: int) -> None:
    """What became of them, seen from the other end."""
    of_each = {other: spread(world, other).level.get(item, LEVELS + 1) for other in THINGS if other != item}
    found: dict[str, int] = {}
    for one in archive.up(item, levels).steps:
        found.setdefault(one.item, one.level)
    found.pop(item, None)
    assert found == {other: level for other, level in of_each.items() if level <= levels}


def assert_recall(archive: Archive, world: list[Fact], item: str) -> None:
    affected = spread(world, item)
    rows = list(archive.recall([item], LEVELS))
    listed = [row for row in rows if row.kind != "stop"]
    assert {row.item: row.level for row in listed} == {one: affected.level[one] for one in affected.now}
    assert len(listed) == len(affected.now)
    packs = Counter(state(world, row.item)[0].pack for row in listed)
    del packs[""]
    assert {row.item: row.items for row in rows if row.kind == "stop"} == packs
    assert {row.item for row in rows if row.void} == {CODES[1]} & affected.now.keys()


@given(lives(), st.randoms(use_true_random=False), st.sampled_from(THINGS), st.sampled_from(THINGS), st.integers(1, 3))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow], phases=[Phase.generate])
def test_the_archive_is_that_of_the_oracle_in_whatever_order_and_however_often_events_are_sent(
    store: Store, told: list[Told], order: random.Random, item: str, other: str, levels: int
) -> None:
    topology = f"lives-{next(NUMBERS)}"
    sent = messages(told)
    again = [*sent, *order.sample(sent, len(sent) // 2)]
    order.shuffle(again)
    load(store.sink, topology, again)
    if order.random() < 0.5:
        load(store.sink, topology, sent, first=1_000)  # captured again so much later that nobody can tell
    world = facts(told)
    archive = Archive(store.client, topology)
    assert_where_they_were(archive, world)
    assert_states(archive, world)
    assert_recall(archive, world, other)
    assert_life(archive, world, item)
    assert_down(archive, world, item, LEVELS)
    assert_down(archive, world, other, levels)
    assert_up(archive, world, item, LEVELS)
    own = [fact for fact in world if fact.enterprise == MILL]
    assert_where_they_were(Archive(store.client, topology, MILL), own)
    assert_life(Archive(store.client, topology, MILL), own, other)
