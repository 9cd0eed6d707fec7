"""Mints, voids and EPCIS events against the oracle, however the log is cut; and what each row says."""

import json
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from schemas.trace import Capture
from streams.checkpoint import Checkpoint, pack, unpack
from streams.compute.shop_floor import Found
from streams.compute.trace.archive import machine_of
from streams.compute.trace.engine import TraceEngine
from streams.compute.trace.ranges import MOST_GAPS
from streams.compute.trace.rows import CodeRange, CodeScan, CodeVoid, TraceEvent, TraceItem, TraceLink
from streams.compute.trace.spec import Enterprise, Trace
from tests.schemas.epcis_events import MELTING, OF_EVERY_TYPE, PACKED, PUBLISHED
from tests.streams.compute.trace.messages import (
    GTIN,
    ITEMS,
    MILL,
    NOW,
    OTHER,
    PRODUCT,
    YARD,
    capture,
    engine,
    mint,
    read,
    seen,
    told,
    void,
)
from tests.streams.compute.trace.oracle import Record, archive

HORIZON, MOST, CODES = 10_000, 4, 25
SMALL = Trace(
    enterprises=(Enterprise(prefix=MILL, name="mill", most_codes=CODES), Enterprise(prefix=YARD, name="yard")),
    repeats=HORIZON,
    most_repeats=MOST,
)

times = st.integers(-15, 10).map(lambda second: NOW + 1_000 * second) | st.just(NOW + 400_000)
serials = st.tuples(st.integers(0, 30), st.integers(1, 8))
items = st.lists(st.sampled_from(ITEMS), min_size=1, max_size=3, unique=True)


def packed(children: list[str], at: int) -> dict[str, Any]:
    return {**seen(at=at), "type": "AggregationEvent", "action": "ADD", "parentID": "urn:example:pack:1",
            "childEPCs": children, "epcList": None}  # fmt: skip


