"""Nothing lost, nothing twice: the worker is killed and comes back, the rows are those of an undisturbed run."""

import json
import random
import time
from collections.abc import Callable, Iterator
from itertools import count as count_up
from itertools import islice
from typing import Any

import msgspec
import pytest
from kafka import KafkaAdminClient, TopicPartition

from streams.scrape import scrape
from tests.end_to_end.plant import Plant
from tests.oracle import Oracle, Window

TOPOLOGY = """
topology: NAME
site: s
time: {idle_timeout: 2s}
sources: {machine.events: {partitions: 3}}
windows:
  - {name: 10s, size: 10s, lateness: 5s}
  - {name: 30s, size: 30s, advance: 10s, lateness: 5s}
detectors:
  - {name: high, kind: limit, metrics: [t], high: 3.0}
  - {name: gone, kind: missing, metrics: [t], timeout: 20s}
sinks: {clickhouse: {readings: true}}
"""
START = 1_760_000_000_000


def disordered(count: int, seed: int = 1) -> list[tuple[int, bytes]]:
    """Such events, a few more than `count` with the repeated ones."""
    records: list[tuple[int, bytes]] = []
    for group in islice(endless(seed), count):
        records += group
    return records


def endless(seed: int = 1) -> Iterator[list[tuple[int, bytes]]]:
    """Events of 60 assets: in order, a bit out of order, late, repeated, from the future, and broken ones."""
    rng = random.Random(seed)
    for number in count_up():
        asset = rng.randrange(60)
        ts = START + number * 10
        draw = rng.random()
        if draw < 0.3:
            ts -= rng.randrange(4_000)
        elif draw < 0.32:
            ts -= rng.randrange(20_000, 200_000)
        elif draw < 0.322:
            ts = int(time.time() * 1000) + 3_600_000
        value = {"ts": ts, "site": "s", "asset": f"a{asset}", "values": {"t": rng.gauss(0, 1.5), "p": rng.random()}}
        encoded = json.dumps(value).encode()
        if draw > 0.999:
            encoded = encoded[: rng.randrange(len(encoded))]
        yield [(asset % 3, encoded)] * (1 + (0.99 < draw < 0.999))


def test_a_worker_killed_in_the_middle_changes_nothing(deploy: Callable[[str], Plant]) -> None:
    plant = deploy(TOPOLOGY)
    records = disordered(120_000)
    rng = random.Random(7)
    for part in range(0, len(records), 40_000):  # each worker finds something new: all may be done in a second
        plant.send("machine.events", records[part : part + 40_000])
        worker = plant.worker()
        worker.wait_for("progress", lambda worker=worker: worker.processed() > 0)
        time.sleep(rng.random() * 0.6)
        worker.kill()
    plant.run_to_the_end()
    plant.assert_as_undisturbed()
    assert "nothing lost, nothing twice" in plant.command("audit").stdout


def test_the_audit_says_where_nothing_has_been_read(deploy: Callable[[str], Plant]) -> None:
    assert "nothing has been read yet" in deploy(TOPOLOGY).command("audit").stdout


def test_the_audit_finds_a_row_that_was_removed_and_one_that_was_doubled(deploy: Callable[[str], Plant]) -> None:
    plant = deploy(TOPOLOGY)
    plant.send("machine.events", disordered(3_000))
    plant.run_to_the_end()
    assert plant.command("audit").returncode == 0
    mine = f"topology = '{plant.topology.topology}'"
    one = plant.query(f"SELECT id FROM headrace.aggregates WHERE {mine} ORDER BY id LIMIT 1")[0][0]
    plant.query(
        "INSERT INTO headrace_store.aggregates SELECT * REPLACE (toDateTime64('2020-01-01', 3, 'UTC') AS window_start) "
        f"FROM headrace_store.aggregates WHERE id = '{one}' AND {mine}"
    )
    doubled = plant.command("audit", check=False)
    assert doubled.returncode == 1
    assert "aggregates in ClickHouse" in doubled.stdout
    assert f"\n2 rows with id {one}\n" in doubled.stdout
    plant.query(f"ALTER TABLE headrace_store.aggregates DELETE WHERE id = '{one}' SETTINGS mutations_sync = 1")
    removed = json.loads(plant.command("audit", "--json", check=False).stdout)
    failed = {check["name"]: check["expected"] - check["found"] for check in removed["checks"] if not check["holds"]}
    assert failed["aggregates in ClickHouse"] == 1
    assert failed["distinct ids of aggregates in ClickHouse"] == 1
    [where] = {place for check in removed["checks"] if not check["holds"] for place in check["where"]}
    message = next(m for m in plant.log("aggregates") if dict(m.headers)["ce_id"] == one.encode())
    assert where == f"no row for aggregates/{message.partition}/{message.offset}, id {one}"


