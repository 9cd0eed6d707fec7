"""`headrace topology`: check, compare, deploy and draw a topology file."""

import time
from collections.abc import Iterator, Sized
from contextlib import contextmanager
from difflib import unified_diff
from functools import partial
from pathlib import Path
from typing import Any

import click
import msgspec
from clickhouse_driver import Client
from kafka import KafkaAdminClient
from rich.console import Console
from rich.text import Text

from schemas.economics import BaselineRow, TariffRow
from schemas.errors import SinkError, UserError
from sinks.clickhouse import connection, economics, migrations
from streams.cli.options import data_option
from streams.settings import Settings, topology_of
from streams.topology import apply as applying
from streams.topology import tariffs
from streams.topology.graph import mermaid
from streams.topology.load import check, describe, load
from streams.topology.model import Topology
from streams.topology.plan import Plan, SetPrices, plan, topic_names
from streams.topology.plan_text import Line, headline, lines, outcome_line
from streams.topology.problems import render
from streams.trial import as_lines, trial


class _TopologyFile(click.Argument):
    """A file that the environment may name, as for every other verb: also by HEADRACE_TOPOLOGY_FILE."""

    def resolve_envvar_value(self, ctx: click.Context) -> str | None:
        file = topology_of()
        return None if file is None else str(file)


_file = click.argument("file", cls=_TopologyFile, type=click.Path(path_type=Path))
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")


@click.group()
def topology() -> None:
    """Check, compare, deploy and draw a topology.

    FILE is the topology file; without it HEADRACE_TOPOLOGY names it.
    """


@topology.command(epilog="Example: headrace topology validate infra/topologies/tower_plant.yaml")
@_file
@_json
def validate(file: Path, as_json: bool) -> None:
    """List everything that is wrong with FILE. Needs no server."""
    found, problems = check(file)
    errors = sum(problem.level == "error" for problem in problems)
    if as_json:
        shown = [
            {"level": one.level, "line": one.line, "path": render(one.path), "message": one.message} for one in problems
        ]
        _print_json({"file": str(file), "valid": found is not None, "problems": shown})
    else:
        for problem in problems:
            click.echo(f"{problem.level}: {describe(file, problem)}", err=True)
    if found is None:
        raise UserError(f"{file} has {errors} {'error' if errors == 1 else 'errors'}")
    if not as_json:
        click.echo(f"{file} is valid: {_summary(found)}")


@topology.command("plan", epilog="Example: headrace topology plan infra/topologies/tower_plant.yaml")
@_file
@data_option
@_json
def show_plan(file: Path, data: Path, as_json: bool) -> None:
    """Show how Kafka and ClickHouse differ from FILE. Changes nothing."""
    declared = load(file)
    settings = Settings.from_environment(data=data)
    with _servers(declared, settings) as (kafka, clickhouse):
        found = _plan(declared, kafka, clickhouse)
    if as_json:
        _print_json(found)
    else:
        _print(lines(found))
        click.echo(headline(found))


@topology.command("apply", epilog="Example: headrace topology apply infra/topologies/tower_plant.yaml")
@_file
@data_option
def carry_out(file: Path, data: Path) -> None:
    """Make Kafka and ClickHouse what FILE says. Safe to repeat; topics and tables are never deleted."""
    declared = load(file)
    settings = Settings.from_environment(data=data)
    failed = 0
    with _servers(declared, settings) as (kafka, clickhouse):
        migrate = None if clickhouse is None else partial(_migrate, clickhouse)
        set_prices = None if clickhouse is None else partial(_set_prices, clickhouse, declared)
        found = _plan(declared, kafka, clickhouse)
        for outcome in applying.apply(found, kafka, migrate, set_prices):
            _print([outcome_line(outcome)])
            failed += outcome.status == "failed"
    _print(lines(msgspec.structs.replace(found, steps=())))
    if failed:
        raise UserError(f"failed steps: {failed} of {len(found.steps)}; mend the cause and apply again")
    if found.cannot:
        raise UserError(f"differences that apply cannot mend: {len(found.cannot)}; change {file} or the topics")
    click.echo(f"{found.topology}: " + (f"{len(found.steps)} steps done" if found.steps else "nothing to do"))


@topology.command(epilog="Example: headrace topology graph infra/topologies/tower_plant.yaml > tower_plant.mmd")
@_file
def graph(file: Path) -> None:
    """Draw FILE as a Mermaid flowchart. Needs no server."""
    click.echo(mermaid(load(file)), nl=False)


