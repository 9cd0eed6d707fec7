"""Codes and events of the synthetic plant, against its shop floor and against the engine that reads them."""

import io
from collections import Counter, defaultdict
from functools import lru_cache
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from infra.simulator.assets import assets
from infra.simulator.labels import Label, Labels
from infra.simulator.plant import Message, Plant
from infra.simulator.shop_floor.catalogue import STEEL
from infra.simulator.shop_floor.floor import TOPICS, ShopFloor
from infra.simulator.trace import mishaps
from infra.simulator.trace.catalogue import CUSTOMERS, GALVANISING, PREFIX, lot
from infra.simulator.trace.traced_plant import TracedPlant
from schemas.codes import parse
from schemas.epc import item_key
from schemas.epcis_rules import checked
from schemas.logistics import Move, PickList
from schemas.quality import Sample
from schemas.times import parse_time
from schemas.trace import Capture, Mint, Scan, TraceMessage, Void
from streams.compute.codes import KeyRing
from streams.compute.trace.spec import Enterprise, Trace
from tests.streams.compute.trace.messages import engine

START_MS = 1_760_000_000_000
MACHINES = assets()
KEYS = KeyRing({"A": b"k" * 32})
SPEC = Trace(enterprises=(Enterprise(prefix=PREFIX, name="plant"),))
SEEDS = range(6)
SHORTEST = 30.0
"""Seconds of a run in which everything goes wrong once."""


def happened(seconds: float, seed: int) -> tuple[Plant, ShopFloor]:
    return Plant(seed, MACHINES, 210, START_MS), ShopFloor(seed, MACHINES, START_MS, TOPICS)


def run(seconds: float, seed: int, cuts: tuple[float, ...] = (), wrong: bool = True) -> list[TraceMessage]:
    plant, floor = happened(seconds, seed)
    traced = TracedPlant(seed, MACHINES, START_MS, KEYS, mishaps.schedule(seconds if wrong else 0))
    found = []
    for cut in (*cuts, seconds):
        for topic, key, message in traced.until(cut, [*plant.until(cut), *floor.until(cut)]):
            assert (topic, key) == ("trace.events", PREFIX.encode())
            found.append(message)
    return found


@lru_cache
def shortest(seed: int) -> list[TraceMessage]:
    return run(SHORTEST, seed)


@lru_cache
def whole() -> tuple[list[TraceMessage], list[Message]]:
    """Five minutes in which nothing goes wrong, and what the shop floor said in them."""
    return run(300, 5, wrong=False), happened(300, 5)[1].until(300)


def events(messages: list[TraceMessage], **wanted: Any) -> list[dict[str, Any]]:
    captured = [message.event for message in messages if isinstance(message, Capture)]
    return [one for one in captured if all(one.get(name) == value for name, value in wanted.items())]


def ts_of(event: dict[str, Any]) -> int:
    return parse_time(event["eventTime"])


def asset_of(event: dict[str, Any]) -> str:
    return event["readPoint"]["id"].rpartition(":")[2]


def order_of(event: dict[str, Any]) -> str:
    return event["bizTransactionList"][0]["bizTransaction"].rpartition("/")[2]


@settings(max_examples=10, deadline=None)
@given(cuts=st.lists(st.floats(0, SHORTEST), max_size=12).map(sorted))
def test_messages_do_not_depend_on_how_time_is_cut(cuts: list[float]) -> None:
    assert run(SHORTEST, 1, tuple(cuts)) == shortest(1)


def test_another_seed_is_another_plant_and_another_start_has_other_codes() -> None:
    assert shortest(1) != shortest(2)
    plant, floor = Plant(1, MACHINES, 210, START_MS + 1000), ShopFloor(1, MACHINES, START_MS + 1000, TOPICS)
    later = TracedPlant(1, MACHINES, START_MS + 1000, KEYS, iter(())).until(60, [*plant.until(60), *floor.until(60)])
    minted = {
        (one.product, serial)
        for messages in (shortest(1), [message for _, _, message in later])
        for one in messages if isinstance(one, Mint) for serial in (one.first, one.first + 200)
    }  # fmt: skip
    assert len(minted) == 2 * sum(isinstance(one, Mint) for one in [*shortest(1), *(m for _, _, m in later)])


