"""What `headrace backtest` prints at its end."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import click
import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from streams.backtest.summary import Summary

_NAMED: Final = 10
"""Files that are named; the others are beside them."""


class Written(NamedTuple):
    """What there is of one history."""

    scores: str
    rows: int
    plots: list[str]


def print_json(
    summary: Summary, written: Sequence[Written], refused: int, detectors: Sequence[str], *, compared: bool
) -> None:
    """One document; `differences` where two configurations were compared."""
    tallies = summary.tallies()
    document: dict[str, Any] = {
        "histories": [one._asdict() for one in written],
        "refused": refused,
        "flags": [{**msgspec.structs.asdict(tally), "per_day": tally.per_day} for tally in tallies],
        "quiet": _quiet(summary, detectors),
    }
    if compared:
        document["differences"] = summary.differences()
    click.echo(msgspec.json.encode(document).decode())


def print_tables(
    summary: Summary, written: Sequence[Written], refused: int, detectors: Sequence[str], *, compared: bool
) -> None:
    """Tables for people."""
    console = Console(width=None if Console().is_terminal else 160)
    if tallies := summary.tallies():
        table = _table("detector", "series", numbers=("flags", "a day", "first flag", "highest score"))
        for tally in tallies:
            often = "-" if tally.per_day is None else f"{tally.per_day:.3g}"
            first = datetime.fromtimestamp(tally.first / 1000, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
            series = Text(f"{tally.asset}/{tally.metric}")
            table.add_row(tally.detector, series, f"{tally.flags:,}", often, first, f"{tally.highest:.3f}")
        console.print(table)
    if quiet := _quiet(summary, detectors):
        click.echo(f"no flags: {', '.join(quiet)}")
    if compared:
        table = _table("series", numbers=("only --detectors", "only --against", "both"))
        for one in summary.differences():
            counts = (one.only_first, one.only_second, one.both)
            table.add_row(Text(f"{one.asset}/{one.metric}"), *(f"{count:,}" for count in counts))
        console.print(table)
    left_out = f", {refused:,} bad rows not judged" if refused else ""
    plots = sum(len(one.plots) for one in written)
    click.echo(f"{sum(one.rows for one in written):,} rows of {len(written)} histories{left_out}; {plots} plots")
    for history in written[:_NAMED]:
        click.echo(history.scores)
    if len(written) > _NAMED:
        click.echo(f"and {len(written) - _NAMED} more")


def _quiet(summary: Summary, detectors: Sequence[str]) -> list[str]:
    """Detectors without a flag."""
    loud = {tally.detector for tally in summary.tallies()}
    return [name for name in detectors if name not in loud]


def _table(*texts: str, numbers: Sequence[str]) -> Table:
    table = Table(*texts)
    for title in numbers:
        table.add_column(title, justify="right")
    return table
