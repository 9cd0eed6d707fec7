"""Production with a real broker, engine and workers: from machines' events to OEE, whatever happens to the worker."""

import json
import random
import time
from collections.abc import Callable
from typing import Any

from schemas.topics import PRODUCTION_EVENTS
from tests.end_to_end.plant import Plant

TOPOLOGY = """
topology: NAME
site: s
time: {idle_timeout: 2s}
sources: {machine.events: {partitions: 1}}
production:
  partitions: 2
  lateness: 0s
  lines: {cutting: [m0, m1, m2], punching: [m3, m4]}
  shifts:
    early: {start: "06:00", end: "14:00", breaks: [{start: "10:00", end: "10:30"}]}
    late: {start: "14:00", end: "22:00"}
"""
START = 1_760_000_000_000
MINUTE = 60_000
TOPIC = PRODUCTION_EVENTS.name


def told(ts: int, asset: str, **what: Any) -> bytes:
    return json.dumps({"ts": ts, "site": "s", "asset": asset, **what}).encode()


def days(count: int, seed: int = 1) -> list[tuple[int, bytes]]:
    """Events of ten machines: mostly in order, some late, repeated, unknown or broken, now and then silence."""
    rng = random.Random(seed)
    records: list[tuple[int, bytes]] = []
    now = START
    while len(records) < count:
        now += rng.choice((500, 1_000, 2_000)) if rng.random() > 0.0002 else rng.randrange(30 * 3_600_000)
        machine = rng.randrange(10)
        ts = now - (rng.randrange(120_000) if rng.random() < 0.05 else 0)
        draw = rng.random()
        if draw < 0.7:
            value = told(ts, f"m{machine}", kind="count", good=rng.randrange(4), rejected=rng.randrange(2))
        elif draw < 0.98:
            state = rng.choice(("running", "running", "running", "idle", "stopped", "setup", "break", "dancing"))
            value = told(ts, f"m{machine}", kind="state", state=state, reason=rng.choice(("", "blade")))
        else:
            order = f"o{rng.randrange(5)}"
            value = told(ts, f"m{machine}", kind="job", order=order, product="leg", ideal_cycle_ms=900.0, planned=500)
        if rng.random() < 0.002:
            value = value[: rng.randrange(len(value))]
        records += [(machine % 2, value)] * (1 + (rng.random() < 0.01))
    return records


def test_a_worker_killed_in_the_middle_changes_nothing(deploy: Callable[[str], Plant]) -> None:
    plant = deploy(TOPOLOGY)
    records = days(30_000)
    rng = random.Random(7)
    for part in range(0, len(records), 10_000):  # each worker finds something new: all may be done in a second
        plant.send(TOPIC, records[part : part + 10_000])
        worker = plant.worker()
        worker.wait_for("progress", lambda worker=worker: worker.processed() > 0)
        time.sleep(rng.random() * 0.6)
        worker.kill()
    plant.run_to_the_log_end()
    plant.assert_as_undisturbed()
    assert plant.rows("oee").total() > 5_000
    assert plant.rows("stops").total() > 500
    assert "nothing lost, nothing twice" in plant.command("audit").stdout


def test_a_minute_closes_where_machines_fall_silent(deploy: Callable[[str], Plant]) -> None:
    plant = deploy(TOPOLOGY)
    ts = round(time.time() * 1000) // MINUTE * MINUTE - 500
    made = told(ts + 1, "m0", kind="count", good=3)
    plant.send(TOPIC, [(0, told(ts, "m0", kind="state", state="running")), (0, made)])
    worker = plant.worker()
    mine = f"FROM headrace.oee WHERE topology = '{plant.topology.topology}'"
    worker.wait_for("the row", lambda: plant.query(f"SELECT count() {mine}") != [(0,)])
    assert worker.stop() == 0
    plant.run_to_the_log_end()
    found = plant.query(
        f"SELECT asset, line, state, good, production_ms + planned_stop_ms {mine} ORDER BY window_start"
    )
    assert found[0] == ("m0", "cutting", "running", 3, 500)
    assert [record.value for record in plant.log(TOPIC)][2:3] == [b'{"kind":"tick"}']
    plant.assert_as_undisturbed()
    assert "nothing lost, nothing twice" in plant.command("audit").stdout