@pytest.mark.parametrize("seed", SEEDS)
def test_the_engine_takes_everything_but_the_repeat_and_the_event_that_is_broken(seed: int) -> None:
    reader = engine(SPEC)
    refused = Counter()
    for offset, message in enumerate(shortest(seed)):
        sent = msgspec.json.decode(msgspec.json.encode(message), type=TraceMessage)
        error = reader.feed(offset, START_MS + 400_000, sent)
        refused.update([str(error.reason)] if error else [])
    assert refused == {"not_epcis": 1}
    assert (reader.counts.duplicate, reader.counts.late) == (1, 0)


def test_every_event_keeps_the_rules_of_epcis() -> None:
    captured = events(whole()[0])
    assert [checked(event)[1] for event in captured] == [[]] * len(captured)
    assert {event["type"] for event in captured} == {
        "ObjectEvent", "AggregationEvent", "TransactionEvent", "TransformationEvent", "AssociationEvent",
    }  # fmt: skip
    assert 1 < len(whole()[0]) / 300 < 4  # a second


def test_codes_are_genuine_and_minted_before_they_are_used() -> None:
    minted: dict[str, list[range]] = defaultdict(list)
    used = 0
    for message in whole()[0]:
        match message:
            case Mint():
                minted[message.product].append(range(message.first, message.first + message.count))
                assert message.key == "A"
            case Void():
                assert any(message.spans[0].first in one for one in minted[message.product])
            case Capture():
                named = msgspec.json.encode(message.event).decode().split('"')
                for code in (parse(text) for text in named if f"/{PREFIX}/" in text):
                    assert KEYS.verify(code)
                    assert any(code.serial in one for one in minted[code.product])
                    used += 1
            case Scan():
                assert KEYS.verify(parse(message.code))
    assert used > 1000


def test_every_part_of_a_tower_leads_to_a_heat_on_the_pick_list_of_its_order_and_to_the_saw_that_its_pack_was_at() -> (
    None
):
    messages, said = whole()
    lists = {one.event.order: one.event for one in said if isinstance(one.event, PickList)}
    left = {
        (move.item.removesuffix("-pack"), move.source): int(move.departed)
        for _, _, move in said if isinstance(move, Move)
    }  # fmt: skip
    made = {item: one for one in events(messages, type="TransformationEvent") for item in one["outputEPCList"]}
    heats = {item_key(lot(one.grade, one.section, one.length_mm, one.heat)): one.heat for one in STEEL}
    compared = 0
    mounted = [item for one in events(messages, type="AssociationEvent") for item in one["childEPCs"]]
    assert len(mounted) == len(set(mounted))
    for item in mounted:
        below, found = [item], set()
        while below:
            event = made[below.pop()]
            below += event.get("inputEPCList", ())
            for bars in event.get("inputQuantityList", ()):
                found.add((heats[item_key(bars["epcClass"])], asset_of(event), order_of(event), ts_of(event)))
        assert found
        for heat, saw, order, ts in found:
            assert saw in ("saw-1", "saw-2", "saw-3")
            if order in lists:  # else it was on its way when the plant began
                assert heat in {line.heat for line in lists[order].lines}
                assert ts == left[order, saw]
                compared += 1
    assert compared > 300


def test_parts_of_a_line_are_as_many_as_its_cuts_and_its_bars_as_many_as_were_picked() -> None:
    messages, said = whole()
    lists = {one.event.order: one.event for one in said if isinstance(one.event, PickList)}
    sawn = [one for one in events(messages, type="TransformationEvent") if "inputQuantityList" in one]
    compared = 0
    for event in sawn:
        if order_of(event) in lists:
            [bars] = event["inputQuantityList"]
            heat = bars["epcClass"].rpartition(".")[2]
            [line] = [one for one in lists[order_of(event)].lines if one.heat == heat]
            assert bars["quantity"] == line.pieces
            assert len(event["outputEPCList"]) == line.pieces * len(line.cuts_mm)
            compared += 1
    assert compared > 30


def test_the_bath_is_as_hot_and_the_zinc_as_thick_as_the_kettle_says() -> None:
    plant, floor = happened(120, 5)
    bath = {one.ts: one.values.get("zinc_temperature") for _, _, one in plant.until(120) if one.asset == "kettle-1"}
    samples = [one for _, _, one in floor.until(120) if isinstance(one, Sample) and one.asset == "kettle-1"]
    messages = run(120, 5, wrong=False)
    galvanised = [one for one in events(messages, bizStep=GALVANISING) if ts_of(one) >= START_MS + 6_000]
    assert len(galvanised) > 8
    for event in galvanised:
        [report] = event["sensorElementList"][0]["sensorReport"]
        assert report["value"] == bath[max(ts for ts in bath if ts <= ts_of(event))]
        assert asset_of(event) == "kettle-1"
    inspected = [one for one in events(messages, bizStep="inspecting") if ts_of(one) >= START_MS + 6_000]
    for event in inspected:
        newest = [one for one in samples if one.ts <= ts_of(event)][-1]
        assert event["sensorElementList"][0]["sensorReport"][0]["maxValue"] == max(newest.values)


