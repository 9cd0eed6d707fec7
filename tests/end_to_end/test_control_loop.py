"""The control loop with a real broker, engine and workers, and a small process that does as it is told."""

import json
import time
from collections.abc import Callable
from itertools import pairwise

import msgspec
import pytest

from schemas.results import Adjustment
from schemas.topics import PROCESS_ACKS, PROCESS_ADJUSTMENTS
from tests.end_to_end.plant import Plant

TOPOLOGY = """
topology: NAME
site: s
time: {idle_timeout: 2s}
metrics: {nox: {unit: mg/m3}, flow: {unit: l/min}, pump: {unit: A}}
sources: {machine.events: {partitions: 3}, emission.events: {partitions: 2}}
alarms:
  - {name: nox-high, metrics: [nox], high: 200, deadband: 5}
alarm_system: {partitions: 2}
playbooks:
  - name: more-reagent
    alarm: nox-high
    asset: stack
    mode: MODE
    setpoint: {asset: scrubber, metric: flow, initial: 24, low: 10, high: 60, step: 12}
    cool_down: 6s
    settle: 10s
    hold: 5s
    ack_timeout: 10s
    attempts: 5
    improvement: 10
    interlocks: [{asset: scrubber, metric: pump, low: 10}]
"""


class Process:
    """A scrubber: each l/min more takes 2 mg/m3 out of what a surge brings. It carries an adjustment out once."""

    def __init__(self, plant: Plant) -> None:
        self.flow = 24.0
        self.surge = 50.0
        self.done: list[str] = []
        """The adjustments that were carried out, in order."""
        self._plant = plant
        self._answered: set[str] = set()

    def step(self) -> list[Adjustment]:
        """Send readings, do what is commanded and answer; gives all adjustments so far."""
        now = time.time_ns() // 1_000_000
        nox = 190.0 + self.surge - 2 * (self.flow - 24)
        self._plant.send("emission.events", [(1, reading(now, "stack", {"nox": nox}))])
        self._plant.send("machine.events", [(2, reading(now, "scrubber", {"flow": self.flow, "pump": 31.0}))])
        rows = adjustments(self._plant)
        for row in rows:
            if row.status == "commanded" and row.id not in self._answered and now <= (row.expires_at or 0):
                self._answered.add(row.id)
                if row.adjustment not in self.done:
                    self.done.append(row.adjustment)
                    self.flow = row.after
                self._plant.send(PROCESS_ACKS.name, [(0, answer(row, self.flow))])
        return rows

    def until(self, status: str, direction: str = "step", count: int = 1) -> list[Adjustment]:
        """Run until so many rows of a status have come."""
        deadline = time.monotonic() + 90
        while True:
            rows = self.step()
            if sum((row.status, row.direction) == (status, direction) for row in rows) >= count:
                return rows
            assert time.monotonic() < deadline, [(row.status, row.direction, row.reason) for row in rows]
            time.sleep(0.3)


def reading(ts: int, asset: str, values: dict[str, float]) -> bytes:
    return json.dumps({"ts": ts, "site": "s", "asset": asset, "values": values}).encode()


def answer(row: Adjustment, value: float) -> bytes:
    said = {"adjustment": row.adjustment, "site": row.site, "asset": row.asset, "status": "done", "value": value}
    return json.dumps({**said, "ts": 0, "more": "is ignored"}).encode()


def adjustments(plant: Plant) -> list[Adjustment]:
    messages = plant.messages(PROCESS_ADJUSTMENTS.name)
    return [msgspec.json.decode(value, type=Adjustment) for _, _, value in messages]


@pytest.fixture
def automatic(deploy: Callable[[str], Plant]) -> Plant:
    return deploy(TOPOLOGY.replace("MODE", "automatic"))


def test_an_exceedance_is_answered_step_by_step_and_wound_back_though_workers_are_killed(automatic: Plant) -> None:
    plant = automatic
    process = Process(plant)
    first = plant.worker("w1")
    process.until("commanded")
    first.kill()
    second = plant.worker("w2")
    process.until("effective")
    second.kill()
    third = plant.worker("w3")
    process.until("effective", count=2)
    process.surge = 0.0
    rows = process.until("settled", "back")
    plant.send(PROCESS_ACKS.name, [(1, b'{"adjustment": 7}')])
    third.wait_for("the dead letter", lambda: len(plant.messages("dead.letters")) == 1)
    third.wait_until_drained()
    assert third.stop() == 0
    commanded = [row for row in rows if row.status == "commanded"]
    assert list(dict.fromkeys(row.adjustment for row in commanded)) == process.done
    moves = [24.0, *(row.after for row in commanded if row.attempt == 1)]
    assert moves[:3] == [24.0, 36.0, 48.0]  # on a busy machine an effect may be seen too late, and a step more is taken
    assert {abs(after - before) for before, after in pairwise(moves)} == {12.0}
    assert max(moves) <= 60.0
    assert process.flow == moves[-1] == 24.0
    usual = {"blocked", "commanded", "timed_out", "acknowledged", "effective", "no_effect", "settled"}
    assert {row.status for row in rows} <= usual
    plant.assert_as_undisturbed()
    plant.assert_conditions_as_undisturbed()
    assert "nothing lost, nothing twice" in plant.command("audit").stdout


def test_in_advise_mode_the_table_says_what_to_do_and_nothing_is_commanded(deploy: Callable[[str], Plant]) -> None:
    plant = deploy(TOPOLOGY.replace("MODE", "advise"))
    process = Process(plant)
    worker = plant.worker()
    rows = process.until("no_effect")
    worker.wait_until_drained()
    assert worker.stop() == 0
    assert process.done == []
    assert "commanded" not in {row.status for row in adjustments(plant)}
    [proposed] = [row for row in rows if row.status == "proposed"][:1]
    assert (proposed.target, proposed.setpoint, proposed.before, proposed.after) == ("scrubber", "flow", 24.0, 36.0)
    stored = plant.query(f"SELECT before, after, expires_at FROM headrace.adjustments WHERE id = '{proposed.id}'")
    assert stored == [(24.0, 36.0, None)]
    plant.assert_as_undisturbed()
