"""`headrace demo`: the whole pipeline on this machine, from nothing to a table read back from ClickHouse."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import astuple
from itertools import islice
from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from infra.local import stack
from infra.local.ports import Ports, free_ports, is_free
from schemas.errors import UserError
from streams.cli.audit import run_audit
from streams.cli.demo_report import print_report
from streams.cli.options import Seconds, data_option
from streams.scrape import Metrics, scrape
from streams.settings import Address, Settings
from streams.topology.load import load
from streams.topology.model import Topology

_TOPOLOGIES = Path(__file__).resolve().parents[2] / "infra" / "topologies"
_START_SECONDS = 60.0
_DRAIN_SECONDS = 120.0


@click.command(epilog="Example: headrace demo --duration 20s")
@data_option
@click.option("--duration", type=Seconds(), default="30s", show_default=True, help="How long the simulated plant runs.")
@click.option(
    "--rate", type=click.IntRange(1), default=2000, show_default=True, help="Events per second of the simulated plant."
)
@click.option(
    "--replay", "files", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Replay this history instead of simulating: the topology whose replays fit it is taken.",
)  # fmt: skip
def demo(data: Path, duration: float, rate: int, files: tuple[Path, ...]) -> None:
    """Start everything, send events, process them, audit, and show what ClickHouse has.

    The events are those of a simulated, synthetic tower plant with injected faults, or of a history file. Kafka and
    ClickHouse stay up afterwards, to be looked at; `headrace down` stops them.
    """
    console = Console()
    topology_file = _topology_for(files)
    topology = load(topology_file)
    folder = data / topology.topology if files else data
    _start_stack(folder, console)
    settings = Settings.from_environment({}, folder)
    environment = {
        **os.environ,
        "HEADRACE_KAFKA": settings.kafka,
        "HEADRACE_CLICKHOUSE": settings.clickhouse or "",
        "HEADRACE_TOPOLOGY": str(topology_file),
    }
    _run(["topology", "apply", str(topology_file)], environment)
    labels = folder / "labels.ndjson"
    labels.unlink(missing_ok=True)
    with _worker(folder, environment, console) as metrics:
        if files:
            _run(["replay", *map(str, files)], environment)
        else:
            seconds = f"{round(duration * 1000)}ms"
            _run(
                ["simulate", "--respond", "--duration", seconds, "--rate", str(rate), "--labels", str(labels)],
                environment,
            )
        at_the_end = _wait_until_drained(metrics, topology, console)
    checks = run_audit(topology, settings)
    print_report(console, topology, settings, at_the_end, checks, labels)
    console.print(f"ClickHouse  {stack_of(folder).clickhouse_url_public}  (password in {folder}/clickhouse-users.json)")
    console.print(f"            {stack_of(folder).http_url}  read-only user: reader")
    console.print(f"Kafka       {settings.kafka}")
    console.print(f"stop both   headrace down --data {folder}")
    if any(not check.holds for check in checks):
        sys.exit(1)


def stack_of(folder: Path) -> stack.Stack:
    """The stack of the demo's folder."""
    found = stack.find(folder)
    if found is None:
        raise UserError(f"{folder} has no stack")
    return found


def _topology_for(files: Sequence[Path]) -> Path:
    if not files:
        return _TOPOLOGIES / "tower_plant.yaml"
    for candidate in sorted(_TOPOLOGIES.glob("*.yaml")):
        replays = load(candidate).replays.values()
        if all(any(file.match(replay.files) for replay in replays) for file in files):
            return candidate
    raise UserError(f"no topology in {_TOPOLOGIES} has a replay for {', '.join(file.name for file in files)}")


def _start_stack(folder: Path, console: Console) -> None:
    """On the usual ports where they are free, on others where they are not: a demo must not get in anyone's way."""
    with console.status("starting Kafka and ClickHouse") as status:
        ports = None if stack.find(folder) else _ports()
        stack.up(folder, ports, lambda line: status.update(line))


def _ports() -> Ports:
    usual = Ports()
    return usual if all(map(is_free, astuple(usual))) else Ports(*islice(free_ports(), 3))


def _run(arguments: Sequence[str], environment: dict[str, str]) -> None:
    done = subprocess.run([sys.executable, "-m", "streams", *arguments], env=environment, check=False)
    if done.returncode != 0:
        raise UserError(f"`headrace {' '.join(arguments)}` failed, see above")


@contextmanager
def _worker(folder: Path, environment: dict[str, str], console: Console) -> Iterator[Address]:
    """A worker process; it commits and leaves at the end."""
    address = Address("127.0.0.1", next(free_ports()))
    log = folder / "logs" / "worker.log"
    arguments = ["worker", "--id", "demo", "--metrics", str(address)]
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "streams", *arguments], env=environment, stdout=output, stderr=output
        )
    try:
        with console.status("starting the worker"):
            deadline = time.monotonic() + _START_SECONDS
            while not _is_ready(address):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise UserError(f"the worker did not become ready; its log is {log}")
                time.sleep(0.2)
        yield address
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            raise UserError(f"the worker did not stop in time; its log is {log}") from None


def _is_ready(address: Address) -> bool:
    metrics = scrape(address)
    return metrics is not None and metrics.ready


def _wait_until_drained(metrics: Address, topology: Topology, console: Console) -> Metrics:
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
