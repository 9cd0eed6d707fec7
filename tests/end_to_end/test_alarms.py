"""Alarms with a real broker, engine and workers: from a reading to a row, and back by an operator's word."""

import json
import random
import time
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from schemas.results import Alarm
from schemas.topics import ALARM_ACTIONS
from streams.scrape import scrape
from tests.end_to_end.plant import Plant, Worker
from tests.end_to_end.test_exactly_once import delete
from tests.waiting import wait_until

TOPOLOGY = """
topology: NAME
site: s
time: {idle_timeout: 2s}
metrics: {nox: {unit: mg/m3}}
sources: {machine.events: {partitions: 3}}
alarms:
  - {name: nox-high, metrics: [nox], high: 200, deadband: 10, priority: critical}
alarm_system: {partitions: 2}
"""
START = 1_760_000_000_000
TOPIC = ALARM_ACTIONS.name


def reading(second: int, asset: str, value: float) -> bytes:
    ts = START + second * 1_000
    return json.dumps({"ts": ts, "site": "s", "asset": asset, "values": {"nox": value}}).encode()


def alarms(plant: Plant) -> list[Alarm]:
    """The transitions on the topic, in order within each partition."""
    return [msgspec.json.decode(value, type=Alarm) for _, _, value in plant.messages("alarms")]


def wait_for_alarms(plant: Plant, worker: Worker, count: int) -> list[Alarm]:
    worker.wait_for(f"{count} transitions", lambda: len(alarms(plant)) >= count)
    return alarms(plant)


def rows(plant: Plant, columns: str) -> list[tuple[Any, ...]]:
    """A row of each message: they follow."""
    name = plant.topology.topology
    sql = f"SELECT {columns} FROM headrace.alarms WHERE topology = '{name}' ORDER BY partition, offset"
    wait_until("a row of each message", lambda: len(plant.query(sql)) >= len(alarms(plant)), 10)
    return plant.query(sql)


def test_a_condition_becomes_an_alarm_on_the_topic_and_in_the_table(deploy: Callable[[str], Plant]) -> None:
    plant = deploy(TOPOLOGY)
    plant.send("machine.events", [(0, reading(0, "a", 100.0)), (0, reading(1, "a", 250.0))])
    worker = plant.worker()
    [raised] = wait_for_alarms(plant, worker, 1)
    assert (raised.transition, raised.state, raised.priority, raised.value) == (
        "raised",
        "unacknowledged",
        "critical",
        250,
    )
    assert (raised.ts, raised.limit, raised.by, raised.flood) == (START + 1_000, 200.0, "headrace", False)
    assert raised.reason == "250 mg/m3 is above the high limit of 200 mg/m3"
    columns = "id, alarm, state, active, toUnixTimestamp64Milli(raised_at), value, until, flood"
    assert rows(plant, columns) == [(raised.id, raised.alarm, "unacknowledged", 1, START + 1_000, 250.0, None, 0)]
    plant.send("machine.events", [(0, reading(2, "a", 150.0))])
    returned = wait_for_alarms(plant, worker, 2)[1]
    assert (returned.alarm, returned.transition, returned.state) == (
        raised.alarm,
        "returned",
        "returned_unacknowledged",
    )
    worker.wait_until_drained()
    assert worker.stop() == 0
    plant.assert_as_undisturbed()
    plant.assert_conditions_as_undisturbed()