def _plan(declared: Topology, kafka: KafkaAdminClient, clickhouse: Client | None) -> Plan:
    pending: list[str] = []
    prices = None
    if clickhouse is not None:
        pending = [migration.name for migration in migrations.pending(clickhouse)]
        prices = _prices(clickhouse, declared)
    return plan(declared, applying.live_topics(kafka, topic_names(declared)), pending, prices)


def _migrate(clickhouse: Client) -> list[str]:
    return [migration.name for migration in migrations.apply(clickhouse)]


def _prices(clickhouse: Client, declared: Topology) -> SetPrices | None:
    """How tariffs and baseline differ from what is declared; None where they do not."""
    ended, new = (tariffs.lines(rows) for rows in _changed_prices(clickhouse, declared))
    return SetPrices(tuple(new), tuple(ended)) if new or ended else None


def _set_prices(clickhouse: Client, declared: Topology) -> None:
    for rows in _changed_prices(clickhouse, declared):
        economics.write(clickhouse, [*rows.tariffs, *rows.baselines])


def _changed_prices(clickhouse: Client, declared: Topology) -> tariffs.Changes:
    name = declared.topology
    live = tariffs.Rows(economics.read(clickhouse, TariffRow, name), economics.read(clickhouse, BaselineRow, name))
    return tariffs.changes(live, tariffs.declared(declared), now=time.time_ns() // 1_000_000)


@contextmanager
def _servers(declared: Topology, settings: Settings) -> Iterator[tuple[KafkaAdminClient, Client | None]]:
    """Kafka and, where the topology has it as a sink, ClickHouse. Raises UserError where either is away or refuses."""
    address = None
    if declared.sinks.clickhouse is not None:
        if settings.clickhouse is None:
            raise UserError(
                "the topology has ClickHouse as a sink: set HEADRACE_CLICKHOUSE or start one with `headrace up`"
            )
        address = connection.parse(settings.clickhouse)
    with applying.admin_client(settings.client_options()) as kafka:
        clickhouse = None if address is None else connection.connect(address)
        try:
            yield kafka, clickhouse
        except SinkError as error:
            raise UserError(str(error)) from error
        finally:
            if clickhouse is not None:
                clickhouse.disconnect()


def _summary(declared: Topology) -> str:
    counts: dict[str, Sized] = {
        "assets": declared.assets,
        "metrics": declared.metrics,
        "sources": declared.sources,
        "windows": declared.windows,
        "detectors": declared.detectors,
        "rules": declared.compliance.rules,
        "alarms": declared.alarms,
        "playbooks": declared.playbooks,
        "replays": declared.replays,
        "tariffs": declared.economics.tariffs if declared.economics else (),
    }
    return ", ".join(
        f"{len(items)} {name if len(items) != 1 else name.removesuffix('s')}" for name, items in counts.items() if items
    )


def _print(found: list[Line]) -> None:
    console = Console(highlight=False, soft_wrap=True)
    for line in found:
        console.print(Text(line.text, line.style))


def _print_json(value: Any) -> None:
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2))


@topology.command("test", epilog="Example: headrace topology test plant.yaml events.ndjson --expect results.ndjson")
@_file
@click.argument("events", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--topic", help="Source topic that the events are in; default: the topology's only one.")
@click.option("--expect", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Compare with this file.")
def try_out(file: Path, events: Path, topic: str | None, expect: Path | None) -> None:
    """Run FILE over EVENTS (NDJSON, one message a line) and print the results as NDJSON. Needs no server.

    With --expect nothing is printed but the difference; exit code 1 if there is one.
    """
    declared = load(file)
    source = topic or next(iter(declared.sources))
    if source not in declared.sources or (topic is None and len(declared.sources) > 1):
        raise UserError(f"name one of the topology's sources with --topic: {', '.join(declared.sources)}")
    lines = [line.decode() for line in as_lines(trial(declared, source, events.read_bytes().splitlines()))]
    if expect is None:
        click.echo("\n".join(lines))
        return
    try:
        expected = expect.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise UserError(f"{expect} is not UTF-8 text") from None
    difference = list(unified_diff(expected, lines, "expected", "found", lineterm="", n=0))
    if difference:
        click.echo("\n".join(difference))
        raise UserError(f"the results differ from {expect}")
    click.echo(f"{len(lines)} results, as expected")