def whole(event: dict[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in event.items() if one is not None}


messages = st.one_of(
    st.builds(lambda span, product, ts: mint(*span, product, ts=ts), serials, st.sampled_from([PRODUCT, OTHER]), times),
    st.builds(lambda spans, ts: void(*spans, ts=ts), st.lists(serials, min_size=1, max_size=3), times),
    st.builds(lambda some, at: capture(seen(*some, at=at)), items, times),
    st.builds(lambda some, at: capture(whole(packed(some, at))), items, times),
    st.builds(lambda at: capture(seen(at=at)), times),
    st.builds(lambda at: capture(seen(at=at)), times),
    st.builds(lambda some: capture(seen(*some), enterprise="77.1.1"), items),
    st.builds(lambda at: capture(seen(at=at), enterprise=YARD), times),
    st.builds(lambda span: mint(*span, product="88.118.81/X"), serials),
)
logs = st.lists(st.tuples(st.integers(0, 10).map(lambda second: NOW + 1_000 * second), messages), max_size=40)


def summary(found: Found) -> dict[str, list[tuple[Any, ...]]]:
    rows: dict[str, list[tuple[Any, ...]]] = {"ranges": [], "voids": [], "events": [], "items": [], "links": []}
    for row in found.rows:
        match row:
            case CodeRange():
                rows["ranges"].append((row.offset, row.product, row.first, row.last))
            case CodeVoid():
                rows["voids"].append((row.offset, row.product, row.first, row.last))
            case TraceEvent():
                rows["events"].append((row.offset, row.late))
            case TraceItem():
                rows["items"].append((row.offset, row.role, row.item))
            case TraceLink():
                rows["links"].append((row.offset, row.role, row.item))
    return rows


def through_a_checkpoint(subject: TraceEngine) -> TraceEngine:
    blob = pack(Checkpoint("plant", "trace.events", 0, 1, 0, NOW, subject.snapshot()))
    again = engine(SMALL)
    assert again.restore(unpack(blob).engine) == []
    return again


@given(logs)
@settings(max_examples=100, deadline=None)
def test_rows_and_outcomes_are_those_of_the_oracle(log: list[Record]) -> None:
    subject = engine(SMALL)
    found, refused = read(subject, log)
    expected = archive(log, {MILL: CODES, YARD: 1 << 40}, HORIZON, MOST)
    links = [item for item in expected.items if item[1] != "epc"]
    assert summary(found) == {
        "ranges": expected.ranges,
        "voids": expected.voids,
        "events": expected.events,
        "items": expected.items,
        "links": links,
    }
    outcomes = expected.outcomes
    assert refused == ["" if one in ("accepted", "late", "duplicate") else one for one in outcomes]
    counts = subject.counts
    figures = (counts.events, counts.accepted, counts.late, counts.duplicate, counts.dead_letter)
    kinds = [outcomes.count(one) for one in ("accepted", "late", "duplicate")]
    assert figures == (len(log), *kinds, len(log) - sum(kinds))
    assert subject.rows == {
        table: len(rows)
        for table, rows in (
            ("code_ranges", expected.ranges),
            ("code_voids", expected.voids),
            ("trace_events", expected.events),
            ("trace_items", expected.items),
            ("trace_links", links),
        )
        if rows
    }
    assert len({row.id for row in found.rows}) == len(found.rows)


@given(logs, st.lists(st.integers(0, 40), max_size=6), st.booleans())
@settings(max_examples=60, deadline=None)
def test_any_cut_and_any_restart_gives_the_same(log: list[Record], cuts: list[int], restart: bool) -> None:
    at_once = engine(SMALL)
    expected, _ = read(at_once, log)
    subject, rows = engine(SMALL), []
    for begin, end in pairwise([0, *sorted(cut % (len(log) + 1) for cut in cuts), len(log)]):
        found, _ = read(subject, log[begin:end], begin)
        rows += found.rows
        subject = through_a_checkpoint(subject) if restart else subject
    assert rows == expected.rows
    assert subject.counts == at_once.counts
    assert subject.rows == at_once.rows
    snapshots = [pack(Checkpoint("p", "t", 0, 1, 0, NOW, one.snapshot())) for one in (subject, at_once)]
    assert snapshots[0] == snapshots[1]


SENT = [capture(seen(item, at=NOW + place)) for place, item in enumerate(ITEMS)]


@given(st.permutations(SENT * 2))
@settings(max_examples=25, deadline=None)
def test_events_in_any_order_and_sent_twice_give_one_archive(sent: list[dict[str, Any]]) -> None:
    def archived(found: Found) -> list[tuple[Any, ...]]:
        events = [(row.ts, row.event, row.body) for row in found.rows if isinstance(row, TraceEvent)]
        of_items = [(row.ts, row.event, row.item) for row in found.rows if isinstance(row, TraceItem)]
        return sorted(events) + sorted(of_items)

    assert archived(told(*sent)[0]) == archived(told(*SENT)[0])


def test_an_event_becomes_a_row_with_all_of_it_and_one_for_each_item() -> None:
    read_point = {"id": "urn:headrace:asset:hongyang:saw%2D1"}
    event = {**PACKED, "readPoint": read_point, "bizStep": "packing", "eventID": "urn:uuid:1"}
    found, refused = read(engine(), [(NOW + 10**10, capture(event))])
    assert refused == [""]
    one, *of_items = (row for row in found.rows if not isinstance(row, TraceLink))
    assert isinstance(one, TraceEvent)
    assert json.loads(one.body) == event
    assert (one.site, one.asset, one.read_point) == ("hongyang", "saw-1", read_point["id"])
    assert (one.type, one.action, one.biz_step, one.event_id) == ("AggregationEvent", "ADD", "packing", "urn:uuid:1")
    assert (one.zone, one.recorded_at, one.late, one.error_at) == ("+08:00", NOW + 10**10, False, None)
    assert one.ts == 1_772_593_230_000
    assert [(row.role, row.item) for row in of_items if isinstance(row, TraceItem)] == [
        ("parent", "00/069012340000003338"),
        ("child", "01/06901234567892/21/A1"),
        ("child", "01/06901234567892/21/A2"),
    ]
    assert {row.event for row in of_items if isinstance(row, TraceItem)} == {one.event}


@pytest.mark.parametrize(("event", "digest"), PUBLISHED)
def test_the_event_column_is_the_published_hash(event: dict[str, Any], digest: str) -> None:
    found, _ = told(capture(event))
    assert found.rows[0].event == digest  # type: ignore[attr-defined]


@pytest.mark.parametrize("step", ["urn:epcglobal:cbv:bizstep:", "https://ref.gs1.org/cbv/BizStep-", "cbv:BizStep-", ""])
@pytest.mark.parametrize("state", ["urn:epcglobal:cbv:disp:", "https://ref.gs1.org/cbv/Disp-", "cbv:Disp-", ""])
def test_words_of_the_vocabulary_are_archived_as_words_however_they_are_written(step: str, state: str) -> None:
    receiver = [{"type": "https://ref.gs1.org/cbv/SDT-owning_party", "destination": "urn:example:shop"}]
    found, _ = told(capture(seen(bizStep=f"{step}holding", disposition=f"{state}recalled", destinationList=receiver)))
    plain, _ = told(capture(seen(bizStep="holding", disposition="recalled", destinationList=receiver)))
    for row, same in zip(found.rows, plain.rows, strict=True):
        assert isinstance(row, (TraceEvent, TraceItem))
        assert isinstance(same, (TraceEvent, TraceItem))
        assert (row.biz_step, row.disposition, row.event) == ("holding", "recalled", same.event)
    assert isinstance(found.rows[0], TraceEvent)
    assert found.rows[0].receiver == "urn:example:shop"


def test_every_type_of_event_names_its_items_by_role() -> None:
    found, refused = read(engine(), [(NOW + 10**10, capture(event)) for event in OF_EVERY_TYPE])
    assert refused == [""] * 5
    roles = [(row.type, row.role, row.quantity, row.uom) for row in found.rows if isinstance(row, TraceItem)]
    assert roles == [
        ("ObjectEvent", "epc", None, ""),
        ("AggregationEvent", "parent", None, ""),
        ("AggregationEvent", "child", None, ""),
        ("AggregationEvent", "child", None, ""),
        ("TransactionEvent", "epc", None, ""),
        ("TransformationEvent", "input", 12.5, "KGM"),
        ("TransformationEvent", "output", None, ""),
        ("AssociationEvent", "parent", None, ""),
        ("AssociationEvent", "child", None, ""),
    ]


def test_items_that_an_event_joins_are_found_by_what_joins_them() -> None:
    joined = {**OF_EVERY_TYPE[3], "transformationID": "urn:example:melt:7"}
    found, _ = read(engine(), [(NOW + 10**10, capture(event)) for event in (*OF_EVERY_TYPE, joined)])
    events = {row.type: row.event for row in found.rows if isinstance(row, TraceEvent) and not row.transformation}
    assert [(row.link, row.role) for row in found.rows if isinstance(row, TraceLink)] == [
        *[(events["AggregationEvent"], role) for role in ("parent", "child", "child")],
        *[(events["TransformationEvent"], role) for role in ("input", "output")],
        *[(events["AssociationEvent"], role) for role in ("parent", "child")],
        *[("urn:example:melt:7", role) for role in ("input", "output")],
    ]
    assert {row.link for row in found.rows if isinstance(row, TraceItem) and row.role == "epc"} == {""}


def test_a_scan_is_a_row_with_what_was_answered_and_where() -> None:
    code = "88.118.8/TP-1001/0000003KABPVQXMQGCV3"
    asked = {"kind": "scan", "enterprise": MILL, "ts": NOW, "code": code, "found": "genuine"}
    where = {"place": {"latitude": 31.2, "longitude": 121.5}, "client": "c1", "disposition": "retail_sold"}
    found, refused = read(engine(), [(NOW, asked), (NOW, asked | where), (NOW, asked | {"code": "88.118.8/TP-1001/1"})])
    assert refused == ["", "", "bad_value"]
    first, second = (row for row in found.rows if isinstance(row, CodeScan))
    assert (first.item, first.product, first.found, first.latitude) == (code, PRODUCT, "genuine", None)
    assert (second.client, second.disposition, second.latitude, second.longitude) == ("c1", "retail_sold", 31.2, 121.5)


def test_what_another_enterprise_captures_is_no_repeat() -> None:
    found, _ = told(capture(seen(), enterprise=YARD), capture(seen()), capture(seen()))
    assert [(row.enterprise, row.offset) for row in found.rows if isinstance(row, TraceEvent)] == [(YARD, 0), (MILL, 1)]


def test_a_declared_error_is_archived_beside_the_event_and_once() -> None:
    right = {name: one for name, one in MELTING.items() if name != "errorDeclaration"}
    found, _ = told(*map(capture, (right, MELTING, right, MELTING)))
    events = [row for row in found.rows if isinstance(row, TraceEvent)]
    assert [(row.error_at, row.error_reason) for row in events] == [(None, ""), (1_579_042_800_000, "incorrect_data")]
    assert events[0].event == events[1].event
    assert [row.error for row in found.rows if isinstance(row, TraceItem)] == [False] * 4 + [True] * 4


def test_what_breaks_a_rule_is_refused_with_every_reason() -> None:
    broken = whole({**PACKED, "parentID": None, "bizStep": "selling"})
    error = engine().feed(0, NOW, Capture(enterprise=MILL, event=broken))
    assert error is not None
    assert error.reason == "not_epcis"
    assert ["selling" in one or "needs parentID" in one for one in error.detail.split("; ")] == [True, True]


def test_a_dead_letter_stays_small_however_much_is_wrong() -> None:
    quantities = [{"epcClass": f"urn:x:{'9' * 1_000}{number}", "quantity": 0.5} for number in range(500)]
    error = engine().feed(0, NOW, Capture(enterprise=MILL, event=seen(quantityList=quantities)))
    assert error is not None
    assert error.detail.endswith("; and 490 more")
    assert len(error.detail) < 4_000


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        (mint(0, 1, enterprise="77.1.1"), "unknown_enterprise"),
        (mint(0, 1, product=GTIN), "unknown_enterprise"),
        (mint(0, 1, product="TP-1001"), "unknown_enterprise"),
        (mint((1 << 40) - 1, 2), "bad_value"),
        (mint(0, 1, ts=NOW + 10**9), "future"),
        (mint(0, 1, ts="yesterday"), "bad_time"),
        (void((0, 1)), "unknown_codes"),
        (capture(seen(bizStep="selling")), "not_epcis"),
        (capture({}), "not_epcis"),
        (capture(seen(**{"ex:batch": 7})), "bad_name"),
        (capture(seen(**{"@context": {"headrace": "urn:headrace:"}, "headrace:due": True})), "bad_time"),
        (capture(seen(at=NOW + 10**9)), "future"),
        (capture(seen(at=-(10**12))), "bad_time"),
    ],
)
def test_what_cannot_be_accepted_is_refused_and_changes_nothing(message: dict[str, Any], reason: str) -> None:
    subject = engine()
    before = subject.snapshot()["used"]
    found, refused = told(message, subject=subject)
    assert (found.rows, refused) == ([], [reason])
    assert subject.snapshot()["used"] == before == {}
    assert told(mint(0, 5), subject=subject)[1] == [""]


