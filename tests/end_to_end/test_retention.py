"""The audit once retention has deleted what is old: of what is left it still proves every row and every message."""

import signal
import time
from collections.abc import Callable

from tests.end_to_end.plant import Plant
from tests.end_to_end.test_exactly_once import TOPOLOGY, checks, delete, disordered, failed


def test_the_audit_holds_for_what_retention_has_left_and_finds_what_is_missing_there(
    deploy: Callable[[str], Plant],
) -> None:
    plant = deploy(TOPOLOGY)
    records = disordered(6_000)
    for part in (records[:3_000], records[3_000:]):
        plant.send("machine.events", part)
        plant.run_to_the_end()
    messages = plant.log("aggregates")
    of_0, of_1 = ([message for message in messages if message.partition == partition] for partition in (0, 1))
    delete(plant, "aggregates", 0, of_0[len(of_0) // 2].offset)
    delete(plant, "aggregates", 1, of_1[-1].offset + 1)
    delete(plant, "dead.letters", 2, 1)
    assert failed(plant) == {}
    plant.query(
        "INSERT INTO headrace_store.aggregates "
        "SELECT * REPLACE ('another' AS id, toDateTime64('2020-01-01', 3, 'UTC') AS window_start) "
        f"FROM headrace_store.aggregates FINAL WHERE {mine(plant)} AND partition = 0 LIMIT 1"
    )
    newest, gone = (dict(message.headers)["ce_id"].decode() for message in (of_0[-1], of_1[0]))
    remove(plant, "aggregates", f"id IN ('{newest}', '{gone}')")
    found = checks(plant)
    [differ] = [check for check in found if check["name"] == "the same ids in aggregates and on aggregates"]
    no_row = f"no row for aggregates/0/{of_0[-1].offset}, id {newest}"
    assert (differ["partition"], differ["where"]) == (0, [no_row, "no message for the row with id another"])
    [fewer] = [check for check in found if check["name"] == "aggregates in ClickHouse"]
    assert (fewer["partition"], fewer["expected"] - fewer["found"]) == (1, 1)


def test_a_row_that_was_stored_long_after_the_oldest_message_left_needs_its_message(
    deploy: Callable[[str], Plant],
) -> None:
    plant = deploy(TOPOLOGY)
    plant.send("machine.events", disordered(3_000))
    plant.run_to_the_end()
    messages = [message for message in plant.log("aggregates") if message.partition == 0]
    delete(plant, "aggregates", 0, messages[-1].offset + 1)
    assert failed(plant) == {}  # a transaction marker is left
    late = dict(messages[-1].headers)["ce_id"].decode()
    plant.query(  # which takes the row's place
        "INSERT INTO headrace_store.aggregates (*, stored_at) SELECT *, now() + toIntervalDay(3) "
        f"FROM headrace_store.aggregates FINAL WHERE id = '{late}' AND {mine(plant)} "
        "SETTINGS insert_allow_materialized_columns = 1"
    )
    assert failed(plant)["the same ids in aggregates and on aggregates"] == [f"no message for the row with id {late}"]


def test_a_worker_that_retention_overtakes_goes_on_behind_what_was_deleted_and_the_audit_tells(
    deploy: Callable[[str], Plant],
) -> None:
    plant = deploy(TOPOLOGY)
    records = disordered(9_000)
    plant.send("machine.events", records[:3_000])
    worker = plant.worker()
    worker.wait_until_at_end()
    worker.process.send_signal(signal.SIGSTOP)
    time.sleep(0.5)  # a fetch that it has sent is answered with nothing before there is something
    plant.send("machine.events", records[3_000:6_000])
    end = max(record.offset for record in plant.log("machine.events") if record.partition == 0) + 1
    delete(plant, "machine.events", 0, end)
    worker.process.send_signal(signal.SIGCONT)
    plant.send("machine.events", records[6_000:])
    plant.finish(worker)
    assert "the log no longer has this position" in worker.log.read_text()
    [loss] = checks(plant)
    assert (loss["name"], loss["partition"]) == ("records deleted before they were read", 0)
    assert 0 < loss["found"] < end


def test_dead_letters_that_clickhouse_deletes_after_a_year_are_not_missed(deploy: Callable[[str], Plant]) -> None:
    plant = deploy(TOPOLOGY)
    plant.send("machine.events", [(0, b"{"), (0, b"null")])
    plant.run_to_the_end()
    delete(plant, "dead.letters", 0, 2)
    remove(plant, "dead_letters", "offset = 0")
    plant.query(  # a row of the ledger as it stood when the first letter alone had been written
        "INSERT INTO headrace_store.ledger (*, stored_at) "
        "SELECT * REPLACE (1 AS next_offset, 1 AS dead_letters), now() - toIntervalDay(367) "
        f"FROM headrace_store.ledger FINAL WHERE {mine(plant)} AND partition = 0 LIMIT 1 "
        "SETTINGS insert_allow_materialized_columns = 1"
    )
    assert failed(plant) == {}
    remove(plant, "dead_letters", "offset = 1")
    assert "dead_letters in ClickHouse" in failed(plant)


def mine(plant: Plant) -> str:
    return f"topology = '{plant.topology.topology}' AND topic = 'machine.events'"


def remove(plant: Plant, table: str, what: str) -> None:
    """Delete rows as nobody should."""
    plant.query(f"ALTER TABLE headrace_store.{table} DELETE WHERE {what} AND {mine(plant)} SETTINGS mutations_sync = 1")
