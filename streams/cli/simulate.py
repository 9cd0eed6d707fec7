"""`headrace simulate`: the synthetic tower plant, live."""

import os
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from heapq import merge
from itertools import tee
from pathlib import Path
from typing import BinaryIO, Final

import click

from infra.simulator import causes
from infra.simulator.assets import BASE, assets
from infra.simulator.causes import Cause
from infra.simulator.faults import schedule
from infra.simulator.labels import Labels, Trouble
from infra.simulator.live import Disorder, Respond, Simulator, Totals
from infra.simulator.plant import Plant
from infra.simulator.process import MACHINES, Process
from infra.simulator.response import Answers, Responder
from infra.simulator.shop_floor import floor, mishaps
from infra.simulator.trace import mishaps as trace_mishaps
from infra.simulator.trace.catalogue import PREFIX
from infra.simulator.trace.traced_plant import TracedPlant
from schemas.errors import UserError
from schemas.topics import LOGISTICS_EVENTS
from streams.adjustment_reader import AdjustmentReader
from streams.cli.feeding import Display, run_until_signal
from streams.cli.options import FiniteRange, Seconds, data_option, settings_with, topology_option
from streams.compute.codes import KeyRing
from streams.event_producer import EventProducer
from streams.settings import code_keys_of
from streams.topology.load import load
from streams.topology.model import Topology

_RATE_OF_A_MACHINE: Final = 10.0


def _start(trouble: Trouble) -> float:
    return trouble.start