NAMES = (ITEMS[0], "https://[x", "urn:epc:id:itip:4012345.012345.01", "urn:epc:id:sgln:4012345..", "geo:1e5,2")
json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=8)
    | st.sampled_from(NAMES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["id", "type", "ex:a", "a:b"]), inner),
    max_leaves=6,
)
fields = st.sampled_from(
    ["@context", "type", "eventTime", "eventID", "epcList", "quantityList", "readPoint", "errorDeclaration", "ilmd",
     "sensorElementList", "persistentDisposition", "bizTransactionList", "sourceList", "ex:a", "b", ""]
)  # fmt: skip


@given(st.sampled_from([event for event, _ in PUBLISHED]), st.dictionaries(fields, json_values, max_size=4))
@settings(max_examples=200, deadline=None)
def test_whatever_is_captured_is_taken_or_refused_with_a_reason(event: dict[str, Any], change: dict[str, Any]) -> None:
    subject = engine()
    error = subject.feed(0, NOW, Capture(enterprise=MILL, event={**event, **change}))
    assert (error is None) == (len(subject.drain().rows) > 0)
    assert error is None or error.detail


def test_extensions_in_each_other_without_end_are_refused() -> None:
    deep: dict[str, Any] = {}
    for _ in range(900):
        deep = {"ex:a": deep}
    event = seen(**{"@context": {"ex": "urn:ex/"}, "ex:a": deep})
    assert told(capture(event))[1] == ["not_epcis"]


