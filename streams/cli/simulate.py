"""`headrace simulate`: the synthetic tower plant, live."""

import time
from contextlib import nullcontext
from itertools import tee
from pathlib import Path
from typing import BinaryIO, Final

import click

from infra.simulator.assets import BASE, assets
from infra.simulator.faults import schedule
from infra.simulator.labels import Labels
from infra.simulator.live import Disorder, Simulator, Totals
from infra.simulator.plant import Plant
from schemas.errors import UserError
from streams.cli.feeding import Display, run_until_signal
from streams.cli.options import Seconds, data_option, settings_with
from streams.event_producer import EventProducer

_RATE_OF_A_MACHINE: Final = 10.0


@click.command()
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="The same seed, the same plant.")
@click.option(
    "--rate",
    type=click.FloatRange(min=0, min_open=True),
    help="Events/s in total.  [default: 10 for each machine]",
)
@click.option(
    "--assets",
    "count",
    type=click.IntRange(1, 100_000),
    default=sum(BASE.values()),
    show_default=True,
    help="Number of machines.",
)
@click.option("--duration", type=Seconds(), help="Such as 20s; without it until Ctrl-C.")
@click.option("--faults/--no-faults", "faulty", default=True, show_default=True, help="Let things go wrong.")
@click.option("--labels", type=click.Path(path_type=Path, dir_okay=False), help="File for the truth about the faults.")
@click.option(
    "--disorder",
    type=click.FloatRange(0, 1),
    default=0.01,
    show_default=True,
    help="Share of events that arrive up to 3 s late.",
)
@click.option("--kafka", help="Bootstrap servers. [HEADRACE_KAFKA]")
@data_option
def simulate(
    seed: int,
    rate: float | None,
    count: int,
    duration: float | None,
    faulty: bool,
    labels: Path | None,
    disorder: float,
    kafka: str | None,
    data: Path,
) -> None:
    """Send the readings of a SYNTHETIC tower plant: invented machines, with faults that are known.

    A fault of each kind happens every minute, or once in a shorter run. --labels writes each, one JSON object a line,
    before it begins. Event time is the time at which an event is due.

    \b
    Example: headrace simulate --duration 20s --labels faults.ndjson
    """
    settings = settings_with(kafka, data)
    machines = assets(count)
    per_second = rate if rate is not None else _RATE_OF_A_MACHINE * count
    totals = Totals()

    async def work() -> None:
        with _writable(labels) if labels else nullcontext() as file:
            producer = EventProducer(settings.client_options())
            try:
                async with producer:
                    await _simulate(producer, file)
            finally:
                totals.events = producer.acknowledged

    async def _simulate(producer: EventProducer, file: BinaryIO | None) -> None:
        start_ms = time.time_ns() // 1_000_000
        # One schedule for the plant that suffers it, one for the labels that run ahead of it.
        plants, known = tee(schedule(seed, machines, count / per_second, duration) if faulty else ())
        simulator = Simulator(
            Plant(seed, machines, per_second, start_ms, plants),
            Labels(known, start_ms, file),
            Disorder(disorder, seed),
            producer.send,
            totals,
        )
        await simulator.run(duration, show)

    def show() -> None:
        behind = f", {totals.behind:.0f} s behind the clock" if totals.behind > 1 else ""
        done = None if duration is None else totals.seconds / duration
        display.show(done, totals.events, f"{totals.faults} faults{behind}")

    with Display("synthetic plant") as display:
        run_until_signal(work())
    click.echo(
        f"{totals.events:,} events of {count:,} synthetic machines in {display.seconds:.1f} s "
        f"({totals.events / display.seconds:,.0f}/s), {totals.faults} faults"
    )


def _writable(file: Path) -> BinaryIO:
    try:
        return file.open("wb")
    except OSError as error:
        raise UserError(f"{file} cannot be written: {error.strerror}") from None