@click.command()
@click.option("--seed", type=click.IntRange(min=0), default=1, show_default=True, help="The same seed, the same plant.")
@click.option(
    "--rate",
    type=FiniteRange(min=1e-3),
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
@click.option(
    "--exceedances",
    type=click.IntRange(min=1),
    help="Drive the stacks over their limits so many times within --duration.",
)
@click.option(
    "--lasting", type=Seconds(), help="How long each cause lasts.  [default: half of its share of --duration]"
)
@click.option(
    "--respond", "responds", is_flag=True, help="Carry out commanded process.adjustments, and acknowledge them."
)
@click.option(
    "--labels", type=click.Path(path_type=Path, dir_okay=False), help="File for the truth about faults and exceedances."
)
@click.option(
    "--disorder",
    type=FiniteRange(0, 1),
    default=0.01,
    show_default=True,
    help="Share of events that arrive up to 3 s late.",
)
@click.option("--kafka", help="Bootstrap servers. [HEADRACE_KAFKA]")
@topology_option
@data_option
def simulate(
    seed: int,
    rate: float | None,
    count: int,
    duration: float | None,
    faulty: bool,
    exceedances: int | None,
    lasting: float | None,
    responds: bool,
    labels: Path | None,
    disorder: float,
    kafka: str | None,
    topology_file: Path | None,
    data: Path,
) -> None:
    """Send the readings of a SYNTHETIC tower plant: invented machines, with faults that are known.

    Where the topology has the parts production, quality or logistics, what happens on the shop floor is sent as well:
    in its own rhythm, some eight events a second, whatever the --rate of readings. Where it has the part trace and
    HEADRACE_CODE_KEYS is set, codes are put on what is made, and some two events a second say what becomes of it.

    A fault of each kind happens every minute, or once in a shorter run. --labels writes each, one JSON object a line,
    before it begins. Event time is the time at which an event is due.

    With --exceedances, emissions of the stacks exceed their limits for causes: a stuck valve, fouling, a surge of feed.
    Each lasts until its cause ends, as if a person had removed it, or, with --respond, until its set-point has been
    moved two or three steps.

    \b
    Example: headrace simulate --duration 20s --labels faults.ndjson
             headrace simulate --duration 20m --no-faults --exceedances 5 --respond
    """
    settings = settings_with(kafka, data)
    file_of_topology = topology_file or settings.topology
    topology = load(file_of_topology) if file_of_topology else None
    topics = floor.TOPICS.intersection(topology.inputs) if topology else frozenset()
    keys = _keys(topology)
    machines = assets(count)
    per_second = rate if rate is not None else _RATE_OF_A_MACHINE * count
    scheduled = _causes(seed, exceedances, duration, lasting)
    process = Process(seed, scheduled) if exceedances or responds else None
    if process and MACHINES - {machine.name for machine in machines}:
        raise UserError(
            f"--exceedances and --respond are for a plant with {', '.join(sorted(MACHINES))}: more --assets"
        )
    totals, answers = Totals(), Answers()

    async def work() -> None:
        async with AsyncExitStack() as opened:
            file = opened.enter_context(_writable(labels)) if labels else None
            respond = await _responder(opened, process) if responds and process else None
            producer = EventProducer(settings.client_options())
            try:
                async with producer:
                    await _simulate(producer, file, respond)
            finally:
                totals.events = producer.acknowledged

    async def _responder(opened: AsyncExitStack, process: Process) -> Respond:
        reader = await opened.enter_async_context(AdjustmentReader(settings.client_options()))
        acks = await opened.enter_async_context(EventProducer(settings.client_options()))
        return Responder(process, reader.newest, acks.send, answers).act

    async def _simulate(producer: EventProducer, file: BinaryIO | None, respond: Respond | None) -> None:
        start_ms = time.time_ns() // 1_000_000
        # One schedule for the plant that suffers it, one for the labels that run ahead of it.
        faults, known = tee(schedule(seed, machines, count / per_second, duration) if faulty else ())
        wrong, known_wrong = tee(mishaps.schedule(machines, duration, topics) if faulty else ())
        amiss, known_amiss = tee(trace_mishaps.schedule(duration) if faulty and keys else ())
        labelled: Iterator[Trouble] = merge(
            known, process.causes if process else (), known_wrong, known_amiss, key=_start
        )  # fmt: skip
        simulator = Simulator(
            Plant(seed, machines, per_second, start_ms, faults, process),
            Labels(labelled, start_ms, file),
            Disorder(disorder, seed),
            producer.send,
            totals,
            respond,
            floor.ShopFloor(seed, machines, start_ms, topics, wrong),
            TracedPlant(seed, machines, start_ms, keys, amiss) if keys else None,
        )
        await simulator.run(duration, show)

    def note() -> str:
        return f"{totals.faults} faults" + (f", commands: {answers}" if responds else "")

    def show() -> None:
        behind = f", {totals.behind:.0f} s behind the clock" if totals.behind > 1 else ""
        done = None if duration is None else totals.seconds / duration
        display.show(done, totals.events, f"{note()}{behind}")

    with Display("synthetic plant") as display:
        run_until_signal(work())
    click.echo(
        f"{totals.events:,} events of {count:,} synthetic machines in {display.seconds:.1f} s "
        f"({totals.events / display.seconds:,.0f}/s), {note()}"
    )


def _keys(topology: Topology | None) -> KeyRing | None:
    """The keys of codes; None where the plant has none, or the topology nothing that they are for."""
    trace = topology and topology.trace
    if not topology or not trace or LOGISTICS_EVENTS.name not in topology.inputs:
        return None
    if PREFIX not in [enterprise.prefix for enterprise in trace.enterprises]:
        return None
    if not (os.environ.get("HEADRACE_CODE_KEYS") or os.environ.get("HEADRACE_CODE_KEYS_FILE")):
        click.echo("without HEADRACE_CODE_KEYS no codes are put on what is made: traceability is left out", err=True)
        return None
    return KeyRing.parse(code_keys_of())


def _causes(seed: int, exceedances: int | None, duration: float | None, lasting: float | None) -> list[Cause]:
    if exceedances is None:
        if lasting is not None:
            raise UserError("--lasting is for the causes of --exceedances: say how many")
        return []
    if duration is None:
        raise UserError("--exceedances are spread over the run: say how long it is with --duration")
    try:
        return causes.schedule(seed, exceedances, duration, lasting)
    except ValueError as error:
        raise UserError(f"--exceedances {exceedances} --duration {duration:g}s: {error}") from None


def _writable(file: Path) -> BinaryIO:
    try:
        return file.open("wb")
    except OSError as error:
        raise UserError(f"{file} cannot be written: {error.strerror}") from None
