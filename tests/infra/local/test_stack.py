"""The stack is started, killed, found and stopped for real; the tests share one data folder and its ports."""

import os
import re
import signal
import socket
import stat
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path

import pytest
from clickhouse_driver import Client
from clickhouse_driver.errors import ServerException
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition

from infra.local import record
from infra.local.errors import StackError
from infra.local.ports import HOST, answers, free_ports, is_free
from infra.local.processes import Process
from infra.local.stack import Ports, Stack, down, find, up


@pytest.fixture(scope="module")
def ports() -> Ports:
    return Ports(*islice(free_ports(), 3))


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A data folder with a name that is hard for shells, property files and URLs; what runs in it is stopped."""
    folder = tmp_path_factory.mktemp("data") / "plant 1, 锅炉 50%"
    try:
        yield folder
    finally:
        down(folder)


@pytest.fixture
def stack(data: Path, ports: Ports) -> Stack:
    return up(data, ports, print)


def pids(stack: Stack) -> dict[str, int | None]:
    return {part.name: part.pid for part in stack.parts}


def kill(stack: Stack, *names: str) -> None:
    for name in names:
        pid = pids(stack)[name]
        assert pid is not None
        os.kill(pid, signal.SIGKILL)


def produce(stack: Stack, topic: str, values: list[bytes]) -> None:
    """Create the topic, and return when the broker has acknowledged every value."""
    admin = KafkaAdminClient(bootstrap_servers=stack.kafka)
    admin.create_topics({topic: {"num_partitions": 1, "replication_factor": 1}})
    admin.close()
    producer = KafkaProducer(bootstrap_servers=stack.kafka, acks="all")
    for future in [producer.send(topic, value) for value in values]:
        future.get(timeout=30)
    producer.close()


def consume(stack: Stack, topic: str) -> list[bytes]:
    consumer = KafkaConsumer(bootstrap_servers=stack.kafka)
    partition = TopicPartition(topic, 0)
    consumer.assign([partition])
    consumer.seek_to_beginning(partition)
    end = consumer.end_offsets([partition])[partition]
    values: list[bytes] = []
    while consumer.position(partition) < end:
        for messages in consumer.poll(timeout_ms=1000).values():
            values += [message.value for message in messages]
    consumer.close()
    return values


def write_table(stack: Stack, table: str, rows: int) -> None:
    client = Client.from_url(stack.clickhouse_url.removesuffix("/headrace"))
    client.execute("CREATE DATABASE IF NOT EXISTS kept ENGINE = Atomic")
    client.execute(f"CREATE TABLE kept.{table} (n UInt64) ENGINE = MergeTree ORDER BY n")
    client.execute(f"INSERT INTO kept.{table} VALUES", [(n,) for n in range(rows)])
    client.disconnect()


def read_table(stack: Stack, table: str) -> list[tuple[int, ...]]:
    client = Client.from_url(stack.clickhouse_url.removesuffix("/headrace"))
    rows: list[tuple[int, ...]] = client.execute(f"SELECT n FROM kept.{table} ORDER BY n")
    client.disconnect()
    return rows


VALUES = [b"%d" % n for n in range(1000)]
ROWS = [(n,) for n in range(1000)]


def test_up_starts_both_parts_and_a_second_up_finds_them(stack: Stack, data: Path) -> None:
    assert stack.is_up
    again = up(data, None, print)
    assert again == stack
    assert find(data) == stack


def test_up_on_other_ports_is_refused_while_the_stack_runs(stack: Stack, data: Path) -> None:
    other = replace(stack.ports, kafka=next(free_ports()))
    with pytest.raises(StackError, match=rf"runs on other ports \(kafka {stack.ports.kafka}, .*\); stop it first"):
        up(data, other, print)
    assert find(data) == stack


def test_a_killed_broker_is_started_alone_and_has_every_acknowledged_message(stack: Stack, data: Path) -> None:
    produce(stack, "killed-broker", VALUES)
    kill(stack, "kafka")
    after = up(data, None, print)
    assert pids(after)["clickhouse"] == pids(stack)["clickhouse"]
    assert pids(after)["kafka"] != pids(stack)["kafka"]
    assert consume(after, "killed-broker") == VALUES


def test_after_both_are_killed_messages_and_rows_are_there(stack: Stack, data: Path) -> None:
    produce(stack, "both-killed", VALUES)
    write_table(stack, "both_killed", len(ROWS))
    kill(stack, "kafka", "clickhouse")
    after = up(data, None, print)
    assert consume(after, "both-killed") == VALUES
    assert read_table(after, "both_killed") == ROWS


def test_find_tells_which_part_is_down(stack: Stack, data: Path) -> None:
    kill(stack, "clickhouse")
    known = record.load(data)
    assert known is not None
    while known.processes["clickhouse"].is_alive():
        time.sleep(0.01)
    found = find(data)
    assert found is not None
    assert {part.name: (part.state, part.pid is None) for part in found.parts} == {
        "kafka": ("up", False),
        "clickhouse": ("down", True),
    }
    assert not found.is_up


def test_down_leaves_nothing_running_and_a_later_up_finds_all_data(stack: Stack, data: Path) -> None:
    produce(stack, "before-down", VALUES)
    write_table(stack, "before_down", len(ROWS))
    known = record.load(data)
    assert known is not None
    processes = list(known.processes.values())

    assert down(data) == ["clickhouse", "kafka"]
    assert not any(process.is_alive() for process in processes)
    assert all(is_free(port) for port in (stack.ports.kafka, stack.ports.clickhouse_tcp, stack.ports.clickhouse_http))
    assert down(data) == []
    found = find(data)
    assert found is not None
    assert [(part.state, part.pid, part.started_at) for part in found.parts] == [("down", None, None)] * 2

    after = up(data, None, print)
    assert after.ports == stack.ports
    assert consume(after, "before-down") == VALUES
    assert read_table(after, "before_down") == ROWS


def test_a_stopped_stack_can_move_to_other_ports_with_its_data(stack: Stack, data: Path, ports: Ports) -> None:
    produce(stack, "moved", VALUES)
    down(data)
    try:
        moved = up(data, Ports(*islice(free_ports(), 3)), print)
        assert moved.kafka != stack.kafka
        assert consume(moved, "moved") == VALUES
    finally:
        down(data)


def test_two_ups_at_the_same_time_start_one_stack(data: Path, ports: Ports) -> None:
    down(data)
    found: list[Stack] = []
    threads = [threading.Thread(target=lambda: found.append(up(data, ports, print))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    first, second = found
    assert first.is_up
    assert pids(first) == pids(second)


def test_passwords_are_in_the_users_file_alone(stack: Stack, data: Path) -> None:
    password = re.search(r"headrace:(.+)@", stack.clickhouse_url)
    assert password is not None
    users = data / "clickhouse-users.json"
    assert password[1] in users.read_text()
    assert stat.S_IMODE(users.stat().st_mode) == 0o600
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    shown = [repr(stack), stack.clickhouse_url_public, (data / "stack.json").read_text()]
    shown += [part.log.read_text() for part in stack.parts]
    assert not any(password[1] in text for text in shown)


def test_the_writer_writes_and_the_reader_only_reads(stack: Stack) -> None:
    write_table(stack, "shared", 3)
    reader = Client.from_url(stack.reader_url.removesuffix("/headrace"))
    assert reader.execute("SELECT count() FROM kept.shared") == [(3,)]
    with pytest.raises(ServerException, match="readonly"):
        reader.execute("DROP TABLE kept.shared")
    reader.disconnect()


def test_nothing_listens_beyond_the_loopback_address(stack: Stack) -> None:
    for port in (stack.ports.kafka, stack.ports.clickhouse_tcp, stack.ports.clickhouse_http):
        assert answers(port)
        with socket.socket() as another_address:  # could not be bound beneath a listener on all addresses
            another_address.bind(("127.0.0.2", port))


@pytest.mark.parametrize("name", ["kafka", "clickhouse_tcp", "clickhouse_http"])
def test_a_taken_port_is_a_one_line_error_and_nothing_is_started(tmp_path: Path, name: str) -> None:
    with socket.create_server((HOST, 0)) as other:
        taken = other.getsockname()[1]
        wanted = replace(Ports(*islice(free_ports(), 3)), **{name: taken})
        option = f"--{name.replace('_', '-')}-port"
        expected = f"^port {taken} is taken by another program; choose another with {option}$"
        with pytest.raises(StackError, match=expected):
            up(tmp_path / "data", wanted, print)
    assert find(tmp_path / "data") is None


def test_when_one_part_cannot_start_the_error_is_one_line_and_the_other_part_is_stopped(tmp_path: Path) -> None:
    log = tmp_path / "kafka" / "log"
    log.mkdir(parents=True)
    (log / "meta.properties").write_text("version=1\ncluster.id=another\nnode.id=2\n")
    with pytest.raises(StackError, match=r"^Kafka ended while it started: .*kafka\.log\)$") as caught:
        up(tmp_path, Ports(*islice(free_ports(), 3)), print)
    assert "\n" not in str(caught.value)
    found = find(tmp_path)
    assert found is not None
    assert [part.state for part in found.parts] == ["down", "down"]
    assert not answers(found.ports.clickhouse_tcp)


def test_a_program_that_got_the_number_of_a_recorded_process_is_left_alone(stack: Stack, data: Path) -> None:
    known = record.load(data)
    assert known is not None
    broker = known.processes["kafka"]
    kill(stack, "kafka")
    other = os.posix_spawnp("sleep", ["sleep", "600"], os.environ)
    try:
        known.processes["kafka"] = Process(other, broker.birth, broker.started_at)
        record.save(data, known)
        found = find(data)
        assert found is not None
        assert pids(found)["kafka"] is None
        assert down(data) == ["clickhouse"]
        assert os.waitpid(other, os.WNOHANG) == (0, 0)
    finally:
        os.kill(other, signal.SIGKILL)
        os.waitpid(other, 0)


def test_down_of_a_copied_folder_leaves_the_original_running(stack: Stack, data: Path, tmp_path: Path) -> None:
    for name in ("stack.json", "clickhouse-users.json"):
        (tmp_path / name).write_bytes((data / name).read_bytes())
    assert down(tmp_path) == []
    assert find(data) == stack


def test_a_folder_that_never_had_a_stack_has_nothing_to_find_or_stop(tmp_path: Path) -> None:
    assert find(tmp_path / "data") is None
    assert down(tmp_path / "data") == []
    assert not (tmp_path / "data").exists()
