"""The verbs that a demo runs, each in a process of its own, and what it waits for."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from infra.local.ports import answers, free_ports, is_free
from schemas.errors import UserError
from sinks.clickhouse import connection
from streams.scrape import Metrics, scrape
from streams.settings import DEFAULT_RESOLVER, DEFAULT_SCREEN, Address, Settings
from streams.topology.model import Topology

_START_SECONDS: Final = 60.0
_DRAIN_SECONDS: Final = 120.0
_MINUTE_SECONDS: Final = 60
_CLOSING_SECONDS: Final = 15.0
"""How long it may take that a minute is closed and written once it is due."""


def run(arguments: Sequence[str], environment: dict[str, str]) -> None:
    """Run a verb to its end. UserError if it fails."""
    done = subprocess.run([sys.executable, "-m", "streams", *arguments], env=environment, check=False)
    if done.returncode != 0:
        raise UserError(f"`headrace {' '.join(arguments)}` failed, see above")


def run_until_told(arguments: Sequence[str], environment: dict[str, str]) -> None:
    """Run a verb until Ctrl-C or SIGTERM, which are passed on to it."""
    process = subprocess.Popen([sys.executable, "-m", "streams", *arguments], env=environment)
    before = {
        number: signal.signal(number, lambda *_: process.terminate()) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        process.wait()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def worker(folder: Path, environment: dict[str, str], console: Console) -> Iterator[Address]:
    """A worker, which commits and leaves at the end; gives the address of its metrics."""
    address = Address("127.0.0.1", next(free_ports()))
    arguments = ["worker", "--id", "demo", "--metrics", str(address)]
    with (
        console.status("starting the worker") as status,
        _running(folder, environment, arguments, lambda: _is_ready(address)),
    ):
        status.stop()
        yield address


@contextmanager
def screen(folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """The plant's screen, at its usual address where that is free; gives its URL."""
    address = Address.parse(DEFAULT_SCREEN)
    if not is_free(address.port):
        address = Address("127.0.0.1", next(free_ports()))
    with _running(folder, environment, ["screen", "--address", str(address)], lambda: answers(address.port)):
        yield f"http://{address}"


@contextmanager
def resolver(folder: Path, environment: dict[str, str]) -> Iterator[str]:
    """The resolver of the plant's codes, at its usual address where that is free; gives its URL."""
    address = Address.parse(DEFAULT_RESOLVER)
    if not is_free(address.port):
        address = Address("127.0.0.1", next(free_ports()))
    metrics = Address("127.0.0.1", next(free_ports()))
    arguments = ["resolver", "--address", str(address), "--metrics", str(metrics)]
    with _running(folder, environment, arguments, lambda: answers(address.port)):
        yield f"http://{address}"


@contextmanager
def _running(
    folder: Path, environment: dict[str, str], arguments: Sequence[str], is_ready: Callable[[], bool]
) -> Iterator[None]:
    """A verb that runs until it is told to stop. Ctrl-C does not reach it: it is ended when its turn comes."""
    name = arguments[0]
    log = folder / "logs" / f"{name}.log"
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "streams", *arguments],
            env=environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + _START_SECONDS
        while not is_ready():
            if process.poll() is not None or time.monotonic() > deadline:
                raise UserError(f"the {name} did not become ready; its log is {log}")
            time.sleep(0.2)
        yield
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            raise UserError(f"the {name} did not stop in time; its log is {log}") from None


def _is_ready(address: Address) -> bool:
    metrics = scrape(address)
    return metrics is not None and metrics.ready


def wait_until_drained(metrics: Address, topology: Topology, console: Console) -> Metrics:
    """Wait until all is read and the last windows have closed; the idle timeout closes them."""
    progress = Progress(SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn(), console=console)
    deadline = time.monotonic() + _DRAIN_SECONDS + topology.time.idle_timeout / 1000
    before: tuple[float, float, float] | None = None
    with progress:
        bar = progress.add_task("processing")
        while True:
            now = scrape(metrics)
            if now is None:
                raise UserError("the worker does not answer any more")
            processed = now.total("headrace_events_total")
            lag, windows = now.total("headrace_consumer_lag"), now.total("headrace_windows_open")
            text = f"{processed:,.0f} events processed, lag {lag:,.0f}, {windows:,.0f} open windows"
            progress.update(bar, description=text)
            if processed and before == (processed, lag, windows) and lag == windows == 0:
                return now
            before = processed, lag, windows
            if time.monotonic() > deadline:
                raise UserError(f"not drained in time: {text}")
            time.sleep(1)


def wait_for_last_minute(settings: Settings, topology: Topology, console: Console) -> None:
    """Wait until the minute of production that runs now is in ClickHouse: each is written when it is over."""
    if topology.production is None:
        return
    end = (int(time.time()) // _MINUTE_SECONDS + 1) * _MINUTE_SECONDS
    due = end + topology.production.lateness / 1000
    client = connection.connect(connection.parse(settings.clickhouse or ""))
    with console.status("") as status:
        while (left := due + _CLOSING_SECONDS - time.time()) > 0:
            status.update(f"the last minute of production closes in {max(0, left - _CLOSING_SECONDS):.0f} s")
            [(written,)] = client.execute(
                "SELECT toUnixTimestamp(max(window_end)) FROM headrace.oee WHERE topology = %(topology)s",
                {"topology": topology.topology},
            )
            if written >= end:
                break
            time.sleep(1)
    client.disconnect()
