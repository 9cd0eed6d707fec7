import stat
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from infra.local import record
from infra.local.errors import StackError
from infra.local.ports import Ports
from infra.local.processes import Process
from infra.local.record import Record

PROCESS = Process(pid=4711, birth="boot/1", started_at=datetime(2026, 1, 1, tzinfo=UTC))


def test_a_record_is_read_as_it_was_written_and_only_the_user_can_read_it(tmp_path: Path) -> None:
    written = Record(str(tmp_path), Ports(1, 2, 3), {"kafka": PROCESS})
    record.save(tmp_path, written)
    assert record.load(tmp_path) == written
    assert stat.S_IMODE((tmp_path / "stack.json").stat().st_mode) == 0o600


def test_a_copy_of_a_folder_has_its_ports_but_not_its_processes(tmp_path: Path) -> None:
    record.save(tmp_path, Record("/another/folder", Ports(1, 2, 3), {"kafka": PROCESS}))
    assert record.load(tmp_path) == Record(str(tmp_path), Ports(1, 2, 3))


def test_a_folder_without_a_stack_has_no_record(tmp_path: Path) -> None:
    assert record.load(tmp_path) is None
    assert record.load(tmp_path / "missing") is None


@pytest.mark.parametrize("content", ["", "{", '{"folder": "/", "ports": {"kafka": "many"}}', "\ufffd"])
def test_a_damaged_record_is_a_one_line_error(tmp_path: Path, content: str) -> None:
    (tmp_path / "stack.json").write_text(content)
    with pytest.raises(StackError, match=r"stack\.json is damaged") as caught:
        record.load(tmp_path)
    assert "\n" not in str(caught.value)


def test_a_file_in_the_place_of_the_data_folder_is_a_one_line_error(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(StackError, match=r"cannot use .*file as data folder: Not a directory"),
        record.locked(tmp_path / "file", waiting=lambda: None),
    ):
        pass


def test_a_new_data_folder_is_private_and_ignored_by_git(tmp_path: Path) -> None:
    data = tmp_path / "deep" / "data"
    with record.locked(data, waiting=lambda: None):
        pass
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    assert (data / ".gitignore").read_text() == "*\n"


def test_a_folder_that_was_there_before_keeps_its_permissions_and_gets_no_gitignore(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    with record.locked(tmp_path, waiting=lambda: None):
        pass
    assert stat.S_IMODE(tmp_path.stat().st_mode) == 0o755
    assert not (tmp_path / ".gitignore").exists()


def test_the_second_waits_until_the_first_has_left(tmp_path: Path) -> None:
    order: list[str] = []
    second_waits = threading.Event()

    def second() -> None:
        with record.locked(tmp_path, waiting=second_waits.set):
            order.append("second")

    thread = threading.Thread(target=second)
    with record.locked(tmp_path, waiting=lambda: order.append("never")):
        thread.start()
        assert second_waits.wait(60)
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
