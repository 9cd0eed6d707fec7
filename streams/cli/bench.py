"""`headrace bench`: how fast, against whom, how late, how far it scales, for how long, and what the loop is worth."""

import os
import signal
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import click
from clickhouse_driver import Client

from infra.bench import (
    anomaly,
    codes,
    codes_report,
    codes_world,
    comparison,
    control,
    control_report,
    latency,
    machine,
    plant_faults,
    quick,
    report,
    scale,
    screens,
    soak,
    soak_report,
    windows,
)
from infra.bench.systems import SYSTEMS
from infra.bench.workload import Workload
from schemas.errors import UserError
from sinks.archive.archive import Archive
from streams.cli.options import FiniteRange, Seconds

_json = click.option("--json", "json_file", type=click.Path(path_type=Path, dir_okay=False), help="Also write JSON.")
_record = click.option("--record", is_flag=True, help=f"Also write it to {report.RESULTS.name}.")


def _out(folder: str, what: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The option that names a folder for files."""
    kind = click.Path(path_type=Path, file_okay=False)
    return click.option("--out", type=kind, default=Path(folder), show_default=True, help=f"Folder for {what}.")


def _say(line: str) -> None:
    click.echo(line, err=True)


@click.group()
def bench() -> None:
    """Measure headrace on a stack of its own; nothing that runs already is touched.

    Example: headrace bench windows --systems headrace,kafka-streams-eos,poll
    """
    # Whoever ends it, its stack ends with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))


@bench.command("windows", epilog="Example: headrace bench windows --events 500000 --systems headrace,poll,lean")
@click.option("--events", type=click.IntRange(min=10_000), default=2_000_000, show_default=True)
@click.option("--systems", default=",".join(SYSTEMS), show_default=True, help="Which, in this order.")
@_json
@_record
def windows_command(events: int, systems: str, json_file: Path | None, record: bool) -> None:
    """Windows of 10 s over one topic by headrace and its neighbours, each compared with an oracle.

    Exit code 1 if a system fails or one of its windows is wrong.
    """
    workload = Workload(events=events)
    outcomes, failures = windows.run([name.strip() for name in systems.split(",")], workload, _say)
    rows = comparison.table(outcomes)
    report.show(f"{events:,} events of {workload.event_bytes} bytes", comparison.COLUMNS, rows)
    if json_file:
        report.save_json(json_file, "windows", [asdict(o) | {"events_per_second": o.rate} for o in outcomes])
    if record:
        most = (SYSTEMS[name].most_events or events for name in ("faust", "quix-streams"))
        report.record("Windows", comparison.COLUMNS, rows, comparison.notes(workload, *most))
    wrong = [f"{outcome.title}: {outcome.wrong}" for outcome in outcomes if outcome.wrong]
    if problems := [*failures.values(), *wrong]:
        raise UserError("; ".join(problems))


@bench.command("quick", epilog="Example: headrace bench quick")
@click.option("--events", type=click.IntRange(min=10_000), default=1_000_000, show_default=True)
@click.option("--record", is_flag=True, help="Make this run the one that later ones are held against.")
def quick_command(events: int, record: bool) -> None:
    """headrace against the bare poll loop; exit code 1 below half of the recorded ratio."""
    found = quick.run(events, _say)
    recorded = "nothing recorded" if found.recorded is None else f"recorded: {found.recorded:.2f}"
    click.echo(f"headrace {found.headrace:,.0f} events/s, bare poll loop {found.poll:,.0f} events/s")
    click.echo(f"ratio {found.ratio:.2f} ({recorded})")
    if record:
        quick.save(found, events)
    elif not found.holds:
        raise UserError(f"the ratio {found.ratio:.2f} is below half of the recorded {found.recorded:.2f}")


@bench.command("latency", epilog="Example: headrace bench latency --rates 10000 --seconds 30 --out latency")
@click.option(
    "--rates", default=",".join(map(str, latency.RATES)), show_default=True, help="Events/s, one after another."
)
@click.option("--seconds", type=FiniteRange(min=1), default=60.0, show_default=True, help="Measured at each rate.")
@_out("bench-latency", "HDR histograms and the plot")
@_json
@_record
def latency_command(rates: str, seconds: float, out: Path, json_file: Path | None, record: bool) -> None:
    """From an event's intended send time to `anomalies` and to ClickHouse, at steady rates in an open loop."""
    outcomes = latency.run([_rate(rate) for rate in rates.split(",")], seconds, _say)
    columns, rows = latency.table(outcomes)
    report.show("latency from the intended send time", columns, rows)
    for file in latency.save(outcomes, out):
        click.echo(file)
    if json_file:
        report.save_json(json_file, "latency", [dict(zip(columns, row, strict=True)) for row in rows])
    if record:
        report.record("Latency", columns, rows, latency.NOTES)


@bench.command("scale", epilog="Example: headrace bench scale --axes series,workers --events 500000")
@click.option("--axes", default=",".join(scale.cases(1, 1)), show_default=True, help="What to vary, in this order.")
@click.option("--events", type=click.IntRange(min=10_000), default=2_000_000, show_default=True)
@click.option("--backlog", type=click.IntRange(min=10_000), default=10_000_000, show_default=True)
@_json
@_record
def scale_command(axes: str, events: int, backlog: int, json_file: Path | None, record: bool) -> None:
    """One thing varied at a time: series, new series, event size, metrics, frames, partitions, workers, backlog."""
    cases = scale.cases(events, backlog)
    if unknown := sorted({axis.strip() for axis in axes.split(",")} - set(cases)):
        raise UserError(f"no axis {', '.join(unknown)}; there are {', '.join(cases)}")
    outcomes, failures = scale.run([case for axis in axes.split(",") for case in cases[axis.strip()]], _say)
    rows = scale.table(outcomes)
    report.show("scale", scale.COLUMNS, rows)
    if json_file:
        report.save_json(json_file, "scale", [asdict(o) | {"events_per_second": o.rate} for o in outcomes])
    if record:
        report.record("Scale", scale.COLUMNS, rows, scale.NOTES)
    if failures:
        raise UserError("; ".join(failures.values()))


@bench.command("soak", epilog="Example: headrace bench soak --minutes 10 --rate 50000 --out soak")
@click.option("--minutes", type=FiniteRange(min=1), default=30.0, show_default=True)
@click.option("--rate", type=click.IntRange(min=100), default=20_000, show_default=True, help="Events/s.")
@_out("bench-soak", "all samples (JSON) and the plot")
def soak_command(minutes: float, rate: int, out: Path) -> None:
    """A steady load for a long time: memory, file handles, threads, parts and lag have to stay flat.

    Flat means that the last third of the time is not above the middle third by more than noise; the first third is the
    warm-up, so a run of a few minutes says little. Exit code 1 if anything grows, the worker was not ready, the load
    was not held, or the audit at the end does not add up.
    """
    outcome = soak.run(rate, minutes, _say)
    report.show(f"soak: {rate:,} events/s for {minutes:g} minutes", soak_report.COLUMNS, soak_report.table(outcome))
    for line in [*soak_report.lines(outcome), *soak.save(outcome, out)]:
        click.echo(line)
    if outcome.problems:
        raise UserError("; ".join(outcome.problems))


@bench.command("anomaly", epilog="Example: headrace bench anomaly --detectors ewma --json ewma.json")
@click.option("--detectors", default=",".join(anomaly.DETECTORS), show_default=True, help="Which, in this order.")
@click.option(
    "--data", type=click.Path(path_type=Path), default=Path("../shared/data/nab_tune"), show_default=True,
    envvar="NAB_DATA", help="Folder of NAB's files, with windows.json.",
)  # fmt: skip
@click.option(
    "--scorer", type=click.Path(path_type=Path), default=Path("../shared/tools/nab_score.py"), show_default=True,
    envvar="NAB_SCORER", help="Program that scores: SCORER DATA SCORES --threshold T.",
)  # fmt: skip
@click.option("--days", type=FiniteRange(min=1), default=30, show_default=True, help="Of the simulated plant.")
@_json
@click.option("--record", is_flag=True, help=f"Also write it to {anomaly.RESULTS.name}.")
def anomaly_command(
    detectors: str, data: Path, scorer: Path, days: float, json_file: Path | None, record: bool
) -> None:
    """Detectors on the Numenta Anomaly Benchmark and on the simulated plant, their speed and state; starts no servers.

    The benchmark's files are not part of headrace.
    """
    outcomes = anomaly.run([name.strip() for name in detectors.split(",")], data, scorer, _say)
    _say(f"{days:g} days of the simulated plant")
    plant = plant_faults.run(days)
    columns = plant_faults.fault_columns(plant["faults"])
    sections = [
        ("Detectors", anomaly.COLUMNS, anomaly.table(outcomes), anomaly.notes(data)),
        ("Nothing wrong", plant_faults.CALM_COLUMNS, plant_faults.calm_rows(plant["month"]), plant_faults.CALM_NOTES),
        ("Faults", columns, plant_faults.fault_rows(plant["faults"]), plant_faults.FAULT_NOTES),
    ]
    ran_on = machine.hardware()
    for title, names, rows, notes in sections:
        report.show(title, names, rows)
        if record:
            report.record(title, names, rows, notes, anomaly.RESULTS, ran_on, anomaly.HEAD)
    if json_file:
        report.save_json(json_file, "anomaly", {"detectors": [asdict(one) for one in outcomes], **plant}, ran_on)


@bench.command("control", epilog="Example: headrace bench control --exceedances 2 --json control.json")
@click.option("--exceedances", type=click.IntRange(min=1), default=10, show_default=True)
@click.option(
    "--seed", type=click.IntRange(min=0), default=1, show_default=True, help="The same seed, the same causes."
)
@_json
@click.option("--record", is_flag=True, help=f"Also write it to {control_report.RECORD.name}.")
def control_command(exceedances: int, seed: int, json_file: Path | None, record: bool) -> None:
    """The control loop in automatic mode, in advise mode and none at all, over the same exceedances at the same time.

    Exit code 1 if in automatic mode an exceedance is not alarmed within 2 s of the on-delay, or is neither brought back
    before a person removes its cause nor told to a person within its time limit. Ten take half an hour.
    """
    episodes = control.run(seed, exceedances, _say)
    rows, each = control_report.totals(episodes), control_report.exceedances(episodes)
    report.show("the control loop in each mode", control_report.COLUMNS, rows)
    report.show("seconds from the alarm", control_report.EXCEEDANCE_COLUMNS, each)
    click.echo(control_report.NOTES)
    if json_file:
        report.save_json(json_file, "control", [asdict(episode) for episode in episodes])
    if record:
        minutes = ", ".join(f"{load:.1f}" for load in os.getloadavg())
        control_report.record(episodes, f"{minutes} over the last 1, 5 and 15 minutes")
    if problems := control_report.problems(episodes):
        raise UserError("; ".join(problems))


@bench.command("screens", epilog="Example: headrace bench screens --browsers 20 --seconds 30s")
@click.option("--browsers", type=click.IntRange(min=1), default=20, show_default=True)
@click.option("--rate", type=click.IntRange(min=1), default=2000, show_default=True, help="Events per second.")
@click.option("--seconds", type=Seconds(), default="30s", show_default=True, help="Length of each turn.")
@_json
def screens_command(browsers: int, rate: int, seconds: float, json_file: Path | None) -> None:
    """What browsers at the screen cost the pipeline: the simulated plant with none and with many, in turns.

    The browsers take what a real one takes, and draw nothing.
    """
    outcomes = screens.run(browsers, rate, seconds, _say)
    columns = (
        "browsers",
        "events/s",
        "CPUs of worker",
        "CPUs of Kafka and ClickHouse",
        "CPUs of screen",
        "mean latency",
    )
    rows = [
        (str(one.browsers), f"{one.events / one.seconds:,.0f}", f"{one.worker:.2f}", f"{one.servers:.2f}",
         f"{one.screen:.2f}", f"{1000 * one.latency:.0f} ms")
        for one in outcomes
    ]  # fmt: skip
    report.show(f"{browsers} browsers at the screen, in turns with none", columns, rows)
    if json_file:
        report.save_json(json_file, "screens", [asdict(one) for one in outcomes])


@bench.command("codes", epilog="Example: headrace bench codes --codes 100000000 --json codes.json")
@click.option("--codes", "count", type=click.IntRange(min=20_000), default=codes_world.CODES, show_default=True)
@_json
@click.option("--record", is_flag=True, help=f"Also write it to {codes_report.RESULTS.name}.")
def codes_command(count: int, json_file: Path | None, record: bool) -> None:
    """Codes of 3,000 enterprises: minted, archived, recalled, resolved over HTTP, scanned.

    Fewer codes take fewer of everything. A code takes 40 bytes of TMPDIR while it runs.
    """
    outcome = codes.run(count, _recall, _say)
    rows, disk = codes_report.table(outcome), codes_report.disk_table(outcome)
    report.show(f"{outcome.world.codes:,} codes", codes_report.COLUMNS, rows)
    report.show("disk", codes_report.DISK_COLUMNS, disk)
    if json_file:
        report.save_json(json_file, "codes", codes_report.figures(outcome))
    if record:
        file, head = codes_report.RESULTS, codes_report.HEAD
        report.record("Codes", codes_report.COLUMNS, rows, codes_report.NOTES, file, head=head)
        report.record("Disk", codes_report.DISK_COLUMNS, disk, codes_report.DISK_NOTES, file, {}, head)


def _recall(client: Client, topology: str, origin: str) -> int:
    return sum(1 for _ in Archive(client, topology).recall([origin]))


def _rate(text: str) -> int:
    if not text.strip().isdecimal() or not int(text):
        raise UserError(f"{text!r} is no rate: write events per second, such as 10000")
    return int(text)
