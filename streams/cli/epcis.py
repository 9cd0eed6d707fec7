"""`headrace epcis`: capture and query of EPCIS events over HTTP, until told to stop."""

import asyncio
from contextlib import suppress
from pathlib import Path

import click
from aiokafka.errors import KafkaError

from schemas.errors import SinkError, UserError
from sinks.epcis import server
from sinks.epcis.server import Servers
from sinks.tokens import Tokens
from streams import login
from streams.cli.long_running import check_free, log_level_option, set_up_logging
from streams.cli.options import data_option, load_topology, topology_option
from streams.settings import Address, Settings, tokens_of


@click.command(epilog="Example: headrace epcis --topology infra/topologies/tower_plant.yaml")
@topology_option
@data_option
@click.option("--address", help="Where it listens; default: HEADRACE_EPCIS or 127.0.0.1:8801.")
@log_level_option
def epcis(topology_file: Path | None, data: Path, address: str | None, log_level: str) -> None:
    """Capture EPCIS events and answer queries for them over HTTP, after the REST interface of EPCIS 2.0.

    An enterprise is known by its bearer token (`headrace token`), and reads and writes nothing but its own. There is no
    TLS here: where others are to reach it, it belongs behind a reverse proxy that has it.
    """
    settings = Settings.from_environment(data=data)
    topology = load_topology(topology_file, settings)
    if topology.trace is None:
        raise UserError("the topology declares no trace: there is nobody whose events could be captured")
    if settings.clickhouse is None:
        raise UserError("queries are answered from ClickHouse: set HEADRACE_CLICKHOUSE or start one with `headrace up`")
    tokens = Tokens.parse(tokens_of())
    if not tokens:
        raise UserError("nobody could log in: make a token with `headrace token` and set HEADRACE_TOKENS")
    listen = Address.parse(address) if address else settings.epcis
    check_free(listen, "EPCIS", "--address")
    asyncio.run(login.answering(settings.client_options()))
    set_up_logging(log_level)
    servers = Servers(settings.clickhouse, settings.client_options(), listen.host.strip("[]"), listen.port)
    quotas = {one.prefix: one.events_per_minute for one in topology.trace.enterprises}
    try:
        with suppress(KeyboardInterrupt):
            asyncio.run(
                server.run(
                    topology.topology, quotas, tokens, servers, lambda: click.echo(f"EPCIS 2.0 at http://{listen}")
                )
            )
    except SinkError as error:
        raise UserError(str(error)) from error
    except KafkaError as error:
        raise UserError(f"Kafka at {settings.kafka} does not answer: {error}") from error
