"""`headrace worker`: process a topology's source topics until told to stop."""

from pathlib import Path

import click
import faust

from schemas.errors import UserError
from sinks.base import Sink
from sinks.clickhouse import connection
from sinks.clickhouse.writer import ClickHouseSink
from streams import publisher, runtime
from streams.cli.long_running import check_free, log_level_option, set_up_logging
from streams.cli.options import data_option, load_topology, topology_option
from streams.settings import Address, Settings
from streams.topology import rights
from streams.topology.apply import admin_client
from streams.topology.model import Topology


@click.command(epilog="Example: headrace worker --topology infra/topologies/tower_plant.yaml --id worker-1")
@topology_option
@data_option
@click.option("--id", "instance", help="A name kept across restarts: the worker gets its partitions back at once.")
@click.option("--metrics", help="Address of /metrics and /ready; default: HEADRACE_METRICS or 127.0.0.1:9464.")
@log_level_option
def worker(topology_file: Path | None, data: Path, instance: str | None, metrics: str | None, log_level: str) -> None:
    """Process the source topics of a topology: windows, detectors, checkpoints, results.

    Start as many as you like, also on other machines: they share the partitions. SIGTERM commits and leaves.
    """
    settings = Settings.from_environment(data=data)
    topology = load_topology(topology_file, settings)
    address = Address.parse(metrics) if metrics else settings.metrics
    check_free(address)
    set_up_logging(log_level)
    sink = _sink(topology, settings)
    runtime.tune()
    connection = publisher.fork(topology, settings.client_options(), sink)  # before a client starts threads
    from streams import app, warm_up  # after it: the publisher needs no compiler

    warm_up.warm_up()
    with admin_client(settings.client_options()) as client:
        rights.check(client, topology)
    service = app.build(topology, settings, address, connection, instance)
    process = faust.Worker(service, quiet=True, override_logging=False, redirect_stdouts=False)
    process.spinner = None
    process.execute_from_commandline()


def _sink(topology: Topology, settings: Settings) -> Sink | None:
    if topology.sinks.clickhouse is None:
        return None
    if settings.clickhouse is None:
        raise UserError("the topology writes to ClickHouse: set HEADRACE_CLICKHOUSE or start one with `headrace up`")
    return ClickHouseSink(connection.parse(settings.clickhouse))
