"""Starts the endpoint: `python -m infra.local.clickhouse --path DIR --tcp-port N --http-port N --users FILE`."""

import argparse
import logging
import os
import signal
import sys
import threading
from pathlib import Path

from infra.local.clickhouse.accounts import Accounts
from infra.local.clickhouse.errors import StartError
from infra.local.clickhouse.server import Server

_log = logging.getLogger("infra.local.clickhouse")


def main() -> int:
    """Serves until SIGTERM or SIGINT. Returns the exit code: 1, with one line on stderr, if it cannot start."""
    options = _parse_options()
    logging.basicConfig(level=options.log_level.upper(), format="%(asctime)s %(levelname)s %(message)s")
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    try:
        if options.users is None:
            raise StartError('no accounts: give --users FILE, JSON of the form {"name": {"password": "..."}}')
        accounts = Accounts.load(options.users)
        server = Server(options.path, accounts, options.host, options.tcp_port, options.http_port)
    except StartError as error:
        print(f"clickhouse endpoint: {error}", file=sys.stderr)
        return 1
    server.start()
    print(f"ready {options.host} tcp {server.tcp_port} http {server.http_port}", flush=True)
    stopping.wait()
    _log.info("stopping")
    server.stop()
    _log.info("stopped")
    return 0


def _parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m infra.local.clickhouse",
        description="The ClickHouse engine behind its native TCP and HTTP protocols, for one machine.",
    )
    parser.add_argument("--path", type=Path, required=True, help="data directory, made if there is none")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: loopback only)")
    parser.add_argument("--tcp-port", type=int, default=9000, help="0 chooses a free one (default: 9000)")
    parser.add_argument("--http-port", type=int, default=8123, help="0 chooses a free one (default: 8123)")
    parser.add_argument("--users", type=Path, help='accounts, JSON: {"name": {"password": "...", "readonly": 0 or 2}}')
    parser.add_argument("--log-level", default="info", choices=("debug", "info", "warning", "error"))
    return parser.parse_args()


if __name__ == "__main__":
    code = main()
    logging.shutdown()
    sys.stdout.flush()
    os._exit(code)  # threads of the engine may outlive it, and must not keep the process
