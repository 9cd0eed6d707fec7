"""`headrace replay`: history files as live events."""

from datetime import UTC, datetime
from pathlib import Path

import click

from schemas.errors import UserError
from streams.cli.feeding import Display, run_until_signal
from streams.cli.options import data_option, settings_with
from streams.event_producer import EventProducer
from streams.replay.plan import plan
from streams.replay.refusals import Refusals
from streams.replay.run import Replayer, Totals
from streams.topology.load import load


class _Speed(click.ParamType):
    """A multiple of real time, or `max`."""

    name = "factor|max"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float | None:
        if value is None or value == "max":
            return None
        try:
            speed = float(str(value))
        except ValueError:
            speed = 0.0
        if not 0 < speed < float("inf"):
            self.fail(f"{value!r} is no speed: write a number above 0, such as 60, or max", param, ctx)
        return speed


@click.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--topology", "topology_file", type=click.Path(path_type=Path), help="Topology file. [HEADRACE_TOPOLOGY]")
@click.option("--mapping", help="Entry of the topology's replays; by default the one whose pattern fits the file.")
@click.option("--topic", help="Topic to send to; by default the mapping's.")
@click.option("--speed", type=_Speed(), default="max", show_default=True, help="1 is real time, 60 an hour a minute.")
@click.option("--skip-bad-rows", is_flag=True, help="Leave rows out that cannot become events, and count them.")
@click.option("--kafka", help="Bootstrap servers. [HEADRACE_KAFKA]")
@data_option
def replay(
    files: tuple[Path, ...],
    topology_file: Path | None,
    mapping: str | None,
    topic: str | None,
    speed: float | None,
    skip_bad_rows: bool,
    kafka: str | None,
    data: Path,
) -> None:
    """Send history FILES (CSV, NDJSON, each also .gz, and Parquet) as events.

    Every row is sent once, in the file's order. The topology's `replays` say which column is which metric; NDJSON that
    no mapping is for holds events already.

    \b
    Example: headrace replay steel.csv --topology infra/topologies/steel.yaml --speed 3600
    """
    settings = settings_with(kafka, data)
    file = topology_file or settings.topology
    if file is None:
        raise UserError("no topology: give --topology or set HEADRACE_TOPOLOGY")
    histories = plan(files, load(file), mapping, topic)
    refusals = Refusals(skip_bad_rows)
    totals = Totals()

    async def work() -> None:
        producer = EventProducer(settings.client_options())
        try:
            async with producer:
                await Replayer(producer.send, refusals, totals, speed).run(histories, show)
        finally:
            totals.events = producer.acknowledged

    def show() -> None:
        display.show(totals.done, totals.events, f"event time {_time(totals.latest_ts)}")

    with Display("replay") as display:
        try:
            complete = run_until_signal(work())
        except UserError as error:
            before = f"; {totals.events:,} events before it were sent" if totals.events else ""
            raise UserError(f"{error}{before}") from None
    for line in refusals.first:
        click.echo(f"left out {line}", err=True)
    click.echo(_summary(totals, len(files), refusals.count, display.seconds))
    if not complete:
        raise SystemExit(130)


def _summary(totals: Totals, files: int, refused: int, seconds: float) -> str:
    parts = [
        f"{totals.events:,} events from {totals.files} of {files} files in {seconds:.1f} s "
        f"({totals.events / max(seconds, 1e-3):,.0f}/s)",
        f"event time {_time(totals.first_ts)} to {_time(totals.latest_ts)}",
    ]
    if totals.empty:
        parts.append(f"{totals.empty:,} rows without any value")
    if refused:
        parts.append(f"{refused:,} bad rows left out")
    return "; ".join(parts)


def _time(ts: int | None) -> str:
    return "-" if ts is None else datetime.fromtimestamp(ts / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
