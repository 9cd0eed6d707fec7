"""Starting, stopping, and being killed."""

import json
import signal
import socket
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from clickhouse_driver import Client, errors

from tests.infra.local.clickhouse.endpoint import HOST, USERS, Endpoint, command


def failed_start(*options: str) -> str:
    """What a start that must fail says on stderr."""
    run = subprocess.run(command(*options), capture_output=True, text=True, timeout=60)
    assert run.returncode == 1
    assert run.stdout == ""
    return run.stderr


@pytest.fixture
def users(tmp_path: Path) -> str:
    path = tmp_path / "accounts.json"
    path.write_text(json.dumps(USERS))
    return str(path)


def test_without_accounts_it_does_not_start(tmp_path: Path) -> None:
    message = failed_start("--path", str(tmp_path / "data"))
    assert message.startswith("clickhouse endpoint: no accounts")
    assert message.count("\n") == 1
    assert not (tmp_path / "data").exists()


@pytest.mark.parametrize("option", ["--tcp-port", "--http-port"])
def test_a_taken_port_is_one_line(tmp_path: Path, users: str, option: str) -> None:
    with socket.create_server((HOST, 0)) as taken:
        port = taken.getsockname()[1]
        ports = {"--tcp-port": "0", "--http-port": "0", option: str(port)}
        message = failed_start("--path", str(tmp_path / "data"), "--users", users, *sum(ports.items(), ()))
    assert message == f"clickhouse endpoint: cannot listen on {HOST}:{port}: Address already in use\n"
    assert not (tmp_path / "data").exists()


def test_a_path_that_another_process_owns_is_one_line(endpoint: Endpoint, users: str) -> None:
    message = failed_start("--path", str(endpoint.data), "--users", users, "--tcp-port", "0", "--http-port", "0")
    pid = endpoint.process.pid
    assert message == f"clickhouse endpoint: {endpoint.data} is in use by another process (PID: {pid})\n"


def test_a_path_that_is_no_folder_is_one_line(tmp_path: Path, users: str) -> None:
    (tmp_path / "file").write_text("")
    message = failed_start("--path", str(tmp_path / "file"), "--users", users, "--tcp-port", "0", "--http-port", "0")
    assert message == f"clickhouse endpoint: cannot use {tmp_path / 'file'}: File exists\n"


def test_what_was_acknowledged_survives_being_killed(start: Callable[..., Endpoint]) -> None:
    acknowledged: list[int] = []

    def insert_until_killed(endpoint: Endpoint, enough: threading.Event) -> None:
        with endpoint.client() as client:
            number = len(acknowledged)
            while True:
                try:
                    client.execute("INSERT INTO t VALUES", [(number, "x" * 50)] * 100)
                except (errors.Error, OSError, EOFError):
                    return
                acknowledged.append(number)
                number += 1
                if number % 30 == 29:
                    enough.set()

    for round_ in range(3):
        endpoint = start()
        with endpoint.client() as client:
            if not round_:
                client.execute("CREATE TABLE t (n UInt64, s String) ENGINE = MergeTree ORDER BY n")
            stored = dict(client.execute("SELECT n, count() FROM t GROUP BY n"))
        assert {number: stored.get(number) for number in acknowledged} == dict.fromkeys(acknowledged, 100)
        assert set(stored.values()) <= {100}, "a part of a block is visible"
        unacknowledged = set(stored) - set(acknowledged)
        assert len(unacknowledged) <= 1, "more than the block in flight was stored"
        acknowledged.extend(unacknowledged)
        acknowledged.sort()
        enough = threading.Event()
        inserting = threading.Thread(target=insert_until_killed, args=(endpoint, enough))
        inserting.start()
        enough.wait(60)
        endpoint.kill()
        inserting.join()
    assert len(acknowledged) >= 60


def runs(client: Client, marker: str) -> bool:
    """Whether a query with this word runs besides the one that asks."""
    return bool(client.execute(f"SELECT count() > 1 FROM system.processes WHERE query LIKE '%{marker}%'")[0][0])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_0_and_what_runs_is_finished(
    start: Callable[..., Endpoint], number: signal.Signals
) -> None:
    endpoint = start()
    results: list[object] = []
    with endpoint.client() as idle, endpoint.client() as busy:
        idle.execute("SELECT 1")
        sql = "SELECT sum(sleepEachRow(0.2) + 1) AS slow FROM numbers(10) SETTINGS max_block_size = 1"
        query = threading.Thread(target=lambda: results.append(busy.execute(sql)))
        query.start()
        while not runs(idle, "slow") and query.is_alive():
            pass
        assert endpoint.stop(number) == 0
        query.join()
    assert results == [[(10,)]]
    assert "Traceback" not in endpoint.log.read_text()


def test_a_query_that_takes_too_long_does_not_keep_it(start: Callable[..., Endpoint]) -> None:
    endpoint = start()
    outcomes: list[object] = []

    def run_for_ever() -> None:
        with endpoint.client() as client:
            try:
                outcomes.append(client.execute("SELECT sum(sipHash64(number)) AS slow FROM numbers(1000000000000)"))
            except (errors.Error, OSError, EOFError) as error:
                outcomes.append(error)

    query = threading.Thread(target=run_for_ever)
    query.start()
    with endpoint.client() as client:
        while not runs(client, "slow"):
            pass
    assert endpoint.stop() == 0
    query.join()
    assert isinstance(outcomes[0], Exception)


def test_data_and_their_default_database_are_found_again(start: Callable[..., Endpoint]) -> None:
    for round_ in range(2):
        endpoint = start()
        with endpoint.client() as client:
            client.execute("CREATE TABLE IF NOT EXISTS kept (n Int64) ENGINE = MergeTree ORDER BY n")
            client.execute("INSERT INTO kept VALUES", [(round_,)])
            assert client.execute("SELECT n FROM kept ORDER BY n") == [(n,) for n in range(round_ + 1)]
            assert client.execute("SELECT count() FROM system.databases WHERE engine = 'Atomic'") == [(1,)]
        assert endpoint.stop() == 0


def test_help_tells_every_option() -> None:
    text = subprocess.run(command("--help"), capture_output=True, text=True, timeout=60, check=True).stdout
    for option in ("--path", "--host", "--tcp-port", "--http-port", "--users", "--log-level"):
        assert option in text
