import signal
import socket
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path

from click.testing import CliRunner, Result

from infra.local import processes, record
from infra.local.__main__ import main
from infra.local.ports import HOST, free_ports
from infra.local.processes import Process
from infra.local.stack import Stack, find


def processes_of(data: Path) -> list[Process]:
    known = record.load(data)
    return list(known.processes.values()) if known else []


def run(*arguments: str | Path | int) -> Result:
    return CliRunner().invoke(main, [str(argument) for argument in arguments])


def test_status_shows_where_each_part_is_and_not_the_password(stack: Stack) -> None:
    result = run("status", "--data", stack.data)
    assert result.exit_code == 0
    now = find(stack.data)  # other tests may have killed a part and brought it up again
    assert now is not None
    for part in now.parts:
        assert f"pid {part.pid} since" in result.output
    assert stack.kafka in result.output
    assert stack.clickhouse_url_public in result.output
    assert stack.http_url in result.output
    assert stack.clickhouse_url not in result.output


def test_up_of_a_running_stack_says_that_it_is_ready(stack: Stack) -> None:
    result = run("up", "--data", stack.data)
    assert result.exit_code == 0
    assert "starting" not in result.output
    assert "ready after" in result.output


def test_status_without_a_stack_fails_with_one_line(tmp_path: Path) -> None:
    result = run("status", "--data", tmp_path)
    assert result.exit_code == 1
    assert result.output == f"Error: {tmp_path} has no stack; start one with up\n"


def test_down_without_a_stack_says_so(tmp_path: Path) -> None:
    result = run("down", "--data", tmp_path)
    assert (result.exit_code, result.output) == (0, "stopped: nothing, nothing ran\n")


def test_a_taken_port_fails_with_one_line(tmp_path: Path) -> None:
    with socket.create_server((HOST, 0)) as other:
        taken = other.getsockname()[1]
        tcp, http = islice(free_ports(), 2)
        ports = ("--kafka-port", taken, "--clickhouse-tcp-port", tcp, "--clickhouse-http-port", http)
        result = run("up", "--data", tmp_path, *ports)
    assert result.exit_code == 1
    assert result.output == f"Error: port {taken} is taken by another program; choose another with --kafka-port\n"


def test_an_interrupted_up_leaves_nothing_running(tmp_path: Path) -> None:
    kafka, tcp, http = islice(free_ports(), 3)
    ports = f"--kafka-port={kafka}", f"--clickhouse-tcp-port={tcp}", f"--clickhouse-http-port={http}"
    command = [sys.executable, "-um", "infra.local", "up", f"--data={tmp_path}", *ports]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as interrupted:
        assert interrupted.stdout is not None
        while "starting ClickHouse" not in interrupted.stdout.readline():
            assert interrupted.poll() is None
        while len(started := processes_of(tmp_path)) < 2:
            time.sleep(0.01)
        interrupted.send_signal(signal.SIGINT)
        assert "Traceback" not in interrupted.stdout.read()
    assert interrupted.returncode == 1
    surviving = [process for process in started if process.is_alive()]
    processes.stop(surviving, patience=0)
    assert surviving == []
    assert processes_of(tmp_path) == []


def test_every_verb_has_help_with_an_example() -> None:
    for verb in main.commands:
        assert "Example: " in run(verb, "--help").output
