"""The command line of the local stack: `python -m infra.local up|down|status`."""

import time
from pathlib import Path
from typing import Any

import click

from infra.local import stack
from schemas.errors import UserError

_data = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=stack.DEFAULT_DATA,
    show_default=True,
    envvar="HEADRACE_DATA",
    help="Data folder.",
)


class _Commands(click.Group):
    """Turns a user's mistake into one line and exit code 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except UserError as error:
            raise click.ClickException(str(error)) from error


@click.group(cls=_Commands)
def main() -> None:
    """Kafka and ClickHouse on this machine, in one data folder."""


@main.command()
@_data
@click.option("--kafka-port", type=click.IntRange(1, 65535), help="Default: that of the last time, or 9092.")
@click.option("--clickhouse-tcp-port", type=click.IntRange(1, 65535), help="Default: that of the last time, or 9000.")
@click.option("--clickhouse-http-port", type=click.IntRange(1, 65535), help="Default: that of the last time, or 8123.")
def up(data: Path, kafka_port: int | None, clickhouse_tcp_port: int | None, clickhouse_http_port: int | None) -> None:
    """Start what does not run yet.

    \b
    Example: headrace up --kafka-port 19092
    """
    ports = stack.ports_of(data, kafka_port, clickhouse_tcp_port, clickhouse_http_port)
    began = time.monotonic()
    _show(stack.up(data, ports, click.echo))
    click.echo(f"ready after {time.monotonic() - began:.1f} s")


@main.command()
@_data
def down(data: Path) -> None:
    """Stop what runs; nothing is lost.

    \b
    Example: headrace down
    """
    click.echo(f"stopped: {', '.join(stack.down(data)) or 'nothing, nothing ran'}")


@main.command()
@_data
def status(data: Path) -> None:
    """Show what runs, and where; exit code 1 unless all of it does.

    \b
    Example: python -m infra.local status --data .headrace
    """
    found = stack.find(data)
    if found is None:
        raise stack.StackError(f"{data} has no stack; start one with up")
    _show(found)
    if not found.is_up:
        raise click.exceptions.Exit(1)


def _show(found: stack.Stack) -> None:
    for part in found.parts:
        since = f"pid {part.pid} since {part.started_at:%Y-%m-%d %H:%M:%S} UTC, " if part.started_at else ""
        click.echo(f"{part.name:<11}{part.state:<5}{since}log {part.log}")
    click.echo(f"kafka      {found.kafka}")
    click.echo(f"clickhouse {found.clickhouse_url_public} (password: {found.data / 'clickhouse-users.json'})")
    click.echo(f"http       {found.http_url}")


if __name__ == "__main__":
    main(prog_name="python -m infra.local")
