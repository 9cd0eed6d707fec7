"""The example configuration, as Alertmanager and its amtool read it."""

import asyncio
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from sinks.alertmanager.outlet import Alertmanager
from tests.sinks.alertmanager.server import Server, command
from tests.sinks.transitions import NOW, Written, transition

FILE = Path(__file__).parents[3] / "infra" / "alertmanager" / "alertmanager.yml"


def amtool(*arguments: str) -> str:
    done = subprocess.run(**command("amtool", *arguments), capture_output=True, text=True, check=True, timeout=30)
    return done.stdout


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    server = Server(tmp_path, FILE.read_text(encoding="utf-8")).start()
    yield server
    server.stop()


def test_amtool_finds_nothing_amiss() -> None:
    assert "SUCCESS" in amtool("check-config", str(FILE))


@pytest.mark.parametrize(
    ("severity", "receiver"),
    [
        ("critical", "duty-engineer"),
        ("high", "control-room"),
        ("medium", "shift-log"),
        ("low", "shift-log"),
    ],
)
def test_every_priority_goes_to_whom_it_concerns(severity: str, receiver: str) -> None:
    labels = ("alertname=nox-high", "site=hongyang", "asset=stack-1", f"severity={severity}")
    assert amtool("config", "routes", "test", f"--config.file={FILE}", *labels).split() == [receiver]


def test_a_critical_alarm_inhibits_what_else_its_own_machine_reports(server: Server) -> None:
    async def show() -> None:
        board = Alertmanager([server.url], events := Written())
        for asset, name, priority in (
            ("stack-1", "nox-high", "critical"),
            ("stack-1", "o2-low", "low"),
            ("stack-2", "o2-low", "low"),
        ):
            board.update(transition(asset=asset, alarm=f"{name} of {asset}", name=name, priority=priority), NOW)
        board.caught_up()
        task = asyncio.create_task(board.run())
        while not events.taken:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    asyncio.run(show())

    def shown() -> list[tuple[str, str]]:
        return sorted((alert["labels"]["asset"], alert["labels"]["alertname"]) for alert in server.alerts())

    server.wait_for("the inhibition", lambda alerts: len(alerts) == 2)
    assert shown() == [("stack-1", "nox-high"), ("stack-2", "o2-low")]
