"""`headrace demo`: the whole pipeline on this machine, from nothing to what ClickHouse has of it, and to the screen."""

import base64
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import astuple
from itertools import islice
from pathlib import Path
from typing import Final

import click
from rich.console import Console

from infra.local import stack
from infra.local.ports import Ports, free_ports, is_free
from schemas.errors import UserError
from streams.cli import demo_trace
from streams.cli.audit import run_audit
from streams.cli.demo_processes import (
    resolver,
    run,
    run_until_told,
    screen,
    wait_for_last_minute,
    wait_until_drained,
    worker,
)
from streams.cli.demo_report import print_report
from streams.cli.options import Seconds, data_option
from streams.settings import Settings
from streams.topology.load import load

_TOPOLOGIES = Path(__file__).resolve().parents[2] / "infra" / "topologies"
_SECONDS: Final = 30.0
"""How long the simulated plant runs before the report, where nothing else is said."""
_KEY_BYTES: Final = 32


@click.command(epilog="Example: headrace demo --duration 20s")
@data_option
@click.option(
    "--duration",
    type=Seconds(),
    help="How long the simulated plant runs.  [default: 30s, and then on with the screen open, until Ctrl-C]",
)
@click.option(
    "--rate",
    type=click.IntRange(1),
    default=2000,
    show_default=True,
    help="Readings per second of the simulated plant.",
)
@click.option(
    "--replay", "files", multiple=True, type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Replay this history instead of simulating: the topology whose replays fit it is taken.",
)  # fmt: skip
def demo(data: Path, duration: float | None, rate: int, files: tuple[Path, ...]) -> None:
    """Start everything, send events, process them, audit, and show what ClickHouse has.

    The events are those of a simulated, synthetic tower plant with injected faults, or of a history file. Without
    --duration the screen of the simulated plant is open from the beginning until Ctrl-C. Kafka and ClickHouse stay up
    afterwards, to be looked at; `headrace down` stops them.
    """
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # so that it, too, leaves no process behind
    console = Console()
    topology_file = _topology_for(files)
    topology = load(topology_file)
    folder = data / topology.topology if files else data
    _start_stack(folder, console)
    settings = Settings.from_environment({}, folder)
    environment = {
        **os.environ,
        **_code_keys(folder),
        "HEADRACE_KAFKA": settings.kafka,
        "HEADRACE_CLICKHOUSE": settings.clickhouse or "",
        "HEADRACE_TOPOLOGY": str(topology_file),
    }
    run(["topology", "apply", str(topology_file)], environment)
    labels = folder / "labels.ndjson"
    labels.unlink(missing_ok=True)
    simulate = ["simulate", "--respond", "--rate", str(rate)]
    with ExitStack() as opened:
        codes_url = ""
        url = opened.enter_context(screen(folder, environment)) if duration is None and not files else ""
        if url:
            console.print(f"screen      {url}")
            codes_url = opened.enter_context(resolver(folder, environment))
        with worker(folder, environment, console) as metrics:
            if files:
                run(["replay", *map(str, files)], environment)
            else:
                seconds = f"{round(1000 * (duration or _SECONDS))}ms"
                run([*simulate, "--duration", seconds, "--labels", str(labels)], environment)
                wait_for_last_minute(settings, topology, console)
            at_the_end = wait_until_drained(metrics, topology, console)
        checks = run_audit(topology, settings)
        print_report(console, topology, settings, at_the_end, checks, labels)
        _print_addresses(console, folder, settings)
        if code := demo_trace.example(topology, settings):
            command = f"headrace trace life {code} --topology {topology_file} --data {folder}"
            console.print(f"one code    {command}", soft_wrap=True, highlight=False)
            if url:
                console.print(f"            {codes_url}/resolve/{code}", soft_wrap=True, highlight=False)
        if any(not check.holds for check in checks):
            sys.exit(1)
        if url:
            console.print(f"screen      {url}; the plant runs on until Ctrl-C")
            with worker(folder, environment, console):
                run_until_told([*simulate, "--seed", "2"], environment)


def _code_keys(folder: Path) -> dict[str, str]:
    """Keys of codes for the demo's processes: those of the environment, or the folder's own, made the first time."""
    if os.environ.get("HEADRACE_CODE_KEYS") or os.environ.get("HEADRACE_CODE_KEYS_FILE"):
        return {}
    file = folder / "code-keys"
    with suppress(FileExistsError), os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as new:
        new.write(f"A:{base64.b64encode(os.urandom(_KEY_BYTES)).decode()}\n")
    return {"HEADRACE_CODE_KEYS_FILE": str(file)}


def _print_addresses(console: Console, folder: Path, settings: Settings) -> None:
    console.print(f"ClickHouse  {stack_of(folder).clickhouse_url_public}  (password in {folder}/clickhouse-users.json)")
    console.print(f"            {stack_of(folder).http_url}  read-only user: reader")
    console.print(f"Kafka       {settings.kafka}")
    console.print(f"stop both   headrace down --data {folder}")


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
