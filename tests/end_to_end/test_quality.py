"""Quality with a real broker, engine and workers: killed in the middle, the rows are those of an undisturbed run."""

import json
import random
import time
from collections.abc import Callable

from tests.end_to_end.plant import Plant

TOPOLOGY = """
topology: NAME
site: s
sources: {machine.events: {partitions: 1}}
quality:
  partitions: 2
  characteristics:
    - name: bore
      unit: mm
      lower: 9.6
      upper: 10.4
      charts: [{kind: xbar_r, rules: [nelson]}, {kind: ewma}, {kind: cusum}]
    - {name: length, unit: m, baseline: {mean: 5, sigma: 0.1}, charts: [{kind: individuals}]}
  inspections: {subgroup: 20}
"""
START = 1_760_000_000_000


def events(first: int, count: int) -> list[tuple[int, bytes]]:
    """Samples and inspections of 30 assets: a few of them late, repeated or broken."""
    chance, records = random.Random(first), []
    for number in range(first, first + count):
        asset = chance.randrange(30)
        event = {"ts": START + number * 1000, "site": "s", "asset": f"a{asset}", "product": chance.choice("pq")}
        draw = chance.random()
        if draw < 0.02:
            event["ts"] -= 600_000
        if draw < 0.2:
            passed = chance.randint(8, 10)
            event |= {"kind": "inspection", "inspected": 10, "passed": passed, "defects": {"burr": 10 - passed}}
        elif draw < 0.6:
            values = [chance.gauss(10, 0.1) for _ in range(5)]
            event |= {"kind": "sample", "characteristic": "bore", "values": values}
        else:
            event |= {"kind": "sample", "characteristic": "length", "values": [chance.gauss(5, 0.1)]}
        value = json.dumps(event).encode()
        records += [(asset % 2, value[: chance.randrange(len(value))] if draw > 0.998 else value)]
        records += records[-1:] * (0.99 < draw < 0.998)
    return records


def test_a_worker_killed_in_the_middle_changes_no_chart(deploy: Callable[[str], Plant]) -> None:
    plant = deploy(TOPOLOGY)
    chance = random.Random(7)
    for part in range(3):  # each worker finds something new: all may be done in a second
        plant.send("quality.events", events(part * 15_000, 15_000))
        worker = plant.worker()
        worker.wait_for("progress", lambda worker=worker: worker.processed() > 0)
        time.sleep(chance.random() * 0.6)
        worker.kill()
    plant.run_to_the_log_end()
    assert plant.is_committed()
    plant.assert_as_undisturbed()
    assert "nothing lost, nothing twice" in plant.command("audit").stdout
    mine = f"WHERE topology = '{plant.topology.topology}'"
    [(phases, rules)] = plant.query(f"SELECT uniqExact(phase), uniqExact(rules) FROM headrace.spc {mine}")
    assert (phases, rules > 5) == (2, True)
    assert plant.query(f"SELECT count() FROM headrace.anomalies {mine}") > [(100,)]
