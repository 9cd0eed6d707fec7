"""A real Alertmanager on the loopback interface, looked at with its own amtool."""

import json
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from infra.local.ports import HOST, answers, free_ports

_FETCHED = Path(__file__).parents[3] / ".tools" / "alertmanager"
"""What the Makefile fetched; its programs look for their templates from here."""

CONFIGURATION = """
route: {receiver: nobody}
receivers: [{name: nobody}]
"""


def command(program: str, *arguments: str) -> dict[str, Any]:
    """How one of the programs is started: arguments of `subprocess.run`."""
    file = _FETCHED / "usr" / "bin" / program
    assert file.exists(), f"{program} is missing: `make test` fetches it"
    return {"args": [str(file), *arguments], "cwd": _FETCHED}


class Server:
    """One Alertmanager, without a cluster. It keeps no alerts over a restart."""

    def __init__(self, folder: Path, configuration: str = CONFIGURATION, web: str | None = None) -> None:
        """`web` is the content of its --web.config.file."""
        self.port = next(free_ports())
        self.url = f"http://{HOST}:{self.port}"
        self._folder = folder
        (folder / "alertmanager.yml").write_text(configuration)
        self._more = []
        if web is not None:
            (folder / "web.yml").write_text(web)
            self._more = [f"--web.config.file={folder / 'web.yml'}"]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> "Server":
        """Start it, and wait until it answers."""
        with (self._folder / "alertmanager.log").open("ab") as log:
            self._process = subprocess.Popen(
                **command(
                    "prometheus-alertmanager", f"--config.file={self._folder / 'alertmanager.yml'}",
                    f"--storage.path={self._folder / 'data'}", f"--web.listen-address={HOST}:{self.port}",
                    "--cluster.listen-address=", *self._more,
                ),
                stdout=log, stderr=log,
            )  # fmt: skip
        deadline = time.monotonic() + 30
        while not answers(self.port):
            assert self._process.poll() is None, (self._folder / "alertmanager.log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        return self

    def stop(self) -> None:
        """End it; what it was told is forgotten."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def alerts(self) -> list[dict[str, Any]]:
        """What `amtool alert query` shows: alerts that fire."""
        done = subprocess.run(
            **command("amtool", "alert", "query", "--output=json", f"--alertmanager.url={self.url}"),
            capture_output=True, text=True, check=True, timeout=30,
        )  # fmt: skip
        found: list[dict[str, Any]] = json.loads(done.stdout)
        return found

    def firing(self) -> list[str]:
        """The assets of the alerts that fire, sorted."""
        return sorted(alert["labels"]["asset"] for alert in self.alerts())

    def wait_for(self, what: str, condition: Callable[[list[dict[str, Any]]], bool], seconds: float = 60.0) -> None:
        """Wait until what it shows is so."""
        deadline = time.monotonic() + seconds
        while not condition(shown := self.alerts()):
            assert time.monotonic() < deadline, f"{what} did not come; Alertmanager shows {shown}"
            time.sleep(0.1)
