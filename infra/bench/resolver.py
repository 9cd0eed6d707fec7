"""A headrace resolver as the benchmarks start, ask and stop it."""

import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import httpx

from infra.bench import http_load
from infra.bench.arena import Arena
from infra.bench.metrics import scrape
from infra.bench.worker import PROJECT, free_address, stop
from schemas.errors import UserError

_READY_SECONDS: Final = 120.0
_FOLLOWED_SECONDS: Final = 600.0
_UNLIMITED: Final = "10000000"
"""Look-ups of a client in a minute: all clients here have one address."""


class Resolver:
    """One process; stopped at the end of its context."""

    def __init__(self, arena: Arena, file: Path, keys: str) -> None:
        self._address, self._metrics = free_address(), free_address()
        self._log = arena.folder / "resolver.log"
        command = [
            sys.executable, "-m", "streams", "resolver", "--topology", str(file), "--address", self._address,
            "--metrics", self._metrics, "--lookups", _UNLIMITED,
        ]  # fmt: skip
        with self._log.open("wb") as output:
            self._process = subprocess.Popen(
                command, env=arena.environment | {"HEADRACE_CODE_KEYS": keys}, cwd=PROJECT,
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            )  # fmt: skip

    def __enter__(self) -> "Resolver":
        try:
            self._wait(self._is_ready, _READY_SECONDS)
        except BaseException:
            stop(self._process)
            raise
        return self

    def __exit__(self, *_: object) -> None:
        stop(self._process)

    def load(self, codes: Sequence[str], clients: int) -> http_load.Load:
        """Ask for codes in a closed loop. Raises UserError if one is not found genuine."""
        headers = {"Accept": "application/json"}
        requests = [http_load.get(f"/resolve/{code}", self._address, headers) for code in codes]
        load = http_load.run(self._address, requests, clients, b'"genuine"')
        if load.unexpected:
            raise UserError(f"the resolver did not find {load.unexpected:,} of {len(codes):,} codes genuine")
        return load

    def wait_for_runs(self) -> None:
        """Wait until it has read what happened to all items. Raises UserError if that takes too long."""
        self._wait(self._has_runs, _FOLLOWED_SECONDS)

    def items_asked_for(self) -> float:
        """Items for which it has asked the archive so far."""
        return (scrape(self._metrics) or {}).get("headrace_resolver_lookup_items_sum", 0.0)

    def _wait(self, condition: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not condition():
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise UserError(f"the resolver has not come so far: {self._log.read_text(errors='replace')[-1000:]}")
            time.sleep(0.1)

    def _has_runs(self) -> bool:
        metrics = scrape(self._metrics)
        return metrics is not None and metrics.get("headrace_resolver_runs", 0) > 0

    def _is_ready(self) -> bool:
        try:
            return httpx.get(f"http://{self._address}/ready").status_code == httpx.codes.OK
        except httpx.TransportError:
            return False
