"""The endpoint as users start it: a process of its own on free ports, one account that writes and one that reads."""

import http.client
import json
import signal
import subprocess
import sys
import urllib.parse
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from clickhouse_driver import Client

HOST = "127.0.0.1"
WRITER, READER = "writer", "reader"
PASSWORDS = {WRITER: "s3cret/@:%", READER: "look but don't touch"}
USERS = {WRITER: {"password": PASSWORDS[WRITER]}, READER: {"password": PASSWORDS[READER], "readonly": 2}}
LATE_ERROR = "SELECT sleepEachRow(0.05), throwIf(number = 5) FROM numbers(9) SETTINGS max_block_size=1, max_threads=1"
"""A query that fails with 395 long after its first rows."""
START_SECONDS = 60.0


@dataclass(frozen=True)
class Reply:
    """An HTTP response."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def code(self) -> int:
        """ClickHouse's number of the error, 0 for none."""
        return int(self.headers.get("x-clickhouse-exception-code", 0))


class Endpoint:
    """A running endpoint over the data in `folder`."""

    def __init__(self, folder: Path, *options: str, tenants: Mapping[str, str] | None = None) -> None:
        """`tenants` are accounts of enterprises: name to prefix, with the name as password."""
        self.folder = folder
        self.log = folder / "log"
        self.data = folder / "data"
        users = folder / "users.json"
        of_tenants = {name: {"password": name, "enterprise": prefix} for name, prefix in (tenants or {}).items()}
        users.write_text(json.dumps(USERS | of_tenants))
        self.passwords = PASSWORDS | {name: name for name in of_tenants}
        ports = ("--tcp-port", "0", "--http-port", "0")
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                command("--path", str(self.data), "--users", str(users), *ports, *options),
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        assert self.process.stdout is not None
        ready = self.process.stdout.readline().split()
        assert ready[:1] == ["ready"], self.log.read_text()
        self.tcp_port, self.http_port = int(ready[3]), int(ready[5])

    def client(self, user: str = WRITER, **options: Any) -> Client:
        options = {"user": user, "password": self.passwords[user], **options}
        return Client(HOST, self.tcp_port, **options)

    def http(
        self,
        body: bytes | str | Iterator[bytes] = b"",
        user: str = WRITER,
        method: str = "POST",
        headers: dict[str, str] | None = None,
        **parameters: str,
    ) -> Reply:
        """One request as curl would send it."""
        connection = http.client.HTTPConnection(HOST, self.http_port, timeout=60)
        account = {"X-ClickHouse-User": user, "X-ClickHouse-Key": self.passwords[user]}
        try:
            address = "/?" + urllib.parse.urlencode(parameters)
            connection.request(method, address, body, {**account, **(headers or {})}, encode_chunked=False)
            response = connection.getresponse()
            received = {name.lower(): value for name, value in response.getheaders()}
            return Reply(response.status, received, response.read())
        finally:
            connection.close()

    def kill(self) -> None:
        """Ends the process with nothing flushed."""
        self.process.kill()
        self._wait()

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Asks it to end. Returns its exit code."""
        self.process.send_signal(number)
        return self._wait()

    def threads(self) -> int:
        """How many threads the process has, those of the engine included."""
        return len(list(Path(f"/proc/{self.process.pid}/task").iterdir()))

    def _wait(self) -> int:
        code = self.process.wait(timeout=START_SECONDS)
        assert self.process.stdout is not None
        self.process.stdout.close()
        return code


def command(*options: str) -> list[str]:
    """The command line that starts an endpoint."""
    return [sys.executable, "-m", "infra.local.clickhouse", *options]
