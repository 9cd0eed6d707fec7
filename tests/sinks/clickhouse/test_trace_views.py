"""The views over items: what they show, and that a question about one item reads little."""

import re

import pytest
from clickhouse_driver import Client

from sinks.clickhouse.writer import ClickHouseSink
from tests.sinks.archive.lives import CODES, LOTS, PARTS, SAW, Told, event, load, messages, quantities, uris
from tests.streams.compute.trace.messages import MILL, NOW, YARD

MADE = {
    **event("TransformationEvent", NOW - 9_000, inputQuantityList=quantities([(LOTS[0], (12.5, "KGM"))])),
    **{"outputEPCList": uris(CODES[:2]), "readPoint": {"id": SAW}, "bizStep": "commissioning", "disposition": "active"},
}
SHIPPED = event("ObjectEvent", NOW - 5_000, action="OBSERVE", epcList=uris(CODES[:2]), bizStep="shipping")
SOLD = event("ObjectEvent", NOW - 1_000, action="OBSERVE", epcList=uris(CODES[:1]), disposition="retail_sold")
CUT = event("TransformationEvent", NOW - 4_000, inputEPCList=uris(CODES[:1]), outputEPCList=uris(PARTS[:1]))
LIVES = [Told(MILL, MADE, ""), Told(MILL, SHIPPED, ""), Told(MILL, SOLD, "own"), Told(MILL, CUT, "own")]
ROWS = 200_000


def test_what_was_declared_wrong_is_shown_by_the_life_alone(sink: ClickHouseSink, client: Client) -> None:
    for first in (0, 1_000):  # captured twice so far apart that nobody could tell
        load(sink, "t", messages(LIVES), first)
    life = "SELECT role, biz_step, disposition, asset, wrong FROM headrace.item_life WHERE item = %(item)s ORDER BY ts"
    assert client.execute(life, {"item": CODES[0]}) == [
        ("output", "commissioning", "active", "saw-1", 0),
        ("epc", "shipping", "", "", 0),
        ("input", "", "", "", 1),
        ("epc", "", "retail_sold", "", 1),
    ]
    state = "SELECT biz_step, disposition, read_point, enterprise FROM headrace.item_state WHERE item = %(item)s"
    assert client.execute(state, {"item": CODES[0]}) == [("shipping", "active", SAW, MILL)]
    genealogy = "SELECT input, output, asset, input_quantity, input_uom, output_quantity FROM headrace.genealogy"
    made = [(LOTS[0], code, "saw-1", 12.5, "KGM", None) for code in CODES[:2]]
    assert client.execute(f"{genealogy} ORDER BY output") == sorted(made)


def test_what_two_enterprises_capture_of_one_transformation_is_not_mixed(sink: ClickHouseSink, client: Client) -> None:
    by_yard = {**CUT, "outputEPCList": uris(PARTS[1:2])}
    cut = {**CUT, "transformationID": "urn:cut:1"}
    load(sink, "t", messages([Told(MILL, cut, ""), Told(YARD, {**by_yard, "transformationID": "urn:cut:1"}, "")]), 0)
    load(sink, "t", messages([Told(MILL, CUT, ""), Told(YARD, CUT, "")]), 1_000)
    found = client.execute("SELECT link = 'urn:cut:1', enterprise, input, output FROM headrace.genealogy")
    assert sorted(found) == sorted(
        (joined, who, CODES[0], part)
        for joined, who, part in [(0, MILL, PARTS[0]), (0, YARD, PARTS[0]), (1, MILL, PARTS[0]), (1, YARD, PARTS[1])]
    )


@pytest.mark.parametrize(
    "question",
    [
        "SELECT * FROM headrace.item_life WHERE topology = 't' AND item = 'urn:item:77'",
        "SELECT * FROM headrace.item_state WHERE topology = 't' AND item = 'urn:item:77'",
        "SELECT * FROM headrace.genealogy WHERE topology = 't' AND link IN ('77', '78')",
        """SELECT * FROM headrace.genealogy WHERE topology = 't' AND link IN (
            SELECT link FROM headrace.item_life WHERE topology = 't' AND item = 'urn:item:77')""",
    ],
)
def test_a_question_about_an_item_reads_a_small_part_of_the_tables(client: Client, question: str) -> None:
    for table, role in (("trace_items", "'input'"), ("trace_links", "'input'"), ("trace_links", "'output'")):
        client.execute(f"""
            INSERT INTO headrace_store.{table} (topology, item, link, role, type, ts, event)
            SELECT 't', concat('urn:item:', toString(number)), toString(number), {role}, 'TransformationEvent', now(),
                toString(number)
            FROM numbers({ROWS})
        """)
    plan = "\n".join(line for (line,) in client.execute(f"EXPLAIN indexes = 1 {question}"))
    reads = [(int(read), int(everything)) for read, everything in re.findall(r"Granules: (\d+)/(\d+)", plan)]
    assert reads
    assert all(read <= everything * 0.1 for read, everything in reads), plan
