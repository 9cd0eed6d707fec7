"""`headrace backtest`: detectors over history, to choose their settings by."""

import re
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePath

import click

from schemas.durations import Duration
from schemas.errors import SinkError, UserError
from sinks.clickhouse import connection
from sinks.clickhouse.errors import translated
from streams.backtest import declared, scores
from streams.backtest.history import FileHistory, History, find, plain_mapping
from streams.backtest.query import QueryHistory
from streams.backtest.run import Backtest, Outcome
from streams.backtest.summary import Summary
from streams.cli.backtest_report import Written, print_json, print_tables
from streams.cli.options import data_option
from streams.compute.detectors.registry import DetectorSpec
from streams.replay.plan import plan
from streams.replay.refusals import Refusals
from streams.settings import clickhouse_of
from streams.topology.load import load
from streams.topology.model import Topology

_file = click.Path(path_type=Path, dir_okay=False)


class _Tolerance(click.ParamType):
    """A duration, also none."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Duration:
        try:
            return Duration.parse(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


@click.command(epilog="Example: headrace backtest history.csv --detectors new.yaml --against old.yaml --out compared")
@click.argument("files", nargs=-1, type=click.Path(path_type=Path))
@click.option("--query", help="In place of FILES: a SELECT of ts, asset, metric and value from HEADRACE_CLICKHOUSE.")
@click.option("--detectors", type=_file, help="YAML file: a list of detectors; left out, those of --topology.")
@click.option("--against", type=_file, help="A second list of detectors, to compare with.")
@click.option(
    "--tolerance", type=_Tolerance(), default="0ms", show_default=True,
    help="How far apart a flag of each may be to be the same.",
)  # fmt: skip
@click.option("--topology", "topology_file", type=_file, help="Topology with units, ranges and the files' mapping.")
@click.option("--mapping", help="Entry of the topology's replays; by default the one whose pattern fits the file.")
@click.option(
    "--asset", help="Without --topology: the asset of all rows; by default column asset, else the file's name."
)
@click.option("--metric", "metrics", multiple=True, help="Without --topology: only columns of this name or pattern.")
@click.option("--time-format", help="Without --topology: a strptime format, iso (the default), epoch_ms or epoch_s.")
@click.option(
    "--scores", "which", type=click.Choice(["flags", "every"]), default="flags", show_default=True,
    help="Score of flags alone, or of every point that a detector can give one.",
)  # fmt: skip
@click.option("--one-history", is_flag=True, help="Detectors go on from file to file; left out, each begins anew.")
@click.option("--skip-bad-rows", is_flag=True, help="Do not judge rows that cannot become events, and count them.")
@click.option("--plots/--no-plots", default=True, show_default=True, help="A PNG for each series.")
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), default=Path("backtest"), show_default=True,
    help="Folder for scores and plots.",
)  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
@data_option
def backtest(
    files: tuple[Path, ...], query: str | None, detectors: Path | None, against: Path | None, tolerance: Duration,
    topology_file: Path | None, mapping: str | None, asset: str | None, metrics: tuple[str, ...],
    time_format: str | None, which: str, one_history: bool, skip_bad_rows: bool, plots: bool, out: Path,
    as_json: bool, data: Path,
) -> None:  # fmt: skip
    """Run detectors over history FILES (CSV, also .gz, and Parquet, or folders of them), without any server.

    Every row comes out again, with flag, detector, reason and anomaly_score (0 to 1, 0.5 at the threshold) behind its
    own columns. A file needs no topology: its column ts, time, timestamp or date is the time, a column asset the asset,
    every other column a metric.
    """
    if bool(files) == bool(query):
        raise UserError("name files, or give --query: one of the two")
    topology = load(topology_file) if topology_file else None
    specs, second = _detectors(detectors, topology), declared.load(against) if against else ()
    histories: Sequence[History]
    found: list[tuple[Path, PurePath]] = []
    if query:
        histories = [_queried(query, data)]
    elif topology is None:
        found = find(files)
        histories = [
            FileHistory(path, name, plain_mapping(path, asset, metrics, time_format or "iso"), "")
            for path, name in found
        ]
    elif asset or metrics or time_format:
        raise UserError(
            "--asset, --metric and --time-format are for files without --topology: its replays say the same"
        )
    else:
        found = find(files)
        histories = list(_mapped(found, topology, mapping))

    infos = topology.metric_infos() if topology else {}
    summary, refusals, written = Summary(tolerance), Refusals(skip_bad_rows), []
    run = Backtest(specs, infos, which == "every", second)
    for place, history in enumerate(histories):
        if place and not one_history:
            run = Backtest(specs, infos, which == "every", second)
        outcome = run.run(history, refusals)
        summary.add(outcome)
        file = out / history.name
        if file.exists() and any(file.samefile(path) for path, _ in found):
            raise UserError(f"the scores of {file} would be written over it: name another folder with --out")
        rows = scores.write(history, outcome, file)
        written.append(Written(str(file), rows, list(_draw(outcome, file.with_suffix(".plots"))) if plots else []))

    for line in refusals.first:
        click.echo(f"left out {line}", err=True)
    report = print_json if as_json else print_tables
    report(summary, written, refusals.count, [spec.name for spec in specs], compared=bool(second))


def _detectors(file: Path | None, topology: Topology | None) -> tuple[DetectorSpec, ...]:
    if file:
        return declared.load(file)
    if topology is None or not topology.detectors:
        raise UserError("no detectors: give --detectors, or --topology with a file that declares some")
    return topology.detectors


def _mapped(found: Sequence[tuple[Path, PurePath]], topology: Topology, mapping: str | None) -> Iterator[History]:
    """Files as the topology's replays read them."""
    for path, name in found:
        [planned] = plan([path], topology, mapping)
        if planned.mapping:  # there is one for every file but NDJSON
            yield FileHistory(path, name, planned.mapping, planned.site)


def _queried(query: str, data: Path) -> QueryHistory:
    """The result of a query, which may not change anything."""
    url = clickhouse_of(data=data)
    if url is None:
        raise UserError("--query needs ClickHouse: set HEADRACE_CLICKHOUSE or start one with `headrace up`")
    client = connection.connect(connection.parse(url))
    try:
        with translated():
            # An account that is read-only may not even say so again.
            readonly = int(client.execute("SELECT getSetting('readonly')")[0][0])
            settings = {} if readonly else {"readonly": 2}
            rows, columns = client.execute(query, with_column_types=True, settings=settings)
    except SinkError as error:
        raise UserError(f"the query failed: {error}") from error
    finally:
        client.disconnect()
    return QueryHistory([name for name, _ in columns], rows)


def _draw(outcome: Outcome, folder: Path) -> Iterator[str]:
    """Draw every series; the files' names."""
    from streams.backtest import plot  # not at the top: matplotlib takes a second

    taken: set[str] = set()
    for key, trace in outcome.traces.items():
        name = re.sub(r"[^\w.-]", "_", f"{key.asset}.{key.metric}")
        while name.lower() in taken:
            name += "_"
        taken.add(name.lower())
        file = folder / f"{name}.png"
        mine, others = ([one for one in some if one.key == key] for some in (outcome.findings, outcome.against))
        try:
            plot.draw(file, f"{key.asset}/{key.metric}", trace, mine, others)
        except OSError as error:
            raise UserError(f"{file} cannot be written: {error.strerror}") from None
        except ValueError as error:  # the years of an axis end with 1 and 9999
            raise UserError(f"{file} cannot be drawn: {error} (--no-plots leaves plots out)") from None
        yield str(file)
