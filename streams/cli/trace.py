"""`headrace trace`: what became of items, what they were made of, and what a recall concerns."""

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click
import msgspec
from rich.console import Console
from rich.table import Column, Table
from rich.text import Text
from rich.tree import Tree

from schemas.codes import parse
from schemas.epc import item_key
from schemas.errors import CodeError, EventError, UserError
from schemas.times import parse_time
from sinks.archive.archive import MOST_ITEMS, MOST_LEVELS, Archive
from sinks.archive.recall import write_csv, write_jsonl
from sinks.archive.results import Circumstances, Genealogy, Life, RecallRow, Step
from streams.cli.operator import clickhouse, login_name
from streams.cli.options import data_option, load_topology, topology_option
from streams.cli.recalled import Recalled
from streams.settings import Settings
from streams.topology.model import Topology

_PATH: Final = re.compile(r"\d{2,4}/.")
_SHOWN: Final = 40
"""Rows of a recall that are shown where they go into no file."""

_item = click.argument("text", metavar="ITEM")
_json = click.option("--json", "as_json", is_flag=True, help="Print JSON, for programs.")
_levels = click.option(
    "--levels", type=click.IntRange(1, MOST_LEVELS), default=MOST_LEVELS, show_default=True, help="How far to go."
)
_most = click.option(
    "--most", type=click.IntRange(1), default=MOST_ITEMS, show_default=True, help="Items to take; more are counted."
)


def _options(command: Callable[..., None]) -> Callable[..., None]:
    return topology_option(data_option(command))


@click.group()
def trace() -> None:
    """Ask the archive of items. ITEM is a code, a URI, or the path of a GS1 Digital Link: 00/SSCC is a pallet,
    01/GTIN/10/LOT a heat.
    """


@trace.command(epilog="Example: headrace trace life 88.118.8/TP-1001/0000003KABPVQXMQGCV3")
@_item
@_json
@_options
def life(text: str, as_json: bool, topology_file: Path | None, data: Path) -> None:
    """Show the whole life of an item: its own events, and those of the packs it was in while it was in them."""
    item = item_of(text)
    with _archive(topology_file, data) as (archive, _, _):
        found = archive.life(item)
    if not found.is_known:
        raise UserError(f"nothing is known of {item}")
    if as_json:
        click.echo(msgspec.json.encode(found).decode())
    else:
        _print_life(found)


@trace.command(epilog="Example: headrace trace up 88.118.8/TP-1001/0000003KABPVQXMQGCV3 --levels 3")
@_item
@_levels
@_most
@click.option("--circumstances", is_flag=True, help="With windows, anomalies and emissions of each machine and hour.")
@_json
@_options
def up(text: str, circumstances: bool, as_json: bool, topology_file: Path | None, data: Path, **limits: int) -> None:
    """Show what an item was made of and what was put into it: heats, materials, parts, each with its machine."""
    with _archive(topology_file, data) as (archive, _, _):
        found = archive.up(item_of(text), **limits)
        machines = {(one.site, one.asset, one.ts) for one in found.steps if one.asset} if circumstances else set()
        known = [archive.circumstances(*machine) for machine in sorted(machines)]
    if as_json:
        click.echo(msgspec.json.encode({"genealogy": found, "circumstances": known}).decode())
    else:
        _print_tree(found)
        _print_circumstances(known)


@trace.command(epilog="Example: headrace trace down 01/06901234567892/10/HEAT7")
@_item
@_levels
@_most
@_json
@_options
def down(text: str, as_json: bool, topology_file: Path | None, data: Path, **limits: int) -> None:
    """Show what was made of an item, and what that was put into."""
    with _archive(topology_file, data) as (archive, _, _):
        found = archive.down(item_of(text), **limits)
    if as_json:
        click.echo(msgspec.json.encode({"genealogy": found}).decode())
    else:
        _print_tree(found)


