"""TCP ports of the loopback interface: which ones the stack uses, whether one is free, whether one answers."""

import secrets
import socket
from collections.abc import Iterator
from dataclasses import dataclass

from infra.local.errors import StackError

HOST = "127.0.0.1"
"""The only address that anything in the stack listens on."""

_QUIET_RANGE = range(20_000, 32_768)
"""Below the ports that systems hand to outgoing connections, so that a port that is free now stays free."""


@dataclass(frozen=True)
class Ports:
    """The ports that clients connect to."""

    kafka: int = 9092
    clickhouse_tcp: int = 9000
    clickhouse_http: int = 8123

    def __post_init__(self) -> None:
        if len({self.kafka, self.clickhouse_tcp, self.clickhouse_http}) < 3:
            raise StackError(f"each part needs a port of its own, not {self}")


def is_free(port: int) -> bool:
    """Whether a program can listen on `port` now."""
    # Some systems let a socket be bound to the loopback address beneath a listener on all addresses.
    if answers(port):
        return False
    with socket.socket() as probe:
        # As servers do: connections of the last run that linger in TIME_WAIT do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def answers(port: int, timeout: float = 1.0) -> bool:
    """Whether something accepts connections on `port`, asked for at most `timeout` seconds."""
    try:
        with socket.create_connection((HOST, port), timeout):
            return True
    except OSError:
        return False


def free_ports() -> Iterator[int]:
    """Ports that are free when they are yielded, in random order and each at most once."""
    for port in secrets.SystemRandom().sample(_QUIET_RANGE, len(_QUIET_RANGE)):
        if is_free(port):
            yield port
