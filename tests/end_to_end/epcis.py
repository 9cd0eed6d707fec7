"""`headrace epcis` as a process, and a client for it."""

import subprocess
import sys
import time
from typing import Any

import httpx

from infra.local.ports import free_ports
from sinks import tokens
from tests.end_to_end.plant import Plant

CONTEXT = ["https://ref.gs1.org/standards/epcis/2.0.0/epcis-context.jsonld", {"ex": "https://ns.example.com/epcis/"}]


class Epcis:
    """The service of a plant, with a token for each of some enterprises."""

    def __init__(self, plant: Plant, *prefixes: str) -> None:
        self.plant = plant
        made = {prefix: tokens.make(prefix) for prefix in prefixes}
        self._tokens = {prefix: token for prefix, (token, _) in made.items()}
        self._entries = "\n".join(entry for _, entry in made.values())
        self._port = next(free_ports())
        self._log = plant.folder / "epcis.log"
        self.start()

    def start(self) -> None:
        """Start it, and wait until it answers."""
        with self._log.open("ab") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "streams", "epcis", "--address", f"127.0.0.1:{self._port}"],
                env={**self.plant.environment, "HEADRACE_TOKENS": self._entries}, stdout=output, stderr=output,
            )  # fmt: skip
        deadline = time.monotonic() + 100
        while True:
            try:
                httpx.get(f"http://127.0.0.1:{self._port}/")
            except httpx.TransportError:
                assert self.process.poll() is None, self._log.read_text()
                assert time.monotonic() < deadline, self._log.read_text()
                time.sleep(0.1)
            else:
                return

    def client(self, prefix: str, **headers: str) -> httpx.Client:
        """A client with the token of an enterprise."""
        headers = {"Authorization": f"Bearer {self._tokens[prefix]}", **headers}
        return httpx.Client(base_url=f"http://127.0.0.1:{self._port}", headers=headers, timeout=60)

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()
        self.process.wait(60)

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        self.process.terminate()
        return self.process.wait(60)


def document(*events: dict[str, Any]) -> dict[str, Any]:
    """An EPCISDocument."""
    return {"@context": CONTEXT, "type": "EPCISDocument", "schemaVersion": "2.0",
            "creationDate": "2026-03-04T12:00:00Z", "epcisBody": {"eventList": list(events)}}  # fmt: skip


def job_of(client: httpx.Client, location: str) -> dict[str, Any]:
    """A capture job, once it is over."""
    deadline = time.monotonic() + 100
    while True:
        job: dict[str, Any] = client.get(location).raise_for_status().json()
        if not job["running"]:
            return job
        assert time.monotonic() < deadline, job
        time.sleep(0.1)


def events_in(response: httpx.Response) -> list[dict[str, Any]]:
    """The events of an EPCISQueryDocument."""
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["epcisBody"]["queryResults"]["resultsBody"]["eventList"]
    return found


def pages(client: httpx.Client, path: str, **parameters: Any) -> list[list[dict[str, Any]]]:
    """All pages of a query."""
    response = client.get(path, params=parameters)
    found = [events_in(response)]
    while "next" in response.links:
        response = client.get(response.links["next"]["url"])
        found.append(events_in(response))
    return found
