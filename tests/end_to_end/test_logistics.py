"""Logistics with a real broker, engine and workers: a plan is made, robots pick, what is wrong is told."""

import json
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from schemas.topics import ANOMALIES, LOGISTICS_EVENTS
from tests.end_to_end.plant import Plant

TOPOLOGY = """
topology: NAME
site: s
time: {idle_timeout: 2s}
sources: {machine.events: {partitions: 1}}
logistics:
  partitions: 1
  stores: [yard-1]
  exits: [shipped]
"""
ORDERS = """order,section,grade,length_mm,quantity
T-17,L100x8,Q355B,5900,8
T-17,L90x7,Q235B,2500,9
T-18,L100x8,Q355B,5900,60
"""
TOPIC = LOGISTICS_EVENTS.name
BINS = {
    "A-1": {"section": "L100x8", "grade": "Q355B", "length_mm": 12_000, "heat": "H1"},
    "A-2": {"section": "L100x8", "grade": "Q355B", "length_mm": 12_000, "heat": "H2"},
    "B-1": {"section": "L90x7", "grade": "Q235B", "length_mm": 9_000, "heat": "H3"},
}


def told(kind: str, **fields: Any) -> tuple[int, bytes]:
    now = time.time_ns() // 1_000_000
    return 0, json.dumps({"kind": kind, "ts": now, "site": "s", "asset": "yard-1", **fields}).encode()


def test_a_plan_is_made_from_stock_and_a_wrong_pick_is_told_with_what_was_wanted(
    deploy: Callable[[str], Plant], tmp_path: Path
) -> None:
    plant = deploy(TOPOLOGY)
    plant.send(TOPIC, [told("arrival", bin=name, **kind, pieces=20) for name, kind in BINS.items()])
    worker = plant.worker()
    worker.wait_for("stock", lambda: plant.query("SELECT count() FROM headrace.stock") == [(3,)])
    orders = tmp_path / "orders.csv"
    orders.write_text(ORDERS)

    assert "2 pick lists not sent" in plant.command("picking", "plan", str(orders), "--dry-run").stdout
    assert "2 pick lists sent for yard-1" in plant.command("picking", "plan", str(orders), "--by", "li").stdout

    worker.wait_for("lists", lambda: plant.query("SELECT uniqExact(order) FROM headrace.pick_lists") == [(2,)])
    columns = "bin, section, grade, length_mm, heat, pieces"
    lines = plant.query(f"SELECT {columns} FROM headrace.pick_lists WHERE order = 'T-17' ORDER BY line")
    assert {line[:5]: line[5] for line in lines} == {
        ("A-1", *_kind("A-1")): 4,
        ("B-1", *_kind("B-1")): 3,
    }
    reserved = plant.query("SELECT bin, reserved, free FROM headrace.stock ORDER BY bin")
    assert reserved == [("A-1", 14, 6), ("A-2", 20, 0), ("B-1", 3, 17)]

    picks = [
        told("pick", order="T-17", robot="robot-1", bin="A-1", pieces=4, **BINS["A-1"]),
        told("pick", order="T-17", robot="robot-1", bin="B-1", pieces=1, **{**BINS["B-1"], "grade": "Q355B"}),
        told("pick", order="T-17", robot="robot-1", bin="B-1", pieces=3, **BINS["B-1"]),
    ]
    plant.send(TOPIC, picks)
    worker.wait_for("picks", lambda: plant.query("SELECT count() FROM headrace.picks") == [(3,)])
    assert worker.stop() == 0
    [flag] = [json.loads(record.value) for record in plant.log(ANOMALIES.name)]
    assert (flag["detector"], flag["severity"], flag["reason"]) == (
        "pick-check",
        "critical",
        "robot-1 took 1 piece of L90x7 Q355B 9000 mm heat H3 from B-1 for T-17; wanted was grade Q235B",
    )
    shown = plant.command("picking", "show").stdout
    assert "T-17" in shown
    assert plant.query("SELECT pieces, picked, open, wrong FROM headrace.picking WHERE order = 'T-17'") == [
        (7, 7, 0, 1)
    ]
    assert "wanted was grade Q235B" in " ".join(plant.command("picking", "show", "T-17").stdout.split())
    assert "cancelled" in plant.command("picking", "cancel", "T-18").stdout
    orders.write_text(ORDERS.replace(",60", ",80"))
    too_much = plant.command("picking", "plan", str(orders), check=False)
    assert too_much.returncode == 1
    assert too_much.stderr.startswith("headrace: order T-18: what is free in stock lacks ")
    plant.run_to_the_log_end()
    assert plant.query("SELECT sum(reserved) FROM headrace.stock") == [(0,)]
    plant.assert_as_undisturbed()


def _kind(bin_: str) -> tuple[Any, ...]:
    kind = BINS[bin_]
    return kind["section"], kind["grade"], kind["length_mm"], kind["heat"]


def day(count: int, seed: int = 1) -> list[tuple[int, bytes]]:
    """Events of a yard: bins filled and emptied, lists, picks right and wrong, moves; some twice, some broken."""
    rng = random.Random(seed)
    records: list[tuple[int, bytes]] = []
    ts = 1_760_000_000_000
    while len(records) < count:
        ts += rng.randrange(2_000)
        fields: dict[str, Any] = {"ts": ts - (rng.randrange(60_000) if rng.random() < 0.05 else 0)}
        bin_ = rng.choice(list(BINS))
        kind = {**BINS[bin_], **({"heat": "H9"} if rng.random() < 0.02 else {})}
        order = f"T-{rng.randrange(20)}"
        draw = rng.random()
        if draw < 0.2:
            record = told("arrival", bin=bin_, pieces=rng.randrange(1, 9), **kind, **fields)
        elif draw < 0.22:
            record = told("stock_take", bin=bin_, pieces=rng.randrange(30), by="li", **fields)
        elif draw < 0.3:
            line = {**kind, "bin": bin_, "pieces": rng.randrange(1, 20), "cuts_mm": [2_500, 2_500]}
            record = told("pick_list", order=order, lines=[line], waste_mm=40, **fields)
        elif draw < 0.7:
            robot = f"robot-{rng.randrange(2)}"
            record = told("pick", order=order, robot=robot, bin=bin_, pieces=rng.randrange(1, 3), **kind, **fields)
        else:
            source, destination = rng.sample(["yard", "saw", "punch", "weld", "shipped"], 2)
            departed = fields["ts"] - rng.randrange(90_000)
            item = f"i{rng.randrange(500)}"
            record = told("move", item=item, source=source, destination=destination, departed=departed, **fields)
        if rng.random() < 0.002:
            record = record[0], record[1][: rng.randrange(len(record[1]))]
        records += [record] * (1 + (rng.random() < 0.01))
    return records


def test_a_worker_killed_in_the_middle_changes_nothing(deploy: Callable[[str], Plant]) -> None:
    plant = deploy(TOPOLOGY)
    records = day(15_000)
    rng = random.Random(7)
    for part in range(0, len(records), 5_000):
        plant.send(TOPIC, records[part : part + 5_000])
        worker = plant.worker()
        worker.wait_for("progress", lambda worker=worker: worker.processed() > 0)
        time.sleep(rng.random() * 0.6)  # not to wait for something: to be anywhere
        worker.kill()
    plant.run_to_the_log_end()
    plant.assert_as_undisturbed()
    for table, least in (("stock_levels", 3_000), ("picks", 5_000), ("moves", 4_000), ("pick_lists", 1_000)):
        assert plant.rows(table).total() > least
    assert "nothing lost, nothing twice" in plant.command("audit").stdout
