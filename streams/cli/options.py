"""Options and look-ups that several verbs share."""

import math
import os
from pathlib import Path

import click

from schemas.durations import Duration
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


class FiniteRange(click.FloatRange):
    """A range of numbers: nan, which is in every range of click's, and inf are none."""

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        number: float = super().convert(value, param, ctx)
        if not math.isfinite(number):
            self.fail(f"{number} is no finite number", param, ctx)
        return number


class Seconds(click.ParamType):
    """A duration such as 20s, in seconds."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        if isinstance(value, float):
            return value
        try:
            seconds = Duration.parse(value) / 1000
        except ValueError as error:
            self.fail(str(error), param, ctx)
        if seconds <= 0:
            self.fail(f"{value!r} must be longer than 0", param, ctx)
        return seconds


def settings_with(kafka: str | None, data: Path) -> Settings:
    """The settings, with the bootstrap servers given on the command line before those of the environment."""
    return Settings.from_environment({**os.environ, **({"HEADRACE_KAFKA": kafka} if kafka else {})}, data)


def load_topology(given: Path | None, settings: Settings) -> Topology:
    """The topology named on the command line, else by HEADRACE_TOPOLOGY."""
    path = given or settings.topology
    if path is None:
        raise UserError("no topology: name a file with --topology or set HEADRACE_TOPOLOGY")
    return load(path)