@trace.command(epilog="Example: headrace trace recall 01/06901234567892/10/HEAT7 --levels 3 --out recall.csv")
@click.argument("texts", nargs=-1, metavar="[ITEM]...")
@click.option("--machine", help="All that passed this machine, in place of items.")
@click.option("--site", help="Of the machine; default: that of the topology.")
@click.option("--from", "since", help="Since when it did: 2026-03-04T11:00:00+08:00.")
@click.option("--until", help="Until when, exclusive.")
@_levels
@_most
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="File for all rows, .csv or .jsonl.")
@click.option("--capture", is_flag=True, help="Have it captured that the items are recalled; resolvers then say so.")
@click.option("--reason", help="Why, with --capture.")
@click.option("--by", help="Who says so, with --capture; default: the login name.")
@click.option("--domain", envvar="HEADRACE_CODE_DOMAIN", default="id.example.com", show_default=True,
              help="Host in the names of the items, with --capture.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="Print a JSON object a row, for programs.")
@_options
def recall(
    texts: tuple[str, ...], machine: str | None, site: str | None, since: str | None, until: str | None,
    out: Path | None, capture: bool, reason: str | None, by: str | None, domain: str, as_json: bool,
    topology_file: Path | None, data: Path, **limits: int,
) -> None:  # fmt: skip
    """List all that is affected by items, lots, or a machine between two times: where it is, and which packs to stop.

    Exit code 1, after the list, if there are more items than --most: then it is not whole.
    """
    if bool(texts) == bool(machine) or (machine and not (since and until)):
        raise UserError("name items, or a --machine with --from and --until")
    if capture != bool(reason):
        raise UserError("--capture and --reason belong together")
    if out is not None and out.suffix not in (".csv", ".jsonl"):
        raise UserError(f"{out}: the name of the file has to end with .csv or .jsonl")
    origins = [item_of(text) for text in texts]
    with _archive(topology_file, data) as (archive, topology, settings):
        if machine and since and until:
            origins = archive.read_at(site or topology.site, machine, _time("--from", since), _time("--until", until))
            if not origins:
                raise UserError(f"nothing is known to have passed {machine} between these times")
        found = archive.recall(origins, **limits)
        rows = _telling(iter(found))
        told = None
        if reason:
            told = Recalled(topology, reason, by or login_name(), domain)
            rows = told.watch(rows)
        kinds = _write(rows, out, as_json)
    if told is not None:
        events, items = told.send(settings)
        click.echo(f"{items:,} items sent to be recalled, in {events:,} events, by {told.by}", err=as_json)
        if told.left_out:
            click.echo(f"{told.left_out:,} items are not: no enterprise of the topology has captured them", err=True)
    stopped = kinds.pop("stop", 0)
    summary = ", ".join(f"{number:,} {kind}" for kind, number in kinds.items())
    click.echo(f"{sum(kinds.values()):,} items ({summary}); {stopped:,} packs to be stopped", err=as_json)
    if found.deeper:
        click.echo(f"{found.deeper:,} items of the last level lead further: --levels has more", err=True)
    if found.cut:
        raise UserError(f"at least {found.cut:,} items more are affected, and are not in this list: raise --most")


def item_of(text: str) -> str:
    """What an item is found by, however somebody has written it. UserError for what cannot be one."""
    text = text.strip()
    try:
        return str(parse(text))
    except CodeError as error:
        if _PATH.match(text) and "." not in text.split("/", 1)[0]:
            return item_key(f"https://id.gs1.org/{text}")
        if ":" in text:
            return item_key(text)
        raise UserError(str(error)) from None


@contextmanager
def _archive(topology_file: Path | None, data: Path) -> Iterator[tuple[Archive, Topology, Settings]]:
    settings = Settings.from_environment(data=data)
    topology = load_topology(topology_file, settings)
    with clickhouse(settings, "items") as client:
        yield Archive(client, topology.topology), topology, settings


def _write(rows: Iterator[RecallRow], out: Path | None, as_json: bool) -> dict[str, int]:
    """Rows into a file, or onto the screen; how many of each kind."""
    if out is None:
        return dict(write_jsonl(rows, click.get_text_stream("stdout"))) if as_json else _print_recall(rows)
    try:
        with out.open("w", encoding="utf-8", newline="") as file:
            return dict(write_csv(rows, file) if out.suffix == ".csv" else write_jsonl(rows, file))
    except OSError as error:
        raise UserError(f"{out} cannot be written: {error.strerror}") from None


def _telling(rows: Iterator[RecallRow]) -> Iterator[RecallRow]:
    """The rows; a mistyped lot has nothing that is affected, so what no event names is told."""
    for row in rows:
        if row.kind == "origin" and row.ts is None:
            click.echo(f"no event names {row.item}", err=True)
        yield row


def _print_life(found: Life) -> None:
    console = Console(highlight=False)
    table = _table("time, UTC", "event", "where")
    for one in found.events:
        what = " ".join(word for word in (one.biz_step, one.disposition) if word) or one.type
        style = "strike" if one.error else ""
        note = f"{what} ({one.role})" + (", declared wrong" if one.error else "")
        where = f"{one.site}/{one.asset}" if one.asset else one.read_point
        table.add_row(_stamp(one.ts), Text(note, style), Text(f"{where}\nin {one.via}" if one.via else where))
    console.print(Text(found.item))
    if found.mint:
        console.print(f"minted {_stamp(found.mint.ts)}, serials {found.mint.first} to {found.mint.last}")
    for void in found.voids:
        console.print(Text(f"void since {_stamp(void.ts)}: {void.reason}, by {void.by}", "red"))
    if found.events:
        console.print(table)
    if found.scans.count:
        console.print(f"asked about {found.scans.count:,} times, last {_stamp(found.scans.last)}")


def _print_tree(found: Genealogy) -> None:
    console = Console(highlight=False)
    tree = Tree(Text(found.item))
    branches = {found.item: tree}
    for one in found.steps:
        branch = branches[one.source].add(Text(_step(one)))
        branches.setdefault(one.item, branch)
    console.print(tree)
    if not found.steps:
        console.print("nothing is known beyond it")
    if found.deeper:
        console.print(f"{found.deeper:,} items of the last level lead further: --levels has more")
    if found.cut:
        console.print(f"at least {found.cut:,} items more are not shown: raise --most")


def _step(one: Step) -> str:
    amount = "" if one.quantity is None else f"{one.quantity:g}{f' {one.uom}' if one.uom else ''} of "
    where = f" at {one.site}/{one.asset}" if one.asset else ""
    ended = "" if one.until is None else f" until {_stamp(one.until)}"
    return f"{amount}{one.item}  {one.kind} {_stamp(one.ts)}{ended}{where}"


def _print_circumstances(known: Sequence[Circumstances]) -> None:
    console = Console(highlight=False)
    for one in known:
        console.print(Text(f"\n{one.site}/{one.asset} at {_stamp(one.ts)}"))
        for window in one.windows:
            seen = f"{window.min:g} to {window.max:g}, mean {window.mean:g}"
            console.print(Text(f"  {window.metric} {window.window} since {_stamp(window.start)}: {seen}"))
        for flag in one.anomalies:
            console.print(Text(f"  {flag.severity} {_stamp(flag.ts)} {flag.metric}: {flag.reason}", "yellow"))
        for verdict in one.verdicts:
            console.print(
                Text(f"  {verdict.asset} {verdict.metric} {verdict.period}: {verdict.verdict}, {verdict.reason}")
            )


def _print_recall(rows: Iterator[RecallRow]) -> dict[str, int]:
    table = _table("item", "why", "last seen, UTC")
    kinds: dict[str, int] = {}
    shown = 0
    for row in rows:
        kinds[row.kind] = kinds.get(row.kind, 0) + 1
        if shown < _SHOWN or row.kind == "stop":
            shown += 1
            about = f"stop: {row.items:,} inside" if row.kind == "stop" else row.kind + (", void" if row.void else "")
            level = "" if row.level is None else f"level {row.level}"
            condition = "used up" if row.used else row.disposition
            inside = f"in {row.pack}" if row.pack else ""
            seen = (f"{_stamp(row.ts)} {condition}", row.biz_location or row.read_point)
            table.add_row(*map(_lines, ((row.item, inside), (about, level), seen)))
    Console(highlight=False).print(table)
    hidden = sum(kinds.values()) - shown
    if hidden:
        click.echo(f"{hidden:,} rows more: --out has all")
    return kinds


def _table(*names: str) -> Table:
    """A table of which nothing is cut, however narrow it is: codes and places are copied."""
    return Table(*(Column(name, overflow="fold") for name in names))


def _lines(texts: Sequence[str]) -> Text:
    return Text("\n".join(text for text in texts if text))


def _time(option: str, text: str) -> int:
    try:
        return parse_time(text)
    except EventError as error:
        raise UserError(f"{option}: {error.detail}") from None


def _stamp(ms: int | None) -> str:
    return "" if ms is None else f"{datetime.fromtimestamp(ms / 1000, UTC):%Y-%m-%d %H:%M:%S}"
