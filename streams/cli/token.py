"""`headrace token`: a new token for an enterprise."""

from pathlib import Path

import click

from schemas.errors import UserError
from sinks import tokens
from streams.cli.options import topology_option
from streams.settings import topology_of
from streams.topology.load import load


@click.command(epilog="Example: headrace token 88.118.8 --topology infra/topologies/tower_plant.yaml")
@click.argument("prefix")
@topology_option
def token(prefix: str, topology_file: Path | None) -> None:
    """Make a token with which an enterprise of the topology logs in at the resolver and at EPCIS.

    It is shown once and kept nowhere. The entry for HEADRACE_TOKENS holds its digest alone; services read it when they
    start.
    """
    file = topology_file or topology_of()
    if file is None:
        raise UserError("no topology: name a file with --topology or set HEADRACE_TOPOLOGY")
    topology = load(file)
    if prefix not in {one.prefix for one in (topology.trace.enterprises if topology.trace else ())}:
        raise UserError(f"topology {topology.topology} declares no enterprise with the prefix {prefix}")
    made, entry = tokens.make(prefix)
    click.echo(f"token                     {made}")
    click.echo(f"entry of HEADRACE_TOKENS  {entry}")
