"""`headrace audit`: prove that nothing was lost and nothing counted twice."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import msgspec
from aiokafka.errors import KafkaError
from clickhouse_driver import Client
from rich.console import Console
from rich.table import Table

from schemas.errors import SinkError, UserError
from schemas.topics import ALARM_ACTIONS
from sinks.clickhouse import connection
from sinks.clickhouse.errors import translated
from streams.audit import LEDGER_THERE, Check, Position, check_partition, count_from
from streams.audit_results import RESULT_TABLES, Query
from streams.cli.options import data_option, load_topology, topology_option
from streams.positions import Broker
from streams.settings import Settings
from streams.topology.apply import admin_client
from streams.topology.model import Topology

_TRIES = 5
_REST_SECONDS = 2.0


@click.command(epilog="Example: headrace audit --topology infra/topologies/tower_plant.yaml")
@topology_option
@data_option
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
def audit(topology_file: Path | None, data: Path, as_json: bool) -> None:
    """Hold the ledger against the broker's and ClickHouse's own figures.

    Exit code 0 if everything adds up, else 1. Run it when events have come to rest and `idle_timeout` has closed the
    last windows: what is on its way is not yet accounted for.
    """
    settings = Settings.from_environment(data=data)
    topology = load_topology(topology_file, settings)
    checks = run_audit(topology, settings)
    failed = [check for check in checks if not check.holds]
    if as_json:
        shown = [{**msgspec.structs.asdict(check), "holds": check.holds} for check in checks]
        click.echo(msgspec.json.encode({"holds": not failed, "checks": shown}).decode())
    else:
        print_checks(checks)
    if failed:
        sys.exit(1)


def run_audit(topology: Topology, settings: Settings) -> list[Check]:
    """All equations of all source partitions."""
    if settings.clickhouse is None:
        raise UserError("the audit needs ClickHouse: set HEADRACE_CLICKHOUSE or start one with `headrace up`")
    with admin_client(settings.client_options()):  # says in one line where Kafka does not answer
        pass
    client = connection.connect(connection.parse(settings.clickhouse))
    try:
        with translated():
            client.execute("SELECT 1")
            return asyncio.run(_gather(topology, settings, client))
    except (SinkError, KafkaError) as error:
        raise UserError(f"the audit could not be made: {error}") from error
    finally:
        client.disconnect()


async def _gather(topology: Topology, settings: Settings, client: Client) -> list[Check]:
    def query(sql: str, parameters: dict[str, Any]) -> Sequence[Sequence[Any]]:
        rows: Sequence[Sequence[Any]] = client.execute(sql, parameters)
        return rows

    counted: dict[Position, int] = {}
    async with Broker(settings.client_options(), topology) as broker:
        for _ in range(_TRIES):
            before = await broker.ends()
            written = [*RESULT_TABLES, *([ALARM_ACTIONS.name] if topology.alarms else [])]
            messages = await broker.messages(written)
            shortened = await broker.shortened(written)
            checks: list[Check] = []
            positions = await broker.positions()
            await _count(positions, counted, topology.topology, query, broker)
            for position in positions:
                source = f"/headrace/{topology.topology}/{position.topic}/{position.partition}"
                mine = {topic: seen[source] for topic, seen in messages.items() if source in seen}
                # Results lie in the partition of their source's number, conditions of alarms in any.
                short = {
                    place.topic: oldest
                    for place, oldest in shortened.items()
                    if place.partition == position.partition or place.topic == ALARM_ACTIONS.name
                }
                checks += check_partition(topology, position, counted[position], query, mine, short)
            if all(check.holds for check in checks):
                return checks
            await asyncio.sleep(_REST_SECONDS)  # for what is on its way
        if await broker.ends() == before:
            return checks
        raise UserError("results are still coming in: audit again when events and windows have come to rest")


async def _count(
    positions: Sequence[Position], counted: dict[Position, int], topology: str, query: Query, broker: Broker
) -> None:
    """The records below the committed offsets. A log may be long: nothing is counted again."""
    new = [position for position in positions if position not in counted]
    begin = {position: count_from(query, topology, position) for position in new}
    # Where a log has lost its end, committed offsets lie beyond it, and nobody gets there.
    ends = {position: min(position.committed or 0, position.log_end) for position in new}
    ranges = {(position.topic, position.partition): (begin[position][0], ends[position]) for position in new}
    found = await broker.records(ranges)
    for position in new:
        counted[position] = begin[position][1] + found[position.topic, position.partition]


def print_checks(checks: Sequence[Check]) -> None:
    """A table of what does not hold, and the verdict."""
    console = Console()
    failed = [check for check in checks if not check.holds]
    if failed:
        table = Table("topic", "partition", "equation", "expected", "found")
        for check in failed:
            table.add_row(check.topic, str(check.partition), check.name, f"{check.expected:,}", f"{check.found:,}")
        console.print(table)
        for place in dict.fromkeys(place for check in failed for place in check.where):
            console.print(place, highlight=False, markup=False, soft_wrap=True)
    read = any(check.name == LEDGER_THERE for check in checks)
    good = "nothing lost, nothing twice" if read else "nothing has been read yet"
    verdict = good if not failed else f"{len(failed)} of {len(checks)} equations do not hold"
    console.print(f"audit: {verdict} ({len(checks)} equations over the log, the topics and ClickHouse)")
