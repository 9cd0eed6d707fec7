"""What passed a machine, and how recall lists are written."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta

import msgspec
from clickhouse_driver import Client

from sinks.archive.archive import Archive
from sinks.archive.recall import write_csv, write_jsonl
from sinks.archive.results import RecallRow
from sinks.clickhouse.writer import ClickHouseSink
from tests.sinks.archive.lives import CODES, LOTS, PACKS, PARTS, SAW, URI_OF, Told, event, load, messages, uris
from tests.streams.compute.trace.messages import MILL, NOW, YARD

AT_SAW = {"readPoint": {"id": SAW}}
ROW = RecallRow(
    kind="made", item="=HYPERLINK(1)", level=1, source="-x", items=1, pack="", enterprise=MILL, ts=None, biz_step="",
    disposition="active", read_point="", biz_location="", used=False, void=True,
)  # fmt: skip


def test_what_passed_a_machine_is_all_but_what_it_used_up(sink: ClickHouseSink, client: Client) -> None:
    together = {"transformationID": "urn:x:melt:1"}
    told = [
        Told(MILL, event("TransformationEvent", NOW - 9_000, inputEPCList=uris(PARTS[:1]), **AT_SAW, **together), ""),
        Told(MILL, event("TransformationEvent", NOW - 2_000, outputEPCList=uris(CODES[:1]), **together), ""),
        Told(YARD, event("ObjectEvent", NOW - 8_000, action="OBSERVE", epcList=uris(CODES[1:2]),
                         quantityList=[{"epcClass": URI_OF[LOTS[0]]}], **AT_SAW), ""),
        Told(MILL, event("AggregationEvent", NOW - 7_000, action="ADD", parentID=URI_OF[PACKS[0]],
                         childEPCs=uris(CODES[2:3]), **AT_SAW), ""),
        Told(MILL, event("ObjectEvent", NOW - 6_000, action="OBSERVE", epcList=uris(PARTS[1:2]), **AT_SAW), "own"),
        Told(MILL, event("ObjectEvent", NOW - 1_000, action="OBSERVE", epcList=uris(PARTS[2:3]), **AT_SAW), ""),
    ]  # fmt: skip
    load(sink, "t", messages(told))
    passed = {CODES[0], CODES[1], CODES[2], LOTS[0], PACKS[0]}
    assert set(Archive(client, "t").read_at("hongyang", "saw-1", NOW - 9_000, NOW - 1_000)) == passed
    own = Archive(client, "t", MILL).read_at("hongyang", "saw-1", NOW - 9_000, NOW - 1_000)
    assert set(own) == {CODES[0], CODES[2], PACKS[0]}
    assert Archive(client, "t").read_at("hongyang", "saw-2", NOW - 9_000, NOW) == []


def test_what_is_cut_is_counted(sink: ClickHouseSink, client: Client) -> None:
    made = event("TransformationEvent", NOW - 9_000, inputEPCList=uris(PARTS[:1]), outputEPCList=uris(CODES))
    load(sink, "t", messages([Told(MILL, made, "")]))
    found = Archive(client, "t").down(PARTS[0], most=3)
    assert ([one.item for one in found.steps], found.cut, found.deeper) == (sorted(CODES)[:3], 1, 0)
    recall = Archive(client, "t").recall(PARTS[:1], most=3)
    assert (len(list(recall)), recall.cut) == (4, 1)


def test_an_event_is_wrong_where_its_place_is_written_otherwise_by_what_declares_that(
    sink: ClickHouseSink, client: Client
) -> None:
    places = "urn:epc:id:sgln:0614141.12345.400", "https://id.gs1.org/414/0614141123452/254/400"
    one, other = (event("ObjectEvent", NOW, action="OBSERVE", epcList=uris(PARTS[:1]), disposition="damaged",
                        readPoint={"id": place}) for place in places)  # fmt: skip
    declared = {**other, "errorDeclaration": {"declarationTime": one["eventTime"]}}
    load(sink, "t", messages([Told(MILL, one, ""), Told(MILL, declared, "")]))
    archive = Archive(client, "t")
    assert [found.error for found in archive.life(PARTS[0]).events] == [True]
    assert archive.state(PARTS[:1])[PARTS[0]].disposition == ""


def test_of_a_lot_that_one_event_names_twice_the_larger_amount_counts_wherever_one_looks(
    sink: ClickHouseSink, client: Client
) -> None:
    twice = [{"epcClass": URI_OF[LOTS[0]], "quantity": quantity, "uom": "KGM"} for quantity in (9, 0.1, 10, 0)]
    packed = event("AggregationEvent", NOW, action="ADD", parentID=URI_OF[PACKS[0]], childQuantityList=twice)
    load(sink, "t", messages([Told(MILL, packed, "")]))
    archive = Archive(client, "t")
    assert [stay.quantity for stay in archive.containers(LOTS[:1])] == [10]
    assert [step.quantity for step in archive.down(LOTS[0]).steps] == [10]


def test_a_row_with_a_tab_in_its_words_does_not_stand_in_the_way_of_others(client: Client) -> None:
    first = datetime(2026, 1, 1, tzinfo=UTC)
    same = "tabs", PARTS[0], MILL, "epc", "ObjectEvent"
    client.execute(
        "INSERT INTO headrace_store.trace_items "
        "(topology, item, enterprise, role, type, ts, event, biz_step, disposition, site, asset, uom, link) VALUES",
        [(*same, first, "e1", "x:a\tb", "x:c\td", "s\t", "\ta", "k\tg", "x:\t"),
         (*same, first + timedelta(1), "e2", "shipping", "", "s", "a", "", "")],
    )  # fmt: skip
    state = Archive(client, "tabs").state(PARTS[:1])[PARTS[0]]
    assert (state.biz_step, state.disposition) == ("shipping", "x:c d")


def test_no_cell_of_a_list_is_a_formula() -> None:
    file = io.StringIO()
    assert write_csv([ROW, ROW], file) == {"made": 2}
    [row, _] = csv.DictReader(file.getvalue().splitlines())
    assert (row["item"], row["source"], row["ts"], row["void"]) == ("'=HYPERLINK(1)", "'-x", "", "1")


def test_a_line_of_json_is_a_row() -> None:
    file = io.StringIO()
    assert write_jsonl([ROW], file) == {"made": 1}
    assert msgspec.convert(json.loads(file.getvalue()), RecallRow) == ROW