def test_products_that_are_listed_are_the_only_ones() -> None:
    listed = Trace(enterprises=(Enterprise(prefix=MILL, name="mill", products=("88.118.8/tp-1001",)),))
    assert told(mint(0, 1), mint(0, 1, OTHER), subject=engine(listed))[1] == ["", "unknown_enterprise"]


def test_quotas_hold_for_codes_products_gaps_and_events_of_a_minute() -> None:
    few = Enterprise(prefix=MILL, name="mill", most_codes=10_000, most_products=1, events_per_minute=2)
    subject = engine(Trace(enterprises=(few, Enterprise(prefix=YARD, name="yard"))))
    assert told(mint(0, 10_001), mint(0, 1), mint(0, 1, OTHER), subject=subject)[1] == ["quota", "", "quota"]
    assert told(mint(1, 10_000), subject=subject)[1] == ["quota"], "with the one that is there"
    gaps = [mint(3 * number, 1) for number in range(1, MOST_GAPS + 2)]
    assert told(*gaps, subject=subject)[1] == [""] * (MOST_GAPS - 1) + ["quota"] * 2
    assert told(mint(1, 1), subject=subject)[1] == [""], "what touches a range leaves no new gap"
    sent = [capture(seen(item)) for item in ITEMS[:3]]
    assert told(*sent, capture(seen(), YARD), subject=subject)[1] == ["", "", "quota", ""]
    assert read(subject, [(NOW + 60_000, sent[2])])[1] == [""]


def test_a_machine_is_told_by_its_read_point() -> None:
    assert machine_of("urn:headrace:asset:hong%20yang:stack-1") == ("hong yang", "stack-1")
    for other in (
        "", "urn:epc:id:sgln:4012345.00011.0", "urn:headrace:asset:a", "https://headrace:asset:a:b",
        "urn:headrace:asset:a%09b:c",
    ):  # fmt: skip
        assert machine_of(other) == ("", "")


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"prefix": "mill"}, "prefix 'mill' is neither"),
        ({"products": ("99.1.1/X",)}, "product 99.1.1/X does not begin with prefix 88.118.8"),
        ({"products": ("X",)}, "'X' is no product"),
        ({"products": ("6901234567893",)}, "check digit"),
    ],
)
def test_an_impossible_enterprise_is_refused(fields: dict[str, Any], why: str) -> None:
    with pytest.raises(ValueError, match=why):
        Enterprise(**{"prefix": MILL, "name": "mill", **fields})
    with pytest.raises(ValueError, match="is that of two enterprises"):
        Trace(enterprises=(Enterprise(prefix=MILL, name="a"), Enterprise(prefix=MILL, name="b")))