def test_the_audit_finds_a_row_in_the_place_of_another_and_records_that_were_taken_for_gaps(
    deploy: Callable[[str], Plant],
) -> None:
    plant = deploy(TOPOLOGY)
    plant.send("machine.events", disordered(3_000))
    plant.run_to_the_end()
    mine = f"topology = '{plant.topology.topology}'"
    one = plant.query(f"SELECT id FROM headrace.anomalies WHERE {mine} ORDER BY id LIMIT 1")[0][0]
    rename(plant, one, "another")
    plant.query(
        f"ALTER TABLE headrace_store.ledger UPDATE records = records - 1, gaps = gaps + 1 WHERE {mine} "
        "AND topic = 'machine.events' SETTINGS mutations_sync = 1"
    )
    found = failed(plant)
    assert found.keys() == {"the same ids in anomalies and on anomalies", "records in the log"}
    message = next(m for m in plant.log("anomalies") if dict(m.headers)["ce_id"] == one.encode())
    assert found["the same ids in anomalies and on anomalies"] == [
        f"no row for anomalies/{message.partition}/{message.offset}, id {one}",
        "no message for the row with id another",
    ]


def test_the_audit_tells_records_that_were_deleted_before_they_were_read_from_those_deleted_later(
    deploy: Callable[[str], Plant],
) -> None:
    plant = deploy(TOPOLOGY)
    plant.send("machine.events", disordered(3_000))
    plant.run_to_the_end()
    plant.send("machine.events", disordered(3_000, seed=2))
    plant.run_to_the_end()
    delete(plant, "machine.events", 0, 500)
    assert failed(plant) == {}
    plant.send("machine.events", disordered(3_000, seed=3))
    [(end,)] = plant.query(
        f"SELECT max(next_offset) FROM headrace.ledger WHERE topology = '{plant.topology.topology}' "
        "AND topic = 'machine.events' AND partition = 0"
    )
    delete(plant, "machine.events", 0, end + 100)
    plant.run_to_the_end()
    assert failed(plant).keys() == {"records deleted before they were read"}


def test_an_older_row_of_the_ledger_that_arrives_later_takes_no_newer_ones_place(
    deploy: Callable[[str], Plant],
) -> None:
    """A worker that was stopped in the midst of an insert wakes after the partition went idle elsewhere."""
    plant = deploy(TOPOLOGY)
    plant.send("machine.events", disordered(3_000))
    plant.run_to_the_end()
    mine = f"topology = '{plant.topology.topology}' AND topic = 'machine.events'"
    assert plant.query(f"SELECT max(settled) FROM headrace.ledger WHERE {mine}")[0][0] > 0
    plant.query(
        "INSERT INTO headrace_store.ledger SELECT * REPLACE (0 AS settled, 0 AS aggregates) "
        f"FROM headrace.ledger AS old WHERE {mine} AND old.settled > 0"
    )
    assert plant.query(f"SELECT count() FROM headrace.ledger WHERE {mine} AND settled = 0 AND aggregates = 0")[0][0] > 0
    assert failed(plant) == {}


def test_a_changed_topology_waits_while_there_are_rows_that_were_not_committed(deploy: Callable[[str], Plant]) -> None:
    """A worker was killed in between: the topology as it was has to give these rows once more."""
    plant = deploy(TOPOLOGY)
    plant.send("machine.events", disordered(1_000))
    plant.run_to_the_end()
    as_it_was = plant.file.read_text()
    written = [
        (0, "old.next_offset + 5 AS next_offset, old.changes + 2 AS changes"),  # of a later change: not looked at
        (1, "old.next_offset + 5 AS next_offset"),
        (2, "old.settled + 1 AS settled"),
    ]
    for partition, how in written:
        plant.query(
            "INSERT INTO headrace_store.ledger "
            f"SELECT * REPLACE ({how}) FROM headrace.ledger AS old WHERE topology = '{plant.topology.topology}' "
            f"AND topic = 'machine.events' AND partition = {partition} AND old.changes = 0 "
            "ORDER BY old.next_offset DESC, old.settled DESC LIMIT 1"
        )
    plant.file.write_text(as_it_was.replace("high: 3.0", "high: 2.5"))
    worker = plant.worker("changed")
    refused = [f"machine.events/{partition} were written up to" for partition in (1, 2)]
    worker.wait_for("the reasons", lambda: all(reason in worker.log.read_text() for reason in refused))
    metrics = scrape(worker.address)
    assert metrics is not None
    assert not metrics.ready
    assert "machine.events/0 were written" not in worker.log.read_text()
    assert worker.stop() == 0
    plant.file.write_text(as_it_was)
    plant.send("machine.events", disordered(1_000, seed=2))
    plant.run_to_the_end()
    plant.file.write_text(as_it_was.replace("high: 3.0", "high: 2.5"))
    plant.run_to_the_end()
    assert failed(plant) == {}


def rename(plant: Plant, old: str, new: str) -> None:
    """Put a flag in the place of another."""
    table, mine = "headrace_store.anomalies", f"topology = '{plant.topology.topology}'"
    plant.query(
        f"INSERT INTO {table} SELECT * REPLACE ('{new}' AS id) FROM {table} AS old WHERE old.id = '{old}' AND {mine}"
    )
    plant.query(f"ALTER TABLE {table} DELETE WHERE id = '{old}' AND {mine} SETTINGS mutations_sync = 1")


