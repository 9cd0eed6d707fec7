"""The ClickHouse of a stack: its users, how it is started, when it is ready."""

import importlib.util
import os
import secrets
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

import msgspec
from clickhouse_driver import Client
from clickhouse_driver import errors as clickhouse_errors

from infra.local import processes
from infra.local.clickhouse.accounts import Account
from infra.local.errors import StackError
from infra.local.ports import HOST
from infra.local.record import replace_file

WRITER = "headrace"
READER = "reader"

_CHECKOUT = Path(__file__).resolve().parents[2]


def users_file(data: Path) -> Path:
    """Where the users of this data folder are."""
    return data / "clickhouse-users.json"


def make_users(data: Path) -> None:
    """Give this data folder its users, with random passwords, unless it has them."""
    if not users_file(data).exists():
        users = {WRITER: Account(secrets.token_urlsafe(24)), READER: Account(secrets.token_urlsafe(24), readonly=2)}
        replace_file(users_file(data), msgspec.json.format(msgspec.json.encode(users)))


def load_users(data: Path) -> dict[str, Account]:
    """The users of this data folder, by name."""
    file = users_file(data)
    try:
        users = msgspec.json.decode(file.read_bytes(), type=dict[str, Account])
    except OSError as error:
        raise StackError(f"cannot read {file}: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise StackError(f"{file} is damaged: {error}") from error
    if missing := {WRITER, READER} - users.keys():
        raise StackError(f"{file} has no user {', '.join(sorted(missing))}; stop the stack and remove the file")
    return users


@dataclass(frozen=True)
class ClickHouseServer:
    """The ClickHouse engine on `tcp_port` (native protocol) and `http_port`, with its data below `data`."""

    data: Path
    tcp_port: int
    http_port: int
    name: ClassVar[str] = "clickhouse"
    title: ClassVar[str] = "ClickHouse"

    @property
    def port(self) -> int:
        return self.tcp_port

    def start(self, log: Path, progress: Callable[[str], None]) -> processes.Process:
        """Start it with its messages appended to `log`. Raises StackError when the engine is not installed."""
        if importlib.util.find_spec("chdb") is None:
            raise StackError("chdb, the ClickHouse engine of the local stack, is not installed: run uv sync")
        folder = self.data / "clickhouse"
        folder.mkdir(mode=0o700, exist_ok=True)
        # -P and the path: the package that runs is this one, whatever lies in the current folder.
        command = [sys.executable, "-P", "-m", "infra.local.clickhouse", "--path", str(folder), "--host", HOST]
        command += ["--tcp-port", str(self.tcp_port), "--http-port", str(self.http_port)]
        command += ["--users", str(users_file(self.data))]
        path = os.pathsep.join(filter(None, [str(_CHECKOUT), os.environ.get("PYTHONPATH")]))
        return processes.start(command, self.data, log, {"PYTHONPATH": path})

    def is_ready(self) -> bool:
        """Whether the stack's own user can run a query."""
        password = load_users(self.data)[WRITER].password
        client = Client(HOST, self.tcp_port, user=WRITER, password=password, connect_timeout=2, send_receive_timeout=5)
        try:
            return bool(client.execute("SELECT 1") == [(1,)])
        except clickhouse_errors.ServerException as error:
            reason = error.message.splitlines()[0]
            raise StackError(f"ClickHouse refuses the user of {users_file(self.data)}: {reason}") from error
        except (clickhouse_errors.Error, EOFError, OSError):
            return False
        finally:
            client.disconnect()
