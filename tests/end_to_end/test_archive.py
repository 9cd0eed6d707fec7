"""`headrace trace` with a real broker, engine and worker."""

import csv
import json
from collections.abc import Callable
from pathlib import Path

from schemas.topics import TRACE_EVENTS
from tests.end_to_end.plant import Plant
from tests.sinks.archive.lives import CODES, LOTS, PACKS, SAW, URI_OF, event, quantities, uris
from tests.streams.compute.trace.messages import NOW, capture, mint

TOPOLOGY = """
topology: NAME
site: hongyang
sources: {machine.events: {partitions: 1}}
trace:
  partitions: 1
  enterprises:
    - {prefix: "88.118.8", name: mill}
    - {prefix: "6901234", name: yard}
"""
EVENTS = [
    event("TransformationEvent", NOW - 9_000, inputQuantityList=quantities([(LOTS[0], (12.5, "KGM"))]),
          outputEPCList=uris(CODES[:3]), readPoint={"id": SAW}, bizStep="commissioning"),
    event("AggregationEvent", NOW - 8_000, action="ADD", parentID=URI_OF[PACKS[0]], childEPCs=uris(CODES[:2])),
    event("ObjectEvent", NOW - 7_000, action="OBSERVE", epcList=uris(PACKS[:1]), bizStep="shipping",
          disposition="in_transit", readPoint={"id": "urn:example:gate:1"}),
]  # fmt: skip


def test_a_heat_is_followed_to_its_items_and_these_are_recalled(deploy: Callable[[str], Plant], tmp_path: Path) -> None:
    plant = deploy(TOPOLOGY)
    plant.send(TRACE_EVENTS.name, [(0, json.dumps(one).encode()) for one in (mint(0, 4), *map(capture, EVENTS))])
    worker = plant.worker()
    worker.wait_for("the events", lambda: len(plant.ids_in_clickhouse("trace_events")) == len(EVENTS))

    life = json.loads(plant.command("trace", "life", f"https://shop.example/{CODES[0]}", "--json").stdout)
    assert [(one["biz_step"], one["via"]) for one in life["events"]] == [
        ("commissioning", ""), ("", ""), ("shipping", PACKS[0]),
    ]  # fmt: skip
    assert life["mint"]["last"] == 3
    assert "in_transit" in plant.command("trace", "life", CODES[0]).stdout
    up = json.loads(plant.command("trace", "up", CODES[0], "--circumstances", "--json").stdout)
    assert [(one["item"], one["quantity"], one["asset"]) for one in up["genealogy"]["steps"]] == [
        (LOTS[0], 12.5, "saw-1")
    ]
    assert [one["asset"] for one in up["circumstances"]] == ["saw-1"]
    assert "1 items of the last level" not in plant.command("trace", "down", LOTS[0]).stdout
    assert "2 items of the last level lead further" in plant.command("trace", "down", LOTS[0], "--levels", "1").stdout

    file = tmp_path / "recall.csv"
    told = plant.command("trace", "recall", LOTS[0], "--out", str(file)).stdout
    assert told == "5 items (1 origin, 3 made, 1 packed); 1 packs to be stopped\n"
    with file.open(encoding="utf-8", newline="") as text:
        rows = list(csv.DictReader(text))
    assert [(row["kind"], row["item"], row["items"]) for row in rows if row["kind"] == "stop"] == [
        ("stop", PACKS[0], "2")
    ]
    assert {row["pack"] for row in rows if row["item"] in CODES[:2]} == {PACKS[0]}
    few = plant.command("trace", "recall", LOTS[0], "--most", "1", "--json", check=False)
    assert (few.returncode, len(few.stdout.splitlines())) == (1, 3)  # with the pack that is to be stopped
    assert "at least 2 items more are affected" in few.stderr

    since, until = "2026-02-02T02:39:50Z", "2026-02-02T02:39:52Z"
    between = ("--machine", "saw-1", "--from", since, "--until", until)
    told = plant.command("trace", "recall", *between, "--capture", "--reason", "blade worn", "--json").stdout
    assert {json.loads(row)["item"] for row in told.splitlines()} == {*CODES[:3], PACKS[0]}
    worker.wait_for("the recall", lambda: len(plant.ids_in_clickhouse("trace_events")) == len(EVENTS) + 1)
    life = json.loads(plant.command("trace", "life", CODES[2], "--json").stdout)
    assert life["events"][-1]["disposition"] == "recalled"
    nothing = plant.command("trace", "life", "urn:example:part:9", check=False)
    assert (nothing.returncode, nothing.stderr) == (1, "headrace: nothing is known of urn:example:part:9\n")
    assert worker.stop() == 0