def failed(plant: Plant) -> dict[str, list[str]]:
    """The equations that do not hold, and where."""
    return {check["name"]: check["where"] for check in checks(plant)}


def checks(plant: Plant) -> list[dict[str, Any]]:
    """The equations that do not hold."""
    found = json.loads(plant.command("audit", "--json", check=False).stdout)["checks"]
    return [check for check in found if not check["holds"]]


def delete(plant: Plant, topic: str, partition: int, before: int) -> None:
    """Take records from a log as retention does."""
    admin = KafkaAdminClient(bootstrap_servers=plant.stack.kafka)
    admin.delete_records({TopicPartition(topic, partition): before})
    admin.close()


def test_the_windows_in_clickhouse_are_those_of_the_oracle(deploy: Callable[[str], Plant]) -> None:
    plant = deploy(TOPOLOGY)
    plant.send("machine.events", disordered(20_000, seed=2))
    plant.run_to_the_end()
    expected = {}
    for partition in range(3):
        oracle = Oracle([Window("10s", 10_000, 10_000, 5_000), Window("30s", 30_000, 10_000, 5_000)])
        log = [r for r in plant.log("machine.events") if r.partition == partition]
        oracle.read((record.offset, record.timestamp, record.value) for record in log)
        expected |= oracle.rows(closed_only=False)
    columns = "window, toUnixTimestamp64Milli(window_start), site, asset, metric"
    statistics = ["count", "first", "last", "min", "max", "offset", "sum", "mean", "stddev"]
    rows = plant.query(
        f"SELECT {columns}, {', '.join(statistics)} FROM headrace.aggregates "
        f"WHERE topology = '{plant.topology.topology}'"
    )
    assert {row[:5] for row in rows} == expected.keys()
    assert len(rows) == len(expected)
    for row in rows:
        found, wanted = dict(zip(statistics, row[5:], strict=True)), expected[row[:5]]
        assert {name: found[name] for name in statistics[:6]} == {name: wanted[name] for name in statistics[:6]}
        for name in statistics[6:]:
            assert found[name] == pytest.approx(wanted[name], rel=1e-9, abs=1e-9)


def test_bad_input_lands_once_in_dead_letters_and_its_neighbours_are_unharmed(deploy: Callable[[str], Plant]) -> None:
    plant = deploy(TOPOLOGY.replace("partitions: 3", "partitions: 3, max_message: 16777216"))
    good = [
        (0, json.dumps({"ts": START + i, "site": "s", "asset": "a", "values": {"t": 1.0}}).encode()) for i in range(50)
    ]
    bad: list[bytes | None] = [
        b"", None, b"{", b"null", b"[]", b"\xff\xfe", b"[1, 2]",
        b'{"ts": 1, "site": "s", "asset": "a", "values": {"t": 1}}',
        b'{"ts": 4070908800000, "site": "s", "asset": "a", "values": {"t": 1}}',
        b'{"ts": 1760000000000, "site": "s", "asset": "a", "values": {"t": NaN}}',
        b'{"ts": 1760000000000, "site": "s", "asset": "a", "values": {"t": 1e999}}',
        b'{"ts": 1760000000000, "site": "s", "asset": "a", "values": {"t": "x"}}',
        b'{"ts": 1760000000000, "site": "s", "asset": "a", "values": {"t": 1}}{"ts": 1}',
        b'{"ts": 1760000000000, "site": "s", "asset": "a", "values": {"t": 1}, "x": "' + b"y" * 10_000_000 + b'"}',
    ]  # fmt: skip
    mixed: list[tuple[int, bytes | None]] = [*good]
    for at, value in enumerate(bad):
        mixed.insert(3 * at + 1, (0, value))
    plant.send("machine.events", mixed)
    plant.run_to_the_end()
    plant.assert_as_undisturbed()
    name = plant.topology.topology
    letters = plant.query(f"SELECT offset, reason, scope FROM headrace.dead_letters WHERE topology = '{name}'")
    two_elements = 1  # the frame [1, 2] is refused element by element
    assert len(letters) == len(bad) + two_elements
    assert len({offset for offset, _, _ in letters}) == len(bad)
    assert plant.query(f"SELECT count() FROM headrace.readings WHERE topology = '{name}'") == [(50,)]
    assert plant.query(f"SELECT sum(count) FROM headrace.aggregates WHERE topology = '{name}' AND window = '10s'") == [
        (50,)
    ]


def test_result_messages_carry_their_cloudevents_attributes(deploy: Callable[[str], Plant]) -> None:
    plant = deploy(TOPOLOGY)
    event = {"ts": START, "site": "s", "asset": "a", "values": {"t": 9.0}}
    plant.send("machine.events", [(1, json.dumps(event).encode())])
    plant.run_to_the_end()
    record = plant.log("anomalies")[0]
    headers = dict(record.headers)
    assert record.key == b"s/a"
    assert record.partition == 1
    assert headers["ce_specversion"] == b"1.0"
    assert headers["ce_type"] == b"headrace.anomaly.v1"
    assert headers["ce_source"] == f"/headrace/{plant.topology.topology}/machine.events/1".encode()
    assert headers["ce_id"].decode() == msgspec.json.decode(record.value)["id"]