@pytest.mark.parametrize("seed", SEEDS)
def test_an_item_is_in_one_bundle_at_a_time_and_taken_out_before_it_is_mounted(seed: int) -> None:
    inside: dict[str, str] = {}
    mounted = 0
    once = {msgspec.json.encode(event): event for event in events(shortest(seed))}
    for event in sorted(once.values(), key=ts_of):
        if event["type"] == "AggregationEvent":
            for child in event["childEPCs"]:
                if event["action"] == "ADD":
                    assert child not in inside
                    inside[child] = event["parentID"]
                else:
                    assert inside.pop(child) == event["parentID"]
        if event["type"] == "AssociationEvent":
            assert not inside.keys() & set(event["childEPCs"])
            mounted += len(event["childEPCs"])
    assert mounted > 0


def test_people_scan_what_is_mounted_where_it_is() -> None:
    messages, _ = whole()
    places = {
        item_key(child): next(one.place for one in CUSTOMERS if one.uri == event["readPoint"]["id"])
        for event in events(messages, type="AssociationEvent") for child in event["childEPCs"]
    }  # fmt: skip
    scans = [message for message in messages if isinstance(message, Scan)]
    assert len(scans) > 50
    for scan in scans:
        assert scan.found == "genuine"
        assert abs(scan.place.latitude - places[scan.code].latitude) < 0.01
        assert abs(scan.place.longitude - places[scan.code].longitude) < 0.01


@pytest.mark.parametrize("seed", SEEDS)
def test_in_the_shortest_run_that_has_mishaps_each_of_them_shows_while_it_lasts(seed: int) -> None:
    messages = shortest(seed)
    steps: dict[str, list[int]] = defaultdict(list)
    for event in events(messages):
        steps["wrong_event" if "errorDeclaration" in event else event["bizStep"]].append(ts_of(event))
    elsewhere = [scan for scan in messages if isinstance(scan, Scan) and scan.place.latitude < 24]
    void = [scan for scan in messages if isinstance(scan, Scan) and scan.found == "void"]
    voided = {(one.product, one.spans[0].first): one.ts for one in messages if isinstance(one, Void)}
    captured = [msgspec.json.encode(event) for event in events(messages)]
    [twice] = [one for one, times in Counter(captured).items() if times == 2]
    again = msgspec.json.decode(twice)
    assert len(set(steps["repackaging"])) == 2
    [copy], [worthless] = elsewhere, void
    read = [one for one in messages if isinstance(one, Scan) and one.code == copy.code]
    assert copy.ts - read[-2].ts == 1_000
    assert voided[parse(worthless.code).product, parse(worthless.code).serial] < worthless.ts
    shown: dict[mishaps.TraceMishapKind, int] = {
        "repacked_bundle": steps["repackaging"][-1], "repeated_event": ts_of(again),
        "broken_event": steps["shiping"][0], "wrong_event": steps["wrong_event"][0], "cloned_label": copy.ts,
        "scan_after_void": worthless.ts,
    }  # fmt: skip
    scheduled = {one.kind: one for one in mishaps.schedule(SHORTEST)}
    assert scheduled.keys() == shown.keys()
    for kind, ts in shown.items():
        seconds = (ts - START_MS) / 1000
        before = 20 if kind == "repeated_event" else 0  # what is repeated is older
        assert scheduled[kind].start - before <= seconds < scheduled[kind].end, kind


def test_mishaps_come_in_order_once_in_each_cycle_and_not_in_a_run_that_is_too_short() -> None:
    endless = mishaps.schedule(None)
    first = [next(endless) for _ in range(18)]
    assert [one.start for one in first] == sorted(one.start for one in first)
    assert set(Counter(one.kind for one in first).values()) == {3}
    assert list(mishaps.schedule(29)) == []


def test_a_mishap_is_labelled_like_a_fault() -> None:
    file = io.BytesIO()
    Labels(mishaps.schedule(60), START_MS, file).write_until(60)
    found = [msgspec.json.decode(line, type=Label) for line in file.getvalue().splitlines()]
    assert [(one.kind, one.asset, one.metric) for one in found] == [
        (one.kind, PREFIX, "trace.events") for one in mishaps.schedule(60)
    ]
