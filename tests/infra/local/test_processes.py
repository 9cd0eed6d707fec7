import os
import signal
import stat
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec
import pytest

from infra.local import processes
from infra.local.processes import Process

Run = Callable[[str], Process]


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    """Starts a Python program whose output goes to `log`; what is left at the end is killed."""
    started: list[Process] = []

    def start(program: str) -> Process:
        process = processes.start([sys.executable, "-uc", program], tmp_path, tmp_path / "log", {"GREETING": "hello"})
        started.append(process)
        return process

    yield start
    processes.stop(started, patience=0)


def wait_for(log: Path, text: str) -> None:
    while not log.exists() or text not in log.read_text():
        time.sleep(0.01)


def test_output_and_errors_are_appended_to_the_log(run: Run, tmp_path: Path) -> None:
    (tmp_path / "log").write_text("before\n")
    process = run("import os, sys; print(os.environ['GREETING']); sys.exit('goodbye')")
    while process.is_alive():
        time.sleep(0.01)
    assert (tmp_path / "log").read_text() == "before\nhello\ngoodbye\n"


def test_a_process_has_its_own_session_and_working_folder_and_makes_private_files(run: Run, tmp_path: Path) -> None:
    process = run("import time; open('made', 'w'); print('ready'); time.sleep(60)")
    wait_for(tmp_path / "log", "ready")
    assert os.getsid(process.pid) == process.pid
    assert stat.S_IMODE((tmp_path / "made").stat().st_mode) == 0o600


def test_a_process_that_was_killed_is_not_alive_although_its_parent_has_not_reaped_it(run: Run) -> None:
    process = run("import time; time.sleep(60)")
    assert process.is_alive()
    process.signal(signal.SIGKILL)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert not process.is_alive()


def test_stop_lets_a_process_end_in_its_own_way(run: Run, tmp_path: Path) -> None:
    process = run(
        "import signal, sys, time\n"
        "signal.signal(signal.SIGTERM, lambda *_: sys.exit('in order'))\n"
        "print('ready')\n"
        "time.sleep(60)"
    )
    wait_for(tmp_path / "log", "ready")
    processes.stop([process], patience=60)
    assert not process.is_alive()
    assert "in order" in (tmp_path / "log").read_text()


def test_stop_kills_a_process_that_does_not_end_within_the_patience(run: Run, tmp_path: Path) -> None:
    process = run("import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('ready'); time.sleep(60)")
    wait_for(tmp_path / "log", "ready")
    processes.stop([process], patience=0.2)
    assert not process.is_alive()


def test_a_program_that_got_the_same_number_later_is_neither_alive_nor_stopped() -> None:
    with subprocess.Popen(["sleep", "60"]) as other:
        stale = Process(other.pid, "born at another time", started_at=datetime.now(UTC))
        assert not stale.is_alive()
        processes.stop([stale], patience=1)
        assert other.poll() is None
        other.kill()


def test_a_process_is_recognised_after_a_way_through_json(run: Run) -> None:
    process = run("import time; time.sleep(60)")
    assert msgspec.json.decode(msgspec.json.encode(process), type=Process).is_alive()


def test_where_there_is_no_proc_ps_tells_the_same(run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(processes, "_BOOT_ID", tmp_path / "missing")
    process = run("import time; time.sleep(60)")
    assert process.is_alive()
    processes.stop([process], patience=60)
    assert not process.is_alive()
