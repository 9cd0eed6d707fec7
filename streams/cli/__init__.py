"""The `headrace` command: one file a verb, listed in `VERBS`. Here alone sinks and infra meet streams."""

import gc
import importlib
import logging
import os
import sys
from typing import Any

import click

from schemas.errors import UserError

VERBS: dict[str, str] = {
    "demo": "streams.cli.demo:demo",
    "up": "infra.local.__main__:up",
    "down": "infra.local.__main__:down",
    "status": "streams.cli.status:status",
    "topology": "streams.cli.topology:topology",
    "worker": "streams.cli.worker:worker",
    "outlets": "streams.cli.outlets:outlets",
    "replay": "streams.cli.replay:replay",
    "backtest": "streams.cli.backtest:backtest",
    "simulate": "streams.cli.simulate:simulate",
    "audit": "streams.cli.audit:audit",
    "alarm": "streams.cli.alarm:alarm",
    "feedback": "streams.cli.feedback:feedback",
    "picking": "streams.cli.picking:picking",
    "screen": "streams.cli.screen:screen",
    "codes": "streams.cli.codes:codes",
    "trace": "streams.cli.trace:trace",
    "resolver": "streams.cli.resolver:resolver",
    "epcis": "streams.cli.epcis:epcis",
    "token": "streams.cli.token:token",
    "dlq": "streams.cli.dlq:dlq",
    "bench": "streams.cli.bench:bench",
}
"""Verb to `module:command`; imported when it is used, so that `--help` is quick."""


class _Verbs(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in VERBS:
            return None
        module, _, attribute = VERBS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), attribute)
        gc.freeze()  # imports stay: the collector took a tenth of a recall's time to go through them again and again
        return command


@click.group(cls=_Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="headrace")
def cli() -> None:
    """Real-time stream processing for factories: Kafka in, windows and anomaly flags out, results in ClickHouse.

    Example: headrace up && headrace topology apply infra/topologies/tower_plant.yaml
    """


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line. A user's mistake ends in one line on stderr and exit code 1."""
    for library in ("aiokafka", "kafka", "clickhouse_driver"):  # they log what the verb's own error says in one line
        logging.getLogger(library).setLevel(logging.CRITICAL)
    try:
        if not all(_is_text(argument) for argument in (sys.argv[1:] if arguments is None else arguments)):
            raise UserError("an argument is not UTF-8 text: rename the file, or set the locale to UTF-8")
        cli.main(arguments, prog_name="headrace", standalone_mode=True)
    except UserError as error:
        click.echo(f"headrace: {error}", err=True)
        sys.exit(1)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)


def _is_text(argument: str) -> bool:
    """Whether it can be shown and sent: bytes that are no text come as lone surrogates."""
    return not any("\ud800" <= sign <= "\udfff" for sign in argument)