def test_an_operator_acknowledges_and_shelves_and_time_brings_the_alarm_back(deploy: Callable[[str], Plant]) -> None:
    plant = deploy(TOPOLOGY)
    plant.send("machine.events", [(0, reading(1, "a", 250.0))])
    worker = plant.worker()
    [raised] = wait_for_alarms(plant, worker, 1)
    [listed] = standing(plant)
    assert (listed["alarm"], listed["state"], listed["limit"]) == (raised.alarm, "unacknowledged", 200.0)
    assert listed["active"] is True
    assert (listed["raised_at"], listed["until"]) == (START + 1_000, None)
    said = plant.command("alarm", "ack", raised.alarm, "--by", "李雷", "--reason", "valve [b]reopened").stdout
    assert said == "acknowledge sent for nox-high of s/a, by 李雷\n"
    acknowledged = wait_for_alarms(plant, worker, 2)[1]
    assert (acknowledged.state, acknowledged.by, acknowledged.reason) == ("acknowledged", "李雷", "valve [b]reopened")
    assert raised.alarm in plant.command("alarm", "list", COLUMNS="200").stdout
    plant.command("alarm", "shelve", raised.alarm, "--for", "1s", "--by", "li", "--reason", "probe is cleaned")
    [shelved, expired] = wait_for_alarms(plant, worker, 4)[2:]
    assert shelved.until == expired.ts == shelved.ts + 1_000
    assert (expired.transition, expired.state, expired.by) == ("shelf_expired", "unacknowledged", "headrace")
    plant.command("alarm", "unshelve", raised.alarm, "--by", "li", "--reason", "too late")
    [bad] = [record.offset for record in _send_alarm_action(plant, raised.partition, b'{"action": "ack"}')]
    worker.wait_for("dead letters", lambda: len(plant.messages("dead.letters")) == 2)
    columns = "reason, topic, key, offset"
    letters = plant.query(f"SELECT {columns} FROM headrace.dead_letters WHERE topology = '{raised.topology}'")
    assert sorted(letter[:2] for letter in letters) == [("not_applicable", TOPIC), ("wrong_type", TOPIC)]
    assert (bad, "s/a") in [(letter[3], letter[2]) for letter in letters]
    plant.command("alarm", "shelve", raised.alarm, "--for", "1s", "--by", "li", "--reason", "and nobody is there")
    wait_for_alarms(plant, worker, 5)
    worker.kill()
    time.sleep(1.0)
    worker = plant.worker()
    assert [one.transition for one in wait_for_alarms(plant, worker, 6)[4:]] == ["shelved", "shelf_expired"]
    worker.wait_until_drained()
    assert worker.stop() == 0
    plant.assert_as_undisturbed()
    plant.assert_conditions_as_undisturbed()
    assert "nothing lost, nothing twice" in plant.command("audit").stdout


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("ack", "0123", "--reason", "why"), "no alarm 0123 of t"),
        (("shelve", "0123", "--for", "9h", "--reason", "why"), "--for 9h is too long: the longest shelf is 8h"),
        (("ack", "0123", "--reason", ""), "--reason takes 1 to 1000 characters"),
    ],
)
def test_what_an_operator_cannot_do_is_told_in_one_line(
    deploy: Callable[[str], Plant], arguments: tuple[str, ...], says: str
) -> None:
    refused = deploy(TOPOLOGY).command("alarm", *arguments, check=False)
    assert refused.returncode == 1
    assert says in refused.stderr
    assert refused.stderr.count("\n") == 1


def test_a_worker_killed_again_and_again_loses_and_doubles_no_transition(deploy: Callable[[str], Plant]) -> None:
    plant = deploy(TOPOLOGY)
    records = changing(20_000)
    rng = random.Random(3)
    for part in range(0, 20_000, 6_667):  # each worker finds something new: all may be done in a second
        plant.send("machine.events", records[part : part + 6_667])
        worker = plant.worker()
        worker.wait_for("progress", lambda worker=worker: worker.processed() > 0)
        time.sleep(rng.random())
        worker.kill()
    plant.run_to_the_end()
    assert len(alarms(plant)) > 5_000
    plant.assert_as_undisturbed()
    plant.assert_conditions_as_undisturbed()
    assert_in_order(alarms(plant))
    assert "nothing lost, nothing twice" in plant.command("audit").stdout
    delete(plant, TOPIC, 0, 1_000)
    assert "nothing lost, nothing twice" in plant.command("audit").stdout


def test_of_two_workers_one_is_killed_and_no_alarm_is_raised_twice_at_once(deploy: Callable[[str], Plant]) -> None:
    plant = deploy(TOPOLOGY)
    records = changing(20_000)
    plant.send("machine.events", records[:10_000])
    first, second = plant.worker("w1"), plant.worker("w2")
    second.wait_for("a share of the partitions", lambda: partitions(second) > 0 and partitions(first) > 0)
    plant.send("machine.events", records[10_000:])
    first.kill()
    second.wait_for("the partitions of the killed worker", lambda: partitions(second) == 5)
    second.wait_until_drained()
    assert second.stop() == 0
    assert len(alarms(plant)) > 5_000
    plant.assert_as_undisturbed()
    plant.assert_conditions_as_undisturbed()
    assert_in_order(alarms(plant))


def standing(plant: Plant) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(plant.command("alarm", "list", "--json").stdout)["alarms"]
    return found


def changing(count: int) -> list[tuple[int, bytes]]:
    """Readings of 60 assets that pass the limit and come back, about every other time."""
    rng = random.Random(5)
    assets = [rng.randrange(60) for _ in range(count)]
    return [
        (asset % 3, reading(second, f"a{asset}", rng.choice((100.0, 250.0)))) for second, asset in enumerate(assets)
    ]


def partitions(worker: Worker) -> int:
    """Partitions that a worker says it has."""
    metrics = scrape(worker.address)
    return len(metrics.all("headrace_windows_open")) if metrics else 0


def assert_in_order(transitions: list[Alarm]) -> None:
    """Each alarm's transitions go on from one another, and it is raised and returns in turn."""
    state: dict[str, str] = {}
    active: dict[str, bool] = {}
    for one in transitions:
        assert one.previous == state.get(one.alarm, "normal")
        if one.transition in ("raised", "returned"):
            assert active.get(one.alarm, False) == (one.transition == "returned")
        state[one.alarm], active[one.alarm] = one.state, one.active


def _send_alarm_action(plant: Plant, partition: int, value: bytes) -> list[Any]:
    """Append a record, and find it in the log."""
    plant.send(TOPIC, [(partition, value)])
    return [record for record in plant.log(TOPIC) if record.value == value]
