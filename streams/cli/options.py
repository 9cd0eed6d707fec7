"""Options and look-ups that several verbs share."""

import os
from pathlib import Path

import click

from schemas.errors import UserError
from streams.settings import DEFAULT_DATA, Settings
from streams.topology.load import load
from streams.topology.model import Topology

data_option = click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    default=DEFAULT_DATA,
    show_default=True,
    envvar="HEADRACE_DATA",
    help="Folder of the local stack.",
)

topology_option = click.option(
    "--topology",
    "topology_file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Topology file; default: HEADRACE_TOPOLOGY.",
)


def settings_with(kafka: str | None, data: Path) -> Settings:
    """The settings, with the bootstrap servers given on the command line before those of the environment."""
    return Settings.from_environment({**os.environ, **({"HEADRACE_KAFKA": kafka} if kafka else {})}, data)


def load_topology(given: Path | None, settings: Settings) -> Topology:
    """The topology named on the command line, else by HEADRACE_TOPOLOGY."""
    path = given or settings.topology
    if path is None:
        raise UserError("no topology: name a file with --topology or set HEADRACE_TOPOLOGY")
    return load(path)
